"""The dashboards that come with Tapetum: files beside this one, read by the importer like anybody's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from tapetum_server._version import __version__
from tapetum_server.analysis.dashboards.document import DashboardDocument
from tapetum_server.analysis.dashboards.reading import read_dashboard
from tapetum_server.analysis.saved_queries import SqlQuery

SHIPPED = ("services", "host", "ingest")
"""In the order of the list. Dashboards that people made have ids of another form."""


@cache
def shipped_dashboards() -> Mapping[str, DashboardDocument]:
    """Every shipped dashboard by its id."""
    folder = files(__package__) / "files"
    return {name: read_dashboard((folder / f"{name}.json").read_bytes(), version=__version__) for name in SHIPPED}


@cache
def _shipped_sql() -> frozenset[str]:
    return frozenset(
        panel.query.query
        for document in shipped_dashboards().values()
        for panel in document.panels
        if isinstance(panel.query, SqlQuery)
    )


def is_shipped(query: object) -> bool:
    """Whether `query` is SQL of a shipped dashboard: Tapetum's own words, which every reader may ask."""
    return isinstance(query, SqlQuery) and query.query in _shipped_sql()
