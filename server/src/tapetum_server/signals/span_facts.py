"""What others say of a span."""

from __future__ import annotations

from typing import NamedTuple


class SpanFacts(NamedTuple):
    """What a log record, or a neighbouring span, says of one span. It fills what that leaves out and never adds usage.

    The span is named by its ids, or by `span_id` alone where the record knows none: then it is the call's `log_key`.
    """

    trace_id: str
    span_id: str
    record: str
    """Which record of the span: of one, the newest counts; those of single messages are in order."""
    time_unix_nano: int
    input: str = ""
    output: str = ""
    input_message: str = ""
    """One message as JSON, of a conversation that comes in a record each."""
    output_message: str = ""
    response_model: str = ""
    finish_reason: str = ""
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    reported_cost_usd: float | None = None
    response_id: str = ""
    """This and the session go into columns of a span that is named by its ids, and have none of their own."""
    session_id: str = ""
