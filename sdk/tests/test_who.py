"""`tapetum.session` and `tapetum.user`: blocks that name themselves on what begins inside, whoever makes it."""

from __future__ import annotations

import pytest
from otlp_collector import Collector
from program import logs, run, spans


@pytest.mark.covers("sdk-session")
def test_blocks_name_spans_and_logs_of_everybody_nested_in_tasks_and_generators(collector: Collector) -> None:
    run(
        """
        import asyncio, contextvars, logging, tapetum
        from opentelemetry import trace
        tapetum.init("chat", metrics=False, resources=False)
        theirs = trace.get_tracer("somebody.else")
        def span(name, **own): theirs.start_span(name, attributes=own).end()

        with tapetum.session("s-1") as session, tapetum.user("ada"):
            assert session == "s-1"
            span("plain")
            with tapetum.session("s-2"):
                span("nested")
                span("own", **{"session.id": "its own"})
                logging.warning("inside")
                with tapetum.span("trace"):
                    tapetum.set_session("s-3")
                    span("said")
            span("after")
        span("outside")
        logging.warning("outside")

        async def turn(name):
            async with tapetum.session(name):
                await asyncio.sleep(0.01)
                with tapetum.llm("m"): pass
        async def both(): await asyncio.gather(turn("t-1"), turn("t-2"))
        asyncio.run(both())

        def stream(name):
            with tapetum.session(name):
                yield
                span(f"in {name}")
        one, two = stream("g-1"), stream("g-2")
        next(one); next(two)
        list(one)  # the one that began first ends first
        span("still g-2")
        list(two)
        left = stream("g-3")
        contextvars.copy_context().run(next, left)
        left.close()  # in another context
        span("free")
        """,
        collector.url,
    )
    made = [span for span in spans(collector) if span.get("endTimeUnixNano", "0") != "0"]
    who = [(s["name"], s["attributes"].get("session.id"), s["attributes"].get("user.id")) for s in made]
    assert sorted((one for one in who if not one[0].startswith("chat")), key=str) == sorted([
        ("plain", "s-1", "ada"), ("nested", "s-2", "ada"), ("own", "its own", "ada"), ("said", "s-3", "ada"),
        ("trace", "s-3", "ada"), ("after", "s-1", "ada"), ("outside", None, None), ("in g-1", "g-2", None),
        ("still g-2", "g-2", None), ("in g-2", "g-2", None), ("free", None, None),
    ], key=str)  # fmt: skip
    chats = [s["attributes"] for s in made if s["name"].startswith("chat")]
    assert {(one["session.id"], one["gen_ai.conversation.id"]) for one in chats} == {("t-1", "t-1"), ("t-2", "t-2")}
    said = {one["body"]["stringValue"]: one["attributes"].get("session.id") for one in logs(collector)}
    assert said == {"inside": "s-2", "outside": None}
