"""Which of OpenTelemetry's semantic conventions a span follows, told by the keys of its attributes."""

from __future__ import annotations

from collections.abc import Container, Mapping

CONVENTIONS: Mapping[str, tuple[str, ...]] = {
    "db": ("db.system.name", "db.system", "db.query.text", "db.statement"),
    "messaging": ("messaging.system", "messaging.destination.name", "messaging.destination"),
    "rpc": ("rpc.system.name", "rpc.system", "rpc.method", "rpc.service"),
    "http": (
        "http.request.method", "http.method", "http.route", "http.response.status_code", "http.status_code", "url.full",
        "http.url",
    ),
}  # fmt: skip
"""Convention → keys of which one is enough, also of before they were stable.

The first that matches holds: a database or a queue may be reached over HTTP, and a call may be both.
"""


def convention_of(keys: Container[str]) -> str:
    """`db`, `messaging`, `rpc`, `http`, or empty."""
    return next((name for name, any_of in CONVENTIONS.items() if any(key in keys for key in any_of)), "")
