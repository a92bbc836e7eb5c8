"""The few things that change: projects, keys, sessions, dashboards, saved views. The only room that speaks SQLAlchemy.

`Catalog.open` is the door; its answers are plain values. Everything a request needs on the
hot path (is this key good, is this project known) is answered from memory.
"""
