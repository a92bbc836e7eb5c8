"""What was said in a span, and in a whole trace, read from what is stored at the time of the question."""
