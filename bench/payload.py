"""OTLP payloads of GenAI-shaped spans, made beforehand so that sending costs almost no CPU.

A payload is three files: `NAME.bin` (each request as <size, items> and its bytes), `NAME.gz.bin`
(the same, gzipped) and `NAME.json` (what is in it: the ground truth that answers are checked against).
"""

from __future__ import annotations

import gzip
import json
import random
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bench.words import Text

MODELS = [
    ("openai", "gpt-4o", 5), ("openai", "gpt-4o-mini", 8), ("anthropic", "claude-sonnet-4", 4),
    ("google", "gemini-2.0-flash", 3), ("mistral", "mistral-large", 1), ("local", "llama-3.1-8b", 2),
]  # fmt: skip
NEEDLE = "quixotryzebrafish"
"""A word in exactly five LLM spans of a payload."""
RARE_TENANT = "tenant-0777"
"""A value of `app.tenant` on exactly forty root spans of a payload."""
RESOURCE = {
    "service.name": "support-bot", "service.version": "1.4.2", "deployment.environment.name": "prod",
    "telemetry.sdk.name": "opentelemetry", "telemetry.sdk.language": "python", "host.name": "gpu-07",
}  # fmt: skip
_TOOLS = ["search_orders", "get_weather", "sql_query", "send_email", "create_ticket"]
_STEPS = ("RETRIEVER", "EMBEDDING", "LLM", "TOOL", "LLM", "GUARDRAIL", "TOOL", "LLM")


def requests(path: Path) -> list[tuple[bytes, int]]:
    """(body, items) of every request of a payload file."""
    out = []
    with path.open("rb") as file:
        while head := file.read(8):
            size, items = struct.unpack("<II", head)
            out.append((file.read(size), items))
    return out


def spans_payload(work: Path, spans: int, batch: int = 500, seed: int = 7) -> Path:
    """The path (without suffix) of a payload of `spans` spans in `work`, made when it is not there yet."""
    name = work / f"spans-{spans}x{batch}-{seed}"
    if not name.with_suffix(".json").exists():
        work.mkdir(parents=True, exist_ok=True)
        maker = SpanMaker(spans, random.Random(seed), time.time_ns() - 3600 * 10**9)
        maker.truth |= {"batch": batch, "seed": seed}
        write(name, maker.requests(batch), maker.truth)
    return name


def write(name: Path, made: Iterator[tuple[bytes, int]], truth: dict[str, Any]) -> None:
    """Write a payload; `truth` is complete only when `made` is exhausted, so it is written last."""
    raw_bytes = gzip_bytes = items = 0
    with Path(f"{name}.bin").open("wb") as raw, Path(f"{name}.gz.bin").open("wb") as zipped:
        for body, count in made:
            small = gzip.compress(body, 6)
            for file, data in ((raw, body), (zipped, small)):
                file.write(struct.pack("<II", len(data), count))
                file.write(data)
            raw_bytes += len(body)
            gzip_bytes += len(small)
            items += count
    truth |= {"items": items, "raw_per_item": raw_bytes / items, "gzip_per_item": gzip_bytes / items}
    Path(f"{name}.json").write_text(json.dumps(truth, indent=1))


class SpanMaker:
    """Agents that plan, retrieve, call tools and models: ten spans a trace, one trace of 100 and one of 1,000.

    Half of the traces speak OTel's GenAI conventions, half OpenInference. `truth` counts what was made.
    """

    def __init__(self, spans: int, rnd: random.Random, base_ns: int) -> None:
        self._wanted = spans
        self._rnd = rnd
        self._text = Text(rnd)
        self._traces = max(1, spans // 10)
        self._needle_at = {int(self._traces * (i + 0.5) / 5) for i in range(5)}
        self._rare_at = {int(self._traces * (i + 0.5) / 40) for i in range(40)}
        self._weights = [m[2] for m in MODELS]
        self._spans: Any = None
        self.truth: dict[str, Any] = {
            "spans": 0, "llm_spans": 0, "traces": 0, "tokens_by_model": {}, "text_bytes": 0, "needle_spans": 0,
            "rare_tenant_spans": 0, "needle": NEEDLE, "rare_tenant": RARE_TENANT, "base_ns": base_ns,
        }  # fmt: skip

    def requests(self, batch: int) -> Iterator[tuple[bytes, int]]:
        """Serialised requests of at least `batch` spans (whole traces)."""
        truth, rnd = self.truth, self._rnd
        big = {self._wanted // 3: 100, 2 * self._wanted // 3: 1000} if self._wanted >= 5000 else {}
        message = self._new()
        nth = 0
        while truth["spans"] < self._wanted:
            for at in [x for x in big if truth["spans"] >= x]:
                size = big.pop(at)
                trace_id = rnd.randbytes(16)
                truth[f"trace_{size}"] = trace_id.hex()
                self._trace(nth, size, trace_id)
            self._trace(nth, min(10, self._wanted - truth["spans"]) or 1, rnd.randbytes(16))
            nth += 1
            if len(self._spans) >= batch:
                yield message.SerializeToString(), len(self._spans)
                message = self._new()
        if len(self._spans):
            yield message.SerializeToString(), len(self._spans)

    def _new(self) -> Any:
        message = ExportTraceServiceRequest()
        resource_spans = message.resource_spans.add()
        for key, value in RESOURCE.items():
            resource_spans.resource.attributes.add(key=key).value.string_value = value
        scope_spans = resource_spans.scope_spans.add()
        scope_spans.scope.name = "bench.instrumentation"
        scope_spans.scope.version = "0.1"
        self._spans = scope_spans.spans
        return message

    def _set(self, span: Any, **attributes: Any) -> None:
        """Attributes; `__` in a name is written as a dot."""
        self._put(span, {k.replace("__", "."): v for k, v in attributes.items()})

    def _put(self, span: Any, attributes: dict[str, Any]) -> None:
        for key, value in attributes.items():
            target = span.attributes.add(key=key).value
            if isinstance(value, int):
                target.int_value = value
            elif isinstance(value, float):
                target.double_value = value
            else:
                target.string_value = value
                self.truth["text_bytes"] += len(value)

    def _span(self, trace_id: bytes, parent: bytes, name: str, start: int, duration: int, error: bool = False) -> Any:
        span = self._spans.add(
            trace_id=trace_id, span_id=self._rnd.randbytes(8), parent_span_id=parent, name=name, kind=1,
            start_time_unix_nano=start, end_time_unix_nano=start + duration,
        )  # fmt: skip
        span.status.code = 2 if error else 1
        if error:
            span.status.message = "upstream timeout"
            event = span.events.add(name="exception", time_unix_nano=start + duration)
            self._put(
                event,
                {
                    "exception.type": "TimeoutError",
                    "exception.message": self._text(80),
                    "exception.stacktrace": self._text(600),
                },
            )
        self.truth["spans"] += 1
        return span

    def _trace(self, nth: int, size: int, trace_id: bytes) -> None:
        rnd, text = self._rnd, self._text
        otel = rnd.random() < 0.5
        start = self.truth["base_ns"] + int(nth * 3.5e12 / self._traces)
        root = self._span(trace_id, b"", "invoke_agent support-bot", start, int(6e9))
        self.truth["traces"] += 1
        session = f"conv-{rnd.randrange(self._traces // 4 + 1)}"
        if otel:
            self._set(root, gen_ai__operation__name="invoke_agent", gen_ai__agent__name="support-bot")
            self._set(root, gen_ai__conversation__id=session)
        else:
            self._set(root, openinference__span__kind="AGENT", session__id=session)
        rare = nth in self._rare_at
        self.truth["rare_tenant_spans"] += rare
        tenant = RARE_TENANT if rare else f"tenant-{rnd.randrange(500):04d}"
        self._set(root, user__id=f"user-{rnd.randrange(2000)}", app__tenant=tenant)
        self._set(root, input__value=text(120), output__value=text(250))
        at, needle, left = start + 10**6, nth in self._needle_at, size - 1
        while left > 0:
            step, duration = self._child(trace_id, root.span_id, at, "CHAIN", otel)
            left -= 1
            at += duration
            for kind in _STEPS[:left]:
                if kind == "LLM":
                    at += self._llm(trace_id, step, at, otel, needle)
                    needle = False
                else:
                    at += self._child(trace_id, step, at, kind, otel)[1]
                left -= 1

    def _llm(self, trace_id: bytes, parent: bytes, start: int, otel: bool, needle: bool) -> int:
        rnd, text = self._rnd, self._text
        provider, model, _ = rnd.choices(MODELS, self._weights)[0]
        duration = int(rnd.lognormvariate(0, 0.6) * 8e8)
        name = f"chat {model}" if otel else "ChatCompletion"
        span = self._span(trace_id, parent, name, start, duration, rnd.random() < 0.02)
        span.kind = 3
        system, user, answer = text(300), text(rnd.randint(300, 900)), text(rnd.randint(300, 800))
        if needle:
            user += " " + NEEDLE
            self.truth["needle_spans"] += 1
        tokens_in, tokens_out = (len(system) + len(user)) // 4, len(answer) // 4
        if otel:
            self._set(
                span, gen_ai__operation__name="chat", gen_ai__provider__name=provider, gen_ai__system=provider,
                gen_ai__request__model=model, gen_ai__response__model=model,
                gen_ai__request__temperature=round(rnd.random(), 2), gen_ai__request__max_tokens=1024,
                gen_ai__usage__input_tokens=tokens_in, gen_ai__usage__output_tokens=tokens_out,
                gen_ai__response__id="chatcmpl-" + rnd.randbytes(12).hex(),
                gen_ai__response__finish_reasons='["stop"]',
                gen_ai__system_instructions=json.dumps([{"type": "text", "content": system}]),
                gen_ai__input__messages=json.dumps([{"role": "user", "parts": [{"type": "text", "content": user}]}]),
                gen_ai__output__messages=json.dumps([{
                    "role": "assistant", "parts": [{"type": "text", "content": answer}], "finish_reason": "stop",
                }]),
            )  # fmt: skip
        else:
            self._put(
                span,
                {
                    "openinference.span.kind": "LLM",
                    "llm.provider": provider,
                    "llm.system": provider,
                    "llm.model_name": model,
                    "llm.invocation_parameters": f'{{"temperature": {rnd.random():.2f}, "max_tokens": 1024}}',
                    "llm.input_messages.0.message.role": "system",
                    "llm.input_messages.0.message.content": system,
                    "llm.input_messages.1.message.role": "user",
                    "llm.input_messages.1.message.content": user,
                    "llm.output_messages.0.message.role": "assistant",
                    "llm.output_messages.0.message.content": answer,
                    "llm.token_count.prompt": tokens_in,
                    "llm.token_count.completion": tokens_out,
                    "llm.token_count.total": tokens_in + tokens_out,
                    "input.value": user,
                    "output.value": answer,
                },
            )
        sums = self.truth["tokens_by_model"].setdefault(model, [0, 0])
        sums[0] += tokens_in
        sums[1] += tokens_out
        self.truth["llm_spans"] += 1
        return duration

    def _child(self, trace_id: bytes, parent: bytes, start: int, kind: str, otel: bool) -> tuple[bytes, int]:
        rnd, text = self._rnd, self._text
        duration = int(rnd.random() * 2e8) + 10**6
        if kind == "RETRIEVER":
            span = self._span(trace_id, parent, "retrieve kb", start, duration)
            self._set(span, openinference__span__kind=kind, input__value=text(90))
            for i in range(3):
                document = f"retrieval.documents.{i}.document."
                self._put(
                    span,
                    {
                        document + "id": rnd.randbytes(6).hex(),
                        document + "score": rnd.random(),
                        document + "content": text(250),
                    },
                )
        elif kind == "EMBEDDING":
            span = self._span(trace_id, parent, "embeddings text-embedding-3-small", start, duration)
            if otel:
                self._set(span, gen_ai__operation__name="embeddings", gen_ai__request__model="text-embedding-3-small")
            else:
                self._set(span, openinference__span__kind=kind, embedding__model_name="text-embedding-3-small")
        elif kind == "TOOL":
            tool = rnd.choice(_TOOLS)
            span = self._span(trace_id, parent, f"execute_tool {tool}", start, duration, rnd.random() < 0.03)
            arguments = json.dumps({"query": text(60), "limit": rnd.randint(1, 50)})
            if otel:
                self._set(
                    span, gen_ai__operation__name="execute_tool", gen_ai__tool__name=tool,
                    gen_ai__tool__call__id="call_" + rnd.randbytes(8).hex(), gen_ai__tool__call__arguments=arguments,
                    gen_ai__tool__call__result=json.dumps({"rows": rnd.randint(0, 99), "text": text(200)}),
                )  # fmt: skip
            else:
                self._set(span, openinference__span__kind=kind, tool__name=tool, input__value=arguments)
                self._set(span, input__mime_type="application/json", output__value=text(200))
        else:
            span = self._span(trace_id, parent, {"CHAIN": "plan", "GUARDRAIL": "pii_check"}[kind], start, duration)
            self._set(span, openinference__span__kind=kind, input__value=text(100))
        return span.span_id, duration
