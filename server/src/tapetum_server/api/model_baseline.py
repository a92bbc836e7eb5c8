"""What a window of a model's predictions is held against."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from tapetum_server.query.errors import QueryError
from tapetum_server.query.time_range import TimeRange, parse_range

Version = Annotated[str | None, Query(max_length=256, description="Of the window; every version without it.")]
BaselineFrom = Annotated[
    str | None,
    Query(description="The baseline; without it, as long a time before the window, or with another version the same."),
]
BaselineTo = Annotated[str | None, Query(description="Default now.")]
BaselineVersion = Annotated[str | None, Query(max_length=256, description="Default that of the window.")]


def baseline_of(window: TimeRange, start: str | None, end: str | None, version: str | None, now: int) -> TimeRange:
    """The time of the baseline. Raises `QueryError` where there is none."""
    if start is not None:
        return parse_range(start, end, now)
    if version is not None:
        return window
    if window.start is None:
        raise QueryError(
            "a window without a beginning has nothing before it", code="no_baseline", field="baseline_from",
            hint="Say what it is held against: baseline_from, or baseline_version.",
        )  # fmt: skip
    return TimeRange(window.start - ((window.end or now) - window.start), window.start)
