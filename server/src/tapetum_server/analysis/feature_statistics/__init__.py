"""What the values of each feature are like: reports over frames."""
