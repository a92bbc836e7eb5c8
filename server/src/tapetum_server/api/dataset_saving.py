"""Spans and predictions of the store into items of a dataset, each read whole."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from tapetum_server.analysis.dataset_drafts import Draft, draft_of_span
from tapetum_server.analysis.prediction_drafts import drafts_of_predictions, not_found
from tapetum_server.api.dataset_models import NewDatasetVersion, SavedPrediction, SavedSpan
from tapetum_server.api.errors import ApiError
from tapetum_server.query.errors import NotFound
from tapetum_server.query.reader import Reader
from tapetum_server.signals.datasets import ItemChange, Source, encode_value, id_of, id_of_prediction

SPANS_AT_ONCE = 8
PREDICTIONS_AT_ONCE = 200
"""Of one model, in one question."""


async def saved_items(reader: Reader, project: str, new: NewDatasetVersion) -> tuple[list[ItemChange], list[str]]:
    """What is to be saved as items, and what of it the store does not have; a few are read at a time."""
    wanted: list[SavedSpan | SavedPrediction] = [*new.spans, *new.predictions]
    named = [f"spans.{at}" for at in range(len(new.spans))]
    named += [f"predictions.{at}" for at in range(len(new.predictions))]
    read = [*await _spans(reader, project, new.spans), *await _predictions(reader, project, new.predictions)]
    made = [_item(saved, found) for saved, found in zip(wanted, read) if not isinstance(found, NotFound)]
    missing = [at for at, found in enumerate(read) if isinstance(found, NotFound)]
    if missing and (not new.skip_missing or not made):
        refusal = read[missing[0]]
        assert isinstance(refusal, NotFound)
        others = f", nor are {len(missing) - 1} others of the {len(wanted)}" if len(missing) > 1 else ""
        raise ApiError(
            "not_found", f"{refusal.message}{others}", 404, field=named[missing[0]],
            hint=f"{refusal.hint} With skip_missing, the others are saved.",
        )  # fmt: skip
    return made, [_said(wanted[at]) for at in missing]


async def _spans(reader: Reader, project: str, spans: Sequence[SavedSpan]) -> list[Draft | NotFound]:
    found: list[Draft | NotFound] = []
    for first in range(0, len(spans), SPANS_AT_ONCE):
        some = spans[first : first + SPANS_AT_ONCE]
        found += await asyncio.gather(*(_span(reader, project, one) for one in some))
    return found


async def _span(reader: Reader, project: str, span: SavedSpan) -> Draft | NotFound:
    try:
        return await draft_of_span(reader, project=project, trace_id=span.trace_id, span_id=span.span_id)
    except NotFound as error:
        return error


async def _predictions(
    reader: Reader, project: str, predictions: Iterable[SavedPrediction]
) -> list[Draft | NotFound]:  # fmt: skip
    predictions = list(predictions)
    found: dict[tuple[str, str], Draft] = {}
    for model in dict.fromkeys(one.model for one in predictions):
        ids = list(dict.fromkeys(one.prediction_id for one in predictions if one.model == model))
        for first in range(0, len(ids), PREDICTIONS_AT_ONCE):
            some = ids[first : first + PREDICTIONS_AT_ONCE]
            drafts = await drafts_of_predictions(reader, project=project, model=model, ids=some)
            found.update(((model, one), draft) for one, draft in drafts.items())
    return [
        found.get((one.model, one.prediction_id)) or not_found(one.model, one.prediction_id) for one in predictions
    ]  # fmt: skip


def _item(saved: SavedSpan | SavedPrediction, draft: Draft) -> ItemChange:
    expected = saved.expected_output if "expected_output" in saved.model_fields_set else draft["expected_output"]
    values = {
        "input": encode_value(draft["input"]),
        "expected_output": encode_value(expected),
        "output": encode_value(draft["output"]),
        "metadata": encode_value(draft["metadata"]),
    }
    if isinstance(saved, SavedSpan):
        source = Source(saved.trace_id, saved.span_id)
        return ItemChange(id_of(values, source), values, source, saved.if_absent)
    source = Source(prediction_id=saved.prediction_id)
    return ItemChange(id_of_prediction(saved.model, saved.prediction_id), values, source, saved.if_absent)


def _said(saved: SavedSpan | SavedPrediction) -> str:
    if isinstance(saved, SavedSpan):
        return f"{saved.trace_id}/{saved.span_id}"
    return f"{saved.model}/{saved.prediction_id}"
