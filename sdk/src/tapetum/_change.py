"""A deploy or another change, told to the server in the background."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tapetum._guard import Losses
from tapetum._http import Outcome, Post

SIZE = 2048
"""What one change counts as while it waits."""


def made(
    kind: str, subject: str, before: Any, after: Any, source: str, time_unix_nano: int, attributes: Mapping[str, Any]
) -> dict[str, Any]:
    """One change as `/v1/changes` takes it. Its time is when it was told, so that a retry counts once."""
    seconds, rest = divmod(time_unix_nano, 10**9)
    return {
        "kind": kind,
        "subject": subject,
        "time": _iso(seconds, rest),
        "before": None if before is None else str(before),
        "after": None if after is None else str(after),
        "source": source,
        "attributes": {str(key): value if isinstance(value, str) else str(value) for key, value in attributes.items()},
    }


def send(post: Post, changes: Sequence[Mapping[str, Any]], losses: Losses, keeps: Callable[[Outcome], bool]) -> bool:
    """Deliver some; what the server refuses is counted, with what it said."""
    outcome = post.send("/v1/changes", json.dumps(changes).encode())
    if outcome.reason:
        if not keeps(outcome):
            losses.add(outcome.reason, len(changes), outcome.detail)
        return False
    if outcome.rejected:
        losses.add("refused_by_server", outcome.rejected, outcome.detail)
    return True


def _iso(seconds: int, nanoseconds: int) -> str:
    moment = dt.datetime.fromtimestamp(seconds, dt.timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z"
