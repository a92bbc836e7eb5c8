"""Statistics of models' predictions per hour, and added up per day, third of a month and month: any range is a few."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace

from tapetum_server.analysis.feature_statistics.report import NO_FEATURES, dataset_statistics
from tapetum_server.detectors.feature_statistics.complete import with_histograms
from tapetum_server.query.errors import NotFound
from tapetum_server.query.prediction_frames import prediction_frame
from tapetum_server.query.reader import Reader
from tapetum_server.query.statistics_windows import HOUR_NS, UNITS, DueWindow, due_hours, due_sums
from tapetum_server.query.stored_statistics import Subject, stored_statistics
from tapetum_server.query.time_range import TimeRange
from tapetum_server.signals.consumer import Consumer
from tapetum_server.signals.feature_statistics import DatasetStatistics
from tapetum_server.signals.feature_statistics_batch import FeatureStatisticsBatch, StoredStatistics
from tapetum_server.signals.identity import OWN_SENDER

logger = logging.getLogger("tapetum.statistics")
MOST_VALUES = 200
"""The most frequent values that a window keeps: windows are many."""
LATE_NS = 60 * 10**9
"""An hour is counted first when it is over for so long: what was on its way has come."""
_OF_NS = {"day": HOUR_NS, "third": 24 * HOUR_NS, "month": 11 * 24 * HOUR_NS}
"""How long what is added up is at most."""


async def keep_windows(
    reader: Reader, consumer: Consumer, project: str, *, since: int, now: int, sums: bool = False
) -> int:
    """Count the hours since `since` that are due, and add up days and what they make; how many windows were written.

    Predictions that come late make their hour due again. Where no hour was due, only with `sums` is looked for what is
    to be added up: a day that is over had an hour that was due a little before.
    """
    over = (now - LATE_NS) // HOUR_NS * HOUR_NS
    written = 0
    for window in await due_hours(reader, project, since=since, until=over):
        written += await _keep_hour(reader, consumer, project, window)
    for unit in UNITS if written or sums else ():
        for window in await due_sums(reader, project, unit, until=over):
            time_range = TimeRange(window.start, window.end)
            subject = Subject(model=window.model, version=window.version)
            found = await stored_statistics(reader, project, subject, time_range, longest=_OF_NS[unit])
            if found is not None:
                await _write(consumer, project, window, with_histograms(found[0]))
                written += 1
    return written


async def _keep_hour(reader: Reader, consumer: Consumer, project: str, window: DueWindow) -> int:
    time_range = TimeRange(window.start, window.end)
    try:
        frame = await prediction_frame(
            reader, project=project, model=window.model, time_range=time_range, version=window.version, labels=False
        )  # fmt: skip
    except NotFound:
        return 0  # gone since they were listed: retention
    (found,) = await dataset_statistics(reader, frame.without(NO_FEATURES))
    await _write(consumer, project, window, found)
    return 1


async def _write(consumer: Consumer, project: str, window: DueWindow, found: DatasetStatistics) -> None:
    await consumer.consume(FeatureStatisticsBatch(project, OWN_SENDER, list(_rows(window, found))))


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
