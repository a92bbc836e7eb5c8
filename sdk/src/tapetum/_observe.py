"""Spans of your own: `@tapetum.observe` around functions, `with tapetum.span(…)` around anything else."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TypeVar, overload

from opentelemetry import context, trace
from opentelemetry.trace import Span, StatusCode

from tapetum import _capture, _kinds, _session, semconv
from tapetum._guard import faults, never_raise
from tapetum._version import __version__

F = TypeVar("F", bound=Callable[..., Any])
_tracer = trace.get_tracer("tapetum", __version__)
_INPUT, _OUTPUT = "input.value", "output.value"
_content = True


def keep_content(wanted: bool) -> None:
    """Whether spans hold arguments and results, where the call itself does not say."""
    global _content
    _content = wanted


def keeps(wanted: bool | None) -> bool:
    """Whether content is kept: what the call says, else what the program says."""
    return _content if wanted is None else wanted


class span:
    """A span around a block, as `with` or `async with`; what it gives is OpenTelemetry's span.

        with tapetum.span("retrieve", kind="retriever", input=question, top_k=5) as span:
            span.set_attribute("documents", 3)

    `kind` says what it does: agent, llm, tool, retriever, embedding, reranker, guardrail, evaluator, chain, prompt,
    workflow, task, memory. Other keywords become attributes; `attributes` takes those with dots in their names.
    An exception marks the span as failed and goes on its way.
    """

    def __init__(
        self,
        name: str,
        *,
        kind: str | None = None,
        input: Any = None,
        session: str | None = None,
        user: str | None = None,
        attributes: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> None:
        self._name = name
        self._kind = kind
        self._input = input
        self._who = (session, user)
        self._attributes = {**(attributes or {}), **more}
        self._span: Span = trace.INVALID_SPAN
        self._token: Any = None

    def __enter__(self) -> Span:
        with never_raise(faults, 1):
            attributes = {key: _capture.attribute_of(value) for key, value in self._attributes.items()}
            attributes |= _kinds.attributes_of(self._kind, self._name)
            self._span = _tracer.start_span(self._name, attributes=attributes)
            self._token = context.attach(trace.set_span_in_context(self._span))
            if self._input is not None and self._span.is_recording():
                _say(self._span, _INPUT, _capture.text_of(self._input))
            session, user = self._who
            if session is not None:
                _session.set_session(session)
            if user is not None:
                _session.set_user(user)
        return self._span

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        with never_raise(faults, 1):
            if error is not None:
                failed(self._span, error)
            self._span.end()
            if self._token is not None:
                context.detach(self._token)

    async def __aenter__(self) -> Span:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, tb)


@overload
def observe(function: F, /) -> F: ...
@overload
def observe(
    *,
    name: str | None = None,
    kind: str | None = None,
    capture_input: bool | None = None,
    capture_output: bool | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Callable[[F], F]: ...
def observe(
    function: Any = None,
    /,
    *,
    name: str | None = None,
    kind: str | None = None,
    capture_input: bool | None = None,
    capture_output: bool | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Any:
    """Make a span of every call: of functions, coroutines, generators of both sorts, and methods of every sort.

        @tapetum.observe(kind="tool")
        def search(query: str) -> list[str]: ...

    The span is called like the function unless `name` says otherwise. It holds the arguments and the result as JSON
    (16 KiB each; what is named like a secret is masked) unless `capture_input` or `capture_output` is False, or
    `tapetum.init(capture=False)` was called. `kind` and `attributes` are as in `tapetum.span`.
    """

    def decorate(target: Any) -> Any:
        if isinstance(target, (classmethod, staticmethod)):
            return type(target)(decorate(target.__func__))
        call = _Call(target, name, kind, capture_input, capture_output, dict(attributes or {}))
        if inspect.isasyncgenfunction(target):
            return call.around_async_generator()
        if inspect.iscoroutinefunction(target):
            return call.around_coroutine()
        if inspect.isgeneratorfunction(target):
            return call.around_generator()
        return call.around_function()

    return decorate if function is None else decorate(function)


class _Call:
    """How one observed function is called."""

    def __init__(
        self,
        function: Callable[..., Any],
        name: str | None,
        kind: str | None,
        capture_input: bool | None,
        capture_output: bool | None,
        attributes: dict[str, Any],
    ) -> None:
        self._function = function
        self._name = name or getattr(function, "__qualname__", type(function).__name__).replace("<locals>.", "")
        self._capture_input, self._capture_output = capture_input, capture_output
        self._attributes = {key: _capture.attribute_of(value) for key, value in attributes.items()}
        self._attributes |= _kinds.attributes_of(kind, self._name)
        self._attributes["code.function.name"] = (
            f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', '')}"
        )
        self._signature: inspect.Signature | None
        try:
            self._signature = inspect.signature(function)
        except (TypeError, ValueError):
            self._signature = None  # some built-in functions do not say

    def around_function(self) -> Callable[..., Any]:
        @functools.wraps(self._function)
        def observed(*args: Any, **kwargs: Any) -> Any:
            opened = self._open(args, kwargs)
            with _within(opened, end=True):
                result = self._function(*args, **kwargs)
                self._output(opened, result)
                return result

        return observed

    def around_coroutine(self) -> Callable[..., Any]:
        @functools.wraps(self._function)
        async def observed(*args: Any, **kwargs: Any) -> Any:
            opened = self._open(args, kwargs)
            with _within(opened, end=True):
                result = await self._function(*args, **kwargs)
                self._output(opened, result)
                return result

        return observed

    def around_generator(self) -> Callable[..., Any]:
        @functools.wraps(self._function)
        def observed(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            opened = self._open(args, kwargs)
            seen = _Items()
            generator = self._function(*args, **kwargs)
            with _ending(opened):
                sent: Any = None
                step = generator.send
                while True:
                    try:
                        # The span is current inside of the generator, and not in the code that iterates over it.
                        with _within(opened):
                            item = step(sent)
                    except StopIteration as stop:
                        self._output(opened, seen.all)
                        return stop.value
                    seen.add(item)
                    try:
                        sent = yield item
                        step = generator.send
                    except GeneratorExit:
                        self._output(opened, seen.all)
                        generator.close()
                        raise
                    except BaseException as error:  # thrown in by the caller, so the generator's to handle
                        sent, step = error, generator.throw

        return observed

    def around_async_generator(self) -> Callable[..., Any]:
        @functools.wraps(self._function)
        async def observed(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
            opened = self._open(args, kwargs)
            seen = _Items()
            generator = self._function(*args, **kwargs)
            with _ending(opened):
                sent: Any = None
                step = generator.asend
                while True:
                    try:
                        with _within(opened):
                            item = await step(sent)
                    except StopAsyncIteration:
                        self._output(opened, seen.all)
                        return
                    seen.add(item)
                    try:
                        sent = yield item
                        step = generator.asend
                    except GeneratorExit:
                        self._output(opened, seen.all)
                        await generator.aclose()
                        raise
                    except BaseException as error:  # thrown in by the caller, so the generator's to handle
                        sent, step = error, generator.athrow

        return observed

    def _open(self, args: Any, kwargs: Any) -> Span:
        opened: Span = trace.INVALID_SPAN
        with never_raise(faults, 1):
            opened = _tracer.start_span(self._name, attributes=self._attributes)
            if opened.is_recording() and keeps(self._capture_input):
                text = _capture.arguments(self._signature, args, kwargs)
                if text != "{}":
                    _say(opened, _INPUT, text)
        return opened

    def _output(self, opened: Span, result: Any) -> None:
        with never_raise(faults, 1):
            if result is not None and keeps(self._capture_output) and opened.is_recording():
                _say(opened, _OUTPUT, _capture.text_of(result))


class _Items:
    """What a generator gave, as far as a span can hold it: one text where all of it was text."""

    def __init__(self) -> None:
        self._kept: list[Any] = []
        self._left_out = 0
        self._room = _capture.MAX_TEXT

    def add(self, item: Any) -> None:
        if self._room > 0 and (isinstance(item, str) or len(self._kept) < _capture.MAX_ITEMS):
            self._kept.append(item)
            self._room -= len(item) if isinstance(item, str) else 64
        else:
            self._left_out += 1

    @property
    def all(self) -> Any:
        if self._kept and all(isinstance(item, str) for item in self._kept):
            return "".join(self._kept) + ("…" if self._left_out else "")
        return [*self._kept, f"… {self._left_out} more"] if self._left_out else self._kept


@contextmanager
def _within(opened: Span, end: bool = False) -> Iterator[None]:
    """Make the span current for a while; at its `end`, close it, with the exception if there is one."""
    token: Any = None
    with never_raise(faults, 1):
        token = context.attach(trace.set_span_in_context(opened))
    try:
        yield
    except BaseException as error:
        if end:
            with never_raise(faults, 1):
                failed(opened, error)
        raise
    finally:
        with never_raise(faults, 1):
            if end:
                opened.end()
            if token is not None:
                context.detach(token)


@contextmanager
def _ending(opened: Span) -> Iterator[None]:
    """Close a span that is not current, with the exception if there is one."""
    try:
        yield
    except GeneratorExit:
        raise  # nobody wants more: that is no failure
    except BaseException as error:
        with never_raise(faults, 1):
            failed(opened, error)
        raise
    finally:
        with never_raise(faults, 1):
            opened.end()


def failed(opened: Span, error: BaseException) -> None:
    """Mark a span with an exception. A cancelled task or an interrupted program is not the span's own failure."""
    if not opened.is_recording():
        return
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    opened.set_attribute(semconv.ERROR_TYPE, name)
    if isinstance(error, Exception):
        try:
            message = str(error)
        except Exception:  # somebody's __str__ is broken
            message = f"<{name} that cannot be shown>"
        else:
            opened.record_exception(error)
        opened.set_status(StatusCode.ERROR, message[:2048])


def _say(opened: Span, key: str, text: str) -> None:
    opened.set_attribute(key, text)
