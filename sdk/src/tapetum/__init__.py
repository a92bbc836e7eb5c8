"""Send traces, logs and metrics to Tapetum from any Python program.

Importing this package costs nothing: the exporters are in `tapetum.exporter`, the names of
attributes in `tapetum.semconv`.
"""

from tapetum._version import __version__

__all__ = ["__version__"]
