"""What validating predictions asks beside their statistics: parts of a window, and numbers with fractions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from tapetum_server.query.cells import batches, cell_values, places_in
from tapetum_server.query.frames import Frame, FrameColumn
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.statement import Statement


def within(frame: Frame, start: int, end: int) -> Frame:
    """The rows of a part of the window, from `start` up to `end`."""
    condition = (
        "time >= fromUnixTimestamp64Nano({frame_from:Int64}, 'UTC') "
        "AND time < fromUnixTimestamp64Nano({frame_until:Int64}, 'UTC')"
    )
    return frame.narrowed(condition, {"frame_from": start, "frame_until": end})


def arrived_until(frame: Frame, newest: int) -> Frame:
    """What had come by then, so that several statements see the same rows while others come."""
    condition = "ingested_at <= fromUnixTimestamp64Nano({frame_newest:Int64}, 'UTC')"
    return frame.narrowed(condition, {"frame_newest": newest})


async def versions_of(reader: Reader, frame: Frame) -> list[str]:
    """Two of the versions that the predictions are of, or the only one."""
    found = rows_of(await reader.query(*versions_statement(frame)))
    return [row["of"] for row in found]


def versions_statement(frame: Frame) -> Statement:
    """At most two rows."""
    sql = f"SELECT DISTINCT toString(version) AS of\nFROM {frame.relation}\nWHERE {frame.where}\nLIMIT 2"
    return Statement(sql, dict(frame.parameters))


async def with_integers(reader: Reader, frame: Frame, expected: Collection[str]) -> Frame:
    """The frame in which those of the `expected` numbers are integers that have no fraction in any row.

    Predictions keep every number as a float: whether a feature is whole shows by its values alone.
    """
    asked = [column for column in frame.columns if column.name in expected and column.kind == "numeric"]
    if not asked:
        return frame
    whole: set[str] = set()
    for cells, columns in batches(replace(frame, columns=tuple(asked))):
        (row,) = rows_of(await reader.query(*fractions_statement(frame, columns, cells)))
        whole |= {column.name for place, column in enumerate(columns) if not row[f"x{place}"]}
        for i, group in enumerate(cells):
            found = row[f"cells{i}"]  # of no rows there are none
            whole |= {column.name for column, place in places_in(group) if not any(found[place : place + 1])}
    return replace(
        frame,
        columns=tuple(replace(column, integer=True) if column.name in whole else column for column in frame.columns),
    )


def fractions_statement(
    frame: Frame, columns: Sequence[FrameColumn], cells: Sequence[Sequence[FrameColumn]] = ()
) -> Statement:
    """How many rows have a number with a fraction, by column, and by place of `cells`; NaN and infinities are none that
    an integer could be."""
    fraction = "isNotNull({0}) AND NOT (isFinite({0}) AND {0} = trunc({0}))"
    asked = [f"countIf({fraction.format(column.sql)}) AS x{place}" for place, column in enumerate(columns)]
    asked += [
        f"sumForEach(arrayMap(v -> {fraction.format('v')}, {cell_values(group)})) AS cells{i}"
        for i, group in enumerate(cells)
    ]
    return Statement(f"SELECT {', '.join(asked)}\nFROM {frame.relation}\nWHERE {frame.where}", dict(frame.parameters))
