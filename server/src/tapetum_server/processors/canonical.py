"""Fills a span batch's canonical fields from its attributes and events, and finds what log records say of spans."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tapetum_server.processors.log_facts import facts_of, find_facts
from tapetum_server.processors.log_keys import log_key
from tapetum_server.processors.plans import AT, MOMENT, NOTHING, PLACES, SERVER, Plan, plan_for
from tapetum_server.processors.provider_usage import UNREADABLE
from tapetum_server.processors.providers import provider_of, without_provider
from tapetum_server.processors.span_messages import event_messages, flattened_messages
from tapetum_server.processors.transforms import forget
from tapetum_server.processors.usage_checks import OWNERS, check_times, check_usage
from tapetum_server.signals.attributes import AttributeValue
from tapetum_server.signals.consumer import Batch, Consumer, Receipt
from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.spans import NOTHING_CANONICAL, Canonical, Event, SpanBatch

_KIND, _USAGE, _IN, _OUT, _COUNTED = (
    AT["kind"], AT["usage_counted"], AT["input_tokens"], AT["output_tokens"], AT["usage_counted"],
)  # fmt: skip
_MODEL, _REQUESTED, _ANSWERED, _PROVIDER = AT["model"], AT["request_model"], AT["response_model"], AT["provider"]
_INPUT, _OUTPUT, _TTFT, _ERROR, _EMITTER, _COST = (
    AT["input"], AT["output"], AT["ttft_ms"], AT["error_type"], AT["emitter"], AT["reported_cost_usd"],
)  # fmt: skip
_FINISH, _LOG_KEY, _SESSION, _RESPONSE, _TRUSTED = (
    AT["finish_reason"], AT["log_key"], AT["session_id"], AT["response_id"], AT["usage_trusted"],
)  # fmt: skip
_USER = AT["user_id"]
_DEFAULTS = [*NOTHING_CANONICAL, "", None]
_ERROR_STATUS = 2
_NO_EVENTS: list[Event] = []


class Canonicalize:
    """A `signals.Consumer` that adds canonical fields to spans and hands every batch on."""

    def __init__(self, following: Consumer) -> None:
        self._following = following

    async def consume(self, batch: Batch) -> Receipt:
        if isinstance(batch, SpanBatch):
            canonicalize(batch)
        elif isinstance(batch, LogBatch):
            find_facts(batch)
        return await self._following.consume(batch)


def canonicalize(batch: SpanBatch) -> None:
    """Fill `batch.canonical` from the attributes and events, one `Canonical` per span."""
    out = []
    resource, caller = None, ("", "")
    for i, attributes in enumerate(batch.attributes):
        plan = plan_for(batch.scope[i].name, tuple(attributes))
        events = batch.events[i] if batch.events else _NO_EVENTS
        failed = bool(batch.status_code) and batch.status_code[i] == _ERROR_STATUS
        for emitter, rule in plan.rules:
            said = facts_of(attributes, emitter, rule, ("", ""), "neighbour", batch.start_time_unix_nano[i])
            if said is not None:
                batch.facts.append(said)
        if plan is NOTHING and not failed:
            out.append(NOTHING_CANONICAL)
        else:
            if batch.resource and batch.resource[i] is not resource:
                resource = batch.resource[i]
                caller = _text_of(resource.attributes, "session.id"), _text_of(resource.attributes, "user.id")
            said_of = _canonical(plan, attributes, batch.name[i], batch.start_time_unix_nano[i], events, failed, caller)
            if said_of.ttft_ms is not None or said_of.time_per_output_token_ms is not None:
                said_of = check_times(said_of, batch.start_time_unix_nano[i], batch.end_time_unix_nano[i])
            out.append(said_of)
    batch.canonical = out
    forget()


def _canonical(
    plan: Plan, attributes: dict[str, AttributeValue], name: str, start: int, events: list[Event], failed: bool,
    caller: tuple[str, str],
) -> Canonical:  # fmt: skip
    fields: list[Any] = _DEFAULTS.copy()
    for place, sources in plan.fields:
        for key, read in sources:
            value = read(attributes[key])
            if value is not None and value != "":
                fields[place] = value
                if value != UNREADABLE:
                    break
    if plan is not NOTHING:  # a process of one session, as a coding agent's, says so once
        fields[_SESSION] = fields[_SESSION] or caller[0]
        fields[_USER] = fields[_USER] or caller[1]
    if plan.counts:
        check_usage(fields, plan)
    kind = _kind(plan, attributes, name)
    if plan.first_token and events and fields[_TTFT] is None:
        fields[_TTFT] = _first_token(plan, events, start)
    if failed and not fields[_ERROR]:
        fields[_ERROR] = _exception_type(events)
    if kind is None:
        uses = fields[_IN] is not None or fields[_OUT] is not None
        kind = "llm" if uses and (fields[_REQUESTED] or fields[_ANSWERED]) else "span"
    if kind == "span":
        if plan is NOTHING and not fields[_ERROR]:
            return NOTHING_CANONICAL
        fields[_EMITTER] = plan.emitter
        fields[_KIND] = kind
        _model(fields)
        return Canonical._make(fields[: PLACES - 2])
    fields[_KIND] = kind
    fields[_EMITTER] = plan.emitter
    if fields[MOMENT] is not None and fields[_TTFT] is None:
        fields[_TTFT] = _since(fields[MOMENT], start)
    _model(fields)
    if kind in OWNERS:
        fields[_USAGE] = fields[_IN] is not None or fields[_OUT] is not None
        fields[_TRUSTED] = plan.trusted
        fields[_PROVIDER] = provider = provider_of(fields[_PROVIDER], fields[_MODEL], fields[SERVER])
        if "/" in fields[_MODEL] or "/" in fields[_REQUESTED]:
            for at in (_MODEL, _REQUESTED, _ANSWERED):
                fields[at] = without_provider(fields[at], provider)
        if plan.joins:
            fields[_LOG_KEY] = log_key(
                plan.joins, fields[_SESSION], fields[_MODEL], fields[_IN], fields[_OUT], fields[_RESPONSE]
            )
    elif fields[_PROVIDER]:
        fields[_PROVIDER] = provider_of(fields[_PROVIDER], fields[_MODEL], fields[SERVER])
    if not fields[_INPUT]:
        fields[_INPUT] = flattened_messages(attributes, plan.input_prefixes)
    if not fields[_OUTPUT]:
        fields[_OUTPUT] = flattened_messages(attributes, plan.output_prefixes)
    if events and not (fields[_INPUT] and fields[_OUTPUT]):
        said, answered, finish = event_messages(events)
        fields[_INPUT] = fields[_INPUT] or said
        fields[_OUTPUT] = fields[_OUTPUT] or answered
        fields[_FINISH] = fields[_FINISH] or finish
    return Canonical._make(fields[: PLACES - 2])


def _model(fields: list[Any]) -> None:
    fields[_MODEL] = fields[_ANSWERED] or fields[_REQUESTED]


def _kind(plan: Plan, attributes: dict[str, AttributeValue], name: str) -> str | None:
    for key, read in plan.kinds:
        found = read(attributes[key])
        if found is not None:
            return found  # type: ignore[no-any-return]
    for pattern, found in plan.names:
        if name == pattern or (pattern[-1] == "*" and name.startswith(pattern[:-1])):
            return found
    return None


def _first_token(plan: Plan, events: list[Event], start: int) -> float | None:
    for event in events:
        if event.name in plan.first_token and event.time_unix_nano >= start > 0:
            return (event.time_unix_nano - start) / 1e6
    return None


def _text_of(attributes: Mapping[str, AttributeValue], key: str) -> str:
    said = attributes.get(key)
    return said if isinstance(said, str) else ""


def _exception_type(events: list[Event]) -> str:
    for event in events:
        if event.name == "exception":
            said = event.attributes.get("exception.type")
            return said if isinstance(said, str) else ""
    return ""


def _since(moment: str, start: int) -> float | None:
    try:
        then = datetime.fromisoformat(moment.strip('"'))
    except ValueError:
        return None
    if then.tzinfo is None:
        return None
    passed = then.timestamp() * 1e3 - start / 1e6
    return passed if passed >= 0 else None
