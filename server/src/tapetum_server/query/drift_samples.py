"""Rows of a frame as they are, for what looks at several features of a row at once; and means of many columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tapetum_server.query.drift import place_hash
from tapetum_server.query.drift_groups import text_of
from tapetum_server.query.frames import TIMEOUT_S, Frame, FrameColumn
from tapetum_server.query.reader import Reader
from tapetum_server.query.statement import Statement


async def sampled_rows(
    reader: Reader, frame: Frame, columns: Sequence[FrameColumn], rows: int, at_most: int
) -> list[list[Any]]:
    """Column by column the values of about `at_most` of the frame's `rows`, chosen by hash, in their order.

    Numbers and lists are what they are, everything else is text; what is missing is `None`.
    """
    answer = await reader.query(*sample_statement(frame, columns, rows, at_most), timeout_s=TIMEOUT_S)
    return [list(column) for column in answer.columns]


def sample_statement(frame: Frame, columns: Sequence[FrameColumn], rows: int, at_most: int) -> Statement:
    """One row per row that was chosen."""
    selected = ", ".join(f"{_value(column)} AS drift_s{n}" for n, column in enumerate(columns))
    sql = f"SELECT {selected}\nFROM {frame.relation}\nWHERE {frame.where}"
    if rows > at_most:
        sql += f" AND {place_hash(frame, columns)} % {math.ceil(rows / at_most)} = 0"
    if frame.order:
        sql += f"\nORDER BY {frame.order}"
    # The hash chooses a few more or less than it was asked for.
    return Statement(f"{sql}\nLIMIT {at_most * 2}", dict(frame.parameters))


def _value(column: FrameColumn) -> str:
    return column.sql if column.kind in ("numeric", "numeric_list") else text_of(column)


async def mean_sizes(reader: Reader, frame: Frame, columns: Sequence[FrameColumn]) -> list[tuple[float, int]]:
    """Of each column of numbers, the mean of its absolute finite values, and how many there are."""
    answer = await reader.query(*mean_sizes_statement(frame, columns), timeout_s=TIMEOUT_S)
    return [(column[0][0] or 0.0, int(column[0][1] or 0)) for column in answer.columns]


def mean_sizes_statement(frame: Frame, columns: Sequence[FrameColumn]) -> Statement:
    """One row: for each column its mean size and count."""
    selected = ",\n    ".join(
        f"[avgIf(abs({c.sql}), isFinite({c.sql})), toFloat64(countIf(isFinite({c.sql})))] AS drift_m{n}"
        for n, c in enumerate(columns)
    )
    return Statement(f"SELECT {selected}\nFROM {frame.relation}\nWHERE {frame.where}", dict(frame.parameters))
