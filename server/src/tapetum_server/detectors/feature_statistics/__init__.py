"""Histograms out of values at equal steps of rank."""
