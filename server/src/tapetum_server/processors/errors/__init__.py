"""Errors in a batch: found, described, and given the fingerprint that groups them (docs/errors.md)."""
