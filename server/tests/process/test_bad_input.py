"""Hostile and broken telemetry at the doors of a real server: a clear answer, a count, and no harm to neighbours."""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.status_pb2 import Status
from process import hostile
from process.conftest import StartServer
from process.hostile import MIB, NOW, json_span, json_traces, span, text_attribute, traces
from process.otlp import ID_QUERY, JSON, SIGNALS, channel, export, request
from process.servers import RunningServer, eventually

DAY = 86_400 * 10**9
Counts = dict[tuple[str, str, str], int]
"""(signal, outcome, reason) to records, or to requests where nobody can say how many records they held."""
Expect = Callable[[Counts], None]


@pytest.fixture(scope="module", autouse=True)
def every_count_reaches_the_view(shared_server: RunningServer) -> Iterator[None]:
    """What `/metrics` shows at once, view `ingest` shows within seconds: looked at once, after all tests."""
    yield
    counts = shared_server.counts()
    eventually(lambda: shared_server.stored_counts() == counts, f"view ingest to show {counts}", 0.5)


@pytest.fixture
def expect(shared_server: RunningServer, project: str) -> Expect:
    """Says what this test has made the counts grow by. Requests that name no project count in `default`."""

    def grown(before: Counter[tuple[str, str, str, str]]) -> Counts:
        found: Counts = {}
        for (where, *what), count in (shared_server.counts() - before).items():
            if where in (project, "default"):
                found[tuple(what)] = found.get(tuple(what), 0) + count  # type: ignore[index, arg-type]
        return found

    def check(counts: Counts) -> None:
        # gRPC counts what it refuses just after it has answered.
        try:
            eventually(lambda: grown(before) == counts, "", 0.05, at_most_s=60)
        except AssertionError:
            assert grown(before) == counts
        assert shared_server.ready().status_code == 200

    before = shared_server.counts()
    return check


def names(server: RunningServer, project: str) -> list[str]:
    """Names of the project's spans."""
    return [row[0] for row in server.rows("SELECT name FROM spans WHERE project = {p:String} ORDER BY name", p=project)]


def send_by(server: RunningServer, door: str, signal: str, body: bytes, project: str) -> int:
    """Send protobuf through `http` or `grpc`; the HTTP status, or the gRPC code's number."""
    if door == "http":
        return server.send(signal, body, project=project).status_code
    with channel(server.grpc) as opened:
        try:
            export(opened, signal, body, project=project)
        except grpc.RpcError as error:
            return int(error.code().value[0])
    return 0


both_doors = pytest.mark.parametrize("door", ["http", "grpc"])
OK = {"http": 200, "grpc": 0}
UNDECODABLE = {"http": 400, "grpc": grpc.StatusCode.INVALID_ARGUMENT.value[0]}


@both_doors
@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.covers("bad-truncated")
def test_truncated_requests_are_refused_whole(
    shared_server: RunningServer, project: str, expect: Expect, door: str, signal: str
) -> None:
    whole = request(signal, ["00000000000000a1", "00000000000000a2"], start=NOW).SerializeToString()
    cuts = list(hostile.truncations(whole))
    for cut in cuts:
        assert send_by(shared_server, door, signal, cut, project) == UNDECODABLE[door]
    assert send_by(shared_server, door, signal, whole, project) == OK[door]
    expect({(signal, "refused", "undecodable"): len(cuts), (signal, "accepted", ""): 2})


@both_doors
@pytest.mark.covers("bad-random")
def test_random_bytes_are_refused_or_hold_nothing(
    shared_server: RunningServer, project: str, expect: Expect, door: str
) -> None:
    """Some random bytes are unknown fields of a valid request: those succeed and store nothing."""
    chance = random.Random(7)
    answers: Counter[tuple[str, int]] = Counter()
    for n in range(60):
        signal = SIGNALS[n % 3]
        answers[signal, send_by(shared_server, door, signal, chance.randbytes(chance.randrange(1, 400)), project)] += 1
    assert {status for _, status in answers} <= {OK[door], UNDECODABLE[door]}
    expect({(s, "refused", "undecodable"): answers[s, UNDECODABLE[door]] for s in SIGNALS})


def test_random_bytes_as_json_are_refused(shared_server: RunningServer, project: str, expect: Expect) -> None:
    chance = random.Random(8)
    sound = json_traces(json_span(1))
    bodies = [chance.randbytes(50) for _ in range(20)] + list(hostile.truncations(sound))
    bodies += [b"", b"[]", b"1", b'"text"', b"{" * 10_000, b"\xef\xbb\xbf" + sound[:-1]]
    for body in bodies:
        answer = shared_server.send("traces", body, project=project, headers=JSON)
        assert (answer.status_code, answer.json().get("code")) == (400, 3), body[:80]
    expect({("traces", "refused", "undecodable"): len(bodies)})


@pytest.mark.parametrize(
    "sent", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "a/b/c"]
)
@pytest.mark.covers("bad-content-type")
def test_another_content_type_is_415_and_says_what_to_send(
    shared_server: RunningServer, expect: Expect, sent: str
) -> None:
    answer = shared_server.send("traces", traces(span(1)), headers={"content-type": sent})
    assert answer.status_code == 415
    assert "application/x-protobuf" in Status.FromString(answer.content).message
    expect({("traces", "refused", "content_type"): 1})


def test_a_body_in_the_other_encoding_than_it_says_is_400(shared_server: RunningServer, expect: Expect) -> None:
    assert shared_server.send("traces", traces(span(1)), headers=JSON).status_code == 400
    assert shared_server.send("traces", json_traces(json_span(1))).status_code == 400
    expect({("traces", "refused", "undecodable"): 2})


@pytest.mark.parametrize("sent", ["br", "compress", "gzip, zstd", "gzip;q=1"])
@pytest.mark.covers("bad-encoding")
def test_an_unknown_encoding_is_415_and_names_the_known_ones(
    shared_server: RunningServer, expect: Expect, sent: str
) -> None:
    answer = shared_server.send("logs", b"x", headers={"content-encoding": sent})
    assert answer.status_code == 415
    assert "zstd" in Status.FromString(answer.content).message
    expect({("logs", "refused", "content_encoding"): 1})


BOMBS: dict[str, tuple[str, Callable[[], bytes], int, str]] = {
    "gzip, one stream": ("gzip", lambda: hostile.gzip_bomb(100), 413, "too_large"),
    "gzip, 2000 members": ("gzip", lambda: hostile.gzip_bomb(2000, members=True), 413, "too_large"),
    "zstd, one frame": ("zstd", lambda: hostile.zstd_bomb(300), 413, "too_large"),
    "zstd, 5000 frames": ("zstd", lambda: hostile.zstd_bomb(5000, members=True), 413, "too_large"),
    "zstd, huge window": ("zstd", hostile.zstd_of_huge_window, 400, "undecodable"),
    "gzip, cut off": ("gzip", lambda: hostile.gzip_bomb(1)[:-9], 400, "undecodable"),
}


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.covers("bad-gzip-bomb", "bad-zstd-bomb", "http-413-inflating")
def test_a_bomb_is_refused_before_it_has_filled_memory(
    shared_server: RunningServer, project: str, expect: Expect, bomb: str
) -> None:
    """Inflated bytes are counted while inflating: 64 MiB is the limit, whatever would follow."""
    encoding, make, status, reason = BOMBS[bomb]
    body = make()
    resident = shared_server.forget_peak() if sys.platform == "linux" else 0
    answer = shared_server.send("traces", body, project=project, headers={"content-encoding": encoding})
    assert answer.status_code == status
    assert Status.FromString(answer.content).message
    if sys.platform == "linux":
        assert shared_server.peak_memory() - resident < 200 * MIB
    assert shared_server.send("traces", traces(span(1, name=b"neighbour")), project=project).status_code == 200
    assert names(shared_server, project) == ["neighbour"]
    expect({("traces", "refused", reason): 1, ("traces", "accepted", ""): 1})


@pytest.mark.covers("bad-gzip-bomb")
def test_a_bomb_over_grpc_is_refused_before_it_has_filled_memory(
    shared_server: RunningServer, project: str, expect: Expect
) -> None:
    """gRPC itself refuses what is larger than the limit; the sender's count shows it all the same."""
    resident = shared_server.forget_peak() if sys.platform == "linux" else 0
    with channel(shared_server.grpc) as opened:
        with pytest.raises(grpc.RpcError) as refused:
            export(opened, "traces", bytes(100 * MIB), project=project, compression=grpc.Compression.Gzip)
        assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        export(opened, "traces", traces(span(1, name=b"neighbour")), project=project)
    if sys.platform == "linux":
        assert shared_server.peak_memory() - resident < 200 * MIB
    assert names(shared_server, project) == ["neighbour"]
    expect({("traces", "refused", "too_large"): 1, ("traces", "accepted", ""): 1})


def test_a_body_that_is_larger_than_the_limit_is_413_unread(shared_server: RunningServer, expect: Expect) -> None:
    answer = shared_server.send("metrics", bytes(65 * MIB))
    assert answer.status_code == 413
    expect({("metrics", "refused", "too_large"): 1})


@both_doors
@pytest.mark.covers("bad-huge-attribute")
def test_a_10_mb_attribute_is_cut_and_its_neighbour_is_whole(
    shared_server: RunningServer, project: str, expect: Expect, door: str
) -> None:
    body = traces(span(1, text_attribute(b"big", b"x" * 10_000_000)), span(2, text_attribute(b"big", b"small")))
    assert send_by(shared_server, door, "traces", body, project) == OK[door]
    lengths = shared_server.rows(
        "SELECT length(attributes['big']) AS n FROM spans WHERE project = {p:String} ORDER BY n", p=project
    )
    assert lengths == [(5,), (MIB,)]
    expect({("traces", "accepted", ""): 2, ("traces", "truncated", "attribute_too_long"): 1})


@both_doors
@pytest.mark.covers("bad-many-attributes")
def test_of_100_000_attributes_the_first_1024_stay(
    shared_server: RunningServer, project: str, expect: Expect, door: str
) -> None:
    assert send_by(shared_server, door, "traces", hostile.many_attributes(100_000), project) == OK[door]
    kept = shared_server.rows(
        "SELECT name, length(attributes), dropped[1] FROM spans WHERE project = {p:String} ORDER BY name",
        p=project,
    )
    assert kept == [("many", 1024, 100_000 - 1024), ("one", 1, 0)]
    expect({("traces", "accepted", ""): 2, ("traces", "truncated", "too_many_attributes"): 1})


@both_doors
@pytest.mark.parametrize("kvlist", [False, True])
@pytest.mark.covers("bad-deep-nesting")
def test_10_000_levels_of_nesting_are_cut(
    shared_server: RunningServer, project: str, expect: Expect, door: str, kvlist: bool
) -> None:
    deep = hostile.field(1, b"deep") + hostile.field(2, hostile.nested(10_000, kvlist=kvlist))
    body = traces(span(1, deep, name=b"deep"), span(2, name=b"neighbour"))
    assert send_by(shared_server, door, "traces", body, project) == OK[door]
    assert names(shared_server, project) == ["deep", "neighbour"]
    (value,) = shared_server.rows("SELECT max(attributes['deep']) FROM spans WHERE project = {p:String}", p=project)[0]
    assert "[nested too deeply]" in value
    expect({("traces", "accepted", ""): 2, ("traces", "truncated", "too_deep"): 1})


@pytest.mark.parametrize("levels", [100, 10_000])
@pytest.mark.covers("bad-deep-nesting")
def test_levels_of_json_are_cut_like_those_of_protobuf(
    shared_server: RunningServer, project: str, expect: Expect, levels: int
) -> None:
    answer = shared_server.send("traces", hostile.nested_json(levels), project=project, headers=JSON)
    assert answer.status_code == 200
    assert "too_deep" in answer.json()["partialSuccess"]["errorMessage"]
    assert names(shared_server, project) == ["s"]
    expect({("traces", "accepted", ""): 1, ("traces", "truncated", "too_deep"): 1})


@both_doors
@pytest.mark.covers("bad-utf8")
def test_bad_utf8_is_repaired_where_it_is(
    shared_server: RunningServer, project: str, expect: Expect, door: str
) -> None:
    body = traces(
        span(1, text_attribute(b"a\xff", b"caf\xe9"), name=b"\xc3("),
        span(2, text_attribute(b"a", b"fine"), name=b"fine"),
    )
    assert send_by(shared_server, door, "traces", body, project) == OK[door]
    kept = shared_server.rows("SELECT name, attributes FROM spans WHERE project = {p:String} ORDER BY name", p=project)
    assert [(name, dict(attributes)) for name, attributes in kept] == [
        ("fine", {"a": "fine"}),
        ("\ufffd(", {"a\ufffd": "caf\ufffd"}),
    ]
    expect({("traces", "accepted", ""): 2, ("traces", "truncated", "invalid_utf8"): 1})


@pytest.mark.parametrize("broken", [b'"name": "caf\xe9"', b'"name": "\\ud800"'])
@pytest.mark.covers("bad-utf8")
def test_bad_utf8_in_json_is_refused(shared_server: RunningServer, project: str, expect: Expect, broken: bytes) -> None:
    body = json_traces(json_span(1)).replace(b'"name": "s"', broken)
    assert shared_server.send("traces", body, project=project, headers=JSON).status_code == 400
    expect({("traces", "refused", "undecodable"): 1})


def timed(signal: str, time: int, *, json_form: bool = False) -> bytes:
    """Two records: one whose every time is `time`, and a neighbour of NOW."""
    both = request(signal, ["00000000000000b1", "00000000000000b2"], start=NOW)
    first: Any
    if signal == "traces":
        first = both.resource_spans[0].scope_spans[0].spans[0]
        first.start_time_unix_nano = first.end_time_unix_nano = time
        first.events.add(name="then", time_unix_nano=time)
    elif signal == "logs":
        first = both.resource_logs[0].scope_logs[0].log_records[0]
        first.time_unix_nano = first.observed_time_unix_nano = time
    else:
        first = both.resource_metrics[0].scope_metrics[0].metrics[0].gauge.data_points[0]
        first.time_unix_nano = first.start_time_unix_nano = time
        first.exemplars.add(as_double=1, time_unix_nano=time)
    return both.SerializeToString()


@both_doors
@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("time", [0, 1, 2**63 - 1, 2**64 - 1])
@pytest.mark.covers("bad-zero-timestamp", "bad-max-timestamp", "timestamps-any-age")
def test_a_time_of_any_age_is_kept_and_can_be_asked_for(
    shared_server: RunningServer, project: str, expect: Expect, door: str, signal: str, time: int
) -> None:
    """Times that the column cannot hold are clamped to its last one and counted."""
    for _ in range(2):  # the second delivery adds nothing
        assert send_by(shared_server, door, signal, timed(signal, time), project) == OK[door]
    mine = "project = {p:String}"
    stored = [row[0] for row in shared_server.rows(f"{ID_QUERY[signal]} WHERE {mine}", p=project)]
    assert sorted(stored) == ["00000000000000b1", "00000000000000b2"]
    column = "start_time" if signal == "traces" else "time"
    view = {"traces": "spans"}.get(signal, signal)
    # A range that holds the time finds it: days outside a narrower type would be pruned away.
    low, high = (0, 10**18) if time < 2 else (2**62, 2**63 - 1)
    found = shared_server.rows(
        f"SELECT toUnixTimestamp64Nano({column}) FROM {view} WHERE {mine} AND {column} >= fromUnixTimestamp64Nano({{a:Int64}}) "
        f"AND {column} <= fromUnixTimestamp64Nano({{b:Int64}})",
        p=project, a=low, b=high,
    )  # fmt: skip
    if signal == "logs" and time == 0:
        assert found == []  # a record without any time gets the time of its arrival
    else:
        assert found == [(min(time, 2**63 - 1),)]
    counts = {(signal, "accepted", ""): 4}
    if time > 2**63 - 1:
        counts[signal, "truncated", "time_clamped"] = 2
    expect(counts)


@both_doors
@pytest.mark.covers("bad-duplicate-ids")
def test_duplicate_ids_in_one_batch_are_one_span_and_its_neighbours_stay(
    shared_server: RunningServer, project: str, expect: Expect, door: str
) -> None:
    body = traces(*(span(1, name=b"twin") for _ in range(50)), span(2, name=b"neighbour"))
    assert send_by(shared_server, door, "traces", body, project) == OK[door]
    assert names(shared_server, project) == ["neighbour", "twin"]
    expect({("traces", "accepted", ""): 51})


@both_doors
@pytest.mark.covers("bad-label-cardinality")
def test_many_distinct_label_values_stay_within_memory(
    shared_server: RunningServer, project: str, expect: Expect, door: str
) -> None:
    spread_labels(shared_server, project, door, requests=2, each=10_000)
    expect({("metrics", "accepted", ""): 20_000})


@pytest.mark.slow
@pytest.mark.covers("bad-label-cardinality")
def test_a_million_distinct_label_values_stay_within_memory(
    shared_server: RunningServer, project: str, expect: Expect
) -> None:
    spread_labels(shared_server, project, "http", requests=50, each=20_000)
    expect({("metrics", "accepted", ""): 1_000_000})


def spread_labels(server: RunningServer, project: str, door: str, requests: int, each: int) -> None:
    """Send points with a label value each, and look at memory and at what is stored."""
    resident = server.forget_peak() if sys.platform == "linux" else 0
    for n in range(requests):
        body = hostile.metrics_of_labels(n * each, each).SerializeToString()
        assert send_by(server, door, "metrics", body, project) == OK[door]
    if sys.platform == "linux":
        assert server.peak_memory() - resident < 600 * MIB
    stored = server.rows("SELECT uniqExact(attributes['id']) FROM metrics WHERE project = {p:String}", p=project)
    assert stored == [(requests * each,)]


@pytest.mark.wide
def test_services_without_number_are_counted_as_one_sender(shared_server: RunningServer, project: str) -> None:
    """Whoever may send may invent service names; what is counted by sender must not grow with them."""
    body = b"".join(
        hostile.field(
            1,
            hostile.field(1, hostile.field(1, text_attribute(b"service.name", b"service %d" % n)))
            + hostile.field(2, hostile.field(2, span(n))),
        )
        for n in range(1, 1501)
    )
    assert shared_server.send("traces", body, project=project).status_code == 200
    found = shared_server.rows("SELECT count(), uniqExact(service) FROM spans WHERE project = {p:String}", p=project)
    assert found == [(1500, 1500)]
    assert 'sender="__other__"' in shared_server.client.get("/metrics").text
    # What one project invents does not cost another its names.
    other = f"{project[:55]}-other"
    assert shared_server.send("traces", traces(span(1)), project=other).status_code == 200
    own = [line for line in shared_server.client.get("/metrics").text.splitlines() if f'project="{other}"' in line]
    assert len(own) == 1
    assert "__other__" not in own[0]


@pytest.mark.covers("bad-thousand-days", "timestamps-any-age")
@pytest.mark.wide
def test_one_batch_that_spans_1000_days_is_stored_and_others_are_answered_meanwhile(
    start_server: StartServer, tmp_path: Path
) -> None:
    """The engine refuses an insert over more than 100 days whole; ours goes in as several, between other groups.

    A server of its own: a thousand days make every other question slower.
    """
    server = start_server(tmp_path / "data")
    backfill = traces(*(span(n, start=NOW - n * DAY) for n in range(1, 1001)))
    with ThreadPoolExecutor(1) as beside:
        backfilled = beside.submit(server.send, "traces", backfill)
        neighbours = 0
        while not (backfilled.done() and neighbours):
            neighbours += 1
            neighbour = traces(span(5000 + neighbours, name=b"neighbour"))
            assert server.send("traces", neighbour).status_code == 200
        assert backfilled.result().status_code == 200
    found = server.rows(
        "SELECT countIf(name = 's'), uniqExactIf(toDate(start_time), name = 's'), countIf(name = 'neighbour') "
        "FROM spans"
    )
    assert found == [(1000, 1000, neighbours)]
    assert server.counts() == {("default", "traces", "accepted", ""): 1000 + neighbours}


@pytest.mark.covers("partial-success")
def test_broken_records_are_refused_one_by_one_and_the_sender_is_told(
    shared_server: RunningServer, project: str, expect: Expect
) -> None:
    no_id = hostile.field(5, b"no id")
    body = traces(span(1, name=b"sound"), no_id, span(2, b"\xff"), span(0))
    answer = shared_server.send("traces", body, project=project)
    told = json.dumps(answer.content.decode("latin-1"))
    assert answer.status_code == 200
    assert "trace_id must be 16 bytes" in told
    assert names(shared_server, project) == ["sound"]
    expect(
        {
            ("traces", "accepted", ""): 1,
            ("traces", "refused", "invalid_trace_id"): 2,
            ("traces", "refused", "malformed"): 1,
        }
    )
