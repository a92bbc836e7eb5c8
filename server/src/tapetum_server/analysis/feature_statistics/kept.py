"""Statistics that are kept, as TFDV's file, and how far two of them are apart."""

from __future__ import annotations

import asyncio

from typing_extensions import TypedDict

from tapetum_server.analysis.feature_statistics.ranges import Part
from tapetum_server.analysis.feature_statistics.stored import statistics_of
from tapetum_server.query.kept_windows import Subject
from tapetum_server.query.reader import Reader
from tapetum_server.query.time_range import TimeRange
from tapetum_server.signals.feature_statistics import DatasetStatistics


class FeatureDistance(TypedDict):
    """How far one feature moved."""

    feature: str
    distance: float | None
    """From 0 to 1; null where the two cannot be compared."""


async def kept_file(reader: Reader, project: str, subject: Subject, time_range: TimeRange) -> bytes:
    """`FeatureStats.pb` of what is kept. Raises as `statistics_of` does."""
    (found,) = await statistics_of(reader, project, [Part(subject, time_range)])
    return await asyncio.to_thread(_written, found.statistics)


async def distances(
    reader: Reader, project: str, subject: Subject, time_range: TimeRange, baseline: Subject, before: TimeRange
) -> list[FeatureDistance]:
    """Of every feature that both have, the furthest first. Raises as `statistics_of` does."""
    parts = [Part(subject, time_range), Part(baseline, before)]
    now, then = await statistics_of(reader, project, parts)
    return await asyncio.to_thread(_distances, now.statistics, then.statistics)


def _written(dataset: DatasetStatistics) -> bytes:
    from tapetum_server.moving.tfdv.writing import statistics_list  # protobuf's classes take a while to load

    return bytes(statistics_list([dataset]).SerializeToString(deterministic=True))


def _distances(now: DatasetStatistics, then: DatasetStatistics) -> list[FeatureDistance]:
    from tapetum_server.detectors.validation.shift import shift
    from tapetum_server.detectors.validation.view import DatasetView
    from tapetum_server.moving.tfdv.writing import dataset_message

    window, baseline = (DatasetView(dataset_message(one)).features for one in (now, then))
    # Each is one step of a path there, whatever dots it has.
    found = [
        FeatureDistance(feature=path[0], distance=shift(baseline[path], view))
        for path, view in window.items()
        if path in baseline
    ]
    return sorted(found, key=lambda one: -1.0 if one["distance"] is None else one["distance"], reverse=True)
