"""What one request became: batches by project and sender, and what was left out, by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from tapetum_server.signals.identity import PROJECT_NAME, Caller
from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.metrics import MetricBatch
from tapetum_server.signals.resource import Resource
from tapetum_server.signals.spans import SpanBatch

PROJECT_ATTRIBUTE = "tapetum.project"
REFUSALS = {
    "invalid_trace_id": "trace_id must be 16 bytes (32 hex digits), not all zero",
    "invalid_span_id": "span_id must be 8 bytes (16 hex digits), not all zero",
    "invalid_parent_span_id": "parent_span_id must be empty or 8 bytes (16 hex digits)",
    "malformed": "the bytes inside the record are not valid OTLP",
    "unknown_data": "the metric's data is of a kind that this version does not know",
    "invalid_histogram": "a histogram needs one more bucket count than explicit bounds, or neither",
    "project_not_allowed": "this key may not write to the project that the request names",
    "invalid_project": "a project name is 1 to 64 of A-Z a-z 0-9 . _ - and starts with a letter or digit",
    "undecodable": "the request cannot be decoded",
}
"""Why a record (for `undecodable`: a request) is not kept, in words for its sender."""
TRUNCATIONS = {
    "attribute_too_long": "an attribute value was cut at the size limit",
    "text_too_long": "a name or message was cut at the size limit",
    "key_too_long": "an attribute key was cut at the size limit",
    "too_many_attributes": "attributes beyond the limit were left out",
    "too_many_events": "span events beyond the limit were left out",
    "too_many_links": "span links beyond the limit were left out",
    "too_many_exemplars": "exemplars beyond the limit were left out",
    "too_deep": "a deeply nested value was replaced by a short text",
    "invalid_utf8": "bytes that are not UTF-8 were replaced by U+FFFD",
    "malformed_attribute": "a resource or scope attribute that is not valid OTLP was left out",
    "unknown_enum": "a kind, status or severity outside its range was set to unspecified",
    "invalid_trace_context": "a trace_id or span_id of wrong length was left out",
    "time_clamped": "a time after 2262-04-11 was set to that day, and its original kept in original_times",
}
"""Why a record is kept with less than was sent, in words for its sender."""


class Undecodable(ValueError):
    """The request as a whole cannot be read; nothing of it was kept."""


class Origin(NamedTuple):
    """Which project and sender a count belongs to, and the reason."""

    project: str
    sender: str
    reason: str


B = TypeVar("B", bound=SpanBatch | LogBatch | MetricBatch)


@dataclass(slots=True)
class Decoded(Generic[B]):
    """One decoded request. Counts are records, not attributes: a record counts once per reason."""

    batches: list[B] = field(default_factory=list)
    refused: Counter[Origin] = field(default_factory=Counter)
    truncated: Counter[Origin] = field(default_factory=Counter)


class Target(Generic[B]):
    """Where the records of one project and sender go while a request is decoded."""

    def __init__(self, batch: B, decoded: Decoded[B]) -> None:
        self.batch = batch
        self._decoded = decoded
        self._noted: set[str] = set()
        self.note: Callable[[str], object] = self._noted.add
        """Say that the current record is kept with less than was sent."""

    def refuse(self, reason: str, count: int = 1) -> None:
        """Count records that are not kept, and forget what was noted about the current one."""
        self._noted.clear()
        self._decoded.refused[Origin(self.batch.project, self.batch.sender, reason)] += count

    def kept(self) -> None:
        """The current record is complete: count what was noted about it."""
        for reason in self._noted:
            self._decoded.truncated[Origin(self.batch.project, self.batch.sender, reason)] += 1
        self._noted.clear()


class Router(Generic[B]):
    """Finds the target of each resource's records; refuses projects the caller may not use."""

    def __init__(self, caller: Caller, make: Callable[[str, str], B]) -> None:
        self.decoded: Decoded[B] = Decoded()
        self._caller = caller
        self._make = make
        self._targets: dict[tuple[str, str], Target[B]] = {}

    def target(self, resource: Resource) -> Target[B] | str:
        """The target for records of `resource`, or the reason why it has none."""
        named = resource.attributes.get(PROJECT_ATTRIBUTE) or self._caller.project
        project = self._caller.home if named is None else named
        if not isinstance(project, str) or not PROJECT_NAME.fullmatch(project):
            return "invalid_project"
        if not self._caller.identity.may_use(project):
            return "project_not_allowed"
        return self._find(project, resource.service)

    def refuse(self, resource: Resource, reason: str, count: int) -> None:
        """Count the records of a resource that has no target, under the caller's project."""
        if count:
            self.decoded.refused[Origin(self._caller.counted_in, resource.service, reason)] += count

    def kept_with_less(self, target: Target[B], reasons: set[str]) -> None:
        """Count what was cut in a resource or scope: once, whatever the number of its records."""
        for reason in reasons:
            self.decoded.truncated[Origin(target.batch.project, target.batch.sender, reason)] += 1
        reasons.clear()

    def finish(self) -> Decoded[B]:
        """The request's outcome: only batches that hold something."""
        self.decoded.batches = [target.batch for target in self._targets.values() if len(target.batch)]
        return self.decoded

    def _find(self, project: str, sender: str) -> Target[B]:
        target = self._targets.get((project, sender))
        if target is None:
            target = self._targets[project, sender] = Target(self._make(project, sender), self.decoded)
        return target


def context_id(digits: str, length: int, note: Callable[[str], object]) -> str:
    """A hex id that may be absent: all zero is absent, a wrong length is left out and noted."""
    if not digits or (len(digits) == length and digits.strip("0")):
        return digits
    if len(digits) != length:
        note("invalid_trace_context")
    return ""
