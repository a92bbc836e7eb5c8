"""How many rows of a frame some findings are about, and when: all of them in one scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tapetum_server.detectors.validation.concerns import Concern
from tapetum_server.query.frames import Frame, FrameColumn
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.statement import Parameters, Statement

_AT_ONCE = 40
"""Findings of one statement."""
_LISTS = ("numeric_list", "categorical_list")


@dataclass(frozen=True, slots=True)
class Concerned:
    """Rows, and the time of the first and of the last of them, in nanoseconds; 0 where there is none."""

    rows: int
    first: int
    last: int


async def concerned_rows(
    reader: Reader, frame: Frame, concerns: Sequence[tuple[FrameColumn | None, Concern]]
) -> list[Concerned]:
    """Of each concern and the column that it is about (`None`: the frame has no such column)."""
    found: list[Concerned] = []
    for begin in range(0, len(concerns), _AT_ONCE):
        some = concerns[begin : begin + _AT_ONCE]
        (row,) = rows_of(await reader.query(*concerned_statement(frame, some)))
        found += [
            Concerned(int(row[f"n{i}"]), row[f"first{i}"] if row[f"n{i}"] else 0, row[f"last{i}"])
            for i in range(len(some))
        ]
    return found


def concerned_statement(frame: Frame, concerns: Sequence[tuple[FrameColumn | None, Concern]]) -> Statement:
    """(rows, first, last) of each concern, side by side."""
    parameters = Parameters()
    parts = []
    for i, (column, concern) in enumerate(concerns):
        condition = "true" if column is None else concern_sql(column, concern, parameters)
        parts.append(
            f"countIf({condition}) AS n{i}, toUnixTimestamp64Nano(minIf(time, {condition})) AS first{i},\n"
            f"    toUnixTimestamp64Nano(maxIf(time, {condition})) AS last{i}"
        )
    columns = ",\n    ".join(parts)
    sql = f"SELECT {columns}\nFROM {frame.relation}\nWHERE {frame.where}"
    return Statement(sql, {**frame.parameters, **parameters.values})


def concern_sql(column: FrameColumn, concern: Concern, parameters: Parameters) -> str:
    """The condition on one row; of a list, that one of its values meets it."""
    x = column.sql
    if column.kind in _LISTS:
        return _of_list(x, column.kind, concern, parameters)
    if concern.what == "every":
        return "true"
    if concern.what == "missing":
        return f"isNull({x})"
    test = _test(x, column.kind, concern, parameters)
    return f"isNotNull({x}) AND {test}" if test else f"isNotNull({x})"


def _of_list(x: str, kind: str, concern: Concern, parameters: Parameters) -> str:
    if concern.what == "every":
        return "true"
    if concern.what == "missing":
        return f"empty({x})"
    if concern.what in ("longer", "shorter"):
        return f"length({x}) {'>' if concern.what == 'longer' else '<'} {parameters.number(concern.bound)}"
    test = _test("v", kind.removesuffix("_list"), concern, parameters)
    return f"arrayExists(v -> isNotNull(v) AND {test}, {x})" if test else f"notEmpty({x})"


def _test(x: str, kind: str, concern: Concern, parameters: Parameters) -> str:
    """What a value that is there has to meet; "" where being there is enough."""
    number = f"toFloat64OrNull({x})" if kind == "categorical" else x
    match concern.what:
        case "above" | "below":
            sign = ">" if concern.what == "above" else "<"
            return f"ifNull({number} {sign} {parameters.number(concern.bound)}, 0)"
        case "nan":
            return f"ifNull(isNaN({number}), 0)"
        case "infinite":
            return f"ifNull(isInfinite({number}), 0)"
        case "fraction":
            return f"ifNull(NOT isFinite({number}) OR {number} != trunc({number}), 1)"
        case "no_number":
            return f"isNull({number})"
        case "outside" | "within":
            text = x if kind == "categorical" else f"toString({x})"
            among = f"has({parameters.texts(concern.values)}, assumeNotNull({text}))"
            return f"NOT {among}" if concern.what == "outside" else among
    return ""
