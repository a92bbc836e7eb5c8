"""Numbers into verdicts: plain functions without a clock, a database or settings, which return their evidence."""
