"""Predictions into items of a dataset: what went in, what came out, and what turned out to be true."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tapetum_server.query.predictions import labels_statement
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.stored_predictions import stored_predictions
from tapetum_server.query.time_range import format_time
from tapetum_server.signals.datasets import ItemChange, Source, encode_value, id_of
from tapetum_server.signals.predictions import ATTRIBUTIONS

_FACTS = ("model", "version", "score", "scores", "tags", "latency_ms")


async def drafts_of_predictions(
    reader: Reader, *, project: str, model: str, ids: Sequence[str], if_absent: bool
) -> dict[str, ItemChange]:
    """By id, the items that those of a model's predictions make which are in the store."""
    kept = await stored_predictions(reader, project, model, ids)
    labels: dict[str, Any] = {}
    if kept:
        rows = rows_of(await reader.query(*labels_statement(project, [model], [*kept])))
        labels = {row["prediction_id"]: row for row in rows}
    return {one: _draft(record, labels.get(one), if_absent) for one, record in kept.items()}


def _draft(record: Mapping[str, Any], label: Mapping[str, Any] | None, if_absent: bool) -> ItemChange:
    said = {**record.get("features", {}), **record.get("text_features", {})}
    explained = {name.removeprefix(ATTRIBUTIONS): said.pop(name) for name in [*said] if name.startswith(ATTRIBUTIONS)}
    facts: dict[str, Any] = {name: record[name] for name in _FACTS if name in record}
    facts["time"] = format_time(record["time"])
    if explained:
        facts["attributions"] = explained
    truth = None if label is None else _said(label["label"], label["label_value"])
    values = {
        "input": encode_value(_kept(said)),
        "expected_output": encode_value(_kept(truth)),
        "output": encode_value(_kept(_said(record.get("output_label", ""), record.get("output")))),
        "metadata": encode_value(_kept(facts)),
    }
    source = Source(record.get("trace_id", ""), record.get("span_id", ""), record["prediction_id"])
    # Two models may have a prediction of the same id.
    own = Source(prediction_id="\1".join((record["model"], record["prediction_id"])))
    return ItemChange(id_of(values, own), values, source, if_absent)


def _said(word: str, number: float | None) -> str | float | None:
    """The word, unless it only says the number, as those of classes 0 and 1 do."""
    return number if number is not None and word in ("", f"{number:g}", "true", "false") else word or None


def _kept(value: Any) -> Any:
    """A value as JSON has it: a number that is none of the finite ones by its name."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {str(name): _kept(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_kept(each) for each in value]
    return value
