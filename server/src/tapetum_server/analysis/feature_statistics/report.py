"""Statistics of all features of a frame, complete with their histograms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tapetum_server.detectors.feature_statistics.complete import with_histograms
from tapetum_server.query.feature_aggregates import Slices
from tapetum_server.query.feature_statistics import feature_statistics
from tapetum_server.query.frames import Frame
from tapetum_server.query.reader import Reader
from tapetum_server.signals.feature_statistics import DatasetStatistics

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatistics


async def dataset_statistics(
    reader: Reader,
    frame: Frame,
    *,
    slices: Slices | None = None,
    weight: str = "",
    timeout_s: float | None = None,
) -> list[DatasetStatistics]:
    """Of all rows, then of each slice, the largest first. `weight` names the column that says how often a row counts.

    Raises `QueryError`.
    """
    counted = await feature_statistics(reader, frame, slices=slices, weight=weight, timeout_s=timeout_s)
    return [with_histograms(dataset) for dataset in counted]


async def tfdv_statistics(reader: Reader, frame: Frame, *, timeout_s: float | None = None) -> DatasetFeatureStatistics:
    """Of all rows, as the message that a schema is inferred from and checked against. Raises `QueryError`."""
    from tapetum_server.moving.tfdv.writing import dataset_message  # protobuf's classes take a while to load

    return dataset_message((await dataset_statistics(reader, frame, timeout_s=timeout_s))[0])
