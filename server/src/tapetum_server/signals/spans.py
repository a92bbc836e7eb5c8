"""A batch of spans, as columns.

Telemetry is kept in a columnar store, so a batch is a struct of parallel lists rather than a
list of objects: decoding appends to lists, processors rewrite whole columns, and the store
writes them without another pass over rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from tapetum_server.signals.attributes import AttributeValue
from tapetum_server.signals.errors import ErrorOccurrence
from tapetum_server.signals.identity import DEFAULT_PROJECT
from tapetum_server.signals.resource import Resource, Scope
from tapetum_server.signals.span_facts import SpanFacts

SPAN_KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")
"""OTLP's `SpanKind` numbers, by position."""
STATUS_CODES = ("unset", "ok", "error")
"""OTLP's `StatusCode` numbers, by position."""
KINDS = (
    "span", "agent", "llm", "tool", "retriever", "embedding", "reranker", "guardrail",
    "evaluator", "chain", "workflow", "prompt", "memory", "task",
)  # fmt: skip
"""What a span does, in the product's words; `span` where nothing says more."""


class Event(NamedTuple):
    """Something that happened at one moment within a span."""

    time_unix_nano: int
    name: str
    attributes: dict[str, AttributeValue]
    dropped_attributes: int = 0


class Link(NamedTuple):
    """A pointer from a span to another span, of any trace."""

    trace_id: str
    span_id: str
    trace_state: str
    attributes: dict[str, AttributeValue]
    dropped_attributes: int = 0
    flags: int = 0


class Canonical(NamedTuple):
    """What `processors` understood of one span: the typed columns that dialects share.

    `None` means "the emitter did not say", which is never the same as 0. Text fields use "".
    """

    kind: str = "span"
    operation: str = ""
    provider: str = ""
    model: str = ""
    response_id: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    usage_counted: bool = False
    cost_usd: float | None = None
    reported_cost_usd: float | None = None
    ttft_ms: float | None = None
    session_id: str = ""
    user_id: str = ""
    agent: str = ""
    tool: str = ""
    prompt_name: str = ""
    prompt_version: str = ""
    input: str = ""
    output: str = ""
    error_type: str = ""
    emitter: str = ""
    """Whose conventions were read: the name of a table of `processors.emitters`."""
    request_model: str = ""
    response_model: str = ""
    finish_reason: str = ""
    streaming: bool = False
    graph_node: str = ""
    tool_call_id: str = ""
    audio_input_tokens: int | None = None
    audio_output_tokens: int | None = None
    image_input_tokens: int | None = None
    time_per_output_token_ms: float | None = None
    usage_flags: str = ""
    """What is wrong with the counts that were sent, between commas: `processors.usage_checks`."""
    usage_trusted: bool = False
    """Whether the provider's own library counted: believed where another report of the same call differs."""
    cached_as_sent: int | None = None
    """Tokens from and to the cache before they were cut to the input; None where no cache was used."""
    cost_status: str = ""
    """Why there is a cost, or none: `processors.cost`. Empty where the span's usage does not count."""
    price_version: str = ""
    """Price list, its model, and the day; or the override, and what it said."""
    log_key: str = ""
    """How log records find this span: "" (they say nothing of it), `span` (by its ids), or by this text."""
    service_tier: str = ""
    """As the provider said it, of calls whose usage counts."""
    input_rate: float | None = None
    """USD per token of the input that no cache knew; these four where tokens are what is paid for."""
    cache_read_rate: float | None = None
    cache_write_rate: float | None = None
    output_rate: float | None = None


NOTHING_CANONICAL = Canonical()


@dataclass(slots=True)
class SpanBatch:
    """Spans of one project from one sender. Every list but `errors` and `facts` has one element per span.

    Ids are lower-case hex: 32 characters for a trace, 16 for a span, "" for no parent.
    Times are nanoseconds since 1970, as sent (0..2^64-1). `end_time_unix_nano` 0 is a span
    that has not ended yet. `canonical` is empty until `processors` fill it.
    """

    project: str = DEFAULT_PROJECT
    sender: str = ""
    resource: list[Resource] = field(default_factory=list)
    scope: list[Scope] = field(default_factory=list)
    trace_id: list[str] = field(default_factory=list)
    span_id: list[str] = field(default_factory=list)
    parent_span_id: list[str] = field(default_factory=list)
    trace_state: list[str] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)
    name: list[str] = field(default_factory=list)
    span_kind: list[int] = field(default_factory=list)
    start_time_unix_nano: list[int] = field(default_factory=list)
    end_time_unix_nano: list[int] = field(default_factory=list)
    status_code: list[int] = field(default_factory=list)
    status_message: list[str] = field(default_factory=list)
    attributes: list[dict[str, AttributeValue]] = field(default_factory=list)
    events: list[list[Event]] = field(default_factory=list)
    links: list[list[Link]] = field(default_factory=list)
    dropped: list[tuple[int, int, int]] = field(default_factory=list)
    """(attributes, events, links) that the sender or our limits dropped, per span."""
    canonical: list[Canonical] = field(default_factory=list)
    errors: list[ErrorOccurrence] = field(default_factory=list)
    """What `processors` found among these spans; as many as there are."""
    facts: list[SpanFacts] = field(default_factory=list)
    """What some of these spans say of others; as many as there are."""

    signal = "traces"

    def __len__(self) -> int:
        return len(self.trace_id)
