"""Feature statistics held against a schema, as TensorFlow Data Validation does it: anomalies by the same names.

Numbers in, values out: messages of `tensorflow_metadata` are read, and nothing else. Import its modules where they are
used: the messages take a while to load.
"""
