"""What goes wrong with predictions of real models: each is said by row and field, the good rows stay, and pages answer."""

from __future__ import annotations

import io
import json
import math
import time
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pytest
from process.servers import RunningServer

MODEL = "team/приклад 🎉/a?b#c%2F"
ARROW = "application/vnd.apache.arrow.stream"
COUNT = 400
HOUR_MS = 3_600_000
WINDOW = {"from": "now-2h", "to": "now"}
BASELINE = {"baseline_from": "now-40h", "baseline_to": "now-20h"}

Get = Callable[..., Any]


def arrow(table: pa.Table, rows_a_batch: int | None = None) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, rows_a_batch)
    return sink.getvalue()


@pytest.fixture(scope="module")
def project() -> str:
    return "bad-predictions"


def post(server: RunningServer, project: str, path: str, body: Any, model: str = MODEL) -> httpx.Response:
    kind = ARROW if isinstance(body, bytes) else "application/json"
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"content-type": kind, "x-tapetum-project": project}
    return server.client.post(f"/v1/{path}", content=content, headers=headers, params={"model": model})


def frame(now_ms: int, side: str) -> pa.Table:
    """Odd columns of every sort; the categories of the window were never seen in the baseline."""
    at = np.arange(COUNT)
    return pa.table({
        "prediction_id": [f"{side}{i}" for i in at], "gone": pa.nulls(COUNT, pa.float64()), "never": pa.nulls(COUNT),
        "time": pa.array(now_ms + at, pa.timestamp("ms", "UTC")), "constant": np.ones(COUNT), "same": ["x"] * COUNT,
        "category": [f"c{i % 5}" if side == "b" else f"unseen {i}" for i in at], "nan": np.full(COUNT, math.nan),
        "score": np.where(at % 10 == 0, math.nan, np.where(at % 10 == 1, 1.7, at / COUNT)), "output": at % 2,
    })  # fmt: skip


@pytest.fixture(scope="module")
def now_ms() -> int:
    return time.time_ns() // 10**6


@pytest.fixture(scope="module")
def get(shared_server: RunningServer, project: str, now_ms: int) -> Get:
    """Asks the server about `MODEL`, which has a baseline, a window and labels."""
    for side, ago in (("b", 30), ("w", 1)):
        table = frame(now_ms - ago * HOUR_MS, side)
        assert post(shared_server, project, "predictions", arrow(table)).json() == {"accepted": COUNT, "refused": []}
    labels = [{"prediction_id": f"{side}{i}", "label": i % 2} for side in "bw" for i in range(COUNT)]
    assert post(shared_server, project, "labels", labels).json()["accepted"] == 2 * COUNT

    def asked(path: str, **query: Any) -> Any:
        answer = shared_server.client.get(
            f"/api/v1{path}", params={**WINDOW, **query}, headers={"x-tapetum-project": project}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    return asked


@pytest.mark.covers("bad-unseen-categories", "bad-null-and-constant-features", "bad-nan-scores")
def test_what_cannot_be_compared_is_said_and_never_called_good_news(get: Get) -> None:
    """Columns of nulls or NaN only are not enough data, a constant has not drifted, unseen categories have."""
    report = get("/models/drift", model=MODEL, **BASELINE)
    verdicts = {feature["name"]: feature["verdict"] for feature in report["features"]}
    assert verdicts["category"] == "drift"
    assert {verdicts[name] for name in ("constant", "same")} == {"no_drift"}
    assert {verdicts[name] for name in ("gone", "never", "nan")} == {"not_enough_data"}


@pytest.mark.covers("bad-unseen-categories")
@pytest.mark.wide
def test_ten_thousand_categories_that_were_never_seen_are_counted_and_drift(
    shared_server: RunningServer, project: str, get: Get, now_ms: int
) -> None:
    for start, names in ((30, ["a", "b"]), (1, [f"unseen {i}" for i in range(10_000)])):
        table = pa.table({
            "c": pa.array(names * (10_000 // len(names))), "time": pa.array([now_ms - start * HOUR_MS] * 10_000),
        })  # fmt: skip
        assert post(shared_server, project, "predictions", arrow(table), "many").json()["accepted"] == 10_000
    (feature,) = (f for f in get("/models/drift", model="many", feature="c", **BASELINE)["features"])
    assert (feature["name"], feature["verdict"]) == ("c", "drift")
    assert get("/predictions", q='model:many c:"unseen 9999"')["rows"][0]["model"] == "many"
    # The values that are not listed one by one are found too, as many as are said to be.
    others = next(bar for bar in feature["bars"] if bar["what"] == "(other values)")
    listed = ",".join(json.dumps(value) for value in feature["others_than"])
    (found,) = get("/models", q=f"model:many c:* -c:{listed}")["rows"]
    assert found["predictions"] == round(others["window_share"] * 10_000) == 10_000 - len(feature["others_than"]) + 2


@pytest.mark.covers("bad-nan-scores", "bad-probabilities")
def test_scores_that_are_no_probabilities_are_kept_flagged_and_not_learnt_from(get: Get) -> None:
    flagged = get("/predictions", q=f'model:"{MODEL}" flagged:true', limit=500)["rows"]
    assert len(flagged) == COUNT // 5
    assert {row["prediction_id"] for row in flagged} == {f"w{i}" for i in range(COUNT) if i % 10 < 2}
    report = get("/models/performance", model=MODEL)
    assert report["task"] == "binary"
    assert all(math.isfinite(metric["value"]) for metric in report["metrics"])
    kept = [i for i in range(COUNT) if i % 10 > 1]
    estimate = get("/models/performance/estimate", model=MODEL, **BASELINE)
    assert estimate["baseline_rows"] == len(kept)


@pytest.mark.covers("bad-model-name")
def test_a_model_of_any_name_is_found_by_it(get: Get) -> None:
    assert MODEL in [model["model"] for model in get("/models")["rows"]]
    assert get("/models/detail", model=MODEL)["model"] == MODEL
    one = get("/predictions/detail", model=MODEL, prediction_id="w7")
    assert (one["model"], one["prediction_id"]) == (MODEL, "w7")


@pytest.mark.covers("bad-ragged-rows", "bad-changed-type")
def test_ragged_rows_and_a_feature_that_changes_its_type_are_kept_by_what_each_row_says(
    shared_server: RunningServer, project: str, get: Get, now_ms: int
) -> None:
    ragged = [
        {"prediction_id": f"r{i:02d}", "time": now_ms - HOUR_MS, "features": {f"f{j}": j for j in range(i % 7)}}
        for i in range(28)
    ]
    changed = [
        {"prediction_id": f"t{i:02d}", "time": now_ms - HOUR_MS, "features": {"x": str(i) if i % 2 else i}}
        for i in range(30)
    ]
    told = post(shared_server, project, "predictions", [*ragged, *changed], "odd").json()
    assert told["accepted"] == 28 + 30 - 4
    assert {(one["index"], one["field"]) for one in told["refused"]} == {(i, "features") for i in (0, 7, 14, 21)}
    found = get("/predictions", q="model:odd f5:5", limit=100)["rows"]
    assert [row["prediction_id"] for row in found] == ["r27", "r20", "r13", "r06"]
    for value in ("4", "5"):
        (row,) = get("/predictions", q=f"model:odd x:{value}")["rows"]
        assert row["prediction_id"] == f"t{int(value):02d}"
    assert get("/models/detail", model="odd")["predictions"] == 54


@pytest.mark.covers("bad-unknown-labels", "bad-duplicate-predictions")
def test_duplicate_ids_are_one_prediction_and_labels_of_unknown_ones_count_for_nothing(
    shared_server: RunningServer, project: str, get: Get, now_ms: int
) -> None:
    twice = [{"prediction_id": "p", "score": score, "time": now_ms - HOUR_MS} for score in (0.1, 0.2, 0.9)]
    assert post(shared_server, project, "predictions", twice, "twice").json()["accepted"] == 3
    labels = [{"prediction_id": "p", "label": 1}, {"prediction_id": "nobody", "label": 0}, {"label": 1},
              {"prediction_id": "q"}]  # fmt: skip
    told = post(shared_server, project, "labels", labels, "twice").json()
    assert told["accepted"] == 2
    assert [(one["index"], one["field"]) for one in told["refused"]] == [(2, "prediction_id"), (3, "label")]
    report = get("/models/performance", model="twice")
    assert (report["rows"], report["labelled"]) == (1, 1)
    assert [row["score"] for row in get("/predictions", q="model:twice")["rows"]] == [0.9]


@pytest.mark.covers("bad-arrow-cut")
def test_an_arrow_stream_cut_in_half_says_from_which_row_on(
    shared_server: RunningServer, project: str, get: Get, now_ms: int
) -> None:
    whole = arrow(frame(now_ms - HOUR_MS, "w"), 50)
    answer = post(shared_server, project, "predictions", whole[: len(whole) // 2], "cut").json()
    kept = answer["accepted"]
    (refused,) = answer["refused"]
    assert 0 < kept < COUNT
    assert (refused["index"], refused["field"]) == (kept, "body")
    assert post(shared_server, project, "predictions", whole, "cut").json()["accepted"] == COUNT
    assert get("/models/performance", model="cut")["rows"] == COUNT


@pytest.mark.covers("bad-wide-rows", "drift-wide")
@pytest.mark.wide
def test_five_thousand_features_are_taken_counted_and_shown(
    shared_server: RunningServer, project: str, get: Get, now_ms: int
) -> None:
    columns = {f"feature_{i:04d}": np.arange(20) * (i + 0.5) for i in range(5_000)}
    table = pa.table({**columns, "time": pa.array([now_ms - HOUR_MS] * 20)})
    assert post(shared_server, project, "predictions", arrow(table), "wide").json()["accepted"] == 20
    assert get("/models/detail", model="wide")["predictions"] == 20
    (row,) = get("/predictions", q="model:wide feature_4999:4999.5")["rows"]
    one = get("/predictions/detail", model="wide", prediction_id=row["prediction_id"])
    assert len(one["features"]) == 5_000
    # And compared, within the time that a browser waits: one of them moved.
    for ago, moved in ((30, 0.0), (1, 1_000.0)):
        random = np.random.default_rng(ago)
        numbers = {f"feature_{i:04d}": random.normal(0, 1, 120) for i in range(5_000)}
        numbers["feature_4711"] = numbers["feature_4711"] + moved
        table = pa.table({**numbers, "time": pa.array([now_ms - ago * HOUR_MS] * 120)})
        assert post(shared_server, project, "predictions", arrow(table), "wider").json()["accepted"] == 120
    report = get("/models/drift", model="wider", **BASELINE)
    assert (report["compared"], report["features"][0]["name"]) == (5_000, "feature_4711")
