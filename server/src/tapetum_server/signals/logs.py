"""A batch of log records, as columns (see `signals.spans` for why)."""

from __future__ import annotations

from dataclasses import dataclass, field

from tapetum_server.signals.attributes import AttributeValue
from tapetum_server.signals.errors import ErrorOccurrence
from tapetum_server.signals.identity import DEFAULT_PROJECT
from tapetum_server.signals.resource import Resource, Scope
from tapetum_server.signals.span_facts import SpanFacts


@dataclass(slots=True)
class LogBatch:
    """Log records of one project from one sender. Every list but `log_id`, `errors` and `facts` has
    one element per record.

    `time_unix_nano` 0 means the source did not say when; `body` is any attribute value;
    `severity_number` is OTLP's 0..24; ids are lower-case hex or "".
    """

    project: str = DEFAULT_PROJECT
    sender: str = ""
    resource: list[Resource] = field(default_factory=list)
    scope: list[Scope] = field(default_factory=list)
    time_unix_nano: list[int] = field(default_factory=list)
    observed_time_unix_nano: list[int] = field(default_factory=list)
    trace_id: list[str] = field(default_factory=list)
    span_id: list[str] = field(default_factory=list)
    severity_number: list[int] = field(default_factory=list)
    severity: list[str] = field(default_factory=list)
    body: list[AttributeValue] = field(default_factory=list)
    event_name: list[str] = field(default_factory=list)
    attributes: list[dict[str, AttributeValue]] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)
    log_id: list[bytes] = field(default_factory=list)
    """Filled in by the store once it has given the records their identities; empty before."""
    errors: list[ErrorOccurrence] = field(default_factory=list)
    """What `processors` found among these records; as many as there are."""

    facts: list[SpanFacts] = field(default_factory=list)
    """What these records say of spans, found by `processors`."""

    signal = "logs"

    def __len__(self) -> int:
        return len(self.time_unix_nano)
