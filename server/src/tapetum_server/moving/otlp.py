"""Spans as one OTLP/JSON request, and what values in OTLP's form say."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import orjson

from tapetum_server.moving.found import Event, Fields, Span


def request_of(spans: Iterable[Span], tool: str) -> bytes:
    """The body of `POST /v1/traces`."""

    def holder(span: Span) -> tuple[str, str, str]:
        return span.service, span.scope, span.scope_version

    resources = []
    for (service, scope, version), held in groupby(sorted(spans, key=holder), holder):
        resource = {"service.name": service, "tapetum.imported_from": tool}
        scope_spans = {"scope": {"name": scope, "version": version}, "spans": [_span(span) for span in held]}
        resources.append({"resource": {"attributes": _attributes(resource)}, "scopeSpans": [scope_spans]})
    return encoded({"resourceSpans": resources})


def encoded(value: Any) -> bytes:
    """JSON in UTF-8, also of texts with halves of surrogate pairs."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "replace")


def size_of(span: Span) -> int:
    """About how many bytes a span will be."""
    return 400 + sum(len(key) + (len(v) if isinstance(v, str) else 60) for key, v in span.attributes.items())


def _span(span: Span) -> Fields:
    return {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "parentSpanId": span.parent_span_id,
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": str(span.start),
        "endTimeUnixNano": str(span.end),
        "status": {"code": 2 if span.error else 1 if span.ok else 0, "message": span.message if span.error else ""},
        "attributes": _attributes(span.attributes),
        "events": [_event(event, span) for event in span.events],
    }


def _event(event: Event, span: Span) -> Fields:
    moment = str(event.time or span.start)
    return {"name": event.name, "timeUnixNano": moment, "attributes": _attributes(event.attributes)}


def _attributes(given: Mapping[str, Any]) -> list[Fields]:
    return [{"key": key, "value": _value(value)} for key, value in given.items() if key and value is not None]


def _value(value: Any) -> Fields:
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)} if -(2**63) <= value < 2**63 else {"doubleValue": float(value)}
    if isinstance(value, float):
        return {"doubleValue": value if math.isfinite(value) else str(value)}
    if isinstance(value, Mapping):
        return {"kvlistValue": {"values": _attributes(value)}}
    if isinstance(value, list | tuple):
        return {"arrayValue": {"values": [_value(inner) for inner in value if inner is not None]}}
    return {"stringValue": str(value)}


def value_of(value: Any) -> Any:
    """What an OTLP value says, in either spelling of its names."""
    if not isinstance(value, Mapping):
        return None
    for key, inner in value.items():
        if inner is None:
            continue
        match key.replace("_", "").lower():
            case "arrayvalue":
                return [value_of(one) for one in inner.get("values") or ()]
            case "kvlistvalue":
                return {one["key"]: value_of(one.get("value")) for one in inner.get("values") or ()}
            case "intvalue":
                return int(inner)
            case _:
                return inner
    return None
