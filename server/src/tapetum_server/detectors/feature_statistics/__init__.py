"""Histograms out of values at equal steps of rank, and statistics of several windows into those of all."""
