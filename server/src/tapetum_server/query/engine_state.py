"""What the engine holds and does: sizes, parts, merges and running statements. Of the whole store, of no project."""

from __future__ import annotations

import asyncio

from typing_extensions import TypedDict

from tapetum_server.query.reader import Reader, first_row, rows_of


class TableState(TypedDict):
    """One table of the store."""

    table: str
    rows: int
    parts: int
    fullest_partition: int
    """Parts of the partition that has most: inserts wait where one has thousands."""
    bytes: int


class EngineState(TypedDict):
    """How the engine is."""

    tables: list[TableState]
    merges: int
    """Merges that run now."""
    mutations: int
    """Changes of retention that are not done yet."""
    running: int
    """Statements that run now, without this one."""


TABLES_SQL = """SELECT table, sum(rows) AS held, sum(parts) AS pieces, max(parts) AS most, sum(bytes) AS size
FROM (
    SELECT table, partition, sum(rows) AS rows, count() AS parts, sum(bytes_on_disk) AS bytes
    FROM system.parts
    WHERE active AND database = currentDatabase()
    GROUP BY table, partition
)
GROUP BY table
ORDER BY size DESC, table
LIMIT 100"""
WORK_SQL = """SELECT (SELECT count() FROM system.merges WHERE database = currentDatabase()) AS merges,
    (SELECT count() FROM system.mutations WHERE database = currentDatabase() AND NOT is_done) AS mutations,
    (SELECT count() FROM system.processes) AS running"""


async def engine_state(reader: Reader) -> EngineState:
    """Asked of the engine's own tables."""
    tables, work = await asyncio.gather(reader.query(TABLES_SQL, {}), reader.query(WORK_SQL, {}))
    row = first_row(work) or {"merges": 0, "mutations": 0, "running": 1}
    return EngineState(
        tables=[
            TableState(
                table=found["table"], rows=found["held"], parts=found["pieces"], fullest_partition=found["most"],
                bytes=found["size"],
            )
            for found in rows_of(tables)
        ],
        merges=row["merges"],
        mutations=row["mutations"],
        running=max(0, row["running"] - 1),
    )  # fmt: skip
