"""A deploy or another change, told to the server in the background."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tapetum._records import iso

SIZE = 2048
"""What one change counts as while it waits."""


def made(
    kind: str, subject: str, before: Any, after: Any, source: str, time_unix_nano: int, attributes: Mapping[str, Any]
) -> dict[str, Any]:
    """One change as `/v1/changes` takes it. Its time is when it was told, so that a retry counts once."""
    return {
        "kind": kind,
        "subject": subject,
        "time": iso(time_unix_nano),
        "before": None if before is None else str(before),
        "after": None if after is None else str(after),
        "source": source,
        "attributes": {str(key): value if isinstance(value, str) else str(value) for key, value in attributes.items()},
    }
