"""Predictions with their labels, and labels by themselves, as questions see them."""

from __future__ import annotations

from tapetum_server.query.sources import Beside, Field, Searched, Source
from tapetum_server.store import sql_files

LABELS_BESIDE = Beside(
    columns=("label", "label_value", "label_time", "labelled"),
    join=(
        "LEFT JOIN (SELECT project, model, prediction_id, label, label_value, time AS label_time, true AS labelled"
        " FROM label_rows FINAL) AS labels USING (project, model, prediction_id)"
    ),
)
"""A label belongs to the prediction that it names, whenever either came."""

PREDICTIONS = Source(
    table="prediction_rows",
    time="time",
    plain=(
        "project", "model", "version", "prediction_id", "time", "ingested_at", "trace_id", "span_id", "output",
        "output_label", "score", "scores", "latency_ms", "source", "layout", "numeric", "booleans", "categorical",
        "texts", "number_lists", "text_lists", "nulls", "embedding", "tags",
    ),
    computed={
        "features": sql_files.features("numeric"),
        "categorical_features": sql_files.features("categorical"),
        "text_features": sql_files.features("texts"),
        "list_features": sql_files.features("lists"),
        "null_features": sql_files.features("nulls"),
        "attributions": sql_files.features("attributions"),
        "flags": sql_files.features("flags"),
        # Whether `flags` would say anything, without making texts for every row.
        "flagged": "CAST(NOT ifNull(score >= 0 AND score <= 1, 1) OR "
        "arrayExists(p -> NOT (p >= 0 AND p <= 1), mapValues(scores)), 'Bool')",
        "correct": "multiIf(output_label != '' AND label != '', if(output_label = label, 'right', 'wrong'), "
        "isNull(output) OR isNull(label_value), '', if(output = label_value, 'right', 'wrong'))",
        "search_text": "arrayStringConcat(arrayMap(v -> ifNull(v, ''), arrayConcat(mapValues(categorical), "
        "mapValues(texts))), ' ')",
        # The same words, without a place for each null.
        "search_words": "arrayStringConcat(arrayConcat(mapValues(categorical), mapValues(texts)), ' ')",
    },
    fields={
        **dict.fromkeys(
            ("model", "version", "prediction_id", "trace_id", "span_id", "output_label", "source", "label", "correct"),
            Field(),
        ),
        **dict.fromkeys(("output", "score", "label_value"), Field("number", nullable=True)),
        "latency_ms": Field("duration", nullable=True),
        **dict.fromkeys(("labelled", "flagged"), Field("bool")),
        **dict.fromkeys(("time", "ingested_at"), Field("time")),
    },
    promoted={},
    searched=(
        Searched("search_text", read_as="search_words", long=True),
        Searched("prediction_id", long=True),
        Searched("output_label"),
    ),
    default_facets=("model", "version", "output_label", "label", "labelled", "flagged", "source"),
    beside=LABELS_BESIDE,
    in_maps=True,
)  # fmt: skip

LABELS = Source(
    table="label_rows",
    time="time",
    plain=("project", "model", "prediction_id", "label", "label_value", "time", "arrived_at"),
    computed={},
    fields={
        **dict.fromkeys(("model", "prediction_id", "label"), Field()),
        "label_value": Field("number", nullable=True),
        **dict.fromkeys(("time", "arrived_at"), Field("time")),
    },
    promoted={},
)
"""A filter names their fields and nothing else."""
