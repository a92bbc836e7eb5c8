"""How far the rows of a window have drifted from those of a baseline: one report for CLI, API and monitors."""
