"""Predictions into items of a dataset: their features, what the model said, and what was right."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tapetum_server.analysis.dataset_drafts import Draft
from tapetum_server.query.errors import NotFound
from tapetum_server.query.predictions import labels_statement
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.stored_predictions import stored_predictions
from tapetum_server.query.time_range import format_time
from tapetum_server.signals.predictions import ATTRIBUTIONS

_FACTS = ("model", "version", "score", "scores", "tags", "latency_ms")


async def draft_of_prediction(reader: Reader, *, project: str, model: str, prediction_id: str) -> Draft:
    """The item that a prediction makes. Raises `NotFound`."""
    found = await drafts_of_predictions(reader, project=project, model=model, ids=[prediction_id])
    if prediction_id not in found:
        raise not_found(model, prediction_id)
    return found[prediction_id]


def not_found(model: str, prediction_id: str) -> NotFound:
    """That the store has no such prediction."""
    return NotFound(
        f"model {model[:80]!r} has no prediction {prediction_id[:80]!r}",
        hint="It may not have arrived yet, be past its retention, or belong to another project.",
    )


async def drafts_of_predictions(
    reader: Reader, *, project: str, model: str, ids: Sequence[str]
) -> dict[str, Draft]:  # fmt: skip
    """By id, the items that those of a model's predictions make which are in the store."""
    kept = await stored_predictions(reader, project, model, ids)
    labels: dict[str, Any] = {}
    if kept:
        rows = rows_of(await reader.query(*labels_statement(project, [model], [*kept])))
        labels = {row["prediction_id"]: row for row in rows}
    return {one: _draft(record, labels.get(one)) for one, record in kept.items()}


def _draft(record: Mapping[str, Any], label: Mapping[str, Any] | None) -> Draft:
    went = {**record.get("features", {}), **record.get("text_features", {})}
    explained = {name.removeprefix(ATTRIBUTIONS): went.pop(name) for name in [*went] if name.startswith(ATTRIBUTIONS)}
    said = _said(record.get("output_label", ""), record.get("output"))
    if said is None:
        said = record.get("score")
    facts: dict[str, Any] = {name: record[name] for name in _FACTS if name in record}
    facts["time"] = format_time(record["time"])
    if explained:
        facts["attributions"] = explained
    return Draft(
        input=_kept(went),
        output=_kept(said),
        expected_output=_kept(said if label is None else _said(label["label"], label["label_value"])),
        metadata=_kept(facts),
        corrected=label is not None,
    )


def _said(word: str, number: float | None) -> str | float | None:
    """The word, or the number where the word is only how that is written."""
    try:
        written = number is not None and (word in ("", "true", "false") or float(word) == number)
    except ValueError:
        written = False
    return number if written else word or None


def _kept(value: Any) -> Any:
    """A value as JSON has it: a number that is none of the finite ones by its name."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {str(name): _kept(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_kept(each) for each in value]
    return value
