"""Records of a batch as the lists show them, before they can be asked for.

Each row comes in two forms: what a filter looks at, and, only when it passes, what a viewer sees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from tapetum_server.query.filter_values import ATTRIBUTE_PREFIX, RESOURCE_PREFIX, level_of
from tapetum_server.query.logs import MAX_BODY_CHARACTERS, LogRow, cut
from tapetum_server.query.spans import SpanRow
from tapetum_server.query.time_range import MAX_TIME, format_time
from tapetum_server.signals.attributes import AttributeValue, encode_text
from tapetum_server.signals.conventions import convention_of
from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.spans import NOTHING_CANONICAL, SPAN_KINDS, STATUS_CODES, SpanBatch

Row = tuple[dict[str, Any], Callable[[], dict[str, Any]]]
_numbers = count(1)


def span_rows_of(batch: SpanBatch) -> Iterator[Row]:
    """The spans of a batch."""
    canonical = batch.canonical or [NOTHING_CANONICAL] * len(batch)
    for i, known in enumerate(canonical):
        start, end = min(batch.start_time_unix_nano[i], MAX_TIME), min(batch.end_time_unix_nano[i], MAX_TIME)
        searched = {
            **known._asdict(),
            "trace_id": batch.trace_id[i],
            "span_id": batch.span_id[i],
            "parent_span_id": batch.parent_span_id[i],
            "name": batch.name[i],
            "span_kind": _named(SPAN_KINDS, batch.span_kind[i]),
            "service": batch.resource[i].service,
            "scope": batch.scope[i].name,
            "scope_version": batch.scope[i].version,
            "start_time": start,
            "end_time": end or None,
            "duration_ms": (end - start) / 1e6 if end else None,
            "state": "ended" if end else "running",
            "status": _named(STATUS_CODES, batch.status_code[i]),
            "status_message": batch.status_message[i],
            "trace_state": batch.trace_state[i],
            "flags": batch.flags[i],
            "attributes": batch.attributes[i],
            "resource_attributes": batch.resource[i].attributes,
        }
        yield searched, lambda searched=searched: _span(searched)  # type: ignore[misc]


def _span(row: dict[str, Any]) -> dict[str, Any]:
    return dict(
        SpanRow(
            trace_id=row["trace_id"],
            span_id=row["span_id"],
            parent_span_id=row["parent_span_id"],
            name=row["name"],
            kind=row["kind"],
            span_kind=row["span_kind"],
            convention=convention_of(row["attributes"]),
            service=row["service"],
            start_time=format_time(row["start_time"]),
            duration_ms=row["duration_ms"],
            state=row["state"],
            status=row["status"],
            status_message=row["status_message"][:2048],
            model=row["model"],
            input_tokens=row["input_tokens"],
            output_tokens=row["output_tokens"],
            cost_usd=row["cost_usd"],
            session_id=row["session_id"],
        )
    )


def log_rows_of(batch: LogBatch) -> Iterator[Row]:
    """The log records of a batch."""
    for i in range(len(batch)):
        time, observed = batch.time_unix_nano[i], batch.observed_time_unix_nano[i]
        searched = {
            "time": min(time or observed, MAX_TIME),
            "observed_time": min(observed, MAX_TIME),
            "service": batch.resource[i].service,
            "scope": batch.scope[i].name,
            "severity_number": batch.severity_number[i],
            "severity": level_of(batch.severity_number[i], batch.severity[i]),
            "severity_text": batch.severity[i],
            "body": encode_text(batch.body[i]),
            "event_name": batch.event_name[i],
            "trace_id": batch.trace_id[i],
            "span_id": batch.span_id[i],
            "flags": batch.flags[i],
            "attributes": batch.attributes[i],
            "resource_attributes": batch.resource[i].attributes,
            # Where no store has given an identity, it only has to be unlike the others.
            "id": batch.log_id[i].hex() if batch.log_id else f"live-{next(_numbers)}",
        }
        yield searched, lambda searched=searched: _log(searched)  # type: ignore[misc]


def _log(row: dict[str, Any]) -> dict[str, Any]:
    truncated = {"body": len(row["body"])} if len(row["body"]) > MAX_BODY_CHARACTERS else {}
    return dict(
        LogRow(
            time=format_time(row["time"]),
            observed_time=format_time(row["observed_time"]) if row["observed_time"] else None,
            service=row["service"],
            severity_number=row["severity_number"],
            severity=row["severity"],
            body=row["body"][:MAX_BODY_CHARACTERS],
            event_name=row["event_name"],
            trace_id=row["trace_id"],
            span_id=row["span_id"],
            attributes=_texts(row["attributes"], ATTRIBUTE_PREFIX, truncated),
            resource_attributes=_texts(row["resource_attributes"], RESOURCE_PREFIX, truncated),
            truncated=truncated,
            id=row["id"],
        )
    )


def _texts(attributes: dict[str, AttributeValue], prefix: str, truncated: dict[str, int]) -> dict[str, str]:
    texts = {key: encode_text(value) for key, value in attributes.items()}
    return cut(texts, prefix, truncated, MAX_BODY_CHARACTERS)


def _named(names: tuple[str, ...], number: int) -> str:
    return names[number] if 0 <= number < len(names) else names[0]
