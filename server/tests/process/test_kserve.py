"""KServe's payload logger: the events that its own agent sent, in every content mode, and everything that can go wrong."""

from __future__ import annotations

import base64
import json
import random
import struct
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from process.conftest import StartServer
from process.servers import RunningServer

DATA = Path(__file__).parent.parent / "data" / "kserve"
CAPTURED = [json.loads(line) for line in (DATA / "ce_binary.jsonl").read_text().splitlines()]
STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def post(server: RunningServer, project: str, body: bytes | Any, headers: dict[str, str]) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return server.client.post(
        "/v1/kserve/events", content=content, headers={**headers, "x-tapetum-project": project}
    )  # fmt: skip


def binary(event: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    kept = {name: value for name, value in event["headers"] if name.startswith("Ce-") or name == "Content-Type"}
    return base64.b64decode(event["body_b64"]), kept


def kept(server: RunningServer, project: str) -> list[tuple[Any, ...]]:
    """(id, version, features, words, output, score, latency, trace, span) in order of ids."""
    rows = server.rows(
        "SELECT prediction_id, version, features, categorical_features, output, score, latency_ms, trace_id, span_id "
        "FROM predictions WHERE project = {p:String} ORDER BY time, prediction_id", p=project,
    )  # fmt: skip
    return [(row[0][:8], row[1], dict(row[2]), dict(row[3]), *row[4:]) for row in rows]


def expected() -> list[tuple[Any, ...]]:
    one, two = {"feature_0": 1, "feature_1": 2, "feature_2": 3}, {"feature_0": 4, "feature_1": 5, "feature_2": 6}
    x1, x2 = {"x_0": 1, "x_1": 2, "x_2": 3}, {"x_0": 4, "x_1": 5, "x_2": 6}
    first, second = 0.7310585975646973, 0.9999545812606812
    return [
        ("0639829c", "", one, {}, 1, None, 6.686411, "", ""), ("0639829c", "", two, {}, 1, None, 6.686411, "", ""),
        ("req-42", "", {"age": 39, "hours": 40}, {"workclass": "Private"}, 1, 0.83, 5.131031, TRACE, SPAN),
        ("e8a7258a", "3", x1, {}, 1, first, 54.97893, "", ""),
        ("e8a7258a", "3", x2, {}, 1, second, 54.97893, "", ""),
        ("05a2cd2b", "", {}, {"value": "boom"}, None, None, None, "", ""),
        ("3060d51e", "", {"feature_0": 9, "feature_1": 9, "feature_2": 9}, {}, None, None, None, "", ""),
        ("4d4292ff", "3", x1, {}, 1, first, 5.087767, "", ""),
        ("4d4292ff", "3", x2, {}, 1, second, 5.087767, "", ""),
    ]  # fmt: skip


@pytest.mark.covers("kserve-events")
@pytest.mark.parametrize("mode", ["binary", "binary, in any order, twice", "structured", "batch"])
def test_captured_events_are_predictions_with_both_halves(
    shared_server: RunningServer, project: str, mode: str
) -> None:
    if mode == "batch":  # of the first two requests
        body = (DATA / "ce_batch.json").read_bytes()
        assert post(shared_server, project, body, {"content-type": BATCH}).json() == {"accepted": 3, "refused": []}
        assert kept(shared_server, project) == expected()[:3]
        return
    if mode == "structured":
        for line in (DATA / "ce_structured.jsonl").read_text().splitlines():
            sent = json.loads(line)
            assert post(shared_server, project, sent["body"], sent["headers"]).status_code == 200
        assert kept(shared_server, project) == expected()
        return
    events = list(CAPTURED)
    if mode != "binary":
        events = events * 2
        random.Random(7).shuffle(events)
    for event in events:
        answer = post(shared_server, project, *binary(event))
        assert (answer.status_code, answer.json()["refused"]) == (200, [])
    assert kept(shared_server, project) == expected()
    tags = shared_server.rows(
        "SELECT tags FROM predictions WHERE project = {p:String} AND prediction_id = 'req-42'", p=project
    )  # fmt: skip
    assert dict(tags[0][0]) == {
        "namespace": "models", "component": "predictor", "endpoint": "default", "header.x-user": "alice",
        "annotation.team": "risk",
    }  # fmt: skip


def event(part: str, data: Any, **more: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": "e", "source": "http://m/", "type": f"org.kubeflow.serving.inference.{part}",
        "time": f"2026-11-20T10:00:0{0 if part == 'request' else 1}Z", "inferenceservicename": "m", "data": data, **more,
    }  # fmt: skip


@pytest.mark.covers("kserve-pairs-after-restart")
def test_the_other_half_is_found_in_the_store(start_server: StartServer, tmp_path: Path) -> None:
    """Both orders, over a restart; and a half that is delivered again changes nothing."""
    asked, answered = event("request", {"instances": [{"x": 1}]}), event("response", {"predictions": [{"proba": 0.5}]})
    deliveries = [[asked, {**answered, "id": "other way"}], [answered, {**asked, "id": "other way"}], [asked, answered]]
    for number, events in enumerate(deliveries):
        server = start_server(tmp_path / "data")
        for each in events:
            post(server, "default", each, {"content-type": STRUCTURED})
        if number:
            assert kept(server, "default") == [
                (name, "", {"x": 1}, {}, None, 0.5, 1000.0, "", "") for name in ("e", "other wa")
            ]
        server.stop()


@pytest.mark.covers("kserve-pairs-across-midnight")
def test_a_pair_across_midnight_is_one_prediction_at_the_time_of_its_request(
    start_server: StartServer, tmp_path: Path
) -> None:
    """Whichever half comes first, in one process and over a restart."""
    asked = event("request", {"instances": [{"x": 1}, {"x": 2}]}, time="2026-11-20T23:59:59.900Z")
    answered = event("response", {"predictions": [{"proba": 0.5}, {"proba": 0.6}]}, time="2026-11-21T00:00:00.100Z")
    deliveries = [
        [answered, {**asked, "id": "asked"}, {**answered, "id": "both"}, {**asked, "id": "both"}],
        [asked, {**answered, "id": "asked"}],
    ]
    for events in deliveries:
        server = start_server(tmp_path / "data")
        for each in [*events, *events]:
            assert post(server, "default", each, {"content-type": STRUCTURED}).status_code == 200
        rows = server.rows("SELECT prediction_id, toString(time), features['x'], score, latency_ms FROM predictions")
        server.stop()
    assert sorted(rows) == [
        (f"{name}{row}", "2026-11-20 23:59:59.900000000", x, score, 200.0)
        for name in ("asked", "both", "e") for row, x, score in (("", 1.0, 0.5), ("/1", 2.0, 0.6))
    ]  # fmt: skip


@pytest.mark.covers("kserve-old-agents")
def test_events_of_older_agents_are_read_with_their_quotes_and_their_names(
    shared_server: RunningServer, project: str
) -> None:
    """CloudEvents 0.2 put quotes around each header, and `Ce-Inferenceservice` was the model's name; 0.3 told apart how data is encoded."""
    told = {
        "ce-specversion": '"0.2"', "ce-id": '"old"', "ce-source": '"http://m/"', "ce-inferenceservice": '"m"',
        "ce-namespace": '"models"', "ce-endpoint": '"canary"', "content-type": "application/x-www-form-urlencoded",
    }  # fmt: skip
    for part, second, body in (("request", 0, b'{"instances": [{"x": 1}]}'), ("response", 2, b'{"predictions": [7]}')):
        kind = {"ce-type": f'"org.kubeflow.serving.inference.{part}"', "ce-time": f'"2026-11-20T10:00:0{second}.5Z"'}
        assert post(shared_server, project, body, told | kind).json() == {"accepted": 1, "refused": []}
    encoded = base64.b64encode(b'{"instances": [{"x": 2}]}').decode()
    newer = event("request", encoded, specversion="0.3", datacontentencoding="base64", id="newer", statuscode=200,
                  time="2026-11-20T10:00:09Z")  # fmt: skip
    assert post(shared_server, project, newer, {"content-type": STRUCTURED}).json()["accepted"] == 1
    assert kept(shared_server, project) == [
        ("old", "canary", {"x": 1}, {}, 7, None, 2000.0, "", ""), ("newer", "", {"x": 2}, {}, None, None, None, "", ""),
    ]  # fmt: skip
    tags = shared_server.rows(
        "SELECT prediction_id, tags FROM predictions WHERE project = {p:String} ORDER BY time", p=project
    )
    assert [(name, dict(told)) for name, told in tags] == [
        ("old", {"namespace": "models", "endpoint": "canary"}), ("newer", {"status_code": "200"}),
    ]  # fmt: skip


DATATYPES = {
    "BOOL": (np.bool_, [True, False]), "UINT8": (np.uint8, [32, 10]), "UINT16": (np.uint16, [0x2020, 7]),
    "UINT32": (np.uint32, [1, 2**32 - 1]), "UINT64": (np.uint64, [3, 2**53]), "INT8": (np.int8, [-128, 9]),
    "INT16": (np.int16, [-300, 13]), "INT32": (np.int32, [-70_000, 0x20202020]), "INT64": (np.int64, [-(2**53), 5]),
    "FP16": (np.float16, [0.5, -2.25]), "FP32": (np.float32, [0.1, 1e30]), "FP64": (np.float64, [0.1, -1e300]),
    "BYTES": (None, ["Zürich", " "]),
}  # fmt: skip


@pytest.mark.covers("kserve-tensors")
def test_tensors_of_every_datatype_say_the_same_as_json_and_as_bytes(
    shared_server: RunningServer, project: str
) -> None:
    """By NumPy's bytes. Some are blanks and ends of lines: what stands behind the JSON is a number, and no white space."""
    batch, expected = [], {}
    for n, (kind, (dtype, values)) in enumerate(DATATYPES.items()):
        if dtype is None:
            plain: list[Any] = values
            raw = b"".join(struct.pack("<I", len(text.encode())) + text.encode() for text in values)
        else:
            array = np.array(values, dtype)
            plain, raw = array.tolist(), array.astype(array.dtype.newbyteorder("<")).tobytes()
        tensor = {"name": "x", "shape": [2], "datatype": kind}
        header = json.dumps({"inputs": [{**tensor, "parameters": {"binary_data_size": len(raw)}}]}).encode()
        batch += [
            event("request", {"inputs": [{**tensor, "data": plain}]}, id=f"{n:02d}-json"),
            event("request", None, data_base64=base64.b64encode(header + raw).decode(), id=f"{n:02d}-bytes"),
        ]
        said = [str(v).lower() if isinstance(v, bool) else v if isinstance(v, str) else float(v) for v in plain]
        expected |= {
            f"{n:02d}-{form}{row}": said[place] for form in ("json", "bytes") for place, row in ((0, ""), (1, "/1"))
        }
    answer = post(shared_server, project, batch, {"content-type": BATCH}).json()
    assert answer == {"accepted": 4 * len(DATATYPES), "refused": []}
    rows = shared_server.rows(
        "SELECT prediction_id, features, categorical_features FROM predictions WHERE project = {p:String}", p=project
    )  # fmt: skip
    assert {name: {**dict(numbers), **dict(words)}["x"] for name, numbers, words in rows} == expected


@pytest.mark.covers("kserve-openai")
def test_completions_whole_chats_and_ranked_documents_are_read_too(shared_server: RunningServer, project: str) -> None:
    usage = {"prompt_tokens": 4, "completion_tokens": 2}
    events = [
        event("request", {"model": "llama", "prompt": "Once upon", "max_tokens": 2}, id="c"),
        event("response", {"model": "llama", "choices": [{"text": " a time", "finish_reason": "length"}], "usage": usage}, id="c"),
        event("request", {"model": "llama", "messages": [
            {"role": "system", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        ]}, id="h"),
        event("response", {"model": "llama", "choices": [{"message": {"role": "assistant", "content": "Hello."}}]}, id="h"),
        event("request", {"model": "bge", "query": "loans", "documents": ["a", "b"]}, id="r"),
        event("response", {"model": "bge", "results": [
            {"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.2},
        ]}, id="r"),
    ]  # fmt: skip
    assert post(shared_server, project, events, {"content-type": BATCH}).json() == {"accepted": 3, "refused": []}
    rows = shared_server.rows(
        "SELECT prediction_id, text_features, features, scores, tags FROM predictions WHERE project = {p:String} "
        "ORDER BY prediction_id", p=project,
    )  # fmt: skip
    told = [(name, dict(texts), dict(numbers), dict(scores)) for name, texts, numbers, scores, _ in rows]
    assert told == [
        ("c", {"prompt": "Once upon", "completion": " a time"}, {"max_tokens": 2}, {}),
        ("h", {"prompt": "system: Be brief.\n\nuser: Hi", "completion": "Hello."}, {"messages": 2}, {}),
        ("r", {"prompt": "loans"}, {"documents": 2}, {"0": 0.2, "1": 0.9}),
    ]
    assert {key: dict(rows[0][4])[key] for key in ("finish_reason", "prompt_tokens", "completion_tokens")} == {
        "finish_reason": "length", "prompt_tokens": "4", "completion_tokens": "2",
    }  # fmt: skip


@pytest.mark.covers("kserve-openai")
def test_bodies_of_language_models_are_texts(shared_server: RunningServer, project: str) -> None:
    stream = (
        'data: {"model": "llama", "choices": [{"delta": {"content": "It is "}}]}\n\n'
        'data: {"choices": [{"delta": {"content": "late."}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 9}}\n\n'
        "data: [DONE]\n"
    )
    chat = {"model": "llama", "messages": [{"role": "user", "content": "What time is it?"}], "temperature": 0.5}
    events = [
        event("request", chat), event("response", stream),
        event("request", {"model": "e5", "input": "a text"}, id="v"),
        event("response", {"data": [{"embedding": [0.5, 1.0]}], "model": "e5"}, id="v"),
    ]  # fmt: skip
    assert post(shared_server, project, events, {"content-type": BATCH}).json() == {"accepted": 2, "refused": []}
    rows = shared_server.rows(
        "SELECT prediction_id, text_features, embedding, tags['finish_reason'], tags['prompt_tokens'] FROM predictions "
        "WHERE project = {p:String} ORDER BY prediction_id", p=project,
    )  # fmt: skip
    assert [(row[0], dict(row[1]), *row[2:]) for row in rows] == [
        ("e", {"prompt": "user: What time is it?", "completion": "It is late."}, [], "stop", "9"),
        ("v", {"prompt": "a text"}, [0.5, 1.0], "", ""),
    ]


@pytest.mark.covers("kserve-bad-events")
@pytest.mark.parametrize(
    ("body", "headers", "field", "said"),
    [
        (b"{}", {}, "ce-id", "CloudEvent"),
        (b"{", {"content-type": STRUCTURED}, "body", "not JSON"),
        (b"{}", {"content-type": BATCH}, "body", "array"),
        (event("request", {}, specversion="7"), {"content-type": STRUCTURED}, "specversion", "1.0"),
        (event("request", {}, id=""), {"content-type": STRUCTURED}, "id", "missing"),
        (event("request", "hello"), {"content-type": STRUCTURED}, "data", "not JSON"),
        (event("request", {"rows": []}), {"content-type": STRUCTURED}, "data", "neither instances nor inputs"),
        (event("request", {"instances": [1]}, inferenceservicename=""), {"content-type": STRUCTURED}, "data", "model"),
        (
            event("request", {"inputs": [{"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [1]}]}),
            {"content-type": STRUCTURED}, "data", "1 elements",
        ),
        (
            event("request", None, data_base64=base64.b64encode(
                b'{"inputs":[{"name":"x","shape":[2],"datatype":"FP32","parameters":{"binary_data_size":8}}]}abc'
            ).decode()),
            {"content-type": STRUCTURED}, "data", "3 of its 8 bytes",
        ),
        (event("request", None, data_base64="%%"), {"content-type": STRUCTURED}, "data_base64", "base64"),
    ],
)  # fmt: skip
def test_what_is_no_event_is_refused_and_says_why(
    shared_server: RunningServer, project: str, body: Any, headers: dict[str, str], field: str, said: str
) -> None:
    answer = post(shared_server, project, body, headers)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["field"]) == ("invalid_event", field)
    assert said in error["message"]


@pytest.mark.covers("kserve-bad-events")
def test_good_events_of_a_batch_are_kept_and_others_are_log_records(shared_server: RunningServer, project: str) -> None:
    drift = event("request", {"data": {"is_drift": 1}}, type="io.seldon.serving.inference.drift", id="d")
    image = event("request", {"inputs": [{"name": "image", "shape": [1, 200, 200], "datatype": "FP32",
                                          "data": [0.5] * 40_000}]}, id="i")  # fmt: skip
    batch = [event("request", {"instances": [{"x": 1}]}, id="good"), {"no": "event"}, drift, image]
    answer = post(shared_server, project, batch, {"content-type": BATCH}).json()
    assert answer["accepted"] == 3
    assert [(one["index"], one["field"]) for one in answer["refused"]] == [(1, "specversion")]
    assert [row[0] for row in kept(shared_server, project)] == ["good", "i"]
    left_out = shared_server.rows(
        "SELECT tags['left_out.image'] FROM predictions WHERE project = {p:String} AND prediction_id = 'i'", p=project
    )  # fmt: skip
    assert left_out == [("[1, 200, 200]",)]
    logs = shared_server.rows("SELECT event_name, body, service FROM logs WHERE project = {p:String}", p=project)
    assert logs == [("io.seldon.serving.inference.drift", '{"data":{"is_drift":1}}', "m")]
