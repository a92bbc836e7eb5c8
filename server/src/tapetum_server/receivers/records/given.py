"""Predictions that another receiver has made out of something else, as the door `/v1/predictions` takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tapetum_server.receivers.records.fields import Wrong
from tapetum_server.receivers.records.predictions import PredictionRows
from tapetum_server.signals.predictions import PredictionBatch


def read_predictions(
    records: Sequence[Mapping[str, Any]], project: str, sender: str, moved: Mapping[int, int] | None = None
) -> tuple[PredictionBatch, list[str]]:
    """Those that can be kept, and what is wrong with each of the others. Every one has its `prediction_id`.

    `moved` says of which one, by its place, there is a form of another day, and its time there.
    """
    rows = PredictionRows(records, {}, str)
    wrong: list[str] = []
    elsewhere: dict[int, int] = {}
    for index, record in enumerate(records):
        try:
            rows.keep(index, record)
        except Wrong as error:
            wrong.append(f"{error.field}: {error}")
            continue
        if moved and index in moved:
            elsewhere[index - len(wrong)] = moved[index]
    return PredictionBatch(project, sender, rows.table(), elsewhere), wrong
