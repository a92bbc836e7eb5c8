"""What needs attention now: several questions and many rules in one report."""
