"""The columns that our own questions read are those of the public views."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from asked_world import SECOND, START, World, log_batch, metric_batch, span_batch

from tapetum_server.processors.errors.find import find_errors
from tapetum_server.query.finding_sources import FINDINGS
from tapetum_server.query.prediction_sources import LABELS, PREDICTIONS
from tapetum_server.query.sources import ERRORS, EVALUATIONS, LOGS, METRICS, SPANS, Source
from tapetum_server.receivers.records.reading import PREDICTIONS as PREDICTED
from tapetum_server.receivers.records.reading import read_records
from tapetum_server.signals.evaluations import Evaluation, EvaluationBatch
from tapetum_server.signals.findings import Finding, FindingBatch
from tapetum_server.signals.metrics import Metric
from tapetum_server.signals.predictions import LabelBatch, PredictionBatch

OWN = {
    "attr_shape", "attr_values", "resource", "own_input", "own_output", "has_events", "events_json", "links_json",
    "exemplars_json", "convention", "owns_usage", "is_call", "is_use",
    "own_cost_usd", "logs_tell", "reported_twice", "own_output_tokens", "own_reasoning_tokens", "own_cache_read_tokens",
    "own_cache_write_tokens",
    "layout", "numeric", "booleans", "categorical", "texts", "number_lists", "text_lists", "nulls", "flagged", "correct",
    "search_text", "search_words",
    # Of findings: `subject`, where that is a model.
    "model",
}  # fmt: skip
"""Columns below the views."""


@pytest.fixture(scope="module", autouse=True)
def filled(asked: World) -> None:
    long = '[{"role":"user","content":"' + "long text " * 30 + '"}]'
    llm = {"kind": "llm", "model": "m", "response_id": "r-1", "usage_counted": True, "input_tokens": 3}
    for number in (1, 2, 3):
        asked.keep(
            span_batch(
                {"trace": number, "attributes": {"k": "v", "in": long}, "canonical": {**llm, "input": long}, "seconds": 2,
                 "events": [(1, "e", {})], "dropped": (1, 0, 2)},
                {"trace": number, "span": 2, "seconds": None, "status": 2},
            ),
            log_batch({"at": number, "body": "b", "severity_number": 17}),
            metric_batch(Metric("m", "gauge"), {"at": number, "value": 1}),
        )  # fmt: skip
        failed = log_batch(
            {"at": number + 10, "body": f"b{number}", "severity_number": 17, "attributes": {"k": "v", "n": 5}}
        )
        find_errors(failed)
        evaluations = EvaluationBatch("default", "test")
        for name in ("correctness", "length"):
            said = Evaluation(
                name, "span", "1" * 16, time_unix_nano=START + number, trace_id="2" * 32, score=number / 2
            )
            evaluations.append(
                said._replace(comment="c", threshold=1.0, attributes={"k": "v"}, withdrawn=name == "length")
            )
        asked.keep(failed, evaluations, *predicted(number), found(number))


def predicted(number: int) -> list[PredictionBatch | LabelBatch]:
    said = {
        "model": "m", "prediction_id": str(number), "time": (START + number * SECOND) // 10**6, "score": number,
        "features": {"n": number, "b": True, "c": "x", "l": [1, None], "t": ["a"], "gone": None}, "label": "yes",
        "text_features": {"text": "long"}, "scores": [0.5], "tags": {"k": "v"}, "embedding": [1.0], "output": 1,
    }  # fmt: skip
    found = read_records(PREDICTED, json.dumps([said]).encode(), "application/json", "default", "test")
    assert isinstance(found.batch, PredictionBatch)
    assert found.beside is not None
    return [found.batch, found.beside]


def found(number: int) -> FindingBatch:
    """One that holds, one that does not any more, and the look at their window."""
    at = START + number * SECOND
    one = Finding(
        subject_type="model", subject="m", version="1", window_start=at, window_end=at + SECOND, detector="schema",
        feature="age", type="X", severity="ERROR", short="s", evidence="e", offending=["1"], value=0.5, threshold=0.1,
        rows=1, examples=2, first_seen=at, last_seen=at, schema_version=3, rows_filter="age:>1",
    )  # fmt: skip
    gone, look = replace(one, feature="gone", withdrawn=True), replace(one, feature="", type="")
    return FindingBatch("default", "test", [one, gone, look])


@pytest.mark.parametrize(
    ("view", "source"),
    [
        ("spans", SPANS),
        ("logs", LOGS),
        ("metrics", METRICS),
        ("errors", ERRORS),
        ("evaluations", EVALUATIONS),
        ("predictions", PREDICTIONS),
        ("labels", LABELS),
        ("findings", FINDINGS),
    ],
)
def test_every_column_means_what_it_means_in_the_view(asked: World, view: str, source: Source) -> None:
    in_view = {row["name"] for row in asked.sql(f"DESCRIBE TABLE {view}")}
    shared = [name for name in [*source.plain, *source.computed] if name in in_view]
    assert shared
    assert set(source.plain) | set(source.computed) <= in_view | OWN | {"log_id", "quantile_levels", "quantile_values"}
    for name in shared:
        if name == "dropped":
            theirs = "arraySum(dropped)" if view == "spans" else "dropped"
        else:
            theirs = name
        key = {"spans": "trace_id, span_id", "findings": "last_seen"}.get(view, "time")
        own = "lower(hex(log_id))" if name == "log_id" and view == "logs" else f"toString({name})"
        ours = asked.sql(f"SELECT {own} AS v FROM {source.relation(name, key)} ORDER BY {key}")
        assert ours == asked.sql(f"SELECT toString({theirs}) AS v FROM {view} ORDER BY {key}"), name


def test_a_relation_holds_only_what_a_statement_names() -> None:
    assert SPANS.relation("count(), name", "service = {p0:String}") == "(SELECT name, service FROM span_rows FINAL)"
