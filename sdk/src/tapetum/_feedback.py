"""What a user of the application or a check says of an answer, told to the server in the background."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry import trace

from tapetum._records import iso

SIZE = 2048
"""What one counts as while it waits, beside its texts."""
_THUMBS = {"up": 1.0, "down": 0.0}


class Nothing(ValueError):
    """It says nothing, or is about nothing: what to do."""


def made(said: Mapping[str, Any], thumb: str | None, time_unix_nano: int) -> dict[str, Any]:
    """One evaluation as `/v1/evaluations` takes it, of the current span unless it says of what.

    Its time is when it was told, so that a retry counts once. Raises `Nothing`.
    """
    record = {name: value for name, value in said.items() if value is not None}
    if thumb is not None:
        if thumb not in _THUMBS:
            raise Nothing(f"thumb is 'up' or 'down', not {thumb!r}")
        record.setdefault("score", _THUMBS[thumb])
        record.setdefault("label", thumb)
    if not record.keys() & {"score", "label", "comment", "explanation", "expected_output"}:
        raise Nothing("say a score, thumb, label, comment, explanation or expected_output")
    if not record.keys() & {"trace_id", "session_id", "prediction_id", "response_id"}:
        current = trace.get_current_span().get_span_context()
        if not current.is_valid:
            raise Nothing(
                "there is no current span: say trace_id (and span_id), session_id, prediction_id or response_id"
            )
        record["trace_id"] = trace.format_trace_id(current.trace_id)
        record["span_id"] = trace.format_span_id(current.span_id)
    record["time"] = iso(time_unix_nano)
    return record


def size_of(record: Mapping[str, Any]) -> int:
    """About how many bytes it takes while it waits."""
    return SIZE + sum(len(value) for value in record.values() if isinstance(value, str))
