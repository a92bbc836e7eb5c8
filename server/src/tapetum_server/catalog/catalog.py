"""The catalog: one object that the rest of the server asks."""

from __future__ import annotations

import time
from pathlib import Path

from tapetum_server.catalog.clock import Clock
from tapetum_server.catalog.dashboards import Dashboards
from tapetum_server.catalog.data_schemas import DataSchemas
from tapetum_server.catalog.database import FILE_NAME, Database, url_of
from tapetum_server.catalog.datasets import Datasets
from tapetum_server.catalog.deliveries import Deliveries
from tapetum_server.catalog.keys import Keys
from tapetum_server.catalog.monitors import Monitors
from tapetum_server.catalog.prices import Prices
from tapetum_server.catalog.projects import Projects
from tapetum_server.catalog.prompts import Prompts
from tapetum_server.catalog.redaction import Redaction
from tapetum_server.catalog.review_claims import ReviewClaims
from tapetum_server.catalog.scores import Scores
from tapetum_server.catalog.sessions import Sessions
from tapetum_server.catalog.views import Views
from tapetum_server.signals.identity import DEFAULT_PROJECT


class Catalog:
    """Projects, keys, sessions, monitors and what people arranged, in one database. Safe to use from several threads
    and processes."""

    def __init__(self, database: Database, clock: Clock = time.time) -> None:
        self._database = database
        self.projects = Projects(database, clock)
        self.keys = Keys(database, self.projects, clock)
        self.sessions = Sessions(database, self.keys, clock)
        self.monitors = Monitors(database, clock)
        self.deliveries = Deliveries(database, clock)
        self.dashboards = Dashboards(database, clock)
        self.views = Views(database, clock)
        self.prompts = Prompts(database, clock)
        self.redaction = Redaction(database, clock)
        self.datasets = Datasets(database, clock)
        self.data_schemas = DataSchemas(database, clock)
        self.review_claims = ReviewClaims(database, clock)
        self.scores = Scores(database, clock)
        self.prices = Prices(database, clock)

    @classmethod
    def open(cls, data_dir: Path, *, version: str, url: str | None = None, clock: Clock = time.time) -> Catalog:
        """Open the catalog of a data directory, or the one at `url`, and bring its tables up to date.

        `version` is the running Tapetum's; it is written down so that an older one can name it when it
        refuses to start. Raises `CatalogError` with what to do.
        """
        database = Database(url_of(data_dir, url))
        database.migrate(version)
        catalog = cls(database, clock)
        catalog.refresh()
        catalog.ensure_project(DEFAULT_PROJECT)
        return catalog

    @staticmethod
    def check(data_dir: Path, *, version: str) -> bool:
        """Whether the data directory has a catalog; raises `CatalogError` where it could not be opened."""
        if not (data_dir / FILE_NAME).exists():
            return False
        database = Database(url_of(data_dir))
        try:
            database.check(version)
        finally:
            database.close()
        return True

    def ensure_project(self, name: str) -> None:
        """Make the project of an authorised write unless it is there. A dictionary look-up when it is.

        Raises `InvalidName` or `TooManyProjects`: the records are then refused.
        """
        self.projects.ensure(name)

    def refresh(self) -> None:
        """Learn what other processes changed: a command line that made a key, a second server."""
        self.projects.refresh()
        self.keys.refresh()
        self.sessions.refresh()
        self.redaction.refresh()
        self.scores.refresh()
        self.prices.refresh()

    def upkeep(self) -> None:
        """What is done every few seconds, off the hot path: learn, and write down when keys were used."""
        self.refresh()
        self.keys.note_uses()
        self.sessions.forget_ended()

    def close(self) -> None:
        """Write down the last uses of keys and close the database."""
        try:
            self.keys.note_uses(at_once=True)
        finally:
            self._database.close()
