"""Evaluations that arrive within spans and log records, as other people's conventions say them."""
