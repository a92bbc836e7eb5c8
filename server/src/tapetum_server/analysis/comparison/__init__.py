"""Two traces side by side: where the time went, what only one of them did, and what differs within a pair of spans."""
