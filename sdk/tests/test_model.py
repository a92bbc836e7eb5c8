"""`tapetum.model`: predictions of every shape, labels, what logs by itself, and what it never does."""

from __future__ import annotations

import asyncio
import copy
import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pandas
import polars
import pyarrow
import pytest
from opentelemetry import trace
from otlp_collector import Answer, Collector
from sklearn.linear_model import LogisticRegression

import tapetum
from tapetum import _guard

Logged = Callable[[], list[dict[str, Any]]]
ROWS = [{"age": 31, "city": "Kyiv"}, {"age": 58, "city": None}]


@pytest.fixture
def logged(collector: Collector) -> Iterator[Logged]:
    """The predictions that arrived so far, oldest first, after a flush."""
    tapetum.init("models", endpoint=collector.url, metrics=False, resources=False, logs=False, heartbeat_s=0)

    def records() -> list[dict[str, Any]]:
        assert tapetum.flush(30)
        return [record for got in collector.received if got.path == "/v1/predictions" for record in got.document]

    yield records
    tapetum.shutdown()


@pytest.mark.covers("sdk-loss-told")
def test_predictions_and_labels_that_were_lost_are_told_by_their_rows(collector: Collector) -> None:
    """A frame is one entry of the queue and many predictions."""
    tapetum.init("models", endpoint=collector.url, metrics=False, resources=False, logs=False, heartbeat_s=0)
    collector.answers = [Answer(400), Answer(400)]
    model = tapetum.model("income")
    ids = model.log(ROWS, output=["low", "high"])
    model.label(ids[0], "low")
    tapetum.flush(30)
    tapetum.shutdown()
    told = {
        metric["name"]: metric["sum"]["dataPoints"][0]
        for got in collector.received if got.path == "/v1/metrics"
        for resource in got.document["resourceMetrics"] for scope in resource["scopeMetrics"]
        for metric in scope["metrics"]
    }  # fmt: skip
    assert {name: point["asInt"] for name, point in told.items()} == {
        "tapetum.sdk.exporter.prediction.exported": "2", "tapetum.sdk.exporter.label.exported": "1",
    }  # fmt: skip


@pytest.mark.covers("sdk-model")
@pytest.mark.parametrize(
    "features",
    [
        ROWS,
        pandas.DataFrame({"age": [31, 58], "city": ["Kyiv", None]}),
        polars.DataFrame(ROWS),
        pyarrow.Table.from_pylist(ROWS),
        pyarrow.RecordBatch.from_pylist(ROWS),
    ],
    ids=["dictionaries", "pandas", "polars", "table", "batch"],
)
def test_many_rows_are_logged_as_they_are_held(logged: Logged, features: Any) -> None:
    ids = tapetum.model("income", version=3).log(
        features,
        output=numpy.array(["low", "high"]),
        score=pandas.Series([0.2, 0.9]),
        scores=numpy.array([[0.8, 0.2], [0.1, 0.9]]),
        tags={"channel": "web"},
    )
    records = logged()
    assert [record["prediction_id"] for record in records] == ids
    assert [record["features"] for record in records] == ROWS
    assert [(r["model"], r["version"], r["output"], r["score"], r["scores"], r["tags"]) for r in records] == [
        ("income", "3", "low", 0.2, [0.8, 0.2], {"channel": "web"}),
        ("income", "3", "high", 0.9, [0.1, 0.9], {"channel": "web"}),
    ]


@pytest.mark.covers("sdk-model")
@pytest.mark.parametrize(
    ("features", "names"),
    [
        ({"age": numpy.int64(31), "income": numpy.float32(0.5)}, None),
        (pandas.Series({"age": 31, "income": 0.5}), None),
        (numpy.array([31, 0.5]), ["age", "income"]),
        ([31, 0.5], ["age", "income"]),
    ],
    ids=["dictionary", "series", "array", "list"],
)
def test_one_row_is_logged_with_the_span_it_was_made_in(logged: Logged, features: Any, names: Any) -> None:
    with tapetum.span("score") as span:
        made = tapetum.model("income").log(features, output=True, feature_names=names)
    (record,) = logged()
    context = span.get_span_context()
    assert record["prediction_id"] == made
    assert record["features"] == {"age": 31, "income": 0.5}
    assert record["output"] is True
    assert (record["trace_id"], record["span_id"]) == (
        trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id),
    )  # fmt: skip


@pytest.mark.covers("sdk-model")
def test_missing_nan_and_infinities_stay_apart_and_later_changes_do_not_matter(logged: Logged) -> None:
    rows = [{"x": math.nan, "y": None, "z": [1.0, None], "s": "NaN"}, {"x": math.inf}]
    tapetum.model("m").log(rows)
    rows[0]["y"] = "changed afterwards"
    numbers = numpy.array([[1.0, -math.inf]])
    tapetum.model("m").log(numbers)
    numbers[:] = 7
    first, second, third = (record["features"] for record in logged())
    assert math.isnan(first.pop("x"))
    assert first == {"y": None, "z": [1.0, None], "s": "NaN"}
    assert second == {"x": math.inf, "y": None, "z": None, "s": None}
    assert third == {"feature_0": 1.0, "feature_1": -math.inf}


@pytest.mark.covers("attributions")
def test_attributions_travel_by_feature_in_whatever_form_they_are_held(logged: Logged) -> None:
    model = tapetum.model("income")
    by_row = numpy.array([[0.5, -0.25], [0.0, 1.0]])
    model.log(ROWS, attributions=by_row)
    model.log(ROWS, attributions=pandas.DataFrame(by_row, columns=["age", "city"]))
    model.log(ROWS[0], attributions={"age": 0.5, "city": -0.25})
    model.log(ROWS[0], attributions=numpy.array([0.5, -0.25]))
    model.log(ROWS[0], attributions=[0.5, -0.25])
    told = [record["attributions"] for record in logged()]
    first, second = {"age": 0.5, "city": -0.25}, {"age": 0.0, "city": 1.0}
    assert told == [first, second, first, second, first, first, first]


@pytest.mark.covers("sdk-model-labels")
def test_labels_are_told_for_one_and_for_many(logged: Logged, collector: Collector) -> None:
    model = tapetum.model("income")
    model.label("a", "repaid", time="2026-01-01T00:00:00Z")
    model.label(["b", "c"], numpy.array([1, 0]))
    logged()
    told = [record for got in collector.received if got.path == "/v1/labels" for record in got.document]
    assert [(r["model"], r["prediction_id"], r["label"]) for r in told] == [
        ("income", "a", "repaid"), ("income", "b", 1), ("income", "c", 0),
    ]  # fmt: skip
    assert told[0]["time"] == "2026-01-01T00:00:00Z"


@pytest.mark.covers("sdk-model-observe")
def test_a_decorated_function_logs_its_calls(logged: Logged) -> None:
    model = tapetum.model("income", version="3")

    @model.observe
    def by_first(row: dict[str, Any]) -> float:
        return 0.25

    @model.observe(features="row", result=lambda said: {"output": said[0], "score": said[1]})
    async def by_name(_who: str, row: dict[str, Any]) -> tuple[str, float]:
        return "high", 0.9

    @model.observe
    def failing(row: dict[str, Any]) -> float:
        raise KeyError("age")

    assert by_first({"age": 1}) == 0.25
    assert asyncio.run(by_name("me", {"age": 2})) == ("high", 0.9)
    with pytest.raises(KeyError):
        failing({"age": 3})
    one, two = logged()
    assert (one["features"], one["output"]) == ({"age": 1}, 0.25)
    assert (two["features"], two["output"], two["score"]) == ({"age": 2}, "high", 0.9)
    assert one["trace_id"] != two["trace_id"]
    assert one["latency_ms"] >= 0


@pytest.mark.covers("sdk-model-sklearn")
def test_a_wrapped_estimator_logs_what_it_says_and_stays_what_it_is(logged: Logged) -> None:
    frame = pandas.DataFrame({"age": [20, 30, 50, 60], "hours": [10.0, 20.0, 40.0, 45.0]})
    estimator = LogisticRegression().fit(frame, ["no", "no", "yes", "yes"])
    wrapped = tapetum.model("income", version="3").wrap(estimator)
    assert list(wrapped.predict(frame)) == list(estimator.predict(frame))
    assert wrapped.predict_proba(frame).tolist() == estimator.predict_proba(frame).tolist()
    assert wrapped.score(frame, ["no", "no", "yes", "yes"]) == 1.0
    assert list(copy.copy(wrapped).classes_) == ["no", "yes"]
    records = logged()
    assert len(records) == 8, "scoring is nobody's prediction"
    assert records[0]["features"] == {"age": 20, "hours": 10.0}
    assert records[0]["output"] == "no"
    probability = estimator.predict_proba(frame)[3, 1]
    assert records[7]["output"] == "yes"
    assert records[7]["score"] == probability
    assert records[7]["scores"] == {"no": pytest.approx(1 - probability), "yes": probability}


@pytest.mark.covers("sdk-model")
def test_large_batches_travel_in_pieces_and_are_counted_by_rows(logged: Logged, collector: Collector) -> None:
    tapetum.model("m").log(numpy.zeros((4_500, 3)))
    assert len(logged()) == 4_500
    stats = tapetum.stats()
    assert stats is not None
    assert stats["sent"]["predictions"] == 4_500
    collector.answers.append(Answer(400, body=json.dumps({"error": {"code": "x", "message": "no"}}).encode()))
    tapetum.model("m").log(numpy.zeros((3, 3)))
    logged()
    stats = tapetum.stats()
    assert stats is not None
    assert stats["lost"]["predictions"] == {"http_400": 3}


@pytest.mark.covers("sdk-model")
def test_what_cannot_be_logged_is_counted_and_never_raised(monkeypatch: pytest.MonkeyPatch, logged: Logged) -> None:
    before = _guard.faults.snapshot().get("unknown_features", 0)
    assert tapetum.model("m").log(42, prediction_id="mine") == "mine"
    assert _guard.faults.snapshot()["unknown_features"] == before + 1
    monkeypatch.delenv("TAPETUM_SDK_RAISE")
    assert tapetum.model("m").log(ROWS, output=[1, 2, 3]) is None, "two rows, three outputs"
    assert logged() == []


@pytest.mark.covers("sdk-model")
def test_secrets_in_features_are_taken_out_before_they_are_sent(collector: Collector) -> None:
    tapetum.init("models", endpoint=collector.url, metrics=False, resources=False, logs=False, redaction=True)
    try:
        key = "AKIA" + "IOSFODNN7" + "EXAMPLX"
        tapetum.model("m").log({"note": f"key {key}", "age": 3}, output=f"said {key}", tags={"who": key})
        assert tapetum.flush(30)
    finally:
        tapetum.shutdown()
    (got,) = [got for got in collector.received if got.path == "/v1/predictions"]
    assert key not in json.dumps(got.document)
    assert got.document[0]["features"]["age"] == 3
