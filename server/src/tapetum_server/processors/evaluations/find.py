"""Finds the evaluations in a batch of spans or log records, and hands them on as evaluations."""

from __future__ import annotations

from collections.abc import Iterator

from tapetum_server.processors.evaluations import logfire, mlflow, openinference, otel
from tapetum_server.processors.evaluations.reading import Said, Target, evaluation_of
from tapetum_server.signals.consumer import Batch, Consumer, Receipt
from tapetum_server.signals.evaluations import EvaluationBatch
from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.scores import Definitions
from tapetum_server.signals.spans import SpanBatch

MAX_EVENTS = 100
"""Evaluations among one span's events."""
_PROBES = (*openinference.FIRST, logfire.FEEDBACK)


class FindEvaluations:
    """A `signals.Consumer` that hands every batch on, and behind it the evaluations that it carried.

    They are durable before the batch is acknowledged; delivered again, they are the same ones.
    """

    def __init__(self, following: Consumer, definitions: Definitions) -> None:
        self._following = following
        self._definitions = definitions

    async def consume(self, batch: Batch) -> Receipt:
        """See `signals.Consumer`."""
        found = self._found(batch)
        receipt = await self._following.consume(batch)
        if found is not None:
            kept = await self._following.consume(found)
            if lost := len(found) - kept.accepted:
                receipt.truncated["evaluations_not_storable"] += lost
                receipt.messages.extend(kept.messages)
        return receipt

    def _found(self, batch: Batch) -> EvaluationBatch | None:
        if isinstance(batch, SpanBatch):
            said = [one for i in range(len(batch)) if _may_say(batch, i) for one in _of_span(batch, i)]
        elif isinstance(batch, LogBatch):
            said = [
                _of_log(batch, i)
                for i, attributes in enumerate(batch.attributes)
                if batch.event_name[i] == otel.EVENT or attributes.get("event.name") == otel.EVENT
            ]
        else:
            return None
        if not said:
            return None
        evaluations = EvaluationBatch(project=batch.project, sender=batch.sender)
        for one in said:
            evaluations.append(evaluation_of(one, batch.project, self._definitions))
        return evaluations


def _may_say(batch: SpanBatch, i: int) -> bool:
    """Whether it is worth reading the span: a few look-ups, for spans are many and evaluations few."""
    attributes, canonical = batch.attributes[i], batch.canonical[i]
    return (
        canonical.kind == "evaluator"
        or not attributes.keys().isdisjoint(_PROBES)
        or (batch.scope[i].name == logfire.CASES_SCOPE and any(key in attributes for key in logfire.CASES))
        or (bool(batch.events[i]) and any(event.name == otel.EVENT for event in batch.events[i]))
        or (canonical.emitter == "mlflow" and any(key.startswith(mlflow.START) for key in attributes))
    )


def _of_span(batch: SpanBatch, i: int) -> Iterator[Said]:
    attributes, canonical = batch.attributes[i], batch.canonical[i]
    carrier = f"{batch.trace_id[i]} {batch.span_id[i]}"
    # The start stays where it is when a span is seen again at its end.
    start = batch.start_time_unix_nano[i]
    itself = _span(batch.trace_id[i], batch.span_id[i])
    judged = _judged(batch, i)
    trace = Target("trace", judged.trace_id, judged.trace_id)
    session = Target("session", canonical.session_id, trace_id=judged.trace_id) if canonical.session_id else trace
    for event in [event for event in batch.events[i] if event.name == otel.EVENT][:MAX_EVENTS]:
        response_id = event.attributes.get("gen_ai.response.id")
        target = judged
        if isinstance(response_id, str) and response_id:
            # An evaluator's own span is not what it judges: the response says which one is.
            aside = canonical.kind == "evaluator" and judged == itself
            target = Target("span", response_id=response_id) if aside else judged._replace(response_id=response_id)
        yield otel.said_by(event.attributes, target, carrier, event.time_unix_nano or start)
    if any(key in attributes for key in openinference.FIRST):
        targets = {"span": judged, "trace": trace, "session": session}
        yield from openinference.said_by(attributes, targets, carrier, start)
    elif canonical.kind == "evaluator" and canonical.output:
        parent = batch.parent_span_id[i]
        about = _span(batch.trace_id[i], parent) if judged == itself and parent else judged
        yield from openinference.output_said(canonical.output, batch.name[i], about, carrier, start)
    if logfire.FEEDBACK in attributes:
        parent = batch.parent_span_id[i]
        about = _span(batch.trace_id[i], parent) if parent else trace
        yield logfire.feedback_said(attributes, about, carrier, start)
    if batch.scope[i].name == logfire.CASES_SCOPE:
        yield from logfire.case_said(attributes, itself, carrier, start)
    if canonical.emitter == "mlflow":
        yield from mlflow.said_by(attributes, itself, trace, carrier, start)


def _judged(batch: SpanBatch, i: int) -> Target:
    """What the span's own evaluations are about: itself, or the one span that an evaluator's span links to."""
    links = batch.links[i]
    if len(links) == 1 and links[0].span_id and batch.canonical[i].kind in ("evaluator", "span"):
        return _span(links[0].trace_id, links[0].span_id)
    return _span(batch.trace_id[i], batch.span_id[i])


def _span(trace_id: str, span_id: str) -> Target:
    return Target("span", span_id, trace_id, span_id)


def _of_log(batch: LogBatch, i: int) -> Said:
    attributes, trace_id, span_id = batch.attributes[i], batch.trace_id[i], batch.span_id[i]
    response_id = attributes.get("gen_ai.response.id")
    response_id = response_id if isinstance(response_id, str) else ""
    session_id = attributes.get("session.id") or attributes.get("gen_ai.conversation.id")
    if trace_id and span_id:
        target = _span(trace_id, span_id)._replace(response_id=response_id)
    elif trace_id:
        target = Target("trace", trace_id, trace_id, response_id=response_id)
    elif isinstance(session_id, str) and session_id and not response_id:
        target = Target("session", session_id)
    else:
        target = Target("span", response_id=response_id)
    time = batch.time_unix_nano[i] or batch.observed_time_unix_nano[i]
    return otel.said_by(attributes, target, f"{trace_id} {span_id} {time}", time)
