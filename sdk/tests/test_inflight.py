"""Spans that are open for long are seen before they end, and say where they stand."""

from __future__ import annotations

from statistics import median
from typing import Any

import pytest
from otlp_collector import Collector
from program import run, spans, started, until

pytestmark = pytest.mark.covers("sdk-in-flight")

BEAT = "tapetum.heartbeat."


def beats(collector: Collector, name: str) -> list[dict[str, Any]]:
    return [span for span in spans(collector) if span["name"] == name and span["endTimeUnixNano"] == "0"]


def test_a_short_span_is_sent_once_and_a_long_one_at_its_start_too(collector: Collector) -> None:
    run(
        """
        import time, tapetum
        tapetum.init("trainer", heartbeat_s=0.1, metrics=False, resources=False)
        with tapetum.span("short"): pass
        with tapetum.span("long") as span:
            span.set_attribute("epoch", 1)
            while tapetum.stats()["sent"]["spans"] < 4: time.sleep(0.01)
            span.set_attribute("epoch", 2)
        """,
        collector.url,
    )
    assert len([span for span in spans(collector) if span["name"] == "short"]) == 1
    first, second, *_ = beats(collector, "long")
    (end,) = [span for span in spans(collector) if span["name"] == "long" and span["endTimeUnixNano"] != "0"]
    assert {(s["traceId"], s["spanId"], s["startTimeUnixNano"]) for s in (first, second, end)} == {
        (end["traceId"], end["spanId"], end["startTimeUnixNano"])
    }
    said = first["attributes"]
    assert (said["epoch"], said[BEAT + "sequence"], said[BEAT + "interval_s"]) == (1, 0, 0.1)
    assert second["attributes"][BEAT + "sequence"] == 1
    assert said[BEAT + "location"].startswith("__main__:<module>:")
    assert said[BEAT + "thread"] == "MainThread"
    assert end["attributes"] == {"epoch": 2}


def test_a_hung_span_stays_in_its_place_and_a_slow_one_moves_on(collector: Collector) -> None:
    """Both have been open equally long. The slow one has children that begin and end; the hung one waits."""
    run(
        """
        import threading, time, tapetum
        tapetum.init("worker", heartbeat_s=0.1, metrics=False, resources=False)
        over = threading.Event()
        def hung():
            with tapetum.span("hung"): over.wait()
        def slow():
            with tapetum.span("slow"):
                while not over.is_set():
                    with tapetum.span("step"): time.sleep(0.02)
        threads = [threading.Thread(target=f, name=f.__name__) for f in (hung, slow)]
        for thread in threads: thread.start()
        for _ in range(100): time.sleep(0.02)
        over.set()
        for thread in threads: thread.join()
        """,
        collector.url,
    )
    by_turn = [
        {said[BEAT + "sequence"]: said for said in (one["attributes"] for one in beats(collector, name))}
        for name in ("hung", "slow")
    ]
    both = [(by_turn[0][turn], by_turn[1][turn]) for turn in sorted(by_turn[0].keys() & by_turn[1].keys())]
    late = [(hung, slow) for hung, slow in both if hung[BEAT + "idle_s"] > 1 and hung[BEAT + "same_place_s"] > 1]
    moving = [
        slow for hung, slow in late
        if slow[BEAT + "idle_s"] < hung[BEAT + "idle_s"] / 2
        and slow[BEAT + "same_place_s"] < hung[BEAT + "same_place_s"] / 2
    ]  # fmt: skip
    # While the machine stands still nobody moves on: what is told just then says so of both.
    assert len(moving) > len(late) / 2
    hung = late[-1][0]
    assert hung[BEAT + "thread"] == "hung"
    assert hung[BEAT + "location"].startswith("__main__:hung:")
    assert "threading:" in hung[BEAT + "stack"].splitlines()[0]


def test_a_task_says_where_it_waits_though_its_thread_is_elsewhere(collector: Collector) -> None:
    run(
        """
        import asyncio, tapetum
        tapetum.init("agent", heartbeat_s=0.1, metrics=False, resources=False)
        async def inner():
            while tapetum.stats()["sent"]["spans"] < 2: await asyncio.sleep(0.05)
        async def outer():
            async with tapetum.span("ask"): await inner()
        async def main(): await asyncio.create_task(outer(), name="asking")
        asyncio.run(main())
        """,
        collector.url,
    )
    said = beats(collector, "ask")[-1]["attributes"]
    assert ":inner:" in said[BEAT + "location"]
    assert said[BEAT + "thread"] == "asking"
    assert ":outer:" in said[BEAT + "stack"]


def test_activity_deep_inside_is_the_outer_spans_activity(collector: Collector) -> None:
    run(
        """
        import time, tapetum
        tapetum.init("worker", heartbeat_s=0.1, metrics=False, resources=False)
        with tapetum.span("outer"), tapetum.span("middle"), tapetum.span("inner"):
            for _ in range(75):
                with tapetum.span("step"): time.sleep(0.02)
        """,
        collector.url,
    )
    idle = [said["attributes"][BEAT + "idle_s"] for said in beats(collector, "outer")]
    # Of the later half, as it would have grown to more than that by then; one of them may come after a standstill.
    assert median(idle[len(idle) // 2 :]) < 0.7


def test_a_killed_process_leaves_its_last_heartbeat(collector: Collector) -> None:
    code = """
        import time, tapetum
        tapetum.init("trainer", heartbeat_s=0.1, metrics=False, resources=False)
        with tapetum.span("train"): time.sleep(600)
        """
    with started(code, collector.url) as process:
        until("two heartbeats", lambda: len(beats(collector, "train")) > 1)
        process.kill()
        process.wait()
    assert all(span["endTimeUnixNano"] == "0" for span in spans(collector))


def test_a_process_that_ends_amid_a_span_says_so(collector: Collector) -> None:
    run(
        """
        import tapetum
        tapetum.init("job", metrics=False, resources=False)
        tapetum.span("half done").__enter__()
        """,
        collector.url,
    )
    (left,) = beats(collector, "half done")
    assert left["attributes"][BEAT + "exited"] is True


def test_without_heartbeats_a_span_is_sent_when_it_ends(collector: Collector) -> None:
    run(
        """
        import time, tapetum
        tapetum.init("job", heartbeat_s=0, metrics=False, resources=False)
        with tapetum.span("long"): time.sleep(1.3)
        """,
        collector.url,
    )
    (only,) = spans(collector)
    assert only["endTimeUnixNano"] != "0"
