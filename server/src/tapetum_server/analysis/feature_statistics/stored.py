"""What is kept of a data set or of a model's windows, as one: any range of time is a merge."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from typing_extensions import TypedDict

from tapetum_server.analysis.feature_statistics.ranges import Part, RangeStatistics, kept_of, range_statistics
from tapetum_server.detectors.feature_statistics.complete import with_histograms
from tapetum_server.query.errors import NotFound, QueryError
from tapetum_server.query.kept_windows import Subject
from tapetum_server.query.reader import Reader
from tapetum_server.query.stored_statistics import window_statistics
from tapetum_server.query.time_range import TimeRange
from tapetum_server.signals.feature_statistics_record import records_of


class Statistics(TypedDict):
    """Of every feature, over all rows of the time."""

    slice: str
    rows: int
    windows: int
    """That were added up."""
    scanned_rows: int
    """Of `rows`, those that are in no window yet: of the hour that lasts, and at the ends of a time between hours."""
    features: list[dict[str, Any]]
    """One record per feature, as the door takes them."""


async def statistics_of(reader: Reader, project: str, parts: Sequence[Part]) -> list[RangeStatistics]:
    """The statistics of each part, with histograms. Raises `NotFound` where there are none, `QueryError`."""
    for subject in (part.subject for part in parts):
        if bool(subject.dataset) == bool(subject.model):
            raise QueryError(
                "statistics are of a dataset or of a model", code="no_subject", field="dataset",
                hint="Name one of the two; GET /api/v1/feature_statistics lists them.",
            )  # fmt: skip
    plans = [kept.plan() for kept in await kept_of(reader, project, parts)]
    # One window is told as it was told to us, to the last field.
    alone = [len(plan.windows) == 1 and not plan.edges for plan in plans]
    single = [(plan.part.subject, next(iter(plan.windows))) for plan, one in zip(plans, alone) if one]
    told = await window_statistics(reader, project, single)
    together = iter(await range_statistics(reader, project, [plan for plan, one in zip(plans, alone) if not one]))
    found = []
    for plan, one in zip(plans, alone):
        if one:
            found.append(RangeStatistics(told[plan.part.subject, next(iter(plan.windows))], 1, 0))
            continue
        added = next(together)
        if added is None:
            raise _nothing(plan.part.subject)
        whole = await asyncio.to_thread(with_histograms, added.statistics)
        found.append(replace(added, statistics=whole))
    return found


def _nothing(subject: Subject) -> NotFound:
    whose = f"data set {subject.dataset!r}" if subject.dataset else f"model {subject.model!r}"
    return NotFound(
        f"there are no statistics of {whose[:200]}, {subject.slice}, in this time",
        hint="GET /api/v1/feature_statistics lists what there is.",
    )


async def statistics_report(reader: Reader, project: str, subject: Subject, time_range: TimeRange) -> Statistics:
    """The same as records. Raises as `statistics_of` does."""
    (found,) = await statistics_of(reader, project, [Part(subject, time_range)])
    told = found.statistics
    features = [
        {name: value for name, value in record.items() if name not in ("slice", "rows", "weighted_rows")}
        for record in records_of(told)
    ]
    return Statistics(
        slice=told.slice, rows=told.rows, windows=found.windows, scanned_rows=found.scanned_rows, features=features
    )
