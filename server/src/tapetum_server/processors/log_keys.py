"""How a log record without span ids finds the span of its call."""

from __future__ import annotations


def log_key(joins: str, session: str, model: str, tokens_in: int | None, tokens_out: int | None) -> str:
    """`span` where records carry the span's ids, else what a call's span and its record both know of it."""
    if joins == "span":
        return joins
    if not session or tokens_in is None:
        return ""
    return f"{session}|{model}|{tokens_in}|{tokens_out or 0}"
