"""What predictions are compared with where their schema asks for that: the day before, and the training data."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from tapetum_server.analysis.feature_statistics.ranges import Part
from tapetum_server.analysis.feature_statistics.stored import statistics_of
from tapetum_server.detectors.validation.described import Described
from tapetum_server.detectors.validation.validator import Against
from tapetum_server.moving.tfdv.writing import dataset_message
from tapetum_server.query.errors import NotFound
from tapetum_server.query.kept_windows import Subject
from tapetum_server.query.live_windows import LiveWindow
from tapetum_server.query.reader import Reader
from tapetum_server.query.time_range import TimeRange

HOUR_NS = 3_600 * 10**9
_BEFORE_NS = 24 * HOUR_NS
_MEANT = ("drift_comparator", "skew_comparator")
MOST_KEPT = 64
"""Statistics that are remembered, of so many versions of models."""
Data: TypeAlias = statistics_pb2.DatasetFeatureStatistics


class Controls:
    """Statistics that are kept, as they are asked for and remembered for the hour."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str, str], tuple[int, Data | None]] = {}

    async def beside(
        self, reader: Reader, project: str, window: LiveWindow, schema: schema_pb2.Schema, against: Against
    ) -> Against:
        """`against`, with what the comparators of the schema want.

        Drift is against the day before the hour of the window, skew against the statistics of the
        data set `MODEL/VERSION/train`, else `MODEL/train`. Where there are none, nothing is compared.
        """
        asked = set(_comparators(schema))
        hour = window.start // HOUR_NS
        if "drift_comparator" in asked:
            before = TimeRange(hour * HOUR_NS - _BEFORE_NS, hour * HOUR_NS)
            subject = Subject(model=window.model, version=window.version)
            previous = await self._statistics(reader, project, "drift", window, hour, [subject], before)
            against = replace(against, previous=previous)
        if "skew_comparator" in asked:
            names = [f"{window.model}/{window.version}/train", f"{window.model}/train"]
            subjects = [Subject(dataset=name) for name in names]
            training = await self._statistics(reader, project, "skew", window, hour, subjects, TimeRange(None, None))
            against = replace(against, training=training)
        return against

    async def _statistics(
        self, reader: Reader, project: str, side: str, window: LiveWindow, hour: int, subjects: list[Subject],
        time_range: TimeRange,
    ) -> Data | None:  # fmt: skip
        key = (project, window.model, window.version, side)
        known = self._kept.get(key)
        # What there is none of may come any minute.
        if known is not None and known[0] == hour and known[1] is not None:
            return known[1]
        data = None
        for subject in subjects:
            try:
                (found,) = await statistics_of(reader, project, [Part(subject, time_range)])
            except NotFound:
                continue
            data = await asyncio.to_thread(dataset_message, found.statistics)
            break
        while len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (hour, data)
        return data


def _comparators(schema: schema_pb2.Schema) -> Iterator[str]:
    for feature in Described(schema).features.values():
        yield from (name for name in _MEANT if feature.HasField(name))
