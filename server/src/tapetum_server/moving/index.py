"""What records elsewhere in an export say of a trace or span: kept on disk, so that memory does not grow."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import asdict
from typing import NamedTuple

import orjson

from tapetum_server.moving.found import Fields, Prompt
from tapetum_server.moving.otlp import encoded

_TABLES = (
    "CREATE TABLE traces (id TEXT PRIMARY KEY, said BLOB, roots INTEGER DEFAULT 0, spans INTEGER DEFAULT 0, "
    "first INTEGER, last INTEGER) WITHOUT ROWID",
    "CREATE TABLE spans (id TEXT PRIMARY KEY, trace_id TEXT) WITHOUT ROWID",
    "CREATE TABLE sent (trace_id TEXT PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE prompts (name TEXT, version INTEGER, prompt BLOB)",
)


class TraceSeen(NamedTuple):
    """A trace: its own record, and what its spans are."""

    said: Fields
    roots: int
    spans: int
    first: int
    last: int


class Index:
    """Traces by id, and the trace of a span. A temporary database that SQLite spills to disk and deletes."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("")
        for table in _TABLES:
            self._database.execute(table)

    def close(self) -> None:
        """Forget all of it."""
        self._database.close()

    def note_trace(self, trace_id: str, said: Fields) -> None:
        """Keep a trace's own record."""
        self._database.execute(
            "INSERT INTO traces (id, said) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET said = excluded.said",
            (trace_id, encoded(said)),
        )

    def note_span(self, trace_id: str, span_id: str, *, root: bool, start: int, end: int) -> None:
        """Count a span of a trace; the same span again counts once."""
        added = self._database.execute("INSERT OR IGNORE INTO spans VALUES (?, ?)", (span_id, trace_id)).rowcount
        if added:
            self._database.execute(
                "INSERT INTO traces (id, roots, spans, first, last) VALUES (?, ?, 1, ?, ?) ON CONFLICT (id) DO UPDATE "
                "SET roots = roots + excluded.roots, spans = spans + 1, first = min(coalesce(first, excluded.first), "
                "excluded.first), last = max(coalesce(last, 0), excluded.last)",
                (trace_id, int(root), start, max(start, end)),
            )

    def trace(self, trace_id: str) -> TraceSeen:
        """What is known of a trace."""
        row = self._database.execute(
            "SELECT said, roots, spans, first, last FROM traces WHERE id = ?", (trace_id,)
        ).fetchone()
        if row is None:
            return TraceSeen({}, 0, 0, 0, 0)
        said, roots, spans, first, last = row
        return TraceSeen(orjson.loads(said) if said else {}, roots, spans, first or 0, last or 0)

    def trace_of(self, span_id: str) -> str:
        """The trace of a span, "" where the span was not seen."""
        row = self._database.execute("SELECT trace_id FROM spans WHERE id = ?", (span_id,)).fetchone()
        return row[0] if row else ""

    def sent_traces(self, trace_ids: set[str]) -> int:
        """How many of these traces were not counted before."""
        return self._database.executemany(
            "INSERT OR IGNORE INTO sent VALUES (?)", [(one,) for one in trace_ids]
        ).rowcount

    def keep_prompt(self, prompt: Prompt) -> None:
        """Keep a prompt's version until all are known: they have to come in order."""
        self._database.execute(
            "INSERT INTO prompts VALUES (?, ?, ?)", (prompt.name, prompt.version, encoded(asdict(prompt)))
        )

    def prompts(self) -> Iterator[Prompt]:
        """The versions that were kept, by name and number; those without a number as they came."""
        for (kept,) in self._database.execute(
            "SELECT prompt FROM prompts ORDER BY name, version IS NULL, version, rowid"
        ):
            yield Prompt(**orjson.loads(kept))
