"""Prometheus: targets that are scraped, and the remote write of a Prometheus or an agent."""
