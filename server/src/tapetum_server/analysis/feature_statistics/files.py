"""Statistics of a file: of rows, as an engine of one's own counts them, or as TFDV wrote them down."""

from __future__ import annotations

from pathlib import Path

from tapetum_server.analysis.feature_statistics.report import dataset_statistics
from tapetum_server.query.errors import QueryError
from tapetum_server.query.feature_aggregates import Slices
from tapetum_server.query.frames import file_frame
from tapetum_server.query.on_files import ask_files
from tapetum_server.query.reader import Reader
from tapetum_server.signals.feature_statistics import DatasetStatistics

WRITTEN = (".pb", ".pbtxt", ".textproto", ".tfrecord")
"""Endings of files that hold statistics and no rows; also those without an ending, as TFX's `stats_tfrecord`."""
PATIENCE_S = 3_600.0
"""How long a file may take: a terminal has Ctrl-C."""


def holds_statistics(path: Path) -> bool:
    """Whether the file's name says that it holds statistics, and not rows."""
    return path.suffix.lower() in WRITTEN or (not path.suffix and path.is_file())


def file_statistics(
    path: Path, *, slice_by: str = "", most_slices: int = 50, weight: str = "", columns: tuple[str, ...] = ()
) -> list[DatasetStatistics]:
    """Of all rows of the file, then of each value of the column `slice_by`, the largest first.

    `columns` are those that are asked about; all if none is named. Raises `QueryError`.
    """
    if holds_statistics(path):
        if slice_by or weight or columns:
            raise QueryError(
                f"{path} holds statistics, and no rows that could be parted or weighed", code="no_rows",
                hint="Leave --slice, --weight and --column out, or name the file of the data.",
            )  # fmt: skip
        return _as_written(path)

    async def ask(reader: Reader) -> list[DatasetStatistics]:
        frame = await file_frame(reader, path)
        slices = Slices(frame.column(slice_by), most_slices) if slice_by else None
        if columns:
            frame = frame.only([*columns, *([weight] if weight and weight not in columns else [])])
        return await dataset_statistics(reader, frame, slices=slices, weight=weight, timeout_s=PATIENCE_S)

    return ask_files(ask)


def _as_written(path: Path) -> list[DatasetStatistics]:
    from tapetum_server.moving.tfdv.files import Unreadable, read_datasets  # protobuf's classes take a while to load

    try:
        return read_datasets(path)
    except Unreadable as error:
        raise QueryError(str(error), code="unreadable_file", hint="Look at whether the file is whole.") from error
