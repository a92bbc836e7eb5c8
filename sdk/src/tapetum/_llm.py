"""`with tapetum.llm(…) as call`: a call of a model by hand, where no instrumentation does it."""

from __future__ import annotations

import json
import time
import weakref
from collections.abc import AsyncIterable, Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, overload

from opentelemetry import context, trace
from opentelemetry.trace import Span, SpanKind

from tapetum import _capture, _llm_messages, _observe, _session, semconv
from tapetum._guard import faults, never_raise
from tapetum._llm_replies import Assembly, Reply, tokens_of, whole
from tapetum._llm_stream import AsyncStream, Stream

_TOKENS = {
    "input_tokens": semconv.GEN_AI_USAGE_INPUT_TOKENS,
    "output_tokens": semconv.GEN_AI_USAGE_OUTPUT_TOKENS,
    "cache_read_tokens": semconv.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
    "cache_write_tokens": semconv.GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS,
    "reasoning_tokens": semconv.GEN_AI_USAGE_REASONING_OUTPUT_TOKENS,
    "audio_input_tokens": semconv.GEN_AI_USAGE_AUDIO_INPUT_TOKENS,
    "audio_output_tokens": semconv.GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS,
    "image_input_tokens": semconv.GEN_AI_USAGE_IMAGE_INPUT_TOKENS,
}


class Call:
    """A call of a model that is under way: say here what came of it."""

    def __init__(self, span: Span, began: float, keep_output: bool) -> None:
        self.span = span
        """OpenTelemetry's span, for attributes of your own."""
        self._began = began
        self._keep_output = keep_output
        self._stream: weakref.ref[Any] | None = None
        self._ended = False
        self._omitted: dict[str, int] = {}

    def output(
        self,
        value: Any,
        *,
        finish_reason: str | None = None,
        response_id: str | None = None,
        response_model: str | None = None,
    ) -> None:
        """What the model answered: a text, messages, or the answer object of OpenAI's or Anthropic's client.

        Such an object also says the tokens, the model that answered, the id and why it stopped.
        """
        with never_raise(faults, 1):
            reply = whole(value) or Reply(_llm_messages.output_messages(value, finish_reason))
            if finish_reason is not None:
                reply.finish_reasons = [finish_reason]
            reply.response_id, reply.model = response_id or reply.response_id, response_model or reply.model
            self._tell(reply)

    def usage(
        self,
        usage: Any = None,
        *,
        input_tokens: int | None = None,
        output_tokens: int | None = None,
        cache_read_tokens: int | None = None,
        cache_write_tokens: int | None = None,
        reasoning_tokens: int | None = None,
        audio_input_tokens: int | None = None,
        audio_output_tokens: int | None = None,
        image_input_tokens: int | None = None,
    ) -> None:
        """How many tokens it took: a provider's `usage` object, or counts, which stand above it.

        `input_tokens` includes those read from and written to a cache, of sounds and of images, `output_tokens` those
        of reasoning and of sounds.
        """
        with never_raise(faults, 1):
            counts = {
                "input_tokens": input_tokens, "output_tokens": output_tokens, "cache_read_tokens": cache_read_tokens,
                "cache_write_tokens": cache_write_tokens, "reasoning_tokens": reasoning_tokens,
                "audio_input_tokens": audio_input_tokens, "audio_output_tokens": audio_output_tokens,
                "image_input_tokens": image_input_tokens,
            }  # fmt: skip
            told = tokens_of(usage) if usage is not None else {}
            self._count({**told, **{name: count for name, count in counts.items() if count is not None}})

    @overload
    def stream(self, source: AsyncIterable[Any], *, text: Callable[[Any], str | None] | None = None) -> AsyncStream: ...
    @overload
    def stream(self, source: Iterable[Any], *, text: Callable[[Any], str | None] | None = None) -> Stream: ...
    def stream(self, source: Any, *, text: Callable[[Any], str | None] | None = None) -> Any:
        """The same pieces as `source` gives, looked at on their way: `for piece in call.stream(answer)`.

        The time to the first token, the answer and its tokens are taken from texts and from the pieces of OpenAI's and
        Anthropic's clients; of other pieces, `text` says what each adds. `async for` where the source is such. A stream
        that outlives the `with` block ends the span when it ends, is closed, or is thrown away; what came is kept.
        """
        assembly = Assembly(text)
        kind = AsyncStream if hasattr(source, "__aiter__") else Stream
        self.span.set_attribute(semconv.GEN_AI_REQUEST_STREAM, True)
        made = kind(source, lambda piece: self._piece(assembly, piece), lambda error: self._over(assembly, error))
        self._stream = weakref.ref(made)
        return made

    def _piece(self, assembly: Assembly, piece: Any) -> None:
        with never_raise(faults, 1):
            if assembly.add(piece) and not assembly.begun:
                assembly.begun = True
                self.span.set_attribute(
                    semconv.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK, round(time.perf_counter() - self._began, 6)
                )

    def _over(self, assembly: Assembly, error: BaseException | None) -> None:
        with never_raise(faults, 1):
            self._tell(assembly.reply())
            if error is not None:
                _observe.failed(self.span, error)
            self._stream = None
            if self._ended:
                self.span.end()

    def _left(self, error: BaseException | None) -> None:
        """The block is over; the span is, too, unless somebody still reads."""
        if error is not None:
            _observe.failed(self.span, error)
        self._ended = True
        stream = self._stream() if self._stream is not None else None
        if stream is not None and error is not None:
            stream.finish(None)
        elif stream is None:
            self.span.end()

    def _tell(self, reply: Reply) -> None:
        if reply.messages and self._keep_output:
            self._say(semconv.GEN_AI_OUTPUT_MESSAGES, reply.messages)
        for key, value in (
            (semconv.GEN_AI_RESPONSE_ID, reply.response_id),
            (semconv.GEN_AI_RESPONSE_MODEL, reply.model),
            (semconv.GEN_AI_RESPONSE_FINISH_REASONS, reply.finish_reasons),
        ):
            if value:
                self.span.set_attribute(key, value)
        self._count(reply.tokens)

    def _say(self, key: str, content: Sequence[_llm_messages.Message]) -> None:
        """Set messages or parts, and say how many images and sounds of the call were too large to go with them."""
        text, self._omitted[key] = _llm_messages.text_of(content)
        self.span.set_attribute(key, text)
        if omitted := sum(self._omitted.values()):
            self.span.set_attribute(semconv.TAPETUM_OMITTED_MEDIA, omitted)

    def _count(self, tokens: Mapping[str, int]) -> None:
        for name, count in tokens.items():
            self.span.set_attribute(_TOKENS[name], count)


class llm:
    """A call of a model, as `with` or `async with`; it gives a `Call`, where the answer is told.

        with tapetum.llm("gpt-4o-mini", provider="openai", input=messages) as call:
            answer = client.chat.completions.create(model="gpt-4o-mini", messages=messages)
            call.output(answer)

    `input` is a text or messages as the provider takes them, `system` the instructions where they are apart, `tools`
    the definitions of tools; they are kept unless `capture_input=False`, the answer unless `capture_output=False`,
    neither after `tapetum.init(capture=False)`. `operation` is chat, text_completion, generate_content or embeddings.
    An exception marks the span as failed and goes on its way.
    """

    def __init__(
        self,
        model: str,
        *,
        provider: str | None = None,
        input: Any = None,
        operation: str = "chat",
        system: Any = None,
        tools: Sequence[Any] | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        max_tokens: int | None = None,
        capture_input: bool | None = None,
        capture_output: bool | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        self._name = f"{operation} {model}"
        self._said = {
            semconv.GEN_AI_OPERATION_NAME: operation, semconv.GEN_AI_REQUEST_MODEL: model,
            semconv.GEN_AI_PROVIDER_NAME: provider, semconv.GEN_AI_REQUEST_TEMPERATURE: temperature,
            semconv.GEN_AI_REQUEST_TOP_P: top_p, semconv.GEN_AI_REQUEST_MAX_TOKENS: max_tokens,
        }  # fmt: skip
        self._content = (input, system, tools)
        self._capture_input, self._capture_output = capture_input, capture_output
        self._attributes = dict(attributes or {})
        self._call = Call(trace.INVALID_SPAN, time.perf_counter(), False)
        self._token: Any = None

    def __enter__(self) -> Call:
        with never_raise(faults, 1):
            attributes = {key: _capture.attribute_of(value) for key, value in self._attributes.items()}
            attributes |= {key: value for key, value in self._said.items() if value is not None}
            span = _observe._tracer.start_span(self._name, kind=SpanKind.CLIENT, attributes=attributes)
            keep = span.is_recording() and _observe.keeps(self._capture_output)
            self._call = Call(span, time.perf_counter(), keep)
            self._token = context.attach(trace.set_span_in_context(span))
            if span.is_recording():
                self._tell_input(span)
        return self._call

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        with never_raise(faults, 1):
            # Whoever stops to read a generator that has this block inside is content.
            self._call._left(None if isinstance(error, GeneratorExit) else error)
            if self._token is not None:
                context.detach(self._token)

    async def __aenter__(self) -> Call:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, tb)

    def _tell_input(self, span: Span) -> None:
        said = _session.current(span.get_span_context().trace_id)
        if semconv.SESSION_ID in said:
            span.set_attribute(semconv.GEN_AI_CONVERSATION_ID, said[semconv.SESSION_ID])
        if not _observe.keeps(self._capture_input):
            return
        given, system, tools = self._content
        if given is not None:
            self._call._say(semconv.GEN_AI_INPUT_MESSAGES, _llm_messages.input_messages(given))
        if system is not None:
            parts = [part for message in _llm_messages.input_messages(system) for part in message["parts"]]
            self._call._say(semconv.GEN_AI_SYSTEM_INSTRUCTIONS, parts)
        if tools:
            plain = [_llm_messages.plain_of(tool) for tool in tools]
            text = json.dumps(plain, ensure_ascii=False, default=_capture.text_of)
            if len(text) <= _llm_messages.MAX_TEXT:
                span.set_attribute(semconv.GEN_AI_TOOL_DEFINITIONS, text)
