"""Statistics of models' predictions per hour, and added up per day, month and what lies between: any range is a few."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from tapetum_server.analysis.feature_statistics.edges import NO_FEATURES
from tapetum_server.analysis.feature_statistics.report import dataset_statistics
from tapetum_server.detectors.feature_statistics.adding import added
from tapetum_server.detectors.feature_statistics.complete import with_histograms
from tapetum_server.detectors.feature_statistics.packed import Packed, states_of
from tapetum_server.query.errors import NotFound, QueryError
from tapetum_server.query.feature_aggregates import Slices
from tapetum_server.query.frames import Frame
from tapetum_server.query.kept_windows import Asked, Subject, Window, cover, kept_windows
from tapetum_server.query.prediction_frames import prediction_frame
from tapetum_server.query.reader import Reader
from tapetum_server.query.state_rows import kept_states
from tapetum_server.query.statistics_windows import (
    HOUR_NS,
    MOST_WINDOWS,
    UNITS,
    DueWindow,
    Unit,
    due_hours,
    due_sums,
)
from tapetum_server.query.time_range import TimeRange
from tapetum_server.signals.consumer import Consumer
from tapetum_server.signals.feature_statistics import ALL_ROWS, DatasetStatistics
from tapetum_server.signals.feature_statistics_batch import FeatureStatisticsBatch, StoredStatistics
from tapetum_server.signals.identity import OWN_SENDER

logger = logging.getLogger("tapetum.statistics")
MOST_VALUES = 200
"""The most frequent values that a window keeps: windows are many."""
SLICING_TAGS = 3
"""By so many tags of predictions, the first by name, their windows are sliced."""
SLICES_OF_TAG = 6
"""The most frequent values of one tag in an hour get statistics of their own."""
MOST_SLICES = SLICING_TAGS * SLICES_OF_TAG
"""Of one window; where hours had more of them together, the largest."""
LATE_NS = 60 * 10**9
"""An hour is counted first when it is over for so long: what was on its way has come."""
_OF_HOURS: dict[Unit, int] = {
    "hours": 1, "half_day": 4, "day": 12, "days": 24, "third": 6 * 24, "month": 11 * 24, "quarter": 31 * 24,
}  # fmt: skip
"""How many hours what is added up has at most."""


async def keep_windows(
    reader: Reader, consumer: Consumer, project: str, *, since: int, now: int, sums: bool = False
) -> int:
    """Count the hours since `since` that are due, and add up days and what they make; how many windows were written.

    Predictions that come late make their hour due again. Where no hour was due, only with `sums` is looked for what is
    to be added up: a day that is over had an hour that was due a little before. Nothing is while more hours were never
    counted than are at a time: a day would be added up from some of its hours, and hide that others are missing.
    An hour that cannot be counted keeps none of the others from it; then the first such `QueryError` is raised.
    """
    over = (now - LATE_NS) // HOUR_NS * HOUR_NS
    written = 0
    due = await due_hours(reader, project, since=since, until=over)
    failed: QueryError | None = None
    for window in due:
        try:
            written += await _keep_hour(reader, consumer, project, window)
        except QueryError as error:
            failed = failed or error
    if sum(not window.again for window in due) < MOST_WINDOWS:
        for unit in UNITS if written or sums else ():
            for window in await due_sums(reader, project, unit, until=over):
                written += await _keep_sum(reader, consumer, project, window, unit)
    if failed is not None:
        raise failed
    return max(written, len(due))


async def _keep_hour(reader: Reader, consumer: Consumer, project: str, window: DueWindow) -> int:
    time_range = TimeRange(window.start, window.end)
    try:
        frame = await prediction_frame(
            reader, project=project, model=window.model, time_range=time_range, version=window.version, labels=False
        )  # fmt: skip
    except NotFound:
        return 0  # gone since they were listed: retention
    told = frame.without(NO_FEATURES)
    found: dict[str, DatasetStatistics] = {}
    for slices in _slicing(frame):
        for one in await dataset_statistics(reader, told, slices=slices):
            found[one.slice] = one
    await _write(consumer, project, window, found.values())
    return 1


def _slicing(frame: Frame) -> list[Slices | None]:
    """One question for each: all rows are in the answer to every one of them."""
    tags = sorted((column for column in frame.columns if column.name.startswith("tags.")), key=lambda one: one.name)
    return [Slices(column, SLICES_OF_TAG) for column in tags[:SLICING_TAGS]] or [None]


async def _keep_sum(reader: Reader, consumer: Consumer, project: str, window: DueWindow, unit: Unit) -> int:
    subject = Subject(model=window.model, version=window.version)
    asked = Asked(subject, TimeRange(window.start, window.end))
    (kept,) = await kept_windows(reader, project, [asked], every=True)
    windows = cover(kept, _OF_HOURS[unit] * HOUR_NS)
    rows: dict[str, int] = {}
    for one, held in windows.items():
        rows[one.slice] = rows.get(one.slice, 0) + held
    if ALL_ROWS not in rows:
        return 0
    largest = sorted((name for name in rows if name != ALL_ROWS), key=lambda name: (-rows[name], name))[:MOST_SLICES]
    chosen = {name: rows[name] for name in (ALL_ROWS, *largest)}
    members = [one for one in windows if one.slice in chosen]
    told = await kept_states(reader, project, subject, members)
    await _write(consumer, project, window, await asyncio.to_thread(_added, told, members, chosen))
    return 1


def _added(told: list[Packed], members: list[Window], rows: dict[str, int]) -> list[DatasetStatistics]:
    states = states_of(told)
    of_slice = np.asarray([window.slice for window in members])
    return [with_histograms(added(states, of_slice == name, rows=held, slice=name)) for name, held in rows.items()]


async def _write(consumer: Consumer, project: str, window: DueWindow, found: Iterable[DatasetStatistics]) -> None:
    rows = [row for one in found for row in _rows(window, one)]
    await consumer.consume(FeatureStatisticsBatch(project, OWN_SENDER, rows))


def _rows(window: DueWindow, found: DatasetStatistics) -> Iterable[StoredStatistics]:
    for position, feature in enumerate(found.features):
        text = feature.text
        if text is not None and len(text.values) > MOST_VALUES:
            text = replace(text, values=text.values[:MOST_VALUES])
        yield StoredStatistics(
            model=window.model,
            version=window.version,
            slice=found.slice,
            window_start=window.start,
            window_end=window.end,
            rows=found.rows,
            position=position,
            statistics=replace(feature, text=text),
        )
