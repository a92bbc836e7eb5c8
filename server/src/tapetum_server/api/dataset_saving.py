"""Spans and predictions of the store into items of a dataset, each read whole."""

from __future__ import annotations

import asyncio

from tapetum_server.analysis.dataset_drafts import draft_of_span
from tapetum_server.analysis.prediction_drafts import draft_of_prediction
from tapetum_server.api.dataset_models import NewDatasetVersion, SavedPrediction, SavedSpan
from tapetum_server.api.errors import ApiError
from tapetum_server.query.errors import NotFound
from tapetum_server.query.reader import Reader
from tapetum_server.signals.datasets import ItemChange, Source, encode_value, id_of, id_of_prediction

READ_AT_ONCE = 8
"""Spans or predictions of a change, each of them whole."""


async def saved_items(reader: Reader, project: str, new: NewDatasetVersion) -> tuple[list[ItemChange], list[str]]:
    """What is to be saved as items, and what of it the store does not have; a few are read at a time."""
    wanted: list[tuple[str, SavedSpan | SavedPrediction]] = [
        *((f"spans.{at}", span) for at, span in enumerate(new.spans)),
        *((f"predictions.{at}", one) for at, one in enumerate(new.predictions)),
    ]
    made: list[ItemChange] = []
    missing: list[tuple[str, SavedSpan | SavedPrediction]] = []
    refusal: NotFound | None = None
    for first in range(0, len(wanted), READ_AT_ONCE):
        some = wanted[first : first + READ_AT_ONCE]
        for named, read in zip(some, await asyncio.gather(*(_item(reader, project, one) for _, one in some))):
            if isinstance(read, NotFound):
                missing.append(named)
                refusal = refusal or read
            else:
                made.append(read)
    if refusal is not None and (not new.skip_missing or not made):
        others = f", nor are {len(missing) - 1} others of the {len(wanted)}" if len(missing) > 1 else ""
        raise ApiError(
            "not_found", f"{refusal.message}{others}", 404, field=missing[0][0],
            hint=f"{refusal.hint} With skip_missing, the others are saved.",
        )  # fmt: skip
    return made, [_said(one) for _, one in missing]


async def _item(reader: Reader, project: str, saved: SavedSpan | SavedPrediction) -> ItemChange | NotFound:
    try:
        if isinstance(saved, SavedSpan):
            source = Source(saved.trace_id, saved.span_id)
            draft = await draft_of_span(reader, project=project, trace_id=saved.trace_id, span_id=saved.span_id)
        else:
            source = Source(prediction_id=saved.prediction_id)
            draft = await draft_of_prediction(
                reader, project=project, model=saved.model, prediction_id=saved.prediction_id
            )
    except NotFound as error:
        return error
    expected = saved.expected_output if "expected_output" in saved.model_fields_set else draft["expected_output"]
    values = {
        "input": encode_value(draft["input"]),
        "expected_output": encode_value(expected),
        "output": encode_value(draft["output"]),
        "metadata": encode_value(draft["metadata"]),
    }
    if isinstance(saved, SavedSpan):
        return ItemChange(id_of(values, source), values, source, saved.if_absent)
    return ItemChange(id_of_prediction(saved.model, saved.prediction_id), values, source, saved.if_absent)


def _said(saved: SavedSpan | SavedPrediction) -> str:
    if isinstance(saved, SavedSpan):
        return f"{saved.trace_id}/{saved.span_id}"
    return f"{saved.model}/{saved.prediction_id}"
