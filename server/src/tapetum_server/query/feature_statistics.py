"""Statistics of all features of a frame: what the engine answers into what they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from tapetum_server.query.cells import batches, one_by_one, places_in
from tapetum_server.query.errors import QueryError
from tapetum_server.query.feature_aggregates import COUNTED_VALUES, WEIGHT_STEPS, Slices, statistics_statement
from tapetum_server.query.frames import Frame, FrameColumn
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.signals.feature_statistics import (
    NOT_UTF8,
    TOO_LONG,
    Bucket,
    Counts,
    DatasetStatistics,
    FeatureStatistics,
    NumericStatistics,
    TextStatistics,
    ValueType,
)

_LISTS = ("numeric_list", "categorical_list")
_TEXTS = ("categorical", "categorical_list")
Row = Mapping[str, Any]
Of = Callable[[str], Any]


async def feature_statistics(
    reader: Reader,
    frame: Frame,
    *,
    slices: Slices | None = None,
    weight: str = "",
    timeout_s: float | None = None,
) -> list[DatasetStatistics]:
    """Of every column of the frame: of all rows, then of each slice, the largest first. Histograms are not made yet.

    `weight` names a numeric column that says how often a row counts; it gets no statistics itself. Raises `QueryError`.
    """
    weighing = frame.column(weight) if weight else None
    if weighing is not None and weighing.kind != "numeric":
        raise QueryError(
            f"{weight!r} is {weighing.kind}, and a weight is a number", code="not_a_weight",
            hint="Name a numeric column that says how often each row counts.",
        )  # fmt: skip
    frame = frame.without([weight])
    parts: dict[str | None, list[FeatureStatistics]] = {}
    rows: dict[str | None, int] = {}
    weights: dict[str | None, float | None] = {}
    for cells, columns in batches(frame) if weighing is None else one_by_one(frame.columns):
        statement = statistics_statement(frame, columns, slices, weighing, cells)
        for row in rows_of(await reader.query(*statement, timeout_s=timeout_s)):
            part = row.get("slice")
            rows[part], weights[part] = int(row["rows"]), row.get("weighted_rows")
            features = parts.setdefault(part, [])
            features += [_feature(column, row, *_of(row, i)) for i, column in enumerate(columns)]
            for i, group in enumerate(cells):
                features += [_feature(column, row, of) for column, of in _of_cells(row, i, group)]
    places = {column.name: place for place, column in enumerate(frame.columns)}
    for features in parts.values():
        features.sort(key=lambda one: places[one.feature])
    if not parts:
        parts[None], rows[None] = [], 0  # grouping sets over no rows have not even the row of all
    named = sorted((part for part in parts if part is not None), key=lambda part: (-rows[part], part))
    found = [DatasetStatistics(rows=rows[None], features=tuple(parts[None]), weighted_rows=weights.get(None))]
    for part in named:
        name = f"{slices.column.name}_{part}" if slices else part
        found.append(
            DatasetStatistics(
                slice=name, rows=rows[part], features=tuple(parts[part]), weighted_rows=weights[part]
            )
        )  # fmt: skip
    return found


def _of(row: Row, i: int) -> tuple[Of, Of]:
    """Aggregates of the column with this number, and the weighted ones."""
    return lambda name: row.get(f"{name}{i}"), lambda name: row.get(f"weighted_{name}{i}")


def _of_cells(row: Row, i: int, group: Sequence[FrameColumn]) -> Iterator[tuple[FrameColumn, Of]]:
    """Aggregates of each column of this group. Of no rows there are none."""
    for column, place in places_in(group):

        def of(name: str, place: int = place) -> Any:
            found = row.get(f"{name}_cells{i}") or ()
            return found[place] if place < len(found) else None

        yield column, of


def _feature(column: FrameColumn, row: Row, of: Of, of_weighted: Of | None = None) -> FeatureStatistics:
    rows, present, listed = int(row["rows"]), int(of("present") or 0), column.kind in _LISTS
    counts = Counts(
        present=present,
        missing=rows - present,
        values=int(of("total")) if listed else present,
        fewest=int(of("fewest")) if listed else int(present > 0),
        most=int(of("most")) if listed else int(present > 0),
        lengths=_evenly([float(v) for v in of("lengths")] if listed else [1.0] * 11, present),
    )
    found = FeatureStatistics(feature=column.name, kind=column.kind, type=_type(column), counts=counts)
    if column.kind in _TEXTS:
        found = replace(found, text=_text(of))
    elif column.kind != "other":
        found = replace(found, numeric=_numeric(of))
    if of_weighted is not None and row.get("weighted_rows") is not None:
        found = replace(found, weighted=_weighted(found, of_weighted, float(row["weighted_rows"]), of("near") or 0.0))
    return found


def _type(column: FrameColumn) -> ValueType:
    """As TFDV calls it: truth values are whole numbers there, and times seconds."""
    if column.kind == "other":
        return "STRUCT"
    if column.kind in _TEXTS:
        return "STRING"
    return "INT" if column.integer or column.kind == "boolean" else "FLOAT"


def _numeric(of: Of) -> NumericStatistics:
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
        mean=float(of("near")) + float(of("mean")),
        squared_deviations=float(of("variance")) * finite,
        minimum=float(of("least")),
        maximum=float(of("greatest")),
        points=(float(of("least")), *map(float, of("points")[1:-1]), float(of("greatest"))),
    )


def _text(of: Of) -> TextStatistics:
    differing, values = int(of("differing") or 0), list(of("values") or ())
    exact = differing < COUNTED_VALUES and NOT_UTF8 not in values and TOO_LONG not in values
    return TextStatistics(
        unique=differing if exact else int(of("estimated") or 0),
        unique_exact=exact,
        total_bytes=int(of("bytes") or 0),
        shortest=int(of("shortest") or 0),
        longest=int(of("longest") or 0),
        not_utf8=int(of("not_utf8") or 0),
        values=tuple(zip(values, (float(count) for count in of("frequencies") or ()))),
    )


def _weighted(plain: FeatureStatistics, of: Of, rows: float, near: float) -> FeatureStatistics:
    present = float(of("present"))
    total = of("total")
    counts = replace(
        plain.counts, present=present, missing=rows - present, lengths=(),
        values=present if total is None else float(total),
    )  # fmt: skip
    numeric, text = plain.numeric, plain.text
    if numeric is not None:
        numeric = _weighted_numeric(numeric, of, near)
    elif text is not None:
        frequencies = (float(count) / WEIGHT_STEPS for count in of("frequencies"))
        # Lengths are not weighed: what one value takes stays.
        size = text.total_bytes / plain.counts.values * counts.values if plain.counts.values else 0.0
        text = replace(text, total_bytes=size, values=tuple(zip(of("values"), frequencies)))
    return replace(plain, counts=counts, numeric=numeric, text=text)


def _weighted_numeric(plain: NumericStatistics, of: Of, near: float) -> NumericStatistics:
    apart = NumericStatistics(
        nan=float(of("nan") or 0), negative_infinity=float(of("low_inf") or 0),
        positive_infinity=float(of("high_inf") or 0), zeros=float(of("zeros") or 0),
    )  # fmt: skip
    finite = float(of("finite") or 0)
    if not finite:
        return apart
    mean = float(of("sum")) / finite
    return replace(
        apart,
        finite=finite,
        mean=near + mean,
        squared_deviations=max(0.0, float(of("squares")) - finite * mean * mean),
        minimum=plain.minimum,
        maximum=plain.maximum,
        points=(plain.minimum, *(near + float(point) for point in of("points")[1:-1]), plain.maximum),
    )


def _evenly(edges: Sequence[float], total: float) -> tuple[Bucket, ...]:
    if not total or any(math.isnan(edge) for edge in edges):
        return ()
    return tuple(Bucket(low, high, total / (len(edges) - 1)) for low, high in pairwise(edges))
