"""Reports on how good predictions were, will be, and where they are worst."""
