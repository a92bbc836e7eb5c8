"""The seam to the store: SQL with bound parameters out, columns in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


class Answer(Protocol):
    """What a SELECT returned, column by column."""

    @property
    def names(self) -> Sequence[str]:
        """Column names, in the order of the SELECT."""
        ...

    @property
    def columns(self) -> Sequence[Sequence[Any]]:
        """One sequence per name; all of the same length."""
        ...


class Reader(Protocol):
    """Something that runs one SELECT of ours at a time."""

    async def query(
        self,
        sql: str,
        parameters: Mapping[str, object],
        *,
        max_rows: int | None = None,
        timeout_s: float | None = None,
        query_id: str | None = None,
    ) -> Answer:
        """Run one SELECT with `{name:Type}` parameters bound by the engine, never spliced into the text.

        Answers are read-your-writes: what ingest has acknowledged is in them. May be called
        concurrently. Cancelling the call, or reaching `timeout_s`, stops the query in the engine.
        """
        ...

    async def table(
        self, sql: str, parameters: Mapping[str, object], *, timeout_s: float | None = None
    ) -> pa.Table:  # fmt: skip
        """The same as Arrow's columns: for arrays that are counted with, and not shown."""
        ...


def rows_of(answer: Answer) -> list[dict[str, Any]]:
    """The answer as one dict per row; for pages, not for scans."""
    names = tuple(answer.names)
    return [dict(zip(names, row)) for row in zip(*answer.columns)]


def tuples_of(answer: Answer) -> Iterable[tuple[Any, ...]]:
    """The answer as one tuple per row."""
    return zip(*answer.columns)


def first_row(answer: Answer) -> dict[str, Any] | None:
    """The first row, or `None` where there is none."""
    columns = answer.columns
    if not columns or not len(columns[0]):
        return None
    return {name: column[0] for name, column in zip(answer.names, columns)}


def column_of(answer: Answer, name: str) -> list[Any]:
    """One column by its name."""
    return list(answer.columns[list(answer.names).index(name)])
