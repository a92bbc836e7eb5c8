"""The seam through which gated SQL reaches the engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

from tapetum_server.query.gate import GatedSql
from tapetum_server.query.gate_opinion import confirm
from tapetum_server.query.gate_settings import GATE_MAX_ROWS

EngineFormat = Literal["JSONCompact", "ArrowStream", "Parquet", "TabSeparatedRaw"]
SqlProfile = Literal["gate", "gate_export"]
"""Which limits are in force: those for an answer on a page, or those for a file."""
MAX_ROWS: Mapping[SqlProfile, int] = {"gate": GATE_MAX_ROWS["gate"], "gate_export": GATE_MAX_ROWS["gate_export"]}
"""Rows that one answer may have at most."""


class SqlFailed(Exception):
    """The engine ran the query, or tried to, and failed."""

    def __init__(self, message: str, code: int = 0):
        super().__init__(message)
        self.message = message
        """The engine's own words."""
        self.code = code
        """The engine's error code; 0 where it gave none."""


class SqlRunner(Protocol):
    """Runs gated SQL on handles of its own, which have `gate_settings` in force."""

    @property
    def database(self) -> str | None:
        """The database of the public views; `None` where the handle's own database holds them."""
        ...

    async def run(
        self,
        sql: str,
        parameters: Mapping[str, object],
        *,
        format: EngineFormat,
        profile: SqlProfile,
        query_id: str,
    ) -> bytes:
        """Run one statement and answer in `format`.

        Values are bound by the engine (`{name:Type}`), never put into the text. Raises `SqlFailed`
        for what the engine refuses or stops, and `TimeoutError` when no handle came free. A call
        that is cancelled stops the query. A handle on which a query failed is not used again: chDB
        keeps the output of a query that fails half-way and puts it in front of the next answer,
        which may be somebody else's.
        """
        ...

    async def cancel(self, query_id: str) -> bool:
        """Stop the query of that id, whose `run` then raises `SqlFailed`. False when there is none."""
        ...


async def run_gated(
    runner: SqlRunner, gated: GatedSql, *, format: EngineFormat, profile: SqlProfile, query_id: str
) -> bytes:
    """Ask the engine how it reads the query, and run it only when that is how the gate read it."""
    explained = await runner.run(
        f"EXPLAIN AST {gated.sql}", gated.parameters, format="TabSeparatedRaw", profile="gate", query_id=query_id
    )
    confirm(gated, explained.decode("utf-8", "replace"))
    return await runner.run(gated.sql, gated.parameters, format=format, profile=profile, query_id=query_id)
