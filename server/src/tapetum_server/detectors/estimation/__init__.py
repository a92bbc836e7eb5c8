"""How good predictions will turn out to be, before their labels are known."""
