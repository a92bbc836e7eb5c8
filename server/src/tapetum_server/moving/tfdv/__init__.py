"""TFDV's statistics: its messages and files into ours, and ours into those that its tools open."""
