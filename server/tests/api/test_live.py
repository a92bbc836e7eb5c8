"""Live tails: what ingest has just acknowledged, to whoever watches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
import pytest
from asked_world import World, log_batch, span_batch, span_id

from tapetum_server.api import live
from tapetum_server.api.live import LiveHub, Viewer, frames
from tapetum_server.query.filter import parse_filter
from tapetum_server.query.filter_match import predicate
from tapetum_server.query.sources import LOGS, SPANS


def viewer(q: str = "", signal: live.Signal = "logs", project: str = "default", last_id: str | None = None) -> Viewer:
    return Viewer(signal, project, predicate(parse_filter(q), LOGS if signal == "logs" else SPANS), last_id)


def event(frame: bytes) -> dict[str, str]:
    """The fields of one server-sent event; comments under ""."""
    return {name: value for name, _, value in (line.partition(": ") for line in frame.decode().strip().split("\n"))}


def data(frame: bytes) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(event(frame)["data"])
    return found


def place(frame: bytes) -> int:
    """How many records a frame's id counts."""
    return int(event(frame)["id"].partition(".")[2])


async def opened(hub: LiveHub, watching: Viewer, name: str = "logs") -> AsyncIterator[bytes]:
    stream = frames(hub, watching, name)
    assert (await anext(stream)).startswith(b": watching\nid: ")
    return stream


def run(scene: Callable[[], Awaitable[None]]) -> None:
    async def in_time() -> None:
        async with asyncio.timeout(120):
            await scene()

    asyncio.run(in_time())


@pytest.mark.covers("api-tail")
def test_a_viewer_sees_what_passes_its_filter_as_the_list_shows_it(asked: World) -> None:
    batch = log_batch(
        {"body": "disk full", "severity_number": 17, "attributes": {"n": 2**60}}, {"body": "all well", "at": 1}
    )
    asked.keep(batch)

    async def scene() -> None:
        hub = LiveHub()
        stream = await opened(hub, viewer("severity:error"))
        hub.publish(batch)
        frame = await anext(stream)
        assert event(frame)["event"] == "logs"
        assert data(frame)["rows"] == asked.get("/logs", q="severity:error")["rows"]
        hub.publish(log_batch({"body": "again", "severity_number": 18}))
        assert [row["body"] for row in data(await anext(stream))["rows"]] == ["again"]
        await stream.aclose()  # type: ignore[attr-defined]

    run(scene)


def test_spans_come_as_the_list_shows_them(asked: World) -> None:
    batch = span_batch(
        {"span": 1, "name": "chat", "status": 2, "status_message": "no", "canonical": {"kind": "llm", "model": "m"}},
        {"span": 2, "name": "running", "seconds": None, "at": 2},
    )
    asked.keep(batch)

    async def scene() -> None:
        hub = LiveHub()
        stream = await opened(hub, viewer(signal="traces"), "spans")
        hub.publish(batch)
        rows = data(await anext(stream))["rows"]
        assert rows == asked.get("/spans", sort="start_time")["rows"]
        await stream.aclose()  # type: ignore[attr-defined]

    run(scene)


def test_a_viewer_sees_its_own_project_and_signal_only() -> None:
    async def scene() -> None:
        hub = LiveHub()
        stream = await opened(hub, viewer(project="a"))
        hub.publish(log_batch({"body": "theirs"}, project="b"))
        hub.publish(span_batch({"name": "a span"}, project="a"))
        hub.publish(log_batch({"body": "ours"}, project="a"))
        assert [row["body"] for row in data(await anext(stream))["rows"]] == ["ours"]
        await stream.aclose()  # type: ignore[attr-defined]

    run(scene)


def test_a_viewer_that_falls_behind_loses_the_oldest_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "QUEUE_RECORDS", 100)
    monkeypatch.setattr(live, "FRAME_ROWS", 10)

    async def scene() -> None:
        hub = LiveHub()
        stream = await opened(hub, viewer())
        for i in range(50):
            hub.publish(log_batch(*({"body": f"{i}.{n}"} for n in range(4))))
        frame = data(await anext(stream))
        assert [row["body"] for row in frame["rows"]][-1] == "49.3"
        assert len(frame["rows"]) == 10
        assert frame["dropped"] == 190
        await stream.aclose()  # type: ignore[attr-defined]

    run(scene)


def test_frames_keep_their_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many batches arrive, a page redraws a few times a second: what came meanwhile shares a frame."""
    waits: list[float] = []
    sleep = asyncio.sleep

    async def counted(seconds: float) -> None:
        waits.append(seconds)
        await sleep(0)

    monkeypatch.setattr(live.asyncio, "sleep", counted)

    async def scene() -> None:
        hub = LiveHub()
        stream = await opened(hub, viewer())
        for _ in range(2):
            for _ in range(5):
                hub.publish(log_batch({"body": "x"}))
            assert len(data(await anext(stream))["rows"]) == 5
        await stream.aclose()  # type: ignore[attr-defined]

    run(scene)
    assert waits.count(live.FRAME_S) == 1
    assert live.FRAME_S >= 0.1


def test_silence_is_broken_by_heartbeats_even_when_nothing_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.05)

    async def scene() -> None:
        hub = LiveHub()
        stream = await opened(hub, viewer("never"))

        async def chatter() -> None:
            while True:
                hub.publish(log_batch({"body": "other things"}))
                await asyncio.sleep(0.01)

        talking = asyncio.create_task(chatter())
        first = await anext(stream)
        assert first.startswith(b": still here\nid: ")
        talking.cancel()
        # The id goes on, so that a viewer who comes back is not shown what did not pass again.
        assert place(await anext(stream)) >= place(first) > 0
        await stream.aclose()  # type: ignore[attr-defined]

    run(scene)


def bodies(frame: bytes) -> list[str]:
    return [row["body"] for row in data(frame)["rows"]]


def test_a_viewer_who_comes_back_gets_what_came_meanwhile() -> None:
    async def scene() -> None:
        hub = LiveHub()
        hub.publish(log_batch({"body": "before anybody watched"}))
        stream = await opened(hub, viewer("-other"))
        hub.publish(log_batch({"body": "one"}, {"body": "other"}))
        frame = await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]
        hub.publish(log_batch({"body": "two"}, {"body": "other"}))
        hub.publish(log_batch({"body": "theirs"}, project="b"))
        hub.publish(span_batch({"name": "a span"}))
        back = await opened(hub, viewer("-other", last_id=event(frame)["id"]))
        again = await anext(back)
        assert bodies(again) == ["two"]
        assert data(again)["dropped"] == 0
        hub.publish(log_batch({"body": "three"}))
        assert bodies(await anext(back)) == ["three"]
        await back.aclose()  # type: ignore[attr-defined]

    run(scene)


def test_a_viewer_who_comes_back_within_a_batch_sees_the_rest_of_it_once() -> None:
    """A frame that was cut off half way cannot happen; an id that was made up can."""

    async def scene() -> None:
        hub = LiveHub()
        first = await opened(hub, viewer())
        hub.publish(log_batch({"body": "one"}, {"body": "two"}, {"body": "three"}))
        run_name = event(await anext(first))["id"].partition(".")[0]
        second = await opened(hub, viewer(last_id=f"{run_name}.1"))
        assert bodies(await anext(second)) == ["two", "three"]
        for nonsense in ("x", f"{run_name}.99999", f"{run_name}.-1"):
            third = await opened(hub, viewer(last_id=nonsense))
            hub.publish(log_batch({"body": "new"}))
            assert bodies(await anext(third)) == ["new"]
            await third.aclose()  # type: ignore[attr-defined]
        await first.aclose()  # type: ignore[attr-defined]
        await second.aclose()  # type: ignore[attr-defined]

    run(scene)


def test_a_viewer_who_comes_back_too_late_is_told_how_much_it_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "RESUME_RECORDS", 4)

    async def scene() -> None:
        hub = LiveHub()
        stream = await opened(hub, viewer())
        hub.publish(log_batch({"body": "seen"}))
        last = event(await anext(stream))["id"]
        for i in range(10):
            hub.publish(log_batch({"body": f"{i}"}))
        back = await opened(hub, viewer(last_id=last))
        frame = await anext(back)
        assert (bodies(frame), data(frame)["dropped"]) == (["6", "7", "8", "9"], 6)
        other_run = await opened(hub, viewer(last_id="00000000.5"))
        frame = await anext(other_run)
        assert (bodies(frame), data(frame)["dropped"]) == (["6", "7", "8", "9"], 7)
        for each in (stream, back, other_run):
            await each.aclose()  # type: ignore[attr-defined]

    run(scene)


def test_nothing_is_remembered_for_viewers_who_do_not_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "RESUME_S", 0.05)

    async def scene() -> None:
        hub = LiveHub()
        hub.publish(log_batch({"body": "unwatched"}))
        assert not any(hub._memories.values())
        stream = await opened(hub, viewer())
        hub.publish(log_batch({"body": "watched"}))
        last = event(await anext(stream))["id"]
        await stream.aclose()  # type: ignore[attr-defined]
        hub.publish(log_batch({"body": "missed"}))
        assert hub._memories["logs"]
        while hub._left:  # noqa: ASYNC110 -- the hub tells nobody that it forgets
            await asyncio.sleep(0.01)
        assert not hub._memories["logs"]
        back = await opened(hub, viewer(last_id=last))
        frame = await anext(back)
        assert (data(frame)["rows"], data(frame)["dropped"]) == ([], 1)
        await back.aclose()  # type: ignore[attr-defined]

    run(scene)


def test_a_shutdown_ends_every_tail_and_new_ones_at_once() -> None:
    async def scene() -> None:
        hub = LiveHub()
        stream = await opened(hub, viewer())
        hub.close()
        assert event(await anext(stream))["event"] == "end"
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
        late = await opened(hub, viewer())
        assert event(await anext(late))["event"] == "end"

    run(scene)


def test_a_viewer_who_leaves_is_forgotten() -> None:
    async def scene() -> None:
        hub = LiveHub()
        stream = await opened(hub, viewer())
        assert hub._viewers
        await stream.aclose()  # type: ignore[attr-defined]
        assert not hub._viewers

    run(scene)


def test_there_is_a_bound_on_viewers_and_on_filters(asked: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MAX_VIEWERS", 0)
    assert asked.error("/logs/tail", 503)["code"] == "too_many_viewers"
    assert asked.error("/spans/tail", 400, q="duration_ms:>x")["field"] == "q"


@pytest.mark.covers("api-tail")
def test_the_door_streams_events_until_the_viewer_hangs_up(asked: World) -> None:
    """Through the application, with a client that disconnects."""

    async def scene() -> None:
        sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        gone = asyncio.Event()
        first = True

        async def receive() -> dict[str, Any]:
            nonlocal first
            if first:
                first = False
                return {"type": "http.request", "body": b"", "more_body": False}
            await gone.wait()
            return {"type": "http.disconnect"}

        seen = f"{asked.hub._run}.0".encode()
        asked.hub.publish(span_batch({"span": 6, "name": "chat"}))
        missed = asked.hub._counts["traces", "default"]
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "method": "GET", "path": "/v1/spans/tail",
            "raw_path": b"/v1/spans/tail", "query_string": b"q=name%3Achat", "headers": [(b"last-event-id", seen)], "http_version": "1.1",
            "scheme": "http", "server": ("test", 80), "client": ("test", 1),
        }  # fmt: skip
        door = asyncio.create_task(asked.client.app(scope, receive, sent.put))  # type: ignore[arg-type]
        start = await sent.get()
        assert start["status"] == 200
        assert (b"content-type", b"text/event-stream; charset=utf-8") in start["headers"]
        assert (await sent.get())["body"].startswith(b": watching\nid: ")
        # Nobody watched, so nothing was remembered; it was counted.
        assert data((await sent.get())["body"]) == {"rows": [], "dropped": missed}
        asked.hub.publish(span_batch({"span": 7, "name": "chat"}, {"span": 8, "name": "other"}))
        rows = data((await sent.get())["body"])["rows"]
        assert [row["span_id"] for row in rows] == [span_id(7)]
        gone.set()
        await door
        assert not asked.hub._viewers

    run(scene)
