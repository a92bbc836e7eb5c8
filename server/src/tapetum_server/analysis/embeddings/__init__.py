"""A model's embeddings as a picture, and what is special about a part of it."""
