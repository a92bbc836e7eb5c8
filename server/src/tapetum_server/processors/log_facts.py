"""What log records say of spans: content, cost, and counts that the span itself leaves out. Never usage of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson

from tapetum_server.processors.emitter_files import Emitter, FactRule, emitters
from tapetum_server.processors.log_keys import log_key
from tapetum_server.processors.plans import AT, MAX_PLANS, PLACES, Read, merged
from tapetum_server.processors.provider_usage import UNREADABLE
from tapetum_server.processors.span_messages import MESSAGE_EVENTS, message_of
from tapetum_server.processors.transforms import INVALID, forget
from tapetum_server.signals.attributes import AttributeValue
from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.span_facts import SpanFacts
from tapetum_server.signals.spans import NOTHING_CANONICAL

_ORDER = {"gen_ai.system.message": 0, "gen_ai.user.message": 1}
"""Of messages of one moment: what the system says comes first."""
_COUNTS = ("output_tokens", "reasoning_tokens", "cache_read_tokens", "cache_write_tokens")


@cache
def _rules() -> Mapping[str, tuple[tuple[Emitter, FactRule], ...]]:
    found: dict[str, list[tuple[Emitter, FactRule]]] = {}
    for emitter in emitters():
        for rule in emitter.logs:
            for event in rule.events:
                found.setdefault(event, []).append((emitter, rule))
    return {event: tuple(rules) for event, rules in found.items()}


def find_facts(batch: LogBatch) -> None:
    """Fill `batch.facts` with what these records say of spans."""
    rules = _rules()
    for i, attributes in enumerate(batch.attributes):
        # Some emitters have a source line for the record's name: the attribute is what they mean.
        name = attributes.get("event.name") or batch.event_name[i]
        if not isinstance(name, str) or name not in rules:
            continue
        for emitter, rule in rules[name]:
            if not rule.anyone and not emitter.recognises(batch.scope[i].name, attributes):
                continue
            if name in MESSAGE_EVENTS:
                said = _message(batch, i, name)
            else:
                said = facts_of(attributes, emitter, rule, (batch.trace_id[i], batch.span_id[i]), name, _time(batch, i))
            if said is not None:
                batch.facts.append(said)
    forget()


def _message(batch: LogBatch, i: int, name: str) -> SpanFacts | None:
    """A record that is one message of the span's conversation: said in the body, or in attributes."""
    if not batch.span_id[i]:
        return None
    body = batch.body[i]
    said: Mapping[str, Any] = body if isinstance(body, Mapping) else batch.attributes[i]
    if isinstance(body, str) and "content" not in said and "message" not in said:
        said = {"content": body}
    try:
        text = orjson.dumps(message_of(name, said), default=str).decode()
    except (orjson.JSONEncodeError, RecursionError):
        return None
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    time = _time(batch, i)
    # Ordered by time; the same again when it is sent again, also with other records around it.
    record = f"{time:020d} {_ORDER.get(name, 9)} {digest}"
    said_of = SpanFacts(batch.trace_id[i], batch.span_id[i], record, time)
    return said_of._replace(output_message=text) if name == "gen_ai.choice" else said_of._replace(input_message=text)


_readings: dict[tuple[int, tuple[str, ...]], dict[int, list[tuple[str, Read]]]] = {}


def _reading(emitter: Emitter, rule: FactRule, keys: tuple[str, ...]) -> dict[int, list[tuple[str, Read]]]:
    """Like `plans.plan_for`: which keys matter is worked out once. Rules live as long as the program."""
    found = _readings.get((id(rule), keys))
    if found is None:
        if len(_readings) >= MAX_PLANS:
            _readings.clear()
        found = _readings[id(rule), keys] = merged(rule.fields, set(keys), emitter.nothing)
    return found


def facts_of(
    attributes: Mapping[str, AttributeValue],
    emitter: Emitter,
    rule: FactRule,
    ids: tuple[str, str],
    record: str,
    time: int,
) -> SpanFacts | None:
    """What attributes say, by a rule of the emitter's table, about the span with `ids` or about another one."""
    fields: list[Any] = [*NOTHING_CANONICAL, "", None]
    assert len(fields) == PLACES
    for place, sources in _reading(emitter, rule, tuple(attributes)).items():
        for key, read in sources:
            value = read(attributes[key])
            if value is not None and value != "":
                fields[place] = value
                if value != UNREADABLE:
                    break
    counts: dict[str, Any] = {
        n: fields[AT[n]] if fields[AT[n]] is not None and fields[AT[n]] > INVALID else None for n in _COUNTS
    }
    trace_id, span_id = ids
    if rule.joins != "span":
        tokens_in = fields[AT["input_tokens"]]
        if rule.usage.get("cache") == "excluded" and tokens_in is not None:
            tokens_in += (counts["cache_read_tokens"] or 0) + (counts["cache_write_tokens"] or 0)
        model = fields[AT["response_model"]] or fields[AT["request_model"]]
        trace_id = ""
        span_id = log_key(
            rule.joins,
            fields[AT["session_id"]],
            model,
            tokens_in,
            fields[AT["output_tokens"]],
            fields[AT["response_id"]],
        )
    elif not span_id and fields[AT["response_id"]]:
        trace_id, span_id = "", log_key("response", "", "", None, None, fields[AT["response_id"]])
    if rule.usage.get("reasoning") == "excluded" and counts["output_tokens"] is not None:
        counts["output_tokens"] += counts["reasoning_tokens"] or 0
    if not span_id:
        return None
    named = {n: fields[AT[n]] for n in ("response_id", "session_id")} if rule.joins == "span" else {}
    said = SpanFacts(
        trace_id, span_id, record, time, fields[AT["input"]], fields[AT["output"]],
        response_model=fields[AT["response_model"]], finish_reason=fields[AT["finish_reason"]],
        reported_cost_usd=fields[AT["reported_cost_usd"]] or None, **counts, **named,
    )  # fmt: skip
    return said if any(said[4:]) else None


def _time(batch: LogBatch, i: int) -> int:
    return batch.time_unix_nano[i] or batch.observed_time_unix_nano[i]
