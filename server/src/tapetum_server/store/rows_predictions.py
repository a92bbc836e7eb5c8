"""Predictions and labels into rows of `prediction_rows` and `label_rows`."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tapetum_server.signals.predictions import LabelBatch, PredictionBatch
from tapetum_server.store import columns as col

_NAMES = ("model", "version", "output_label", "source", "label")
"""Columns that are LowCardinality in the tables: each text travels once."""


def prediction_rows(batch: PredictionBatch, retention_days: int, ingested_at: int) -> pa.Table:
    """One row per prediction; one without a time happened now."""
    count = len(batch)
    rows = _named(batch.rows)
    times = _times(rows, ingested_at)
    rows = rows.set_column(rows.column_names.index("time"), "time", col.moments(times))
    rows = rows.append_column("project", col.same(batch.project, count))
    rows = rows.append_column("written", col.repeated(ingested_at, count, "u8"))
    rows = rows.append_column("ingested_at", col.moment(ingested_at, count))
    return rows.append_column("retention_days", col.repeated(retention_days, count, "u2"))


def label_rows(batch: LabelBatch, retention_days: int, arrived_at: int) -> pa.Table:
    """One row per label; one without a time was said now."""
    count = len(batch)
    rows = _named(batch.rows)
    times = _times(rows, arrived_at)
    rows = rows.set_column(rows.column_names.index("time"), "time", col.moments(times))
    rows = rows.append_column("project", col.same(batch.project, count))
    # A clock that runs ahead must not keep a later correction from replacing this label.
    rows = rows.append_column("said", pa.array(np.minimum(times, arrived_at).astype("u8")))
    rows = rows.append_column("arrived_at", col.moment(arrived_at, count))
    return rows.append_column("retention_days", col.repeated(retention_days, count, "u2"))


def _named(rows: pa.Table) -> pa.Table:
    for position, name in enumerate(rows.column_names):
        if name in _NAMES and not pa.types.is_dictionary(rows.schema.field(name).type):
            column = rows.column(position).combine_chunks()
            rows = rows.set_column(position, name, pc.dictionary_encode(column))
    return rows


def _times(rows: pa.Table, now: int) -> np.ndarray:
    times = rows.column("time").to_numpy()
    return np.where(times == 0, now, times)
