"""Predictions and labels on a real server: durable, once, in any order, and the good ones of every request."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pytest
from process.servers import RunningServer

MODEL = "team/income 🎉"
ARROW = "application/vnd.apache.arrow.stream"


def post(
    server: RunningServer, project: str, path: str, body: Any, kind: str = "application/json", **query: str
) -> httpx.Response:
    if isinstance(body, pa.Table):
        sink, kind = io.BytesIO(), ARROW
        with pa.ipc.new_stream(sink, body.schema) as writer:
            writer.write_table(body)
        body = sink.getvalue()
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"content-type": kind, "x-tapetum-project": project}
    return server.client.post(f"/v1/{path}", content=content, headers=named, params=query)


@pytest.mark.covers("predictions-kept")
def test_predictions_are_kept_once_with_the_label_that_was_said_last(
    shared_server: RunningServer, project: str
) -> None:
    server = shared_server
    early = [{"prediction_id": f"p-{i}", "label": "early", "time": "2026-11-21T00:00:00Z"} for i in (1, 2)]
    assert post(server, project, "labels", early, model=MODEL).json() == {"accepted": 2, "refused": []}
    table = pa.table({
        "prediction_id": [f"p-{i}" for i in range(1, 4)], "x": [1.5, None, math.nan], "color": ["red", "", None],
        "ok": [True, None, False], "score": [0.5, 1.5, math.nan], "time": pa.array([1795168800_000] * 3),
        "output": ["yes", "no", "no"], "scores": [{"yes": 0.5, "no": 0.5}] * 3,
    })  # fmt: skip
    for _ in range(2):
        answer = post(server, project, "predictions", table, model=MODEL, version="3")
        assert (answer.status_code, answer.json()) == (200, {"accepted": 3, "refused": []})
    for _ in range(2):
        # Without an id or a time, the same request on the same day is the same prediction.
        assert post(server, project, "predictions", {"model": "m", "score": 1, "label": True}).json()["accepted"] == 1
    seen = server.rows(
        "SELECT prediction_id, version, features, categorical_features, null_features, flags, output_label "
        "FROM predictions WHERE project = {p:String} AND model = {m:String} ORDER BY prediction_id", p=project, m=MODEL,
    )  # fmt: skip
    assert [row[:2] for row in seen] == [("p-1", "3"), ("p-2", "3"), ("p-3", "3")]
    assert [(dict(row[2]), dict(row[3])) for row in seen[:2]] == [
        ({"x": 1.5}, {"color": "red", "ok": "true"}), ({}, {"color": ""}),
    ]  # fmt: skip
    assert math.isnan(dict(seen[2][2])["x"])
    assert seen[2][4:] == (["color"], ["score_not_finite"], "no")
    assert [row[4:6] for row in seen[:2]] == [([], []), (["ok", "x"], ["score_outside_0_1"])]
    twice = [{"prediction_id": "twice", "score": score} for score in (0.1, 0.2)]
    assert post(server, project, "predictions", twice, model="again").json()["accepted"] == 2
    again = "SELECT count() FROM predictions WHERE project = {p:String} AND model = 'again'"
    assert server.rows(again, p=project) == [(1,)]
    corrected = [
        {"prediction_id": "p-1", "label": "late", "time": "2026-11-22T00:00:00Z"},
        {"prediction_id": "p-2", "label": "older", "time": "2026-11-20T00:00:00Z"},
        {"prediction_id": "never", "label": "unknown"},
    ]
    assert post(server, project, "labels", corrected, model=MODEL).json()["accepted"] == 3
    labels = "SELECT prediction_id, label, label_value FROM labels WHERE project = {p:String} AND model = {m:String}"
    assert sorted(server.rows(labels, p=project, m=MODEL)) == [
        ("never", "unknown", None), ("p-1", "late", None), ("p-2", "early", None),
    ]  # fmt: skip
    assert [row[1:] for row in server.rows(labels, p=project, m="m")] == [("true", 1.0)]
    assert server.rows("SELECT count() FROM predictions WHERE project = {p:String}", p=project) == [(5,)]


@pytest.mark.covers("predictions-kept")
def test_a_large_table_is_kept_and_what_is_wrong_is_told_and_counted(
    shared_server: RunningServer, project: str
) -> None:
    count = 20_000
    table = pa.table(
        {"model": ["m"] * (count - 1) + [""], "x": np.arange(count), "c": [f"c{i % 7}" for i in range(count)]}
    )
    told = post(shared_server, project, "predictions", table).json()
    assert told["accepted"] == count - 1
    assert [(one["index"], one["field"]) for one in told["refused"]] == [(count - 1, "model")]
    assert shared_server.rows(
        "SELECT count(), sum(features['x']), uniqExact(categorical_features['c']) FROM predictions "
        "WHERE project = {p:String}", p=project,
    ) == [(count - 1, float(sum(range(count - 1))), 7)]  # fmt: skip
    alone = post(shared_server, project, "predictions", {"model": "m", "features": 1})
    assert (alone.status_code, alone.json()["error"]["field"]) == (400, "features")
    cut = post(shared_server, project, "predictions", b"\xff\xff\xff\xff\x10", ARROW)
    assert (cut.status_code, cut.json()["error"]["code"]) == (400, "undecodable")
    assert post(shared_server, project, "labels", {"prediction_id": "a"}, model="m").status_code == 400


@pytest.mark.covers("predictions-redacted")
def test_secrets_in_predictions_are_redacted_and_an_id_is_marked_alike_in_its_label(
    shared_server: RunningServer, project: str
) -> None:
    key = "sk-proj-" + "Zq3vT8mKw1XyB7nR5cD2" * 2
    record = {
        "model": "m", "prediction_id": key, "features": {"c": f"it is {key}", "list": ["a", key], "password": "hunter2"},
        "text_features": {"t": f"say {key}"}, "tags": {"who": key}, "output": key, "label": key,
    }  # fmt: skip
    assert post(shared_server, project, "predictions", [record]).json()["accepted"] == 1
    shown = shared_server.rows(
        "SELECT toString(tuple(* EXCEPT (time, ingested_at))), prediction_id FROM predictions WHERE project = {p:String}",
        p=project,
    )
    labels = shared_server.rows("SELECT label, prediction_id FROM labels WHERE project = {p:String}", p=project)
    assert key not in str(shown) + str(labels)
    assert "hunter2" not in str(shown)
    assert shown[0][1] == labels[0][1]
    assert shown[0][1].startswith("[redacted:")
    metrics = shared_server.client.get("/metrics").text.splitlines()
    counted = [line for line in metrics if project in line and 'outcome="redacted"' in line]
    assert any('signal="predictions"' in line for line in counted), counted
    assert any('signal="labels"' in line for line in counted), counted
