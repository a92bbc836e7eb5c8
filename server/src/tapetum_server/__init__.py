"""Tapetum: one place to see the traces, logs and metrics of ML and LLM systems."""

from tapetum_server._version import __version__

__all__ = ["__version__"]
