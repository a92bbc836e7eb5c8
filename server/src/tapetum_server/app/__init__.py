"""Settings into one running process. Knows every room; holds no features of its own."""
