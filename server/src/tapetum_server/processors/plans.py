"""Emitters' tables into plans: what to read of one span, worked out once per scope and set of attribute keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tapetum_server.processors.emitter_files import TOKENS, Emitter, FactRule, emitters
from tapetum_server.processors.transforms import (
    compile_source,
    to_bool,
    to_finish_reason,
    to_milliseconds,
    to_number,
    to_text,
    to_tokens,
)
from tapetum_server.signals.spans import Canonical

AT = {name: i for i, name in enumerate(Canonical._fields)}
SERVER, MOMENT = len(AT), len(AT) + 1
"""Places behind the canonical fields: the address called, and the moment of the first token."""
PLACES = len(AT) + 2

Read = Callable[[Any], Any]
Sources = tuple[tuple[str, Read], ...]

_CONVERT: Mapping[str, Read] = {
    "text": to_text, "tokens": to_tokens, "seconds": to_milliseconds, "milliseconds": to_number, "moment": to_text,
    "money": to_number, "finish": to_finish_reason, "flag": to_bool,
}  # fmt: skip
MAX_PLANS = 10_000
MANY_KEYS = 32
_LATER_ITEM = re.compile(r"\.[1-9]\d*\.")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to read of spans with one scope and one set of attribute keys. The first source that has a value wins."""

    emitter: str
    fields: tuple[tuple[int, Sources], ...]
    kinds: tuple[tuple[str, Read], ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    counts: bool = False
    """Whether any token count or cost can be there."""
    excludes_cache: bool = False
    excludes_reasoning: bool = False
    input_prefixes: tuple[str, ...] = ()
    output_prefixes: tuple[str, ...] = ()
    first_token: frozenset[str] = frozenset()
    trusted: bool = False
    joins: str = ""
    rules: tuple[tuple[Emitter, FactRule], ...] = ()
    """What such a span may say about others."""


NOTHING = Plan("", ())
_plans: dict[tuple[str, tuple[str, ...]], Plan] = {}


def plan_for(scope: str, keys: tuple[str, ...]) -> Plan:
    """The plan for a span of `scope` with attribute `keys`, in their order."""
    if len(keys) > MANY_KEYS:
        keys = _without_repeats(keys)
    plan = _plans.get((scope, keys))
    if plan is None:
        if len(_plans) >= MAX_PLANS:
            _plans.clear()
        plan = _plans[scope, keys] = compile_plan(scope, keys)
    return plan


def _without_repeats(keys: tuple[str, ...]) -> tuple[str, ...]:
    """The keys without `….1.…`, `….2.…` of lists: a conversation's plan is the same however long it is."""
    kept: list[str] = []
    lists: set[str] = set()
    for key in keys:
        found = _LATER_ITEM.search(key)
        if found is None:
            kept.append(key)
        elif (name := key[: found.start()]) not in lists:
            lists.add(name)
            kept.append(key)
    return tuple(kept)


def compile_plan(scope: str, keys: Sequence[str]) -> Plan:
    """Merge the tables of every emitter that recognises such a span; what none of its keys can fill is left out."""
    present = set(keys)
    said = [e for e in emitters() if e.recognises(scope, present)]
    # The most particular one names the span: everybody uses OpenTelemetry's names by now.
    particular = [e for e in said if e.scopes or e.keys]
    named = next((e for e in particular if e.name != "otel_genai"), particular[0] if particular else None)
    fields: dict[int, list[tuple[str, Read]]] = {}
    kinds: list[tuple[str, Read]] = []
    closed: set[int] = set()
    for emitter in said:
        first = {AT[name] for name in emitter.first}
        for place, sources in merged(emitter.fields, present, emitter.nothing).items():
            if place not in closed:
                before = fields.get(place, [])
                fields[place] = [*sources, *before] if place in first else [*before, *sources]
        closed |= {AT[name] for name in emitter.only}
        kinds += [_kind(source, table) for source, table in emitter.kinds.items() if source.split(" :: ")[0] in present]
    if not fields and not kinds and named is None:
        return NOTHING
    return Plan(
        emitter=named.name if named else "",
        fields=tuple((place, tuple(sources)) for place, sources in fields.items()),
        kinds=tuple(kinds),
        names=tuple(pair for e in said for pair in e.names.items()),
        counts=any(place in TOKEN_PLACES or place == AT["reported_cost_usd"] for place in fields),
        excludes_cache=any(e.usage.get("cache") == "excluded" for e in said),
        excludes_reasoning=any(e.usage.get("reasoning") == "excluded" for e in said),
        input_prefixes=_flattened(said, "input", keys),
        output_prefixes=_flattened(said, "output", keys),
        first_token=frozenset(name for e in said for name in e.events.get("first_token", ())),
        trusted=any(e.usage.get("trusted") for e in said),
        joins=next((e.usage["joins"] for e in said if "joins" in e.usage), ""),
        rules=tuple((e, rule) for e in said for rule in e.spans if merged(rule.fields, present)),
    )


def merged(
    fields: Mapping[str, Mapping[str, tuple[str, ...]]], present: set[str], nothing: frozenset[str] = frozenset()
) -> dict[int, list[tuple[str, Read]]]:
    """Place of each canonical field → (key, how to read it), for the keys that are there."""
    out: dict[int, list[tuple[str, Read]]] = {}
    for section, targets in fields.items():
        if section == "content":
            continue
        for target, sources in targets.items():
            place = SERVER if target == "server" else MOMENT if section == "moment" else AT[target]
            for source in sources:
                key, step = compile_source(source)
                if key in present:
                    out.setdefault(place, []).append((key, _reader(step, _CONVERT[section], nothing)))
    return out


def _reader(step: Read | None, convert: Read, nothing: frozenset[str]) -> Read:
    if step is None and not nothing:
        return convert

    def read(value: Any) -> Any:
        if step is not None:
            value = step(value)
        if value is None or (nothing and value.__class__ is str and value in nothing):
            return None
        return convert(value)

    return read


def _kind(source: str, table: Mapping[str, str]) -> tuple[str, Read]:
    key, step = compile_source(source)
    anything = table.get("*")

    def read(value: Any) -> str | None:
        if step is not None:
            value = step(value)
        if value.__class__ is not str:
            return anything
        found = table.get(value)
        return found if found is not None else table.get(value.lower(), anything)

    return key, read


def _flattened(said: Sequence[Emitter], side: str, keys: Sequence[str]) -> tuple[str, ...]:
    prefixes = (p for e in said for p in e.messages.get(side, ()))
    return tuple(p for p in dict.fromkeys(prefixes) if any(k.startswith(p + ".") for k in keys))


TOKEN_PLACES = tuple(AT[name] for name in TOKENS)
