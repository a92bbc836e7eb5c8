"""Statistics of all features of a frame in one scan: aggregates that the engine is asked for, and what it answers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from tapetum_server.query.frames import Frame, FrameColumn
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.statement import Statement
from tapetum_server.signals.feature_statistics import (
    LONGEST_VALUE,
    MOST_VALUES,
    NOT_UTF8,
    POINTS,
    TOO_LONG,
    Bucket,
    Counts,
    DatasetStatistics,
    FeatureStatistics,
    NumericStatistics,
    TextStatistics,
    ValueType,
)

COUNTED_VALUES = 10_000
"""Different values that are counted exactly; where there are more, `unique` and the counts are estimates."""
_AT_ONCE = 250
"""Features of one statement: the engine plans thousands of expressions slowly."""
_POINTS = ", ".join(f"{step / (POINTS - 1):.17g}" for step in range(POINTS))
_DECILES = ", ".join(f"{step / 10:g}" for step in range(11))
_ERROR = 1_000
"""One part in so many is how far a value may be from its rank (Greenwald and Khanna)."""
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Slices:
    """What the rows are parted by."""

    column: FrameColumn
    most: int = 50
    """The most frequent values that get statistics of their own."""


async def feature_statistics(
    reader: Reader, frame: Frame, *, slices: Slices | None = None, timeout_s: float | None = None
) -> list[DatasetStatistics]:
    """Of every column of the frame: of all rows, then of each slice, the largest first. Histograms are not made yet.

    Raises `QueryError`.
    """
    parts: dict[str | None, list[FeatureStatistics]] = {}
    rows: dict[str | None, int] = {}
    for begin in range(0, max(1, len(frame.columns)), _AT_ONCE):
        columns = frame.columns[begin : begin + _AT_ONCE]
        statement = statistics_statement(frame, columns, slices)
        for row in rows_of(await reader.query(*statement, timeout_s=timeout_s)):
            part = row.get("slice")
            rows[part] = int(row["rows"])
            parts.setdefault(part, []).extend(_feature(column, i, row) for i, column in enumerate(columns))
    named = sorted((part for part in parts if part is not None), key=lambda part: (-rows[part], part))
    found = [DatasetStatistics(rows=rows[None], features=tuple(parts[None]))]
    for part in named:
        name = f"{slices.column.name}_{part}" if slices else part
        found.append(DatasetStatistics(slice=name, rows=rows[part], features=tuple(parts[part])))
    return found


def statistics_statement(frame: Frame, columns: Sequence[FrameColumn], slices: Slices | None = None) -> Statement:
    """One scan: a row of aggregates, and with `slices` one more for each of the most frequent values."""
    asked = ["count() AS rows"]
    for i, column in enumerate(columns):
        asked += [f"{sql} AS {name}{i}" for name, sql in _aggregates(column, f"x{i}")]
    given = [f"{_prepared(column)} AS x{i}" for i, column in enumerate(columns)]
    parameters = dict(frame.parameters)
    source = f"{frame.relation} WHERE {frame.where}"
    if slices is None:
        sql = f"SELECT {', '.join(asked)}\nFROM (SELECT {', '.join(given) or '1'} FROM {source})"
        return Statement(sql, parameters)
    text = f"CAST({slices.column.sql}, 'Nullable(String)')"
    # The values that get a row are found first; the others are in the row of all, which grouping sets add.
    frequent = (
        f"SELECT assumeNotNull({text}) AS value FROM {source} AND isNotNull({text}) GROUP BY value "
        f"ORDER BY count() DESC, value LIMIT {slices.most:d}"
    )
    kept = f"if(ifNull({text}, '') IN ({frequent}) AND isNotNull({text}), {text}, NULL) AS part"
    sql = (
        f"SELECT if(grouping(part) = 1, NULL, part) AS slice, {', '.join(asked)}\n"
        f"FROM (SELECT {', '.join([kept, *given])} FROM {source})\n"
        "GROUP BY GROUPING SETS ((part), ()) HAVING grouping(part) = 1 OR isNotNull(part)"
    )
    return Statement(sql, parameters)


def _prepared(column: FrameColumn) -> str:
    """The column as the aggregates take it: times as seconds, lists without their nulls."""
    if column.kind == "time":
        return f"toUnixTimestamp64Nano({column.sql}) / 1e9"
    if column.kind == "boolean":
        return f"CAST({column.sql}, 'Nullable(Float64)')"
    if column.kind in ("numeric_list", "categorical_list"):
        return f"arrayMap(v -> assumeNotNull(v), arrayFilter(v -> isNotNull(v), {column.sql}))"
    if column.kind == "other":
        return f"isNull({column.sql})"
    return column.sql


def _aggregates(column: FrameColumn, x: str) -> Iterable[tuple[str, str]]:
    if column.kind == "other":
        return [("present", f"countIf(NOT {x})")]
    if column.kind == "numeric_list":
        return [*_lengths(x), *_numeric(x, "Array")]
    if column.kind == "categorical_list":
        return [*_lengths(x), *_text(x, "Array")]
    counted = [("present", f"count({x})")]
    return [*counted, *(_text(x) if column.kind == "categorical" else _numeric(x))]


def _lengths(x: str) -> Iterable[tuple[str, str]]:
    """Values per row; of an empty list nobody can say whether it was null."""
    filled = f"length({x}) > 0"
    return [
        ("present", f"countIf({filled})"),
        ("total", f"sum(length({x}))"),
        ("fewest", f"minIf(length({x}), {filled})"),
        ("most", f"max(length({x}))"),
        ("lengths", f"quantilesGKIf({_ERROR}, {_DECILES})(length({x}), {filled})"),
    ]


def _numeric(x: str, array: str = "") -> Iterable[tuple[str, str]]:
    def over(of: str) -> str:
        return f"arrayMap(v -> {of.format('v')}, {x})" if array else of.format(x)

    # Aggregates skip nulls, so that each of the finite ones needs no condition of its own.
    finite = f"arrayFilter(v -> isFinite(v), {x})" if array else f"if(isFinite({x}), {x}, NULL)"
    return [
        ("nan", f"sum{array}({over('isNaN({})')})"),
        ("low_inf", f"sum{array}({over('({} = -inf)')})"),
        ("high_inf", f"sum{array}({over('({} = inf)')})"),
        ("zeros", f"sum{array}({over('({} = 0)')})"),
        ("finite", f"count{array}({finite})"),
        ("least", f"min{array}({finite})"),
        ("greatest", f"max{array}({finite})"),
        ("mean", f"avg{array}({finite})"),
        ("variance", f"varPopStable{array}({finite})"),
        ("points", f"quantilesGK{array}({_ERROR}, {_POINTS})({finite})"),
    ]


def _text(x: str, array: str = "") -> Iterable[tuple[str, str]]:
    def over(of: str) -> str:
        return f"arrayMap(v -> {of.format('v')}, {x})" if array else of.format(x)

    named = (
        f"multiIf(NOT isValidUTF8({{0}}), '{NOT_UTF8}', length({{0}}) > {LONGEST_VALUE}, '{TOO_LONG}', {{0}})"
    )  # fmt: skip
    counted = f"approx_top_k{array}({COUNTED_VALUES}, {COUNTED_VALUES})({over(named)})"
    # Among equals TFDV puts the one first that sorts last.
    ordered = f"arrayReverseSort(t -> (t.2, t.1), {counted})"
    return [
        ("bytes", f"sum{array}({over('length({})')})"),
        ("shortest", f"min{array}({over('length({})')})"),
        ("longest", f"max{array}({over('length({})')})"),
        ("not_utf8", f"sum{array}({over('(NOT isValidUTF8({}))')})"),
        ("estimated", f"uniqCombined64{array}({x})"),
        ("differing", f"length({counted})"),
        ("values", f"arrayMap(t -> t.1, arraySlice({ordered}, 1, {MOST_VALUES}))"),
        ("frequencies", f"arrayMap(t -> t.2, arraySlice({ordered}, 1, {MOST_VALUES}))"),
    ]


def _feature(column: FrameColumn, i: int, row: Row) -> FeatureStatistics:
    def of(name: str) -> Any:
        return row.get(f"{name}{i}")

    rows, present = int(row["rows"]), int(of("present"))
    listed = column.kind in ("numeric_list", "categorical_list")
    total = int(of("total")) if listed else present
    counts = Counts(
        present=present,
        missing=rows - present,
        values=total,
        fewest=int(of("fewest")) if listed else int(present > 0),
        most=int(of("most")) if listed else int(present > 0),
        lengths=_evenly([float(v) for v in of("lengths")] if listed else [1.0] * 11, present),
    )
    numeric = text = None
    if column.kind in ("categorical", "categorical_list"):
        text = _text_statistics(of)
    elif column.kind != "other":
        numeric = _numeric_statistics(of)
    return FeatureStatistics(
        feature=column.name, kind=column.kind, type=_type(column), counts=counts, numeric=numeric, text=text
    )


def _type(column: FrameColumn) -> ValueType:
    """As TFDV calls it: truth values are whole numbers there, and times seconds."""
    if column.kind == "other":
        return "STRUCT"
    if column.kind in ("categorical", "categorical_list"):
        return "STRING"
    return "INT" if column.integer or column.kind == "boolean" else "FLOAT"


def _numeric_statistics(of: Any) -> NumericStatistics:
    finite = int(of("finite") or 0)
    apart = NumericStatistics(
        nan=int(of("nan") or 0), negative_infinity=int(of("low_inf") or 0),
        positive_infinity=int(of("high_inf") or 0), zeros=int(of("zeros") or 0),
    )  # fmt: skip
    if not finite:
        return apart
    return replace(
        apart,
        finite=finite,
        mean=float(of("mean")),
        squared_deviations=float(of("variance")) * finite,
        minimum=float(of("least")),
        maximum=float(of("greatest")),
        points=(float(of("least")), *map(float, of("points")[1:-1]), float(of("greatest"))),
    )


def _text_statistics(of: Any) -> TextStatistics:
    differing, values = int(of("differing")), list(of("values"))
    unnamed = NOT_UTF8 in values or TOO_LONG in values
    exact = differing < COUNTED_VALUES and not unnamed
    return TextStatistics(
        unique=differing if exact else int(of("estimated")),
        unique_exact=exact,
        total_bytes=int(of("bytes") or 0),
        shortest=int(of("shortest") or 0),
        longest=int(of("longest") or 0),
        not_utf8=int(of("not_utf8") or 0),
        values=tuple(zip(values, (float(count) for count in of("frequencies")))),
    )


def _evenly(edges: Sequence[float], total: float) -> tuple[Bucket, ...]:
    if not total or any(math.isnan(edge) for edge in edges):
        return ()
    return tuple(Bucket(low, high, total / (len(edges) - 1)) for low, high in pairwise(edges))
