"""What drift is asked by: chunks of so many rows, chunks of time, or the values of a column."""

from __future__ import annotations

from dataclasses import dataclass

from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import Frame, FrameColumn

Group = int | str | None
"""What a chunk or slice is known by: the number of a chunk of rows, the nanosecond one of time begins, or a value."""


@dataclass(frozen=True, slots=True)
class By:
    """The groups of a question: `sql` says of a row which it is in; rows where it is null are in none."""

    sql: str
    parallel_parsing: bool = True
    """Whether text may be parsed by several threads: the engine loses count of rows then (`_row_number` of CSV)."""


def settings_of(by: By | None) -> str:
    """What stands at the end of a statement that is asked by it."""
    return "" if by is None or by.parallel_parsing else "\nSETTINGS input_format_parallel_parsing = 0"


def text_of(column: FrameColumn) -> str:
    """The column's values as texts."""
    return column.sql if column.kind == "categorical" else f"toString({column.sql})"


def chunks_of_rows(frame: Frame, size: int) -> By:
    """Chunks of `size` rows in their order, numbered from 0; the last may be shorter."""
    if not frame.order:
        raise QueryError(
            "these rows stand in no order, so that they cannot be cut into chunks of so many",
            code="no_order",
            hint="Cut them by time.",
        )
    place = frame.order if frame.numbered else f"row_number() OVER (ORDER BY {frame.order}) - 1"
    return By(f"toInt64(intDiv({place}, {int(size)}))", parallel_parsing=False)


def chunks_of_time(column: FrameColumn, period_ns: int) -> By:
    """Chunks of time, known by the nanosecond since 1970 at which they begin; whole weeks begin on Mondays."""
    if column.kind != "time":
        raise QueryError(
            f"column {column.name!r} holds no times", code="not_a_time", hint="Name a column of dates or timestamps."
        )
    week, thursday_to_monday = 604_800 * 10**9, 4 * 86_400 * 10**9
    offset = thursday_to_monday if period_ns % week == 0 else 0
    moment = f"toUnixTimestamp64Nano({column.sql})"
    return By(f"{moment} - positiveModulo({moment} - {offset}, {int(period_ns)})")


def slices_by(column: FrameColumn) -> By:
    """Slices by the values of a column."""
    if column.kind not in ("categorical", "boolean", "numeric"):
        raise QueryError(
            f"column {column.name!r} cannot be sliced by", code="not_a_slice", hint="Name one with a few values."
        )
    return By(text_of(column))
