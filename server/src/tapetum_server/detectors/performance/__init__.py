"""How good predictions were, from counts of labels by score: no rows, no SQL."""
