"""Opens the catalog's database, SQLite or PostgreSQL, and brings its tables up to date."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, create_engine, event, inspect, select, text
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError
from sqlalchemy.pool import NullPool, Pool, QueuePool

from tapetum_server.catalog import tables
from tapetum_server.catalog.errors import CatalogError, CatalogTooNew

if TYPE_CHECKING:
    from alembic.config import Config

FILE_NAME = "catalog.sqlite"
BUSY_TIMEOUT_MS = 5_000
_WRITE_OPTION = "tapetum_write"
_VERSION_SETTING = "version"
# Any number: what counts is that every Tapetum process asks PostgreSQL for the same lock.
_MIGRATION_LOCK = 0x7461706574756D


def url_of(data_dir: Path, catalog_url: str | None = None) -> str:
    """Where the catalog lives: `catalog_url` when given, else a SQLite file in the data directory."""
    if catalog_url:
        return catalog_url
    return URL.create("sqlite", database=str(data_dir / FILE_NAME)).render_as_string(hide_password=False)


class Database:
    """A pool of connections with the two kinds of transaction the catalog needs."""

    def __init__(self, url: str) -> None:
        self.url = _driver_url(url)
        self._engine = _engine_of(self.url)

    @property
    def shown_url(self) -> str:
        """The URL without its password, for people."""
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read transaction."""
        with self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A write transaction: everything in the block is kept, or nothing is."""
        with self._engine.connect() as connection:
            connection = connection.execution_options(**{_WRITE_OPTION: True})
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close every connection. SQLite then folds its write-ahead log into the file."""
        self._engine.dispose()

    def migrate(self, version: str, *, to: str = "head") -> None:
        """Bring the tables up to this version's, in one transaction.

        Several processes may start at once: one migrates while the others wait. Raises
        `CatalogTooNew` when a newer Tapetum was here, and then changes nothing.
        """
        with self._explained():
            _migrate(self.url, version, to)

    def check(self, version: str) -> None:
        """Raises what `migrate` would, `CatalogTooNew` among it. Changes nothing."""
        with self._explained(), self.reading() as connection:
            _known_schemas(connection, self.url, version, _alembic_config(connection))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (DatabaseError, sqlite3.DatabaseError) as error:
            raise CatalogError(f"The catalog at {self.shown_url} cannot be opened: {_reason(error)}") from error


def _migrate(url: URL, version: str, to: str) -> None:
    # An engine of its own: foreign keys stay off while SQLite copies tables (dropping the old copy would
    # cascade into the tables that refer to it), and that switch only works outside a transaction.
    engine = _engine_of(url, foreign_keys=False, pool=NullPool)
    try:
        with engine.connect() as raw:
            connection = raw.execution_options(**{_WRITE_OPTION: True})
            with connection.begin():
                if connection.dialect.name == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
                _upgrade(connection, url, version, to)
    finally:
        engine.dispose()


def _upgrade(connection: Connection, url: URL, version: str, to: str) -> None:
    # Alembic takes a seventh of a CPU-second to import; nothing but a start needs it.
    from alembic import command

    config = _alembic_config(connection)
    current, known = _known_schemas(connection, url, version, config)
    target = known[0] if to == "head" else to
    if current == target:
        if to == "head" and _written_by(connection) != version:
            _write_version(connection, version)
        return
    command.upgrade(config, to)
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise CatalogError(
                f"The catalog at {url.render_as_string(hide_password=True)} has rows in {broken[0][0]!r} that refer "
                f"to missing rows of {broken[0][2]!r}; nothing was changed. Restore a backup."
            )
    _write_version(connection, version)


def _alembic_config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    # Config reads its options with ConfigParser, to which a % in an installation path is special.
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _known_schemas(connection: Connection, url: URL, version: str, config: Config) -> tuple[str | None, list[str]]:
    """The schema that is there, and all that this version knows, the newest first."""
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    known = [revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()]
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in known:
        raise CatalogTooNew(
            f"The catalog at {url.render_as_string(hide_password=True)} was written by Tapetum "
            f"{_written_by(connection)} (schema {current}); this is Tapetum {version}, which knows schemas up to "
            f"{known[0]}. Install the newer version again, or restore a backup made before the upgrade."
        )
    return current, known


def _written_by(connection: Connection) -> str:
    if not inspect(connection).has_table(tables.settings.name):
        return "(unknown version)"
    query = select(tables.settings.c.value).where(tables.settings.c.name == _VERSION_SETTING)
    return connection.execute(query).scalar_one_or_none() or "(unknown version)"


def _write_version(connection: Connection, version: str) -> None:
    connection.execute(tables.settings.delete().where(tables.settings.c.name == _VERSION_SETTING))
    connection.execute(tables.settings.insert().values(name=_VERSION_SETTING, value=version))


def _driver_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise CatalogError(
            f"{url.split('@')[-1]!r} is not a catalog URL; expected sqlite:///PATH or "
            "postgresql://USER:PASSWORD@HOST:5432/DATABASE."
        ) from error
    if parsed.drivername in ("postgres", "postgresql"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        return parsed
    raise CatalogError(
        f"The catalog cannot live in {parsed.drivername!r}; expected sqlite:///PATH or "
        "postgresql://USER:PASSWORD@HOST:5432/DATABASE."
    )


def _engine_of(url: URL, *, foreign_keys: bool = True, pool: type[Pool] = QueuePool) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, foreign_keys, pool)
    try:
        return create_engine(url, poolclass=pool, pool_pre_ping=True)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise CatalogError(
            "A catalog in PostgreSQL needs its driver, which is not installed: pip install 'tapetum[postgres]'"
        ) from error


def _sqlite_engine(url: URL, foreign_keys: bool, pool: type[Pool]) -> Engine:
    _make_private_file(url)
    engine = create_engine(url, poolclass=pool)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        # The driver would begin transactions by itself, too late and never before DDL; `begin` below does it.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A reader that turns writer fails at once when another wrote meanwhile; writers therefore queue at the start.
        write = connection.get_execution_options().get(_WRITE_OPTION, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _make_private_file(url: URL) -> None:
    """Hashes of keys are nobody else's business: make the file readable by its owner only."""
    if not url.database or url.database == ":memory:":
        raise CatalogError("A SQLite catalog needs a file: sqlite:///PATH.")
    path = Path(url.database)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise CatalogError(f"The catalog file {path} cannot be written: {error.strerror}.") from error


def _reason(error: BaseException) -> str:
    origin = getattr(error, "orig", None) or error
    reason = str(origin).strip().splitlines()[0] if str(origin).strip() else type(origin).__name__
    if "file is not a database" in reason:
        return f"{reason}. Move the file away to start afresh, or restore a backup."
    return reason
