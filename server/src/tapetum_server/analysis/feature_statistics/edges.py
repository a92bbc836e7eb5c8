"""Predictions of a time that no kept window covers, counted by the engine: where they are many, or of a slice."""

from __future__ import annotations

from tapetum_server.analysis.feature_statistics.report import dataset_statistics
from tapetum_server.query.drift_groups import text_of
from tapetum_server.query.edge_rows import Edge
from tapetum_server.query.errors import NotFound
from tapetum_server.query.frames import Frame
from tapetum_server.query.kept_windows import Subject
from tapetum_server.query.prediction_frames import prediction_frame
from tapetum_server.query.reader import Reader
from tapetum_server.query.time_range import TimeRange
from tapetum_server.signals.feature_statistics import ALL_ROWS, DatasetStatistics

NO_FEATURES = ("prediction_id", "time", "version", "embedding")
"""Columns of predictions that say nothing by their distribution."""


async def scanned_edge(reader: Reader, project: str, subject: Subject, edge: Edge) -> DatasetStatistics:
    """Of the subject's predictions in this time; of no rows where there are none."""
    try:
        frame = await prediction_frame(
            reader, project=project, model=subject.model, time_range=TimeRange(edge.start, edge.end),
            version=edge.version, labels=False,
        )  # fmt: skip
    except NotFound:
        return DatasetStatistics(slice=subject.slice, rows=0, features=())
    within = frame if subject.slice == ALL_ROWS else slice_of(frame, subject.slice)
    if within is None:
        return DatasetStatistics(slice=subject.slice, rows=0, features=())
    (found,) = await dataset_statistics(reader, within.without(NO_FEATURES))
    return found


def slice_of(frame: Frame, name: str) -> Frame | None:
    """The rows of the slice `COLUMN_VALUE`; `None` where there is no such column."""
    columns = [column for column in frame.columns if name.startswith(f"{column.name}_")]
    if not columns:
        return None
    column = max(columns, key=lambda one: len(one.name))
    value = name.removeprefix(f"{column.name}_")
    return frame.narrowed(f"{text_of(column)} = {{frame_slice:String}}", {"frame_slice": value})
