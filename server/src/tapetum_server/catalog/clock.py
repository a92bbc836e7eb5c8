"""The catalog's time: Unix seconds on the hot path, aware UTC times in tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], float]
"""Says the time as Unix seconds; `time.time` outside tests."""


def utc(seconds: float) -> datetime:
    """Unix seconds as an aware UTC time."""
    return datetime.fromtimestamp(seconds, UTC)
