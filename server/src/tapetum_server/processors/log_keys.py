"""How a record without a span's ids finds the span of its call."""

from __future__ import annotations


def log_key(
    joins: str, session: str, model: str, tokens_in: int | None, tokens_out: int | None, response_id: str
) -> str:
    """What a call's span and a record of it both know; `span` where records carry the span's ids; "" for nothing."""
    if joins == "span":
        return joins
    if joins == "response":
        return f"response|{response_id}" if response_id else ""
    if not session or tokens_in is None:
        return ""
    return f"{session}|{model}|{tokens_in}|{tokens_out or 0}"
