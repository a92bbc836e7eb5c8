"""Where the server may connect to by itself; whoever sends something decides what."""
