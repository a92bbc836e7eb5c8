"""Takes secrets out of every batch, first of all, so that no later room ever sees them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from typing import Any

from tapetum.redaction import Redactor, Screened, is_secret_key, redact_mapping, redact_value
from tapetum_server.processors.redaction_sieve import containing
from tapetum_server.processors.redaction_statistics import redact_statistics
from tapetum_server.processors.redaction_tables import redact_rows
from tapetum_server.signals.changes import ChangeBatch
from tapetum_server.signals.consumer import Batch, Consumer, IngestObserver, Receipt
from tapetum_server.signals.feature_statistics_batch import FeatureStatisticsBatch
from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.metrics import MetricBatch
from tapetum_server.signals.names import CountedNames, CountedPlaces
from tapetum_server.signals.predictions import LabelBatch, PredictionBatch
from tapetum_server.signals.resource import Resource, Scope
from tapetum_server.signals.spans import SpanBatch

_MAX_DEPTH = 64

_TEXTS = {
    "traces": ("name", "status_message", "trace_state"),
    "logs": ("severity", "event_name"),
    "metrics": (),
    "changes": ("subject", "before", "after", "source"),
    "evaluations": (
        "label",
        "explanation",
        "comment",
        "expected_output",
        "name",
        "slice",
        "target_id",
        "response_id",
        "evaluation_id",
        "evaluator",
        "raw",
    ),
}
"""Columns of text, by signal. Ids of spans and traces, numbers and times hold none.

What an evaluation is about is text: a session may be called by an address, and its mark is that of the attribute
of its spans.
"""


Counts = dict[tuple[str, str], int]
"""How much was redacted, by rule and place: the key of an attribute, or the name of a field."""


class Redact:
    """A `signals.Consumer` that puts marks in the place of secrets, counts them, and hands every batch on.

    It works on `executor`, because a batch may be as large as a request.
    """

    def __init__(
        self,
        following: Consumer,
        redactor_of: Callable[[str], Redactor | None],
        observer: IngestObserver,
        executor: Executor,
    ) -> None:
        self._following = following
        self._redactor_of = redactor_of
        self._observer = observer
        self._names = CountedNames()
        self._places = CountedPlaces()
        self._executor = executor

    async def consume(self, batch: Batch) -> Receipt:
        """See `signals.Consumer`."""
        counts: Counts = {}
        if batch.signal in _TEXTS or isinstance(batch, PredictionBatch | LabelBatch | FeatureStatisticsBatch):
            counts = await asyncio.get_running_loop().run_in_executor(self._executor, self._redact, batch)
        receipt = await self._following.consume(batch)
        if counts:
            # Behind the receipt: a batch that is sent again because the store was busy counts once.
            project, sender = self._names.of(batch.project, batch.sender, accepted=receipt.accepted > 0)
            for (rule, place), count in counts.items():
                self._observer.record(
                    project=project,
                    sender=sender,
                    signal=batch.signal,
                    outcome="redacted",
                    reason=rule,
                    count=count,
                    place=self._places.of(project, place),
                )
        return receipt

    def _redact(self, batch: Batch) -> Counts:
        # Rules that were changed are made ready here, not on the event loop.
        redactor = self._redactor_of(batch.project)
        if redactor is None:
            return {}
        if isinstance(batch, PredictionBatch | LabelBatch):
            return redact_rows(batch, redactor)
        return redact_batch(batch, redactor)


def redact_batch(batch: Batch, redactor: Redactor) -> Counts:
    """Rewrite `batch` where it holds something; how much of it. A batch that holds nothing is only read."""
    if isinstance(batch, FeatureStatisticsBatch):
        return redact_statistics(batch, redactor)
    held: set[str] = set()
    keys: set[str] = set()
    for mapping in _mappings(batch):
        _gather_mapping(mapping, held, keys)
    for column in _TEXTS[batch.signal]:
        held.update(getattr(batch, column))
    if isinstance(batch, LogBatch):
        for body in batch.body:
            _gather(body, held, keys, 0)
    held.update(keys)
    held.update(_other_texts(batch))
    screened = redactor.screened(held, containing)
    if screened is None:
        if not any(is_secret_key(key) for key in keys):
            return {}
        screened = Screened(redactor, set())
    rewriting = _Rewriting(screened)
    rewriting.rewrite(batch)
    return rewriting.counts


def _mappings(batch: Any) -> Iterable[Any]:
    """Every mapping of attributes of a batch; those that records share once."""
    yield from batch.attributes
    for shared in ("resource", "scope"):
        yield from (each.attributes for each in set(getattr(batch, shared, ())))
    if isinstance(batch, SpanBatch):
        yield from (event.attributes for events in batch.events for event in events)
        yield from (link.attributes for links in batch.links for link in links)
    elif isinstance(batch, MetricBatch):
        yield from (exemplar.filtered_attributes for some in batch.exemplars for exemplar in some)


def _other_texts(batch: Batch) -> Iterable[str]:
    if isinstance(batch, SpanBatch):
        yield from (event.name for events in batch.events for event in events)
        yield from (link.trace_state for links in batch.links for link in links)
    elif isinstance(batch, MetricBatch):
        for metric in set(batch.metric):
            yield from (metric.name, metric.unit, metric.description)
    if not isinstance(batch, ChangeBatch):
        for scope in set(getattr(batch, "scope", ())):
            yield from (scope.name, scope.version, scope.schema_url)
        yield from (resource.schema_url for resource in set(getattr(batch, "resource", ())))


def _gather_mapping(mapping: Any, held: set[str], keys: set[str], depth: int = 0) -> None:
    keys.update(mapping)
    for value in mapping.values():
        if value.__class__ is str:
            held.add(value)
        elif value.__class__ is list or value.__class__ is dict:
            _gather(value, held, keys, depth + 1)


def _gather(value: Any, held: set[str], keys: set[str], depth: int) -> None:
    if value.__class__ is str:
        held.add(value)
    elif depth > _MAX_DEPTH:
        return  # receivers let nothing through that is nested deeper
    elif value.__class__ is list:
        for each in value:
            _gather(each, held, keys, depth + 1)
    elif value.__class__ is dict:
        _gather_mapping(value, held, keys, depth)


class _Rewriting:
    """Puts marks, and counts them by where it is."""

    def __init__(self, screened: Screened) -> None:
        self._screened = screened
        self._place = ""
        self._prefix = ""
        self.counts: Counts = {}

    def rewrite(self, batch: Any) -> None:
        for column in _TEXTS[batch.signal]:
            texts = getattr(batch, column)
            # A reviewer is known again by the name of the key, which is no telemetry.
            own = batch.sender if column == "evaluator" else None
            texts[:] = [text if text == own else self._text(text, column) for text in texts]
        batch.attributes[:] = [self._mapping(attributes, "") for attributes in batch.attributes]
        for resource in set(getattr(batch, "resource", ())):
            self._resource(resource)
        for scope in set(getattr(batch, "scope", ())):
            self._scope(scope)
        if isinstance(batch, LogBatch):
            self._place = "body"
            batch.body[:] = [redact_value(self._screened, body, self._note) for body in batch.body]
        elif isinstance(batch, SpanBatch):
            for events in batch.events:
                events[:] = [
                    e._replace(name=self._text(e.name, "event.name"), attributes=self._mapping(e.attributes, "event."))
                    for e in events
                ]
            for links in batch.links:
                links[:] = [
                    k._replace(
                        trace_state=self._text(k.trace_state, "link.trace_state"),
                        attributes=self._mapping(k.attributes, "link."),
                    )
                    for k in links
                ]
        elif isinstance(batch, MetricBatch):
            for some in batch.exemplars:
                some[:] = [
                    e._replace(filtered_attributes=self._mapping(e.filtered_attributes, "exemplar.")) for e in some
                ]
            for metric in set(batch.metric):
                metric.name, metric.unit = self._text(metric.name, "name"), self._text(metric.unit, "unit")
                metric.description = self._text(metric.description, "description")

    def _note(self, rule: str) -> None:
        where = (rule, self._place)
        self.counts[where] = self.counts.get(where, 0) + 1

    def _at(self, key: str) -> None:
        self._place = self._prefix + key

    def _text(self, text: str, place: str) -> str:
        self._place = place
        return self._screened.redact(text, self._note)

    def _mapping(self, mapping: Any, prefix: str) -> Any:
        self._prefix = prefix
        return redact_mapping(self._screened, mapping, self._note, at=self._at)

    def _resource(self, resource: Resource) -> None:
        resource.attributes = self._mapping(resource.attributes, "resource.")
        resource.schema_url = self._text(resource.schema_url, "resource.schema_url")
        name = resource.attributes.get("service.name")
        if isinstance(name, str) and name:
            resource.service = name

    def _scope(self, scope: Scope) -> None:
        scope.name, scope.version = self._text(scope.name, "scope"), self._text(scope.version, "scope_version")
        scope.schema_url = self._text(scope.schema_url, "scope.schema_url")
        scope.attributes = self._mapping(scope.attributes, "scope.")
