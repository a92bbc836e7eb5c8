"""Rows of a user's SELECT as lines of a chart, where its first column is a time."""

from __future__ import annotations

import math
import re
from datetime import datetime, timezone
from typing import Any, NamedTuple

from tapetum_server.query.metrics import MAX_SERIES, MetricSeries, Point
from tapetum_server.query.sql_answer import SqlRows

_TIME = re.compile(r"(?:Nullable\()?(?:DateTime|Date)")
_NUMBER = re.compile(r"(?:LowCardinality\(|Nullable\()*(?:U?Int\d|Float|BFloat|Decimal|Bool)")


class SqlSeries(NamedTuple):
    """One line per column of numbers and combination of the texts beside it."""

    series: list[MetricSeries]
    truncated: bool


def series_of_rows(rows: SqlRows) -> SqlSeries | None:
    """The lines, each in order of time; `None` where the answer is a table.

    It is one where the first column is no time or no column holds numbers. With several columns of numbers
    the column's name is the label `value`. Rows without a time are left out.
    """
    if not rows.columns or not _TIME.match(rows.columns[0].type):
        return None
    numbers = [i for i, column in enumerate(rows.columns) if i and _NUMBER.match(column.type)]
    labels = [i for i in range(1, len(rows.columns)) if i not in numbers]
    if not numbers:
        return None
    found: dict[tuple[str, ...], list[Point]] = {}
    for row in rows.rows:
        time_ms = _milliseconds(row[0])
        if time_ms is None:
            continue
        shared = tuple("" if row[i] is None else str(row[i]) for i in labels)
        for i in numbers:
            key = (*shared, rows.columns[i].name) if len(numbers) > 1 else shared
            found.setdefault(key, []).append((time_ms, _number(row[i])))
    names = [rows.columns[i].name for i in labels] + (["value"] if len(numbers) > 1 else [])
    series = [
        MetricSeries(labels=dict(zip(names, key)), points=sorted(points, key=lambda p: p[0]), total=None)
        for key, points in list(found.items())[:MAX_SERIES]
    ]
    return SqlSeries(series, len(found) > MAX_SERIES)


def _milliseconds(value: Any) -> int | None:
    if value is None:
        return None
    text = str(value).replace(" ", "T").removesuffix("Z")
    whole, _, fraction = text.partition(".")
    moment = datetime.fromisoformat(whole).replace(tzinfo=timezone.utc)
    return int(moment.timestamp()) * 1_000 + int(fraction.ljust(3, "0")[:3] or 0)


def _number(value: Any) -> float | None:
    if value is None:
        return None
    number = float(value)
    return number if math.isfinite(number) else None
