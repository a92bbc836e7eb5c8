"""Records of our own doors (changes, evaluations, predictions, labels) on their way to the server."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tapetum._guard import Losses
from tapetum._http import Outcome, Post


def send(
    post: Post, path: str, records: Sequence[Mapping[str, Any]], losses: Losses, keeps: Callable[[Outcome], bool]
) -> bool:
    """Deliver some; what the server refuses is counted, with what it said."""
    outcome = post.send(path, json.dumps(records).encode())
    if outcome.reason:
        if not keeps(outcome):
            losses.add(outcome.reason, len(records), outcome.detail)
        return False
    if outcome.rejected:
        losses.add("refused_by_server", outcome.rejected, outcome.detail)
    return True


def iso(time_unix_nano: int) -> str:
    """A time as the doors take it, with every digit."""
    seconds, nanoseconds = divmod(time_unix_nano, 10**9)
    moment = dt.datetime.fromtimestamp(seconds, dt.timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z"
