"""Predictions that another receiver has made out of something else, as the door `/v1/predictions` takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tapetum_server.receivers.records.fields import Wrong
from tapetum_server.receivers.records.predictions import PredictionRows
from tapetum_server.signals.predictions import PredictionBatch


def read_predictions(
    records: Sequence[Mapping[str, Any]], project: str, sender: str
) -> tuple[PredictionBatch, list[str]]:
    """Those that can be kept, and what is wrong with each of the others. Every one has its `prediction_id`."""
    rows = PredictionRows(records, {}, "")
    wrong: list[str] = []
    for index, record in enumerate(records):
        try:
            rows.keep(index, record)
        except Wrong as error:
            wrong.append(f"{error.field}: {error}")
    return PredictionBatch(project, sender, rows.table()), wrong
