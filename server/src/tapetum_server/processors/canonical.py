"""Fills a span batch's canonical fields from its attributes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from tapetum_server.processors.genai_table import (
    KIND_OF_OPENINFERENCE,
    KIND_OF_OPERATION,
    SECONDS_TO_MS_KEYS,
    TEXT_KEYS,
    TOKEN_KEYS,
    USAGE_OWNERS,
)
from tapetum_server.signals.attributes import AttributeValue, encode_text
from tapetum_server.signals.consumer import Batch, Consumer, Receipt
from tapetum_server.signals.spans import NOTHING_CANONICAL, Canonical, SpanBatch

_AT = {name: i for i, name in enumerate(Canonical._fields)}
_KIND, _USAGE, _INPUT_TOKENS, _OUTPUT_TOKENS = (
    _AT["kind"], _AT["usage_counted"], _AT["input_tokens"], _AT["output_tokens"],
)  # fmt: skip
_DEFAULTS = list(NOTHING_CANONICAL)
_MAX_PLANS = 10_000

Plan = tuple[tuple[int, str, Callable[[Any], Any]], ...]


class Canonicalize:
    """A `signals.Consumer` that adds canonical fields to spans and hands every batch on."""

    def __init__(self, following: Consumer) -> None:
        self._following = following

    async def consume(self, batch: Batch) -> Receipt:
        if isinstance(batch, SpanBatch):
            canonicalize(batch)
        return await self._following.consume(batch)


def canonicalize(batch: SpanBatch) -> None:
    """Fill `batch.canonical` from the attributes, one `Canonical` per span."""
    batch.canonical = [_canonical(attributes) for attributes in batch.attributes]


# Call sites repeat: which attributes matter is worked out once per set of keys.
_plans: dict[tuple[str, ...], Plan] = {}


def _canonical(attributes: dict[str, AttributeValue]) -> Canonical:
    keys = tuple(attributes)
    plan = _plans.get(keys)
    if plan is None:
        if len(_plans) >= _MAX_PLANS:
            _plans.clear()
        plan = _plans[keys] = _compile(keys)
    if not plan:
        return NOTHING_CANONICAL
    fields = _DEFAULTS.copy()
    for at, key, convert in plan:
        value = convert(attributes[key])
        if value is not None and value != "":
            fields[at] = value
    fields[_USAGE] = fields[_KIND] in USAGE_OWNERS and (
        fields[_INPUT_TOKENS] is not None or fields[_OUTPUT_TOKENS] is not None
    )
    return Canonical._make(fields)


def _compile(keys: Sequence[str]) -> Plan:
    """What to read, least preferred first, so that the preferred name is written last."""
    present = set(keys)
    plan: list[tuple[int, str, Callable[[Any], Any]]] = []
    for table, convert in ((TEXT_KEYS, _text), (TOKEN_KEYS, _tokens), (SECONDS_TO_MS_KEYS, _milliseconds)):
        for field, names in table.items():
            plan.extend((_AT[field], name, convert) for name in reversed(names) if name in present)
    if "gen_ai.operation.name" in present:
        plan.append((_KIND, "gen_ai.operation.name", _kind_of_operation))
    if "openinference.span.kind" in present:
        plan.append((_KIND, "openinference.span.kind", _kind_of_openinference))
    return tuple(plan)


def _text(value: AttributeValue) -> str:
    return value if value.__class__ is str else encode_text(value)


def _tokens(value: AttributeValue) -> int | None:
    """A token count: a non-negative integer, also as text or as a whole double."""
    if value.__class__ is int:
        return value if 0 <= value < 2**63 else None
    if isinstance(value, str) and value.isdecimal() and len(value) <= 18:
        return int(value)
    if isinstance(value, float) and math.isfinite(value) and value >= 0 and value.is_integer() and value < 2**63:
        return int(value)
    return None


def _milliseconds(value: AttributeValue) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value >= 0:
        return float(value) * 1e3
    return None


def _kind_of_operation(value: AttributeValue) -> str | None:
    return KIND_OF_OPERATION.get(value) if isinstance(value, str) else None


def _kind_of_openinference(value: AttributeValue) -> str | None:
    return KIND_OF_OPENINFERENCE.get(value.upper()) if isinstance(value, str) else None
