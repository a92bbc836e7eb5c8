"""What the calls of models cost, used and took over time, beside the period before: one scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from typing_extensions import TypedDict

from tapetum_server.query.filter import Filter
from tapetum_server.query.histograms import steps_over
from tapetum_server.query.llm_calls import (
    CALL_COLUMNS,
    MEASURES,
    NO_CALLS,
    LlmMeasures,
    call_conditions,
    measures_of,
)
from tapetum_server.query.outside import ends_of
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.sources import SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import MILLISECOND, Steps, TimeRange, format_time


class LlmSteps(TypedDict):
    """The measures by step: `null` where no call said it, also where there was none."""

    calls: list[int]
    errors: list[int]
    unpriced: list[int]
    cost_usd: list[float | None]
    input_tokens: list[int | None]
    output_tokens: list[int | None]
    cache_read_tokens: list[int | None]
    reasoning_tokens: list[int | None]
    cache_savings_usd: list[float | None]
    p50_ms: list[float | None]
    p95_ms: list[float | None]
    p99_ms: list[float | None]
    ttft_p50_ms: list[float | None]
    ttft_p95_ms: list[float | None]
    ttft_p99_ms: list[float | None]


class LlmPeriod(TypedDict):
    """The calls of one period: all together, and by step."""

    start: str
    end: str
    total: LlmMeasures
    steps: LlmSteps


class LlmOverview(TypedDict):
    """The calls of the range, and of the same length of time before it."""

    times: list[str]
    """Of the steps of `now`; those of `before` lie as far into their own period."""
    interval_ms: int
    now: LlmPeriod
    before: LlmPeriod | None
    """`null` where it was not asked for, or where the range has no beginning."""


async def llm_overview(
    reader: Reader, *, project: str, time_range: TimeRange, filter: Filter, buckets: int = 60, compare: bool = True
) -> LlmOverview:
    """The calls that pass the filter, over time."""
    selection = await select(reader, SPANS, project=project, time_range=time_range, filter=filter)
    ends = await ends_of(reader, selection)
    if ends is None:
        nothing = LlmPeriod(start="", end="", total=NO_CALLS, steps=_steps({}, 0))
        return LlmOverview(times=[], interval_ms=0, now=nothing, before=None)
    drawn, steps = ends["drawn"], steps_over(ends["drawn"], buckets)
    selection = replace(selection, time_range=ends["whole"])
    compared = compare and time_range.start is not None
    found: dict[bool, dict[int | None, LlmMeasures]] = {True: {}, False: {}}
    for before, whole, step, *values in tuples_of(await reader.query(*overview_statement(selection, steps, compared))):
        found[bool(before)][None if whole else step] = measures_of(values)
    length = _length(drawn)
    return LlmOverview(
        times=[format_time(time) for time in steps.times()],
        interval_ms=steps.step // MILLISECOND,
        now=_period(drawn, found[False], steps),
        before=_period(drawn.shifted(-length), found[True], steps) if compared else None,
    )


def overview_statement(selection: Selection, steps: Steps, compare: bool) -> Statement:
    """(whether of the period before, whether of all of it, step, measures…)."""
    parameters = Parameters()
    time, time_range = selection.source.time, selection.time_range
    before, shift = "false", ""
    if compare:
        length = _length(time_range)
        before = f"{time} < {parameters.moment(time_range.start or 0)}"
        shift = f" + if(before, {parameters.integer(length)}, 0)"
        selection = replace(selection, time_range=replace(time_range, start=(time_range.start or 0) - length))
    condition = " AND ".join(call_conditions(selection, parameters))
    since = f"toUnixTimestamp64Nano({time}){shift} - {parameters.integer(steps.start)}"
    inner = f"""{before} AS before, intDiv({since}, {parameters.integer(steps.step)}) AS step,
        {CALL_COLUMNS}"""
    sql = f"""SELECT before, grouping(step) AS whole, step, {MEASURES}
FROM (
    SELECT {inner}
    FROM {selection.source.relation(inner, condition, of=selection.bounds(parameters)[0])}
    WHERE {condition}
)
GROUP BY GROUPING SETS ((before, step), (before))"""
    return Statement(sql, parameters.values)


def _period(time_range: TimeRange, found: Mapping[int | None, LlmMeasures], steps: Steps) -> LlmPeriod:
    return LlmPeriod(
        start=format_time(time_range.start or 0),
        end=format_time(time_range.end or 0),
        total=found.get(None, NO_CALLS),
        steps=_steps(found, steps.count),
    )


def _steps(found: Mapping[int | None, LlmMeasures], count: int) -> LlmSteps:
    every: Sequence[LlmMeasures] = [found.get(i, NO_CALLS) for i in range(count)]
    return LlmSteps(
        calls=[step["calls"] for step in every],
        errors=[step["errors"] for step in every],
        unpriced=[step["unpriced"] for step in every],
        cost_usd=[step["cost_usd"] for step in every],
        input_tokens=[step["input_tokens"] for step in every],
        output_tokens=[step["output_tokens"] for step in every],
        cache_read_tokens=[step["cache_read_tokens"] for step in every],
        reasoning_tokens=[step["reasoning_tokens"] for step in every],
        cache_savings_usd=[step["cache_savings_usd"] for step in every],
        p50_ms=[step["p50_ms"] for step in every],
        p95_ms=[step["p95_ms"] for step in every],
        p99_ms=[step["p99_ms"] for step in every],
        ttft_p50_ms=[step["ttft_p50_ms"] for step in every],
        ttft_p95_ms=[step["ttft_p95_ms"] for step in every],
        ttft_p99_ms=[step["ttft_p99_ms"] for step in every],
    )


def _length(time_range: TimeRange) -> int:
    return (time_range.end or 0) - (time_range.start or 0)
