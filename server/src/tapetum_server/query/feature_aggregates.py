"""What the engine is asked for statistics of features: one statement, one scan, one row of aggregates per slice.

Aggregates are of one column each, of the values in its lists (`sumArray`), or of many columns at once that stand in one
array (`sumForEach`): those take as long for a few hundred columns as to plan the others for ten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tapetum_server.query.cells import cell_values
from tapetum_server.query.frames import Frame, FrameColumn
from tapetum_server.query.statement import Statement
from tapetum_server.signals.feature_statistics import LONGEST_VALUE, MOST_VALUES, NOT_UTF8, POINTS, TOO_LONG

COUNTED_VALUES = 10_000
"""Different values that are counted exactly; where there are more, `unique` and the counts are estimates."""
WEIGHT_STEPS = 1_000_000
"""The engine's weighted sketches take whole weights: millionths."""
_POINTS = ", ".join(f"{step / (POINTS - 1):g}" for step in range(POINTS))
_DECILES = ", ".join(f"{step / 10:g}" for step in range(11))
_ERROR = 1_000
"""One part in so many is how far a value may be from its rank (Greenwald and Khanna)."""
_NAMED = f"multiIf(NOT isValidUTF8({{0}}), '{NOT_UTF8}', length({{0}}) > {LONGEST_VALUE}, '{TOO_LONG}', {{0}})"
_X, _W, _STEPS, _PART, _NEAR = "__x", "__w", "__steps", "__part", "__near"
"""Names within a statement. An alias hides a column of its name, so that none is one that a file would have."""
_SCALARS = ("numeric", "boolean", "time")
_NEAR_ROWS = 1_000
_CELLS = "ForEach"
Asked = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Slices:
    """What the rows are parted by."""

    column: FrameColumn
    most: int = 50
    """The most frequent values that get statistics of their own."""


def statistics_statement(
    frame: Frame,
    columns: Sequence[FrameColumn],
    slices: Slices | None = None,
    weight: FrameColumn | None = None,
    cells: Sequence[Sequence[FrameColumn]] = (),
) -> Statement:
    """One scan: a row of aggregates, and with `slices` one more for each of the most frequent values.

    With `weight`, a numeric column, every one of `columns` has weighted aggregates besides. Each of `cells` are columns
    of one map: their aggregates are arrays, of the places from the first one's to the last one's.
    """
    source = f"{frame.relation} WHERE {frame.where}"
    places = {column.name: place for place, column in enumerate((c for c in columns if c.kind in _SCALARS), 1)}
    asked, given, near = ["count() AS rows"], [], [_near(columns, source)] if places else []
    if weight is not None:
        # What is no weight weighs nothing.
        given.append(f"if(isFinite({weight.sql}) AND {weight.sql} > 0, assumeNotNull({weight.sql}), 0.) AS {_W}")
        given.append(f"toUInt64(round({_W} * {WEIGHT_STEPS})) AS {_STEPS}")
        asked.append(f"sum({_W}) AS weighted_rows")
    for i, column in enumerate(columns):
        given.append(f"{_prepared(column)} AS {_X}{i}")
        apart = f"{_NEAR}.{places[column.name]}" if column.kind in _SCALARS else "0."
        asked += [f"{sql} AS {name}{i}" for name, sql in _aggregates(column, f"{_X}{i}", apart)]
        if weight is not None:
            asked += [f"{sql} AS weighted_{name}{i}" for name, sql in _weighted(column, f"{_X}{i}", apart)]
    for i, group in enumerate(cells):
        x, apart = f"{_X}_cells{i}", f"{_NEAR}_cells{i}"
        given.append(f"{cell_values(group)} AS {x}")
        if group[0].kind in _SCALARS:
            near.append(
                f"(SELECT arrayMap(v -> ifNull(v, 0.), any{_CELLS}({_finite(x, _CELLS)})) "
                f"FROM (SELECT {given[-1]} FROM {source} LIMIT {_NEAR_ROWS})) AS {apart}"
            )
        found = _numeric(x, apart, _CELLS) if group[0].kind in _SCALARS else _text(x, _CELLS)
        counted = ("present", f"count{_CELLS}({x})")
        asked += [f"{sql} AS {name}_cells{i}" for name, sql in (counted, *found)]
    begin = f"WITH {', '.join(near)}\n" if near else ""
    if slices is None:
        sql = f"{begin}SELECT {', '.join(asked)}\nFROM (SELECT {', '.join(given) or '1'} FROM {source})"
        return Statement(sql, dict(frame.parameters))
    text = f"CAST({slices.column.sql}, 'Nullable(String)')"
    # The values that get a row are found first; the others are in the row of all, which grouping sets add.
    frequent = (
        f"SELECT assumeNotNull({text}) AS value FROM {source} AND isNotNull({text}) GROUP BY value "
        f"ORDER BY count() DESC, value LIMIT {slices.most:d}"
    )
    kept = f"if(ifNull({text}, '') IN ({frequent}) AND isNotNull({text}), {text}, NULL) AS {_PART}"
    sql = (
        f"{begin}SELECT if(grouping({_PART}) = 1, NULL, {_PART}) AS slice, {', '.join(asked)}\n"
        f"FROM (SELECT {', '.join([kept, *given])} FROM {source})\n"
        f"GROUP BY GROUPING SETS (({_PART}), ()) HAVING grouping({_PART}) = 1 OR isNotNull({_PART})"
    )
    return Statement(sql, dict(frame.parameters))


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


def _near(columns: Sequence[FrameColumn], source: str) -> str:
    """One value of each numeric column as a tuple: squares of distances from it lose nothing far from 0.

    Of the first rows, since any value will do; where none of those is finite, 0.
    """
    scalars = [(f"{_X}{i}", column) for i, column in enumerate(columns) if column.kind in _SCALARS]
    given = ", ".join(f"{_prepared(column)} AS {x}" for x, column in scalars)
    found = ", ".join(f"anyIf(assumeNotNull({x}), ifNull(isFinite({x}), 0)) AS {x}" for x, _ in scalars)
    return f"(SELECT tuple({found}) FROM (SELECT {given} FROM {source} LIMIT {_NEAR_ROWS})) AS {_NEAR}"


def _aggregates(column: FrameColumn, x: str, near: str) -> Asked:
    if column.kind == "other":
        return [("present", f"countIf(NOT {x})")]
    if column.kind == "numeric_list":
        return [*_lengths(x), *_numeric(x, near, "Array")]
    if column.kind == "categorical_list":
        return [*_lengths(x), *_text(x, "Array")]
    counted = [("present", f"count({x})")]
    return [*counted, *(_text(x) if column.kind == "categorical" else _numeric(x, near))]


def _lengths(x: str) -> Asked:
    """Values per row; of an empty list nobody can say whether it was null."""
    filled = f"length({x}) > 0"
    return [
        ("present", f"countIf({filled})"),
        ("total", f"sum(length({x}))"),
        ("fewest", f"minIf(length({x}), {filled})"),
        ("most", f"max(length({x}))"),
        ("lengths", f"quantilesGKIf({_ERROR}, {_DECILES})(length({x}), {filled})"),
    ]


def _numeric(x: str, near: str, array: str = "") -> Asked:
    # Aggregates skip nulls, so that none of those over the finite values needs a condition of its own.
    finite = _finite(x, array)
    apart = {"": f"({finite} - {near})", _CELLS: f"arrayMap((v, n) -> v - n, {finite}, {near})"}.get(array, finite)
    return [
        ("near", f"any({near})"),
        ("nan", f"sum{array}({_each('isNaN({0})', x, array)})"),
        ("low_inf", f"sum{array}({_each('({0} = -inf)', x, array)})"),
        ("high_inf", f"sum{array}({_each('({0} = inf)', x, array)})"),
        ("zeros", f"sum{array}({_each('({0} = 0)', x, array)})"),
        ("finite", f"count{array}({finite})"),
        ("least", f"min{array}({finite})"),
        ("greatest", f"max{array}({finite})"),
        ("mean", f"avg{array}({apart})"),
        ("variance", f"varPopStable{array}({apart})"),
        ("points", f"quantilesGK{array}({_ERROR}, {_POINTS})({finite})"),
    ]


def _text(x: str, array: str = "") -> Asked:
    length = _each("length({0})", x, array)
    counted = f"approx_top_k{array}({COUNTED_VALUES}, {COUNTED_VALUES})({_each(_NAMED, x, array)})"
    return [
        ("bytes", f"sum{array}({length})"),
        ("shortest", f"min{array}({length})"),
        ("longest", f"max{array}({length})"),
        ("not_utf8", f"sum{array}({_each('(NOT isValidUTF8({0}))', x, array)})"),
        ("estimated", f"uniqCombined64{array}({x})"),
        ("differing", _each("length({0})", counted, array) if array == _CELLS else f"length({counted})"),
        *_most_frequent(counted, array),
    ]


def _weighted(column: FrameColumn, x: str, near: str) -> Asked:
    """The same with every row as often as its weight says."""
    if column.kind == "other":
        return [("present", f"sumIf({_W}, NOT {x})")]
    array = "Array" if column.kind in ("numeric_list", "categorical_list") else ""
    present = f"length({x}) > 0" if array else f"isNotNull({x})"
    counts = [
        ("present", f"sumIf({_W}, {present})"),
        ("total", f"sum({_W} * length({x}))" if array else f"sumIf({_W}, {present})"),
    ]
    steps = f"arrayMap(v -> {_STEPS}, {x})" if array else _STEPS
    if column.kind in ("categorical", "categorical_list"):
        counted = f"approx_top_sum{array}({COUNTED_VALUES}, {COUNTED_VALUES})({_each(_NAMED, x, array)}, {steps})"
        return [*counts, *_most_frequent(counted, array)]
    finite = _finite(x, array)
    kept = f"arrayMap(v -> {_STEPS}, {finite})" if array else _STEPS
    apart = finite if array else f"({finite} - {near})"
    return [
        *counts,
        ("nan", f"sum{array}({_each('if(isNaN({0}), __w, 0)', x, array)})"),
        ("low_inf", f"sum{array}({_each('if({0} = -inf, __w, 0)', x, array)})"),
        ("high_inf", f"sum{array}({_each('if({0} = inf, __w, 0)', x, array)})"),
        ("zeros", f"sum{array}({_each('if({0} = 0, __w, 0)', x, array)})"),
        ("finite", f"sum{array}({_each('if(isFinite({0}), __w, 0)', x, array)})"),
        ("sum", f"sum{array}({_each('__w * {0}', apart, array)})"),
        ("squares", f"sum{array}({_each('__w * {0} * {0}', apart, array)})"),
        ("points", f"quantilesTDigestWeighted{array}({_POINTS})({apart}, {kept})"),
    ]


def _most_frequent(counted: str, array: str) -> Asked:
    # Among equals TFDV puts the one first that sorts last.
    ordered = f"arraySlice(arrayReverseSort(t -> (t.2, t.1), {{0}}), 1, {MOST_VALUES})"
    found = []
    for name, part in (("values", 1), ("frequencies", 2)):
        listed = f"arrayMap(t -> t.{part}, {ordered})"
        found.append((name, _each(listed, counted, array) if array == _CELLS else listed.format(counted)))
    return found


def _finite(x: str, array: str) -> str:
    if array == _CELLS:
        return f"arrayMap(v -> if(isFinite(v), v, NULL), {x})"  # each stays in its place
    return f"arrayFilter(v -> isFinite(v), {x})" if array else f"if(isFinite({x}), {x}, NULL)"


def _each(of: str, x: str, array: str) -> str:
    """`of`, with `{0}` for one value, over all values."""
    return f"arrayMap(v -> {of.format('v')}, {x})" if array else of.format(x)
