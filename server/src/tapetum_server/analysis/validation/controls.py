"""What predictions are compared with where their schema asks for that: the time before, and the training data."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from tapetum_server.analysis.feature_statistics.ranges import Part
from tapetum_server.analysis.feature_statistics.stored import statistics_of
from tapetum_server.detectors.validation.described import Described
from tapetum_server.detectors.validation.findings import Side
from tapetum_server.detectors.validation.validator import Against
from tapetum_server.moving.tfdv.writing import dataset_message
from tapetum_server.query.errors import NotFound
from tapetum_server.query.kept_windows import Subject
from tapetum_server.query.live_windows import LiveWindow
from tapetum_server.query.reader import Reader
from tapetum_server.query.time_range import TimeRange

ENOUGH = 100
"""Predictions from which on a share and a distance say something."""
HOUR_NS = 3_600 * 10**9
_BEFORE_NS = 24 * HOUR_NS
_MEANT: tuple[Side, ...] = ("drift", "skew")
MOST_KEPT = 64
"""Statistics that are remembered, of so many versions of models."""
Data: TypeAlias = statistics_pb2.DatasetFeatureStatistics


@dataclass(frozen=True, slots=True)
class Control:
    """Statistics, and whose they are."""

    subject: Subject
    time_range: TimeRange
    data: Data


def sides_of(schema: schema_pb2.Schema) -> set[Side]:
    """What the comparators of the schema want."""
    return set(_comparators(schema))


def time_before(start: int, end: int | None) -> TimeRange:
    """What drift is against: as long a time before the hour in which it begins, and a day at least."""
    begun = start // HOUR_NS * HOUR_NS
    return TimeRange(begun - max(_BEFORE_NS, (end or start) - start), begun)


def training_data(model: str, versions: Collection[str]) -> list[Subject]:
    """What skew is against, the best first: the training data of the only version, else the model's."""
    own = [f"{model}/{version}/train" for version in versions if len(versions) == 1 and version]
    return [Subject(dataset=name) for name in (*own, f"{model}/train")]


async def kept_statistics(
    reader: Reader, project: str, subjects: Sequence[Subject], time_range: TimeRange
) -> Control | None:
    """Of the first of these that has some in this time."""
    for subject in subjects:
        try:
            (found,) = await statistics_of(reader, project, [Part(subject, time_range)])
        except NotFound:
            continue
        return Control(subject, time_range, await asyncio.to_thread(dataset_message, found.statistics))
    return None


class Controls:
    """Statistics that are kept, as they are asked for and remembered for the hour."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str, Side], tuple[int, Control | None]] = {}

    async def beside(
        self, reader: Reader, project: str, window: LiveWindow, schema: schema_pb2.Schema, against: Against
    ) -> Against:
        """`against`, with what the comparators of the schema want.

        Drift is against the day before the hour of the window, skew against the statistics of the
        data set `MODEL/VERSION/train`, else `MODEL/train`. Where there are none, nothing is compared.
        """
        asked = sides_of(schema)
        if "drift" in asked:
            subject = Subject(model=window.model, version=window.version)
            before = time_before(window.start, window.end)
            previous = await self._statistics(reader, project, "drift", window, [subject], before)
            against = replace(against, previous=previous and previous.data)
        if "skew" in asked:
            subjects = training_data(window.model, [window.version])
            training = await self._statistics(reader, project, "skew", window, subjects, TimeRange(None, None))
            against = replace(against, training=training and training.data)
        return against

    async def _statistics(
        self, reader: Reader, project: str, side: Side, window: LiveWindow, subjects: list[Subject],
        time_range: TimeRange,
    ) -> Control | None:  # fmt: skip
        key = (project, window.model, window.version, side)
        hour = window.start // HOUR_NS
        known = self._kept.get(key)
        # What there is none of may come any minute.
        if known is not None and known[0] == hour and known[1] is not None:
            return known[1]
        found = await kept_statistics(reader, project, subjects, time_range)
        while len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (hour, found)
        return found


def _comparators(schema: schema_pb2.Schema) -> Iterator[Side]:
    for feature in Described(schema).features.values():
        yield from (side for side in _MEANT if feature.HasField(f"{side}_comparator"))
