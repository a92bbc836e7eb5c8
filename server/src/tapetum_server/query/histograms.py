"""How much happened when: counts over time, and durations over time, each in one scan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from typing_extensions import TypedDict

from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.filter_values import LEVELS
from tapetum_server.query.outside import ends_of
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.sources import LOGS, SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import MILLISECOND, Steps, TimeRange, format_time, steps_of

BANDS_PER_DECADE = 32
"""How finely durations are counted before they are gathered into the rows of a heatmap."""
SHORTEST_MS = 0.001


class SpanBucket(TypedDict):
    """The spans that started within one step."""

    time: str
    count: int
    error_count: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class SpanHistogram(TypedDict):
    """Spans over time; every step of the range is there, also empty ones."""

    interval_ms: int
    buckets: list[SpanBucket]


class SpanHeatmap(TypedDict):
    """Durations over time. `counts[x][y]` are the spans of column `times[x]` between `edges_ms[y]` and `[y + 1]`."""

    times: list[str]
    edges_ms: list[float]
    counts: list[list[int]]
    errors: list[list[int]]


class LogBucket(TypedDict):
    """The log records of one step, by level."""

    time: str
    total: int
    trace: int
    debug: int
    info: int
    warn: int
    error: int
    fatal: int


class LogHistogram(TypedDict):
    """Log records over time; every step of the range is there, also empty ones."""

    interval_ms: int
    buckets: list[LogBucket]


async def span_histogram(
    reader: Reader, *, project: str, time_range: TimeRange, filter: Filter, buckets: int = 60
) -> SpanHistogram:
    """How many spans started, failed and how long they took, over time."""
    selection = await select(reader, SPANS, project=project, time_range=time_range, filter=filter)
    selection, steps = await stepped(reader, selection, buckets)
    if steps is None:
        return SpanHistogram(interval_ms=0, buckets=[])
    answer = await reader.query(*span_histogram_statement(selection, steps))
    found = {row[0]: row[1:] for row in tuples_of(answer)}
    empty = (0, 0, [None, None, None])
    shown = []
    for i, time in enumerate(steps.times()):
        count, errors, quantiles = found.get(i, empty)
        p50, p95, p99 = (None if q is None or math.isnan(q) else q for q in quantiles)
        shown.append(
            SpanBucket(time=format_time(time), count=count, error_count=errors, p50_ms=p50, p95_ms=p95, p99_ms=p99)
        )
    return SpanHistogram(interval_ms=steps.step // MILLISECOND, buckets=shown)


def span_histogram_statement(selection: Selection, steps: Steps) -> Statement:
    """One row per step that has spans."""
    parameters = Parameters()
    columns = f"""{step_sql(selection, steps, parameters)} AS step, count() AS spans,
    countIf(status = 'error') AS errors, quantiles(0.5, 0.95, 0.99)(duration_ms) AS durations"""
    return _grouped(selection, columns, "step", parameters)


async def log_histogram(
    reader: Reader, *, project: str, time_range: TimeRange, filter: Filter, buckets: int = 60
) -> LogHistogram:
    """How many log records there are of each level, over time."""
    selection = await select(reader, LOGS, project=project, time_range=time_range, filter=filter)
    selection, steps = await stepped(reader, selection, buckets)
    if steps is None:
        return LogHistogram(interval_ms=0, buckets=[])
    answer = await reader.query(*log_histogram_statement(selection, steps))
    found = {row[0]: row[1:] for row in tuples_of(answer)}
    empty = (0,) * (1 + len(LEVELS))
    shown = []
    for i, time in enumerate(steps.times()):
        total, trace, debug, info, warn, error, fatal = found.get(i, empty)
        shown.append(
            LogBucket(
                time=format_time(time), total=total, trace=trace, debug=debug, info=info, warn=warn, error=error,
                fatal=fatal,
            )
        )  # fmt: skip
    return LogHistogram(interval_ms=steps.step // MILLISECOND, buckets=shown)


def log_histogram_statement(selection: Selection, steps: Steps) -> Statement:
    """One row per step that has log records."""
    parameters = Parameters()
    levels = ", ".join(f"countIf(severity = '{level}') AS {level}s" for level in LEVELS)
    columns = f"{step_sql(selection, steps, parameters)} AS step, count() AS total, {levels}"
    return _grouped(selection, columns, "step", parameters)


async def span_heatmap(
    reader: Reader, *, project: str, time_range: TimeRange, filter: Filter, x: int = 60, y: int = 24
) -> SpanHeatmap:
    """How the durations of ended spans lie over time, on a logarithmic scale."""
    selection = await select(reader, SPANS, project=project, time_range=time_range, filter=filter)
    selection, steps = await stepped(reader, selection, x)
    if steps is None:
        return SpanHeatmap(times=[], edges_ms=[], counts=[], errors=[])
    rows = list(tuples_of(await reader.query(*heatmap_statement(selection, steps))))
    edges, first, wide = _bands([row[1] for row in rows], y)
    counts = [[0] * y for _ in range(steps.count)]
    errors = [[0] * y for _ in range(steps.count)]
    for column, band, count, failed in rows:
        if 0 <= column < steps.count:
            at = (band - first) // wide
            counts[column][at] += count
            errors[column][at] += failed
    return SpanHeatmap(times=[format_time(t) for t in steps.times()], edges_ms=edges, counts=counts, errors=errors)


def heatmap_statement(selection: Selection, steps: Steps) -> Statement:
    """One row per step and fine band of durations."""
    parameters = Parameters()
    band = f"toInt32(floor(log10(greatest(assumeNotNull(duration_ms), {SHORTEST_MS})) * {BANDS_PER_DECADE}))"
    columns = f"""{step_sql(selection, steps, parameters)} AS step, {band} AS band,
    count() AS spans, countIf(status = 'error') AS errors"""
    return _grouped(selection, columns, "step, band", parameters, "state = 'ended'")


def _bands(bands: Sequence[int], rows: int) -> tuple[list[float], int, int]:
    """Edges of `rows` equal bands around the fine ones, the first fine band, and fine bands per row."""
    first, last = (min(bands), max(bands)) if bands else (0, rows - 1)
    wide = max(1, math.ceil((last - first + 1) / rows))
    # Spare rows go half below and half above, so that the data lies in the middle.
    first -= (wide * rows - (last - first + 1)) // 2
    edges = [round(10 ** ((first + i * wide) / BANDS_PER_DECADE), 9) for i in range(rows + 1)]
    return edges, first, wide


def step_sql(selection: Selection, steps: Steps, parameters: Parameters) -> str:
    """Which step a row falls into, from 0."""
    since = f"toUnixTimestamp64Nano({selection.source.time}) - {parameters.integer(steps.start)}"
    return f"intDiv({since}, {parameters.integer(steps.step)})"


def _grouped(selection: Selection, columns: str, by: str, parameters: Parameters, extra: str = "") -> Statement:
    where = conditions(selection, parameters)
    condition = " AND ".join([*where, extra] if extra else where)
    sql = f"""SELECT {columns}
FROM {selection.source.relation(columns, condition)}
WHERE {condition}
GROUP BY {by}"""
    return Statement(sql, parameters.values)


async def stepped(reader: Reader, selection: Selection, at_most: int) -> tuple[Selection, Steps | None]:
    """The selection with both ends of what is drawn known, and steps over it; no steps where there is nothing."""
    ends = await ends_of(reader, selection)
    if ends is None:
        return selection, None
    return replace(selection, time_range=ends["drawn"]), steps_over(ends["drawn"], at_most)


def steps_over(drawn: TimeRange, at_most: int) -> Steps:
    """Steps over a range with both ends."""
    assert drawn.start is not None
    assert drawn.end is not None
    return steps_of(drawn.start, max(drawn.end, drawn.start + 1), at_most=at_most)
