"""One span of either trace, attribute by attribute."""

from __future__ import annotations

import asyncio
from typing import Literal

from typing_extensions import TypedDict

from tapetum_server.query.reader import Reader
from tapetum_server.query.spans import Attribute, SpanDetail, get_span

MAX_DIFFERENCES = 200
MAX_CHARACTERS = 2_000
"""Of a value; whole values are on the span's own page."""


class ComparedValue(TypedDict):
    """One value that differs. `null` where that span has no such attribute; long ones are cut."""

    key: str
    """An attribute, `resource.` and an attribute of the resource, or a field of the span."""
    a: str | None
    b: str | None


class PairSide(TypedDict):
    """What is said of one of the two spans above their values."""

    trace_id: str
    span_id: str
    name: str
    service: str
    status: str
    status_message: str
    start_time: str
    duration_ms: float | None
    model: str
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None


class PairComparison(TypedDict):
    """How span B differs from span A."""

    a: PairSide | None
    b: PairSide | None
    differences: list[ComparedValue]
    equal: int
    """Values that are the same on both sides, as far as a page shows them."""
    more: int
    """Differences beyond those that are listed."""


SpanName = tuple[str, str]
"""Trace id and span id."""


async def compare_pair(reader: Reader, *, project: str, a: SpanName | None, b: SpanName | None) -> PairComparison:
    """The values of two spans of a row; of one, where the row is only in one of the traces."""

    async def read(named: SpanName | None) -> SpanDetail | None:
        return None if named is None else await get_span(reader, project=project, trace_id=named[0], span_id=named[1])

    first, second = await asyncio.gather(read(a), read(b))
    ours, theirs = _values(first), _values(second)
    keys = sorted(ours.keys() | theirs.keys(), key=_order)
    differing = [key for key in keys if ours.get(key) != theirs.get(key)]
    return PairComparison(
        a=_side(first),
        b=_side(second),
        differences=[
            ComparedValue(key=key, a=_shown(ours.get(key)), b=_shown(theirs.get(key)))
            for key in differing[:MAX_DIFFERENCES]
        ],
        equal=len(keys) - len(differing),
        more=max(0, len(differing) - MAX_DIFFERENCES),
    )


Value = tuple[str, str, int]
"""Type, text as far as a page shows it, and full length: long values that begin alike may still differ."""
_FIELDS: tuple[Literal["name", "scope", "scope_version", "error_type", "prompt_version"], ...] = (
    "name", "scope", "scope_version", "error_type", "prompt_version",
)  # fmt: skip


def _values(span: SpanDetail | None) -> dict[str, Value]:
    if span is None:
        return {}
    found: dict[str, Value] = {field: ("string", span[field], 0) for field in _FIELDS if span[field]}
    found |= {attribute["key"]: _value(attribute) for attribute in span["attributes"]}
    return found | {f"resource.{attribute['key']}": _value(attribute) for attribute in span["resource_attributes"]}


def _value(attribute: Attribute) -> Value:
    return attribute["type"], attribute["value"], attribute.get("truncated_from", 0)


def _order(key: str) -> tuple[bool, str]:
    return key.startswith("resource."), key


def _shown(value: Value | None) -> str | None:
    if value is None:
        return None
    text = value[1]
    return text if len(text) <= MAX_CHARACTERS else text[:MAX_CHARACTERS] + "…"


def _side(span: SpanDetail | None) -> PairSide | None:
    if span is None:
        return None
    return PairSide(
        trace_id=span["trace_id"], span_id=span["span_id"], name=span["name"], service=span["service"],
        status=span["status"], status_message=span["status_message"][:MAX_CHARACTERS], start_time=span["start_time"],
        duration_ms=span["duration_ms"], model=span["model"], input_tokens=span["input_tokens"],
        output_tokens=span["output_tokens"], cost_usd=span["cost_usd"],
    )  # fmt: skip
