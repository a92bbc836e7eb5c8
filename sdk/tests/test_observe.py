"""`@tapetum.observe` and `tapetum.span`: every sort of function, what they keep, and what they never do."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from otlp_collector import Collector
from program import run, spans

import tapetum
from tapetum import _guard, _observe

Ended = Callable[[], list[ReadableSpan]]


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ended]:
    """Spans that ended in this test, oldest first; the tracer is this test's alone."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    monkeypatch.setattr(_observe, "_tracer", provider.get_tracer("tapetum"))
    yield lambda: list(memory.get_finished_spans())
    provider.shutdown()


def said(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


class Shop:
    @tapetum.observe
    def method(self, sku: str) -> str:
        return sku.upper()

    @tapetum.observe
    @classmethod
    def of_the_class(cls, n: int) -> int:
        return n + 1

    @classmethod
    @tapetum.observe
    def under_the_class(cls, n: int) -> int:
        return n + 2

    @tapetum.observe(name="static")
    @staticmethod
    def of_nobody(n: int) -> int:
        return n + 3


@pytest.mark.covers("sdk-observe")
def test_functions_and_methods_of_every_sort_are_spans_with_arguments_and_results(ended: Ended) -> None:
    @tapetum.observe
    def add(a: int, b: int = 2, *rest: int, **more: int) -> int:
        """Adds."""
        return a + b

    assert add.__doc__ == "Adds."
    assert (add(1), add(1, 3, 4, x=5)) == (3, 4)
    assert Shop().method("egg") == "EGG"
    assert (Shop.of_the_class(1), Shop.under_the_class(1), Shop.of_nobody(1)) == (2, 3, 4)
    found = [
        (span.name.rpartition(".")[2], said(span).get("input.value"), said(span)["output.value"]) for span in ended()
    ]
    assert found == [
        ("add", '{"a": 1}', "3"), ("add", '{"a": 1, "b": 3, "rest": [4], "more": {"x": 5}}', "4"),
        ("method", '{"sku": "egg"}', "EGG"), ("of_the_class", '{"n": 1}', "2"), ("under_the_class", '{"n": 1}', "3"),
        ("static", '{"n": 1}', "4"),
    ]  # fmt: skip


@pytest.mark.covers("sdk-observe")
def test_a_coroutine_is_a_span_around_what_it_awaits(ended: Ended) -> None:
    @tapetum.observe
    async def inner(n: int) -> int:
        await asyncio.sleep(0)
        return n

    @tapetum.observe
    async def outer() -> int:
        return sum(await asyncio.gather(inner(1), inner(2)))

    assert asyncio.run(outer()) == 3
    one, two, whole = ended()
    assert whole.context is not None
    for span in (one, two):
        assert span.parent is not None
        assert span.parent.span_id == whole.context.span_id


@pytest.mark.covers("sdk-observe")
def test_a_generator_is_one_span_that_is_current_inside_and_not_outside(ended: Ended) -> None:
    @tapetum.observe
    def stream() -> Iterator[str]:
        for word in ("a", "b"):
            with tapetum.span("inside"):
                yield word

    outside = []
    for _ in stream():
        outside.append(trace.get_current_span().get_span_context().is_valid)
    assert outside == [False, False]
    *inside, whole = ended()
    assert said(whole)["output.value"] == "ab"
    assert whole.context is not None
    assert [span.parent and span.parent.span_id for span in inside] == [whole.context.span_id] * 2


@pytest.mark.covers("sdk-observe")
def test_generators_take_what_is_sent_and_thrown_and_end_when_they_are_left(ended: Ended) -> None:
    @tapetum.observe
    def echo() -> Any:
        got = "start"
        while True:
            try:
                got = yield got
            except KeyError:
                got = "caught"

    generator = echo()
    assert [next(generator), generator.send("x"), generator.throw(KeyError())] == ["start", "x", "caught"]
    generator.close()

    @tapetum.observe
    async def count() -> AsyncIterator[int]:
        for n in range(1000):
            yield n

    async def take() -> list[int]:
        found = []
        numbers = count()
        async for n in numbers:
            found.append(n)
            if n == 2:
                break
        await numbers.aclose()  # type: ignore[attr-defined]
        return found

    assert asyncio.run(take()) == [0, 1, 2]
    left, counted = ended()
    assert left.status.status_code is counted.status.status_code is StatusCode.UNSET
    assert said(counted)["output.value"] == "[0, 1, 2]"


@pytest.mark.covers("sdk-observe")
@pytest.mark.parametrize("sort", ["function", "coroutine", "generator", "async generator", "block"])
def test_an_exception_marks_the_span_and_goes_on_its_way(ended: Ended, sort: str) -> None:
    error = ValueError("bad egg")

    def fail() -> None:
        raise error

    async def afail() -> None:
        raise error

    def gfail() -> Iterator[int]:
        yield 1
        raise error

    async def agfail() -> AsyncIterator[int]:
        yield 1
        raise error

    async def drain() -> None:
        async for _ in tapetum.observe(agfail)():
            pass

    def block() -> None:
        with tapetum.span("block"):
            raise error

    calls: dict[str, Callable[[], Any]] = {
        "function": tapetum.observe(fail), "coroutine": lambda: asyncio.run(tapetum.observe(afail)()),
        "generator": lambda: list(tapetum.observe(gfail)()), "async generator": lambda: asyncio.run(drain()),
        "block": block,
    }  # fmt: skip
    with pytest.raises(ValueError) as raised:
        calls[sort]()
    assert raised.value is error
    (span,) = ended()
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "bad egg")
    assert said(span)["error.type"] == "ValueError"
    (event,) = span.events
    assert dict(event.attributes or {})["exception.message"] == "bad egg"


@pytest.mark.covers("sdk-observe")
def test_a_cancelled_call_is_named_and_is_no_failure(ended: Ended) -> None:
    @tapetum.observe
    async def wait() -> None:
        await asyncio.sleep(600)

    async def cancel() -> None:
        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(cancel())
    (span,) = ended()
    assert span.status.status_code is StatusCode.UNSET
    assert said(span)["error.type"].endswith("CancelledError")


@pytest.mark.covers("sdk-kinds")
@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("agent", "openinference.span.kind", "AGENT"),
        ("LLM", "openinference.span.kind", "LLM"),
        ("workflow", "gen_ai.operation.name", "invoke_workflow"),
        ("execute_tool", "gen_ai.operation.name", "execute_tool"),
    ],
)
def test_a_kind_is_said_in_words_that_every_tool_understands(ended: Ended, kind: str, key: str, value: str) -> None:
    with tapetum.span("it", kind=kind, attributes={"shop.sku": "egg"}, top_k=5, price={"eur": 1}):
        pass
    (span,) = ended()
    assert said(span)[key] == value
    assert (said(span)["shop.sku"], said(span)["top_k"], said(span)["price"]) == ("egg", 5, '{"eur": 1}')


@pytest.mark.covers("sdk-kinds")
def test_an_unknown_kind_is_said_once_and_the_span_is_there(ended: Ended, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        with tapetum.span("it", kind="toool"):
            pass
    assert [span.name for span in ended()] == ["it", "it"]
    assert caplog.text.count("did you mean 'tool'?") <= 1  # another test may have been the first


@dataclasses.dataclass
class Order:
    sku: str
    api_key: str = "sk-1"


class Rude:
    """Whatever is asked of it raises."""

    def __repr__(self) -> str:
        raise RuntimeError("never call me")

    __str__ = __repr__

    @property
    def shape(self) -> Any:
        raise RuntimeError("never call me")


@pytest.mark.covers("sdk-capture")
def test_what_is_kept_is_short_masked_and_runs_no_code_of_the_application(ended: Ended) -> None:
    cycle: list[Any] = []
    cycle.append(cycle)

    @tapetum.observe
    def take(order: Order, password: str, rude: Rude, cycle: list[Any], big: list[int], max_tokens: int) -> str:
        return "y" * 100_000

    take(Order("egg"), "hunter2", Rude(), cycle, list(range(10_000)), 7)
    (span,) = ended()
    given = json.loads(said(span)["input.value"])
    assert given["order"] == {"sku": "egg", "api_key": "***"}
    assert (given["password"], given["max_tokens"]) == ("***", 7)
    assert given["rude"].endswith("Rude>")
    assert given["big"][-1] == "… 9900 more"
    assert len(said(span)["output.value"]) == 16 * 1024


@pytest.mark.covers("sdk-capture")
def test_content_can_be_left_out_by_the_call_and_by_the_program(ended: Ended) -> None:
    @tapetum.observe(capture_input=False)
    def no_input(a: int) -> int:
        return a

    @tapetum.observe(capture_output=True)
    def output(a: int) -> int:
        return a

    no_input(1)
    _observe.keep_content(False)
    try:
        output(2)
    finally:
        _observe.keep_content(True)
    kept = [{key for key in said(span) if key.endswith(".value")} for span in ended()]
    assert kept == [{"output.value"}, {"output.value"}]


@pytest.mark.covers("sdk-observe-never-raises")
def test_a_bug_in_ours_leaves_the_function_as_it_is(ended: Ended, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.delenv("TAPETUM_SDK_RAISE")
    monkeypatch.setattr(_observe._tracer, "start_span", broken)
    before = _guard.faults.snapshot().get("internal_error", 0)

    @tapetum.observe
    def add(a: int) -> int:
        return a + 1

    assert add(1) == 2
    with tapetum.span("it") as span:
        span.set_attribute("a", 1)
    assert _guard.faults.snapshot()["internal_error"] > before


def test_without_init_it_costs_nothing_and_records_nothing() -> None:
    @tapetum.observe
    def add(a: int) -> int:
        return a + 1

    assert add(1) == 2
    with tapetum.span("it") as span:
        assert not span.is_recording()


@pytest.mark.covers("sdk-session")
def test_session_and_user_hold_for_their_trace_and_do_not_leak_into_the_next(collector: Collector) -> None:
    run(
        """
        import tapetum
        tapetum.init("web", metrics=False, resources=False)
        for number in range(2):
            with tapetum.span(f"request {number}"):
                if number == 0:
                    tapetum.set_session("s-1")
                    tapetum.set_user("ada")
                with tapetum.span(f"query {number}"): pass
        with tapetum.span("chat", session="s-2", user="bob"):
            with tapetum.span("ask"): pass
        tapetum.set_session("all")
        with tapetum.span("script"): pass
        """,
        collector.url,
    )
    who = {
        span["name"]: (span["attributes"].get("session.id"), span["attributes"].get("user.id"))
        for span in spans(collector)
    }
    assert who == {
        "request 0": ("s-1", "ada"), "query 0": ("s-1", "ada"), "request 1": (None, None), "query 1": (None, None),
        "chat": ("s-2", "bob"), "ask": ("s-2", "bob"), "script": ("all", None),
    }  # fmt: skip
