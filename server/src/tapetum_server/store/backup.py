"""Telemetry of the embedded engine into a directory of files, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tapetum_server.store import sql_files
from tapetum_server.store.engine import StoreError

if TYPE_CHECKING:
    from tapetum_server.store.embedded import EmbeddedEngine

_REFERRED_TO = ("message_rows", "span_duplicates", "span_enrichments")
"""Written before the rows that refer to them, and so copied after those: no copied row refers to what is not there."""
_ROWS, _REFERENCES = "rows", "references"


@dataclass(frozen=True, slots=True)
class TableSize:
    """What a table holds, before duplicates and expired rows are taken out of it."""

    rows: int
    bytes: int


def stored_bytes(engine: EmbeddedEngine) -> int:
    """Bytes on the disk of everything that `copy_telemetry` would copy."""
    answer = engine.query(
        "SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = {database:String}",
        {"database": engine.database},
    )
    return int(answer.column("bytes")[0].as_py() or 0)


def applied_migrations(engine: EmbeddedEngine) -> list[str]:
    """The schema of what is stored, as names of migrations; none where nothing was stored yet."""
    try:
        found = engine.query("SELECT DISTINCT name FROM schema_migrations ORDER BY name")
    except StoreError as error:
        if error.code == 60:  # no such table
            return []
        raise
    return [str(name) for name in found.column("name").to_pylist()]


def copy_telemetry(engine: EmbeddedEngine, into: Path, query_id: str) -> None:
    """Copy every table into `into`, a new directory below `engine.backups`.

    What was durable when this began is in it; what arrives meanwhile may be. Ingest goes on. `engine.kill(query_id)`
    stops it with a `StoreError`.
    """
    tables = engine.query(
        "SELECT name, engine = 'Dictionary' AS is_dictionary FROM system.tables WHERE database = {database:String} "
        "AND (engine LIKE '%MergeTree' OR engine = 'Dictionary') ORDER BY name",
        {"database": engine.database},
    ).to_pylist()
    dictionaries = [row["name"] for row in tables if row["is_dictionary"]]
    rows = [row["name"] for row in tables if not row["is_dictionary"] and row["name"] not in _REFERRED_TO]
    referred = [row["name"] for row in tables if row["name"] in _REFERRED_TO]
    into.mkdir(parents=True)
    for name, members in ((_ROWS, rows), (_REFERENCES, referred)):
        elements = [f"TABLE {engine.database}.{table}" for table in members]
        if name == _REFERENCES:
            elements += [f"DICTIONARY {engine.database}.{dictionary}" for dictionary in dictionaries]
        if elements:
            # Without deduplication of files, so that every part is whole in a place of its own.
            engine.apart(
                f"BACKUP {', '.join(elements)} TO File({_literal(into / name)}) SETTINGS deduplicate_files = 0",
                query_id,
            )


def copied_tables(directory: Path) -> dict[str, TableSize]:
    """What `copy_telemetry` put into `directory`, by table: each part says how many rows it has."""
    sizes: dict[str, TableSize] = {}
    for table in sorted(directory.glob("*/data/*/*")):
        rows = sum(int(part.read_text()) for part in table.glob("*/count.txt"))
        size = sum(file.stat().st_size for file in table.rglob("*") if file.is_file())
        sizes[table.name] = TableSize(rows, size)
    return sizes


def restore_telemetry(engine: EmbeddedEngine, directory: Path) -> None:
    """Put what `copy_telemetry` copied into the empty `engine`, as it was then. `migrate` brings it up to date."""
    # Merging would take out duplicates and what is past its retention before anybody could compare.
    engine.command("SYSTEM STOP MERGES")
    for name in (_REFERENCES, _ROWS):
        if (directory / name).exists():
            engine.command(f"RESTORE ALL FROM File({_literal(directory / name)})")


def stored_tables(engine: EmbeddedEngine, tables: Mapping[str, TableSize]) -> dict[str, int]:
    """Rows of each of these tables, -1 for one that is not there."""
    found = engine.query(
        "SELECT name, ifNull(total_rows, 0) AS rows FROM system.tables WHERE database = {database:String}",
        {"database": engine.database},
    ).to_pylist()
    rows = {row["name"]: int(row["rows"]) for row in found}
    return {table: rows.get(table, -1) for table in tables}


def known_migrations() -> list[str]:
    """The migrations that this program knows, oldest first."""
    return sql_files.migrations()


def _literal(path: Path) -> str:
    return "'" + str(path).replace("\\", "\\\\").replace("'", "\\'") + "'"
