"""Predictions by their ids, as `/v1/predictions` takes them: what a receiver completes that had a part before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.statement import Parameters, Statement

_MAPS = ("numeric", "booleans", "categorical", "number_lists", "text_lists")


async def stored_predictions(
    reader: Reader, project: str, model: str, ids: Sequence[str]
) -> Mapping[str, dict[str, Any]]:
    """Those of `ids` that are kept, by id."""
    rows = rows_of(await reader.query(*stored_predictions_statement(project, model, ids)))
    return {row["prediction_id"]: _record(row) for row in rows}


def stored_predictions_statement(project: str, model: str, ids: Sequence[str]) -> Statement:
    """One row for each that is kept."""
    parameters = Parameters()
    sql = f"""SELECT prediction_id, model, version, toUnixTimestamp64Nano(time) AS time_ns, trace_id, span_id, output,
    output_label, score, scores, latency_ms, source, {", ".join(_MAPS)}, texts, nulls, embedding, tags
FROM prediction_rows FINAL
WHERE project = {parameters.text(project)} AND model = {parameters.text(model)}
    AND prediction_id IN {parameters.texts(list(ids))}"""
    return Statement(sql, parameters.values)


def _record(row: Mapping[str, Any]) -> dict[str, Any]:
    features: dict[str, Any] = {}
    for name in _MAPS:
        features.update(row[name])
    features.update((name, None) for name in row["nulls"])
    record = {
        **{name: row[name] for name in ("prediction_id", "model", "version", "trace_id", "span_id", "source")},
        "time": row["time_ns"], "features": features, "text_features": dict(row["texts"]),
        "output": row["output"], "output_label": row["output_label"], "score": row["score"],
        "scores": dict(row["scores"]), "latency_ms": row["latency_ms"], "embedding": row["embedding"],
        "tags": dict(row["tags"]),
    }  # fmt: skip
    return {name: value for name, value in record.items() if value not in (None, "", {}, [])}
