"""What is kept of a data set or of a model's windows, as one: any range of windows is a merge."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from tapetum_server.analysis.feature_statistics.report import NO_FEATURES, dataset_statistics
from tapetum_server.detectors.feature_statistics.complete import with_histograms
from tapetum_server.query.errors import NotFound, QueryError
from tapetum_server.query.prediction_frames import prediction_frame
from tapetum_server.query.reader import Reader
from tapetum_server.query.stored_statistics import Subject, stored_statistics
from tapetum_server.query.time_range import TimeRange
from tapetum_server.signals.feature_statistics import ALL_ROWS, DatasetStatistics
from tapetum_server.signals.feature_statistics_record import records_of


class Statistics(TypedDict):
    """Of every feature, over all rows of the windows."""

    slice: str
    rows: int
    windows: int
    """That were added up."""
    features: list[dict[str, Any]]
    """One record per feature, as the door takes them."""


async def statistics_of(
    reader: Reader, project: str, subject: Subject, time_range: TimeRange
) -> tuple[DatasetStatistics, int]:
    """The statistics over all windows in the range, and how many these are. Raises `NotFound`, `QueryError`.

    Where none lies in the range, those of a model are of its predictions themselves: of no window.
    """
    if bool(subject.dataset) == bool(subject.model):
        raise QueryError(
            "statistics are of a dataset or of a model", code="no_subject", field="dataset",
            hint="Name one of the two; GET /api/v1/feature_statistics lists them.",
        )  # fmt: skip
    found = await stored_statistics(reader, project, subject, time_range)
    if found is None and subject.model and subject.slice == ALL_ROWS:
        frame = await prediction_frame(
            reader, project=project, model=subject.model, version=subject.version, time_range=time_range, labels=False
        )
        return (await dataset_statistics(reader, frame.without(NO_FEATURES)))[0], 0
    if found is None:
        whose = f"data set {subject.dataset!r}" if subject.dataset else f"model {subject.model!r}"
        raise NotFound(
            f"there are no statistics of {whose[:200]}, {subject.slice}, in this time",
            hint="GET /api/v1/feature_statistics lists what there is; windows count that lie wholly in the time.",
        )
    added, windows = found
    return (with_histograms(added) if windows > 1 else added), windows


async def statistics_report(reader: Reader, project: str, subject: Subject, time_range: TimeRange) -> Statistics:
    """The same as records. Raises as `statistics_of` does."""
    found, windows = await statistics_of(reader, project, subject, time_range)
    features = [
        {name: value for name, value in record.items() if name not in ("slice", "rows", "weighted_rows")}
        for record in records_of(found)
    ]
    return Statistics(slice=found.slice, rows=found.rows, windows=windows, features=features)
