"""Backups: telemetry and catalog together, made beside a running server, listed, and restored."""
