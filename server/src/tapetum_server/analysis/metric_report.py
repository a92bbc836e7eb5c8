"""One metric over time, beside the same metric at another time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tapetum_server.query.errors import QueryError
from tapetum_server.query.filter import Filter
from tapetum_server.query.metric_statements import Aggregation
from tapetum_server.query.metrics import MetricAnswer, MetricSeries, query_metric
from tapetum_server.query.reader import Reader
from tapetum_server.query.time_range import SECOND, TimeRange


class MetricReport(MetricAnswer):
    """One metric over time; `compare` has the earlier period's series, moved onto the same times."""

    compare: list[MetricSeries] | None


async def metric_report(
    reader: Reader,
    *,
    project: str,
    name: str,
    type: str | None = None,
    unit: str | None = None,
    time_range: TimeRange,
    filter: Filter,
    group_by: Sequence[str] = (),
    aggregation: Aggregation = "avg",
    quantile: float = 0.95,
    step_s: int | None = None,
    compare_offset_s: int | None = None,
) -> MetricReport:
    """The metric in the range and, with `compare_offset_s`, in the range that many seconds earlier."""

    async def ask(asked: TimeRange, step: int | None) -> MetricAnswer:
        return await query_metric(
            reader,
            project=project,
            name=name,
            type=type,
            unit=unit,
            time_range=asked,
            filter=filter,
            group_by=group_by,
            aggregation=aggregation,
            quantile=quantile,
            step_s=step,
        )

    if not compare_offset_s:
        return MetricReport(**await ask(time_range, step_s), compare=None)
    if time_range.start is None or time_range.end is None:
        raise QueryError(
            "a period without a beginning cannot be compared with an earlier one",
            code="bad_time",
            field="compare_offset_s",
            hint="Name both ends of the range.",
        )
    earlier_range = time_range.shifted(-compare_offset_s * SECOND)
    now, earlier = await asyncio.gather(ask(time_range, step_s), ask(earlier_range, step_s))
    compared = [
        MetricSeries(
            labels=series["labels"],
            points=[(time + compare_offset_s * 1_000, value) for time, value in series["points"]],
            total=series["total"],
        )
        for series in earlier["series"]
    ]
    return MetricReport(
        **(now if now["type"] else earlier | {"series": [], "exemplars": [], "note": None}), compare=compared
    )
