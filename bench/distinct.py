"""One payload, made into a million distinct spans with the disorder of real deliveries.

Copies differ in ids, times and in the order of their words, so nothing repeats that would not
repeat in life. On top of the distinct spans:

- 5 % of the spans are delivered again later, grouped with others;
- 10 % arrive twice on purpose: when they start (no end, no answer, no usage) and when they end;
- of 1 % of the spans (LLM calls) prompt and answer arrive later, as a log record;
- agents of 100 turns resend their whole conversation with every call.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bench.payload import RARE_TENANT, RESOURCE, requests
from bench.words import Text
from tapetum_server.processors.canonical import canonicalize
from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.resource import Resource, Scope
from tapetum_server.signals.spans import Event, SpanBatch

HOUR = 3600 * 10**9
AGENTS, TURNS = 20, 100
OPERATION_DETAILS = "gen_ai.client.inference.operation.details"
_WORD = re.compile(r"[A-Za-z][A-Za-z'\-]*[.,;:]?$")
_SAID = ("gen_ai.input.messages", "gen_ai.output.messages")
_LATE = ("output", "completion", "usage", "result", "finish")
_KEPT_WHOLE = re.compile(r"\{\"temperature|^[\w.\-/]{1,40}$|^\[\"stop")
RESOURCE_OF_ALL, SCOPE_OF_ALL = Resource(RESOURCE), Scope("bench.instrumentation", "0.1")


class Span(NamedTuple):
    """One delivery of a span. `end` 0 is a start record."""

    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    kind: int
    start: int
    end: int
    status: int
    message: str
    attributes: dict[str, Any]
    events: tuple[tuple[int, str, dict[str, Any]], ...]


@dataclass
class Truth:
    """What a store must answer about the deliveries, however often they came."""

    spans: int = 0
    deliveries: int = 0
    late_logs: int = 0
    tokens: dict[str, list[int]] = field(default_factory=dict)
    needle_spans: int = 0
    rare_spans: int = 0
    trace_1000: str = ""
    session: str = ""
    session_spans: int = 0


def decode(path: Path) -> list[Span]:
    """All spans of a payload file."""
    out = []
    for body, _ in requests(path):
        for resource_spans in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope_spans in resource_spans.scope_spans:
                for s in scope_spans.spans:
                    events = tuple((e.time_unix_nano, e.name, _plain(e.attributes)) for e in s.events)
                    out.append(
                        Span(s.trace_id.hex(), s.span_id.hex(), s.parent_span_id.hex(), s.name, s.kind,
                             s.start_time_unix_nano, s.end_time_unix_nano, s.status.code, s.status.message,
                             _plain(s.attributes), events)
                    )  # fmt: skip
    return out


def _plain(attributes: Any) -> dict[str, Any]:
    return {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in attributes}


def _reworded(text: str, turn: int) -> str:
    """`text` with its plain words rotated; punctuation of JSON around them stays in place."""
    if len(text) < 30 or _KEPT_WHOLE.search(text):
        return text
    words = text.split(" ")
    places = [i for i, word in enumerate(words) if _WORD.match(word)]
    moved = [words[i] for i in places]
    by = (turn * 7) % (len(moved) or 1)
    for place, word in zip(places, moved[by:] + moved[:by]):
        words[place] = word
    return " ".join(words)


def copies(source: list[Span], count: int, base_ns: int, day_start: int) -> Iterator[Span]:
    """`count` distinct copies of `source`, one an hour from `day_start` on, in the order of sending."""
    yield from (s._replace(start=s.start - base_ns + day_start, end=s.end - base_ns + day_start) for s in source)
    for nth in range(1, count):
        shift = nth * HOUR + day_start - base_ns
        ids: dict[str, str] = {"": ""}

        def fresh(old: str, ids: dict[str, str] = ids, nth: int = nth) -> str:
            new = ids.get(old)
            if new is None:
                salted = b"%d" % nth + bytes.fromhex(old)
                new = ids[old] = hashlib.blake2b(salted, digest_size=len(old) // 2).hexdigest()
            return new

        for s in source:
            attributes = {}
            for key, value in s.attributes.items():
                if value.__class__ is str:
                    if key.endswith((".id", "conversation.id")):
                        value = value if key == "user.id" else f"{value[:-2]}{nth:x}{value[-2:]}"
                    elif key == "app.tenant":
                        value = "tenant-0042" if value == RARE_TENANT else value
                    else:
                        value = _reworded(value, nth)
                attributes[key] = value
            yield s._replace(
                trace_id=fresh(s.trace_id), span_id=fresh(s.span_id), parent_span_id=fresh(s.parent_span_id),
                start=s.start + shift, end=s.end + shift, attributes=attributes,
                events=tuple(
                    (at + shift, name, {k: _reworded(v, nth) for k, v in said.items()}) for at, name, said in s.events
                ),
            )  # fmt: skip


def agents(seed: int, day_start: int, count: int = AGENTS, turns: int = TURNS) -> Iterator[Span]:
    """LLM spans of agents that resend their history: turn n carries 2n + 1 messages."""
    rnd = random.Random(seed)
    text = Text(rnd)
    for nth in range(count):
        trace_id = rnd.randbytes(16).hex()
        start = day_start + nth * HOUR // 4
        history = [{"role": "system", "parts": [{"type": "text", "content": text(900)}]}]
        for turn in range(turns):
            history.append({"role": "user", "parts": [{"type": "text", "content": text(350)}]})
            answer = {"role": "assistant", "parts": [{"type": "text", "content": text(450)}]}
            at = start + turn * 5 * 10**9
            sizes = sum(len(str(m)) for m in history) // 4
            yield Span(
                trace_id, rnd.randbytes(8).hex(), "", "chat gpt-4o", 3, at, at + 2 * 10**9, 1, "",
                {
                    "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o",
                    "gen_ai.conversation.id": f"agent-{nth}", "gen_ai.usage.input_tokens": sizes,
                    "gen_ai.usage.output_tokens": 112, "gen_ai.response.id": "chatcmpl-" + rnd.randbytes(12).hex(),
                    "gen_ai.input.messages": json.dumps(history), "gen_ai.output.messages": json.dumps([answer]),
                }, (),
            )  # fmt: skip
            history.append(answer)


def deliveries(spans: Iterator[Span], truth: Truth, needle: str, seed: int = 11) -> Iterator[Span | tuple[Span, Span]]:
    """The deliveries of `spans`; a pair (span without prompt, the same with it) stands for a late log."""
    rnd = random.Random(seed)
    later: deque[tuple[int, Any]] = deque()
    resent: list[Span] = []
    sessions: dict[str, int] = {}
    for sent, span in enumerate(spans, 1):
        truth.spans += 1
        _count(span, truth, needle, sessions)
        draw = rnd.random()
        due: Any = span
        if _SAID[0] in span.attributes and draw > 0.93:
            # 7 % of the OTel-style LLM calls are 1 % of all spans.
            bare = span._replace(attributes={k: v for k, v in span.attributes.items() if k not in _SAID})
            yield bare
            truth.late_logs += 1
            later.append((sent + 15_000, (bare, span)))
        elif draw < 0.10:
            yield span._replace(
                end=0, status=0, message="", events=(),
                attributes={k: v for k, v in span.attributes.items() if not any(word in k for word in _LATE)},
            )  # fmt: skip
            later.append((sent + 3_000, span))
            truth.deliveries += 1
        else:
            yield span
            if draw < 0.15:
                resent.append(span)
        truth.deliveries += 1
        while later and later[0][0] <= sent:
            yield later.popleft()[1]
        if len(resent) >= 1_000:
            rnd.shuffle(resent)
            truth.deliveries += len(resent)
            yield from resent
            resent = []
    for _, due in later:
        yield due
    truth.deliveries += len(resent)
    yield from resent
    truth.session, truth.session_spans = max(sessions.items(), key=lambda item: (item[1], item[0]), default=("", 0))


def _count(span: Span, truth: Truth, needle: str, sessions: dict[str, int]) -> None:
    a = span.attributes
    model = a.get("gen_ai.request.model") or a.get("llm.model_name")
    tokens = a.get("gen_ai.usage.input_tokens", a.get("llm.token_count.prompt"))
    if model and tokens is not None:
        sums = truth.tokens.setdefault(model, [0, 0])
        sums[0] += tokens
        sums[1] += a.get("gen_ai.usage.output_tokens", a.get("llm.token_count.completion", 0))
    truth.rare_spans += a.get("app.tenant") == RARE_TENANT
    said = a.get("gen_ai.input.messages") or a.get("input.value") or ""
    truth.needle_spans += needle in said
    session = a.get("gen_ai.conversation.id") or a.get("session.id")
    if session and not session.startswith("agent-"):
        sessions[session] = sessions.get(session, 0) + 1


def groups(made: Iterator[Span | tuple[Span, Span]], rows: int) -> Iterator[tuple[SpanBatch, LogBatch]]:
    """Deliveries as groups of `rows` spans, with the log records that fell into each."""
    batch, logs = SpanBatch(sender="bench"), LogBatch(sender="bench")
    for item in made:
        if isinstance(item, Span):
            _append(batch, item)
            if len(batch) == rows:
                canonicalize(batch)
                yield batch, logs
                batch, logs = SpanBatch(sender="bench"), LogBatch(sender="bench")
        else:
            _append_log(logs, item[1])
    if len(batch) or len(logs):
        canonicalize(batch)
        yield batch, logs


def _append(batch: SpanBatch, s: Span) -> None:
    batch.resource.append(RESOURCE_OF_ALL)
    batch.scope.append(SCOPE_OF_ALL)
    batch.trace_id.append(s.trace_id)
    batch.span_id.append(s.span_id)
    batch.parent_span_id.append(s.parent_span_id)
    batch.trace_state.append("")
    batch.flags.append(0)
    batch.name.append(s.name)
    batch.span_kind.append(s.kind)
    batch.start_time_unix_nano.append(s.start)
    batch.end_time_unix_nano.append(s.end)
    batch.status_code.append(s.status)
    batch.status_message.append(s.message)
    batch.attributes.append(s.attributes)
    batch.events.append([Event(*e) for e in s.events])
    batch.links.append([])
    batch.dropped.append((0, 0, 0))


def _append_log(logs: LogBatch, s: Span) -> None:
    logs.resource.append(RESOURCE_OF_ALL)
    logs.scope.append(SCOPE_OF_ALL)
    logs.time_unix_nano.append(s.start)
    logs.observed_time_unix_nano.append(s.start)
    logs.trace_id.append(s.trace_id)
    logs.span_id.append(s.span_id)
    logs.severity_number.append(9)
    logs.severity.append("INFO")
    logs.body.append("")
    logs.event_name.append(OPERATION_DETAILS)
    logs.attributes.append({k: s.attributes[k] for k in _SAID})
    logs.flags.append(0)
    logs.dropped.append(0)
