"""Records of our own doors (changes, evaluations, predictions, labels) on their way to the server."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tapetum._guard import Losses
from tapetum._http import Outcome, Post


def send(
    post: Post, path: str, records: Sequence[Mapping[str, Any]], losses: Losses, keeps: Callable[[Outcome], bool]
) -> bool:
    """Deliver some; what the server refuses is counted, with what it said."""
    outcome = post.send(path, _json(records))
    if outcome.reason:
        if not keeps(outcome):
            losses.add(outcome.reason, len(records), outcome.detail)
        return False
    if outcome.rejected:
        losses.add("refused_by_server", outcome.rejected, outcome.detail)
    return True


def _json(records: Sequence[Mapping[str, Any]]) -> bytes:
    try:
        return json.dumps(records, allow_nan=False).encode()
    except ValueError:
        return json.dumps(_finite(records), allow_nan=False).encode()


def _finite(value: Any) -> Any:
    """NaN and infinities as texts, as protobuf's JSON has them: JSON itself has no numbers for them."""
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    return [_finite(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def iso(time_unix_nano: int) -> str:
    """A time as the doors take it, with every digit."""
    seconds, nanoseconds = divmod(time_unix_nano, 10**9)
    moment = dt.datetime.fromtimestamp(seconds, dt.timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z"
