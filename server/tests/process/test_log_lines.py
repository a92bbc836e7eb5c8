"""Logs that do not speak OTLP, on a real server: lines of JSON and text, and Loki's push API."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path
from typing import Any

import cramjam
import httpx
import pytest
from process.conftest import StartServer
from process.servers import RunningServer, tapetum

from tapetum_server.receivers.loglines.loki import SCHEMA

NDJSON, TEXT = {"content-type": "application/x-ndjson"}, {"content-type": "text/plain"}
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PUSH = "/loki/api/v1/push"


def lines(*records: Any) -> bytes:
    return b"\n".join(r if isinstance(r, bytes) else json.dumps(r).encode() for r in records)


def kept(server: RunningServer, project: str, columns: str) -> list[tuple[Any, ...]]:
    """What is stored of a project's log records, oldest first."""
    return server.rows(
        f"SELECT {columns} FROM logs WHERE project = {{p:String}} ORDER BY time, observed_time", p=project
    )


def post(
    server: RunningServer, project: str, body: bytes, headers: dict[str, str], path: str = "/v1/logs"
) -> httpx.Response:
    return server.client.post(path, content=body, headers=headers | {"x-tapetum-project": project})


def push_protobuf(*streams: tuple[str, list[tuple[int, bytes, dict[str, str]]]]) -> bytes:
    """A PushRequest as promtail sends it."""
    request = SCHEMA["Request"]()
    for labels, entries in streams:
        stream = request.streams.add(labels=labels.encode())
        for time_ns, line, metadata in entries:
            entry = SCHEMA["Entry"](line=line)
            entry.timestamp.seconds, entry.timestamp.nanos = divmod(time_ns, 10**9)
            for name, value in metadata.items():
                entry.metadata.add(name=name.encode(), value=value.encode())
            stream.entries.append(entry.SerializeToString())
    return bytes(cramjam.snappy.compress_raw(request.SerializeToString()))


SNAPPY = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}


@pytest.mark.covers("logs-ndjson")
def test_known_fields_of_a_line_become_the_record_and_the_rest_its_attributes(
    shared_server: RunningServer, project: str
) -> None:
    line = {
        "time": "2026-11-23T10:00:00.123456789Z", "level": "warn", "msg": "slow", "service": "shop", "logger": "db",
        "trace_id": TRACE, "span_id": SPAN, "rows": 3, "ratio": 0.5, "ok": True, "q": {"table": "carts", "n": [1, 2]},
    }  # fmt: skip
    answer = post(shared_server, project, lines(line), NDJSON)
    assert (answer.status_code, answer.json()) == (200, {"accepted": 1, "refused": 0, "errors": []})
    columns = "toUnixTimestamp64Nano(time), severity, severity_text, body, service, scope, trace_id, span_id"
    assert kept(shared_server, project, columns) == [
        (1795428000123456789, "warn", "warn", "slow", "shop", "db", TRACE, SPAN)
    ]
    (attributes,) = kept(shared_server, project, "attributes['rows'], attributes['ratio'], attributes['q']")
    assert (attributes[0], attributes[1], json.loads(attributes[2])) == ("3", "0.5", line["q"])


@pytest.mark.covers("logs-ndjson")
@pytest.mark.parametrize(
    "given",
    [
        {"ts": 1795428000}, {"timestamp": 1795428000000}, {"@timestamp": "2026-11-23T10:00:00+00:00"},
        {"_time": 1795428000000000}, {"time": "1795428000000000000"}, {"time": 1795428000.0},
        {"time": "2026-11-23 12:00:00,000 +0200"},
    ],
)  # fmt: skip
def test_a_time_is_read_by_its_size_or_as_iso(shared_server: RunningServer, project: str, given: Any) -> None:
    assert post(shared_server, project, lines(given | {"msg": "x"}), NDJSON).json()["accepted"] == 1
    assert kept(shared_server, project, "toUnixTimestamp64Nano(time)") == [(1795428000000000000,)]


@pytest.mark.covers("logs-ndjson")
def test_levels_are_read_in_words_and_as_pino_and_syslog_number_them(
    shared_server: RunningServer, project: str
) -> None:
    levels = ["TRACE", 20, "INFO", 40, "error", 60, 3, "35", "CRITICAL"]
    sent = lines(*({"time": 1795428000 + n, "level": level} for n, level in enumerate(levels)))
    assert post(shared_server, project, sent, NDJSON).json()["accepted"] == len(levels)
    found = [row[0] for row in kept(shared_server, project, "severity")]
    assert found == ["trace", "debug", "info", "warn", "error", "fatal", "error", "info", "fatal"]


@pytest.mark.covers("logs-ndjson", "bad-log-lines")
def test_a_bad_line_is_refused_by_itself_and_named(shared_server: RunningServer, project: str) -> None:
    deep = b'{"msg":' + b"[" * 5000 + b"]" * 5000 + b"}"
    sent = lines({"msg": "one"}, b'{"msg": "two"', deep, b"", b'{"msg": "\xff"}', b"plain \xff text", {"msg": "last"})
    answer = post(shared_server, project, sent, NDJSON)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["accepted"], told["refused"], told["truncated"]) == (3, 3, {"invalid_utf8": 1})
    assert [error["line"] for error in told["errors"]] == [2, 3, 5]
    assert [row[0] for row in kept(shared_server, project, "body")] == ["one", "plain \ufffd text", "last"]
    counts = shared_server.counts()
    assert counts[project, "logs", "refused", "malformed"] == 3
    assert counts[project, "logs", "accepted", ""] == 3


@pytest.mark.covers("bad-log-lines")
def test_a_body_without_one_readable_line_is_400_in_our_own_shape(shared_server: RunningServer, project: str) -> None:
    answer = post(shared_server, project, b'{"msg": "cut', NDJSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "undecodable")
    assert shared_server.counts()[project, "logs", "refused", "undecodable"] == 1
    assert post(shared_server, project, b"x\n" * 100_001, TEXT).status_code == 413
    assert post(shared_server, project, b"x", NDJSON | {"content-encoding": "br"}).json()["error"]["code"] == (
        "content_encoding"
    )
    assert post(shared_server, project, b"", NDJSON).json()["accepted"] == 0


@pytest.mark.covers("logs-text")
def test_equal_lines_of_text_are_as_many_records_each_time(shared_server: RunningServer, project: str) -> None:
    body = gzip.compress(b"tick\r\ntick\n{not json}\n")
    for _ in range(2):
        answer = post(shared_server, project, body, TEXT | {"content-encoding": "gzip"}, "/v1/logs?service=cron")
        assert answer.json()["accepted"] == 3
    assert (
        kept(shared_server, project, "body, service")
        == [("tick", "cron"), ("tick", "cron"), ("{not json}", "cron")] * 2
    )


@pytest.mark.covers("logs-ndjson")
def test_what_is_beyond_a_limit_is_cut_and_counted(shared_server: RunningServer, project: str) -> None:
    nested: Any = 1
    for _ in range(100):
        nested = [nested]
    sent = lines(
        {"msg": "many", "time": 1795428000} | {f"k{n}": n for n in range(2000)},
        {"msg": "long", "time": 1795428001, "v": "x" * 2_000_000},
        {"msg": "deep", "time": 1795428002, "v": nested},
        {"msg": "big", "time": 1795428003, "v": 2**63, "w": 2**64 - 1},
    )
    told = post(shared_server, project, sent, NDJSON).json()
    assert told["accepted"] == 4
    assert told["truncated"] == {"too_many_attributes": 1, "attribute_too_long": 1, "too_deep": 1}
    found = kept(shared_server, project, "length(attributes['v']), attributes['w']")
    assert found[1][0] == 2**20
    assert found[3][1] == str(2**64 - 1)


@pytest.mark.covers("logs-loki")
@pytest.mark.parametrize("encoding", ["json", "protobuf", "named snappy"])
def test_lokis_streams_become_records_with_service_level_and_labels(
    shared_server: RunningServer, project: str, encoding: str
) -> None:
    now = 1795428000123456789
    metadata = {"trace_id": TRACE, "span_id": SPAN, "user": "u1"}
    if encoding == "json":
        stream = {"service_name": "shop", "level": "error", "env": 'a"b'}
        sent = {"streams": [{"stream": stream, "values": [[str(now), "boom", metadata], [str(now + 1), "again"]]}]}
        headers, body = JSON, json.dumps(sent).encode()
    else:
        labels = '{env="a\\"b", level="error", service_name="shop"}'
        body = push_protobuf((labels, [(now, b"boom", metadata), (now + 1, b"again", {})]))
        headers = SNAPPY | ({"content-encoding": "snappy"} if encoding == "named snappy" else {})
    answer = post(shared_server, project, body, headers, PUSH)
    assert (answer.status_code, answer.content) == (204, b"")
    columns = (
        "toUnixTimestamp64Nano(time), body, service, severity, resource_attributes['env'], trace_id, span_id, "
        "attributes['user']"
    )
    assert kept(shared_server, project, columns) == [
        (now, "boom", "shop", "error", 'a"b', TRACE, SPAN, "u1"),
        (now + 1, "again", "shop", "error", 'a"b', "", "", ""),
    ]


@pytest.mark.covers("logs-loki", "bad-loki-push")
def test_a_bad_entry_or_stream_costs_no_neighbour(shared_server: RunningServer, project: str) -> None:
    now = str(time.time_ns())
    many = {f"l{n}": "x" for n in range(200_000)}
    streams = [
        {"stream": {"app": "a"}, "values": [[now, "good"], ["soon", "bad"], [now, 5], [now], "bad", [now, "x", []]]},
        {"stream": {"app": "a"}, "values": [["9" * 5000, "later than any time"]]},
        {"stream": many, "values": [[now, "lost"]]},
        {"stream": {"app": "x" * 5000}, "values": [[now, "lost"]]},
        {"stream": {"app": 5}, "values": [[now, "lost"]]},
        "bad",
    ]
    answer = post(shared_server, project, json.dumps({"streams": streams}).encode(), JSON, PUSH)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/plain")
    assert "1 entries kept, 10 refused" in answer.text
    assert "200000 labels; the limit is 128" in answer.text
    assert kept(shared_server, project, "body, service") == [("good", "a")]
    assert shared_server.counts()[project, "logs", "refused", "too_many_labels"] == 1


@pytest.mark.covers("bad-loki-push")
def test_bad_labels_and_entries_in_protobuf_cost_no_neighbour(shared_server: RunningServer, project: str) -> None:
    now = time.time_ns()
    bad = ["", "{", "{a}", '{a="b"', '{a="b"} x', '{="b"}', "{" + ",".join(f'l{n}="x"' for n in range(200_000)) + "}"]
    request = SCHEMA["Request"].FromString(
        bytes(cramjam.snappy.decompress_raw(push_protobuf(*((label, [(now, b"lost", {})]) for label in bad))))
    )
    good = request.streams.add(labels=b'{app="a", x="\\n", job=`raw`,}')
    entry = SCHEMA["Entry"](line=b"kept \xff")
    entry.timestamp.seconds = now // 10**9
    good.entries.extend([entry.SerializeToString(), b"\xff\xff"])
    body = bytes(cramjam.snappy.compress_raw(request.SerializeToString()))
    answer = post(shared_server, project, body, SNAPPY, PUSH)
    assert answer.status_code == 400
    assert f"1 entries kept, {len(bad) + 1} refused" in answer.text
    columns = "body, service, resource_attributes['x'], resource_attributes['job']"
    assert kept(shared_server, project, columns) == [("kept \ufffd", "a", "\n", "raw")]


@pytest.mark.covers("bad-loki-push", "bad-snappy-bomb")
def test_a_push_that_cannot_be_read_is_400_and_a_bomb_is_413(shared_server: RunningServer, project: str) -> None:
    bomb = b"\xff\xff\xff\xff\x0f" + b"\x00" * 50  # a header of 4 GiB
    assert post(shared_server, project, bomb, SNAPPY, PUSH).status_code == 413
    dense = bytes(cramjam.snappy.compress_raw(bytes(70 * 2**20)))
    assert post(shared_server, project, dense, SNAPPY, PUSH).status_code == 413
    for body in (b"\xff" * 20, b"\x05\x00", bytes(cramjam.snappy.compress_raw(b"\xff\xff\xff"))):
        answer = post(shared_server, project, body, SNAPPY, PUSH)
        assert answer.status_code == 400, body
        assert answer.text
    for body in (b"", b"{", b"[]", b'{"streams": 1}'):
        assert post(shared_server, project, body, JSON, PUSH).status_code == 400
    assert post(shared_server, project, b"x", TEXT, PUSH).status_code == 415
    assert shared_server.client.get(PUSH).status_code == 405
    assert post(shared_server, project, b"", SNAPPY, PUSH).status_code == 204


@pytest.mark.covers("logs-loki", "logs-ndjson", "project-isolation")
def test_both_doors_need_a_key_that_may_send_and_stay_in_its_project(start_server: StartServer, tmp_path: Path) -> None:
    data = tmp_path / "data"

    def key(scope: str) -> dict[str, str]:
        made = tapetum(
            "keys", "create", "--data", data, "--name", scope, "--scope", scope, "--project", "mine", "--json"
        )
        assert made.returncode == 0, made.stderr
        return {"authorization": f"Bearer {json.loads(made.stdout)['key']}"}

    sender, reader = key("ingest"), key("read")
    server = start_server(data, "--require-keys")
    now = str(time.time_ns())
    push = json.dumps({"streams": [{"stream": {"app": "a"}, "values": [[now, "x"]]}]}).encode()
    for path, headers, body, done in (("/v1/logs", NDJSON, b'{"msg":"x"}', 200), (PUSH, JSON, push, 204)):
        post_to = server.client.post
        assert post_to(path, content=body, headers=headers).status_code == 401
        assert post_to(path, content=body, headers=headers | reader).status_code == 403
        assert post_to(path, content=body, headers=headers | sender).status_code == done
        other = post_to(path, content=body, headers=headers | sender | {"x-tapetum-project": "theirs"})
        assert "project_not_allowed" in other.text or other.json()["refused"] == 1
    assert server.client.post("/v1/logs", content=b"x", headers=TEXT).json()["error"]["code"] == "unauthenticated"
    assert server.client.post("/k/wrong/v1/logs", content=b"x", headers=TEXT).status_code == 401
