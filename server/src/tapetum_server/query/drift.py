"""What drift asks of the rows of a frame: counts over bins and values of all features in one scan, and values in order.

A question may be asked by group: by chunks of so many rows, by chunks of time, or by the values of a column. It is one
statement all the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TypeVar

from tapetum_server.detectors.drift.values import SortedValues
from tapetum_server.detectors.drift.verdict import Presence
from tapetum_server.query.drift_groups import By, Group, settings_of, text_of
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import TIMEOUT_S, Frame, FrameColumn
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.statement import Parameters, Statement

SAMPLED_ROWS = 100_000
"""Edges of bins are exact quantiles of so many rows at least; of more, the hash of a row's place chooses."""
MAX_VALUES = 1_000
"""Distinct values of a categorical feature that are counted one by one; with more, the rest is counted together."""
MAX_GROUPS = 10_000
STATEMENT_CHARACTERS = 100_000
"""The engine parses a quarter of a million. Files are read by column, so that several statements read no more."""

WIDE = 200
"""Columns of numbers beyond which they are turned into rows first, of at most `FEW_ROWS` rows: over the expressions of
a column the engine thinks about 20 ms, and counts its values in so many rows more quickly."""
FEW_ROWS = 40_000

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class NumericFeature:
    """A column of numbers, counted between these inner edges: below the first, …, from the last on."""

    column: FrameColumn
    edges: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CategoricalFeature:
    """A column of values. With `values` only they are counted one by one."""

    column: FrameColumn
    values: tuple[str, ...] | None = None


Feature = NumericFeature | CategoricalFeature


@dataclass(frozen=True, slots=True)
class NumericCounts:
    """One numeric feature of one group. Moments and bins are those of the finite values."""

    presence: Presence
    bins: tuple[int, ...]
    mean: float | None
    std: float | None
    least: float | None
    greatest: float | None


@dataclass(frozen=True, slots=True)
class CategoricalCounts:
    """One categorical feature of one group."""

    presence: Presence
    values: Mapping[str, int]
    complete: bool
    """Whether `values` holds every value. Where not, what it counts is exact only for a feature with `values`."""


Counts = NumericCounts | CategoricalCounts


async def row_count(reader: Reader, frame: Frame) -> int:
    """How many rows there are."""
    answer = await reader.query(
        f"SELECT count() FROM {frame.relation} WHERE {frame.where}", frame.parameters, timeout_s=TIMEOUT_S
    )
    return int(answer.columns[0][0])


async def group_times(reader: Reader, frame: Frame, column: FrameColumn, by: By) -> dict[Group, tuple[int, int]]:
    """The first and the last time of each group, in nanoseconds since 1970; groups without a time are left out."""
    answer = await reader.query(*group_times_statement(frame, column, by), timeout_s=TIMEOUT_S)
    return {group: (first, last) for group, first, last in zip(*answer.columns)}


def group_times_statement(frame: Frame, column: FrameColumn, by: By) -> Statement:
    """One row per group."""
    sql = f"""SELECT drift_group, toUnixTimestamp64Nano(min(drift_x0)) AS drift_first,
    toUnixTimestamp64Nano(max(drift_x0)) AS drift_last
FROM {_values_of(frame, [column.sql], by)}
WHERE drift_x0 IS NOT NULL AND drift_group IS NOT NULL
GROUP BY drift_group"""
    return Statement(sql + settings_of(by), dict(frame.parameters))


async def quantiles(
    reader: Reader, frame: Frame, columns: Sequence[FrameColumn], levels: Sequence[float], rows: int
) -> list[list[float]]:
    """Quantiles (linear, as NumPy's) of the finite values of each column; none where it has no such value."""
    found: list[list[float]] = []
    if len(columns) > WIDE and rows <= FEW_ROWS:
        for batch in _batches(columns, _turned_length):
            answer = await reader.query(*turned_quantiles_statement(frame, batch, levels), timeout_s=TIMEOUT_S)
            turned = dict(tuples_of(answer))
            found += [_known(turned.get(place, ())) for place in range(1, len(batch) + 1)]
        return found
    for batch in _batches(columns, lambda column: 2 * len(column.sql) + 8 * len(levels)):
        answer = await reader.query(*quantiles_statement(frame, batch, levels, rows), timeout_s=TIMEOUT_S)
        found += [_known(column[0]) for column in answer.columns]
    return found


def _known(quantiles: Sequence[float | None]) -> list[float]:
    return [q for q in quantiles if q is not None and not math.isnan(q)]


def place_hash(frame: Frame, columns: Sequence[FrameColumn]) -> str:
    """A number that is the same for a row whenever it is asked for, and another for nearly every other row."""
    if frame.numbered:
        return f"sipHash64({frame.order})"
    # Many rows may share a moment; what they hold tells them apart.
    told_by = [frame.order] * bool(frame.order) + [f"ifNull(toString({column.sql}), '')" for column in columns[:4]]
    return f"sipHash64({', '.join(told_by)})"


def quantiles_statement(frame: Frame, columns: Sequence[FrameColumn], levels: Sequence[float], rows: int) -> Statement:
    """One row: for each column an array of its quantiles."""
    listed = ", ".join(str(float(level)) for level in levels)
    selected = ",\n    ".join(
        f"quantilesExactInclusiveIf({listed})({column.sql}, isFinite({column.sql})) AS drift_q{n}"
        for n, column in enumerate(columns)
    )
    sql = f"SELECT {selected}\nFROM {frame.relation}\nWHERE {frame.where}"
    if rows > SAMPLED_ROWS * 2:
        # By a hash and not every so many-th: rows may come in turns.
        sql += f" AND {place_hash(frame, columns)} % {rows // SAMPLED_ROWS} = 0"
    return Statement(sql, dict(frame.parameters))


def turned_quantiles_statement(frame: Frame, columns: Sequence[FrameColumn], levels: Sequence[float]) -> Statement:
    """One row for each column: its place, and an array of its quantiles."""
    listed = ", ".join(str(float(level)) for level in levels)
    sql = f"""SELECT drift_place, quantilesExactInclusiveIf({listed})(drift_x, isFinite(drift_x)) AS drift_q
FROM {_turned(frame, columns)}
GROUP BY drift_place"""
    return Statement(sql, dict(frame.parameters))


def _turned(frame: Frame, columns: Sequence[FrameColumn], by: By | None = None) -> str:
    """A row for each number of each row: `drift_place` of its column, from 1, and `drift_x`."""
    listed = f"[{', '.join(column.sql for column in columns)}]"
    group = "" if by is None else "drift_group, "
    return f"""(SELECT {group}drift_pair.1 AS drift_place, drift_pair.2 AS drift_x
    FROM (SELECT {group}arrayJoin(arrayZip(range(1, {len(columns) + 1}), drift_x0)) AS drift_pair
    FROM {_values_of(frame, [listed], by)}))"""


def _turned_length(column: FrameColumn) -> int:
    return len(column.sql) + 2


async def counts(
    reader: Reader, frame: Frame, features: Sequence[Feature], by: By | None = None
) -> dict[Group, tuple[int, list[Counts]]]:
    """Rows, and every feature counted, by group in ascending order; `None` where nothing is grouped by."""
    numeric = [feature for feature in features if isinstance(feature, NumericFeature)]
    if len(numeric) > WIDE and await row_count(reader, frame) <= FEW_ROWS:
        return await _wide_counts(reader, frame, features, numeric, by)
    found: dict[Group, tuple[int, list[Counts]]] = {}
    for batch in _batches(features, _text_length) if features else [[]]:
        answer = await reader.query(*counts_statement(frame, batch, by), timeout_s=TIMEOUT_S)
        for group, rows, *columns in tuples_of(answer):
            cells = iter(columns)
            counted = [_counts(feature, int(rows), next(cells), next(cells)) for feature in batch]
            found.setdefault(group, (int(rows), []))[1].extend(counted)
    if len(found) > MAX_GROUPS:
        raise QueryError(
            f"there are more than {MAX_GROUPS:,} chunks or slices",
            code="too_many_groups",
            hint="Ask for larger chunks, or for a slice by a column with fewer values.",
        )
    return found


async def _wide_counts(
    reader: Reader, frame: Frame, features: Sequence[Feature], numeric: Sequence[NumericFeature], by: By | None
) -> dict[Group, tuple[int, list[Counts]]]:
    """The same with the numbers turned into rows."""
    others = await counts(reader, frame, [one for one in features if isinstance(one, CategoricalFeature)], by)
    turned: dict[Group, list[Counts]] = {group: [] for group in others}
    for batch in _batches(numeric, lambda feature: _turned_length(feature.column)):
        answer = await reader.query(*turned_counts_statement(frame, batch, by), timeout_s=TIMEOUT_S)
        cells = {(group, place): told for group, place, *told in tuples_of(answer)}
        for group, (rows, _) in others.items():
            for place, feature in enumerate(batch, 1):
                first, second = cells.get((group, place), ([0] * (4 + len(feature.edges)), [None] * 4))
                turned[group].append(_counts(feature, rows, first, second))
    found: dict[Group, tuple[int, list[Counts]]] = {}
    for group, (rows, values) in others.items():
        numbers, words = iter(turned[group]), iter(values)
        found[group] = rows, [next(numbers if isinstance(one, NumericFeature) else words) for one in features]
    return found


def turned_counts_statement(frame: Frame, features: Sequence[NumericFeature], by: By | None = None) -> Statement:
    """One row for each group and feature: both, and the cells that `counts_statement` has of it."""
    parameters = Parameters()
    edges = parameters.numbers([edge for feature in features for edge in feature.edges])
    sizes = [len(feature.edges) for feature in features]
    first = parameters.bind([1, *(1 + end for end in accumulate(sizes[:-1]))], "Array(UInt32)")
    below = f"arraySlice({edges}, {first}[drift_place], {parameters.bind(sizes, 'Array(UInt32)')}[drift_place])"
    said = ("isNull(drift_x)", "isNaN(drift_x)", "drift_x = inf", "drift_x = -inf")
    presence = ", ".join(f"toUInt64(ifNull({one}, 0))" for one in said)
    moments = ", ".join(f"{name}If(drift_x, isFinite(drift_x))" for name in ("avg", "stddevPopStable", "min", "max"))
    group = "NULL" if by is None else "drift_group"
    sql = f"""SELECT {group} AS drift_group, drift_place,
    sumForEach(arrayConcat([{presence}], arrayMap(e -> toUInt64(ifNull(drift_x < e, 0)), {below}))) AS drift_n,
    [{moments}] AS drift_m
FROM {_turned(frame, [feature.column for feature in features], by)}
{"" if by is None else "WHERE drift_group IS NOT NULL "}GROUP BY {"" if by is None else "drift_group, "}drift_place"""
    return Statement(sql if by is None else sql + settings_of(by), {**frame.parameters, **parameters.values})


def _batches(items: Sequence[Item], text_length: Callable[[Item], int]) -> Iterator[list[Item]]:
    """As many at once as one statement has room for: all of them, unless there are hundreds."""
    batch: list[Item] = []
    room = STATEMENT_CHARACTERS
    for item in items:
        length = text_length(item)
        if batch and length > room:
            yield batch
            batch, room = [], STATEMENT_CHARACTERS
        batch.append(item)
        room -= length
    if batch:
        yield batch


def _text_length(feature: Feature) -> int:
    terms = len(feature.edges) + 12 if isinstance(feature, NumericFeature) else 3
    return terms * 50 + len(feature.column.sql)


def counts_statement(frame: Frame, features: Sequence[Feature], by: By | None = None) -> Statement:
    """One row per group: its name, its rows, and two cells for each feature."""
    parameters = Parameters()
    cells = ["count() AS drift_rows"]
    values = [
        feature.column.sql if isinstance(feature, NumericFeature) else text_of(feature.column) for feature in features
    ]
    for n, feature in enumerate(features):
        if isinstance(feature, NumericFeature):
            cells += _numeric_cells(feature, n, parameters)
        else:
            cells += _categorical_cells(feature, n, parameters)
    selected = ",\n    ".join(cells)
    bound = {**frame.parameters, **parameters.values}
    if by is None:
        return Statement(f"SELECT NULL AS drift_group, {selected}\nFROM {_values_of(frame, values)}", bound)
    sql = f"""SELECT drift_group, {selected}
FROM {_values_of(frame, values, by)}
WHERE drift_group IS NOT NULL
GROUP BY drift_group
ORDER BY drift_group
LIMIT {MAX_GROUPS + 1}"""
    return Statement(sql + settings_of(by), bound)


def _values_of(frame: Frame, values: Sequence[str], by: By | None = None) -> str:
    """The rows as `drift_group`, where they are grouped, and `drift_x0`, `drift_x1` …: each worked out once."""
    group = [] if by is None else [f"{by.sql} AS drift_group"]
    columns = [*group, *(f"{value} AS drift_x{n}" for n, value in enumerate(values))] or ["1"]
    return f"(SELECT {', '.join(columns)}\n    FROM {frame.relation}\n    WHERE {frame.where})"


def _numeric_cells(feature: NumericFeature, n: int, parameters: Parameters) -> list[str]:
    x = f"drift_x{n}"
    edges = parameters.numbers(feature.edges)
    below = "".join(f", countIf({x} < {edges}[{i + 1}])" for i in range(len(feature.edges)))
    finite = f"isFinite({x})"
    moments = ", ".join(f"{name}If({x}, {finite})" for name in ("avg", "stddevPopStable", "min", "max"))
    return [
        f"[countIf(isNull({x})), countIf(isNaN({x})), countIf({x} = inf), countIf({x} = -inf){below}] AS drift_n{n}",
        f"[{moments}] AS drift_m{n}",
    ]


def _categorical_cells(feature: CategoricalFeature, n: int, parameters: Parameters) -> list[str]:
    x = f"drift_x{n}"
    counted = x
    if feature.values is not None:
        values = parameters.texts(feature.values)
        counted = f"transform({x}, {values}, {values}, NULL)"
    # Exact as long as there are fewer values than it may hold.
    return [f"count({x}) AS drift_n{n}", f"approx_top_count({MAX_VALUES}, {MAX_VALUES})({counted}) AS drift_v{n}"]


def _counts(feature: Feature, rows: int, first: object, second: object) -> Counts:
    if isinstance(feature, NumericFeature):
        assert isinstance(first, list)
        assert isinstance(second, list)
        missing, nan, positive, negative, *below = (int(n) for n in first)
        values = rows - missing - nan - positive - negative
        # Minus infinity is below every edge, and in no bin.
        reached = [0, *(n - negative for n in below), values]
        bins = tuple(b - a for a, b in pairwise(reached))
        mean, std, least, greatest = second if values else [None] * 4
        return NumericCounts(Presence(rows, values, missing, nan, positive, negative), bins, mean, std, least, greatest)
    assert isinstance(first, int)
    assert isinstance(second, list)
    found = {item["item"]: int(item["count"]) for item in second}
    complete = len(found) < MAX_VALUES and feature.values is None
    return CategoricalCounts(Presence(rows, first, rows - first), found, complete)


async def sorted_values(
    reader: Reader, frame: Frame, column: FrameColumn, by: By | None = None
) -> dict[Group, SortedValues]:
    """The distinct finite values of a numeric column in order, and how often each is there, by group.

    Sorted by the engine. As large as there are distinct values: for questions that must be exact.
    """
    answer = await reader.query(*sorted_values_statement(frame, column, by), timeout_s=TIMEOUT_S)
    groups, values, times = answer.columns
    if by is None:
        return {None: SortedValues.of(values, times)} if len(values) else {}
    found: dict[Group, SortedValues] = {}
    start = 0
    for at in range(1, len(groups) + 1):
        if at == len(groups) or groups[at] != groups[start]:
            found[groups[start]] = SortedValues.of(values[start:at], times[start:at])
            start = at
    return found


def sorted_values_statement(frame: Frame, column: FrameColumn, by: By | None = None) -> Statement:
    """One row per group and distinct value."""
    group, known = ("NULL AS drift_group", "") if by is None else ("drift_group", " AND drift_group IS NOT NULL")
    # Plus zero, because -0.0 and 0.0 are one number and two keys.
    sql = f"""SELECT {group}, assumeNotNull(drift_x0) + 0.0 AS drift_value, count() AS drift_rows
FROM {_values_of(frame, [column.sql], by)}
WHERE isFinite(drift_x0){known}
GROUP BY drift_group, drift_value
ORDER BY drift_group, drift_value"""
    return Statement(sql + settings_of(by), dict(frame.parameters))
