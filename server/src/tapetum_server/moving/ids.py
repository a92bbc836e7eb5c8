"""Ids of other tools as OpenTelemetry's: the same input gives the same id, so that importing again adds nothing."""

from __future__ import annotations

import hashlib
import re

_TRACE, _SPAN = re.compile(r"[0-9a-f]{32}\Z"), re.compile(r"[0-9a-f]{16}\Z")


def trace_id(original: str) -> str:
    """32 hex digits: as they are, a UUID without its dashes, or a digest of any other text."""
    return _id(original, _TRACE, 32, "trace")


def span_id(original: str) -> str:
    """16 hex digits: as they are, or a digest of any other text."""
    return _id(original, _SPAN, 16, "span")


def _id(original: str, form: re.Pattern[str], length: int, called: str) -> str:
    plain = original.strip().lower().removeprefix("0x")
    plain = plain.replace("-", "") if len(plain) == length + 4 else plain
    if form.match(plain) and plain.strip("0"):
        return plain
    return hashlib.sha256(f"{called}:{original}".encode()).hexdigest()[:length]
