"""Benchmarks. `python -m bench` lists them; each prints one JSON line per measurement (docs/performance.md)."""
