"""Dashboards: what one is, how its file is read and written, and the ones that come with Tapetum."""
