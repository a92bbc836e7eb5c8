"""Attributes: keys that say that their value is a secret, and values within values."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from tapetum.redaction._redactor import Note, Redactor, Screened

SECRET_KEYS = frozenset({
    "authorization", "proxy_authorization", "api_key", "apikey", "x_api_key", "x_goog_api_key", "password", "passwd",
    "pwd", "secret", "client_secret", "access_token", "refresh_token", "id_token", "auth_token", "cookie", "set_cookie",
    "private_key", "secret_key", "secret_access_key", "aws_secret_access_key", "session_token", "x_amz_security_token",
    "connection_string", "x_auth_token", "x_tapetum_key",
})  # fmt: skip
"""The last part of keys whose value is replaced whole, with `-` as `_`."""
_PARTS = re.compile(r"[./:]")
_MARKED = re.compile(r"\[redacted:[a-z0-9_-]{1,64}:[0-9a-f]{12}\]")
MAX_DEPTH = 64


@lru_cache(maxsize=4096)
def is_secret_key(key: str) -> bool:
    """Whether the key of an attribute says that its value is a secret."""
    return _PARTS.split(key.lower().replace("-", "_"))[-1] in SECRET_KEYS


def redact_value(
    redactor: Redactor | Screened, value: Any, note: Note | None = None, *, whole: bool = False, depth: int = 0
) -> Any:
    """The value with marks; the very same object where nothing was found. Bytes and truth values stay."""
    kind = value.__class__
    if kind is str:
        return _whole(redactor, value, note) if whole else redactor.redact(value, note)
    if whole and kind in (int, float):
        return _whole(redactor, str(value), note)
    if depth >= MAX_DEPTH:
        return value
    if kind is list or kind is tuple:
        made = [redact_value(redactor, v, note, whole=whole, depth=depth + 1) for v in value]
        return value if all(a is b for a, b in zip(value, made)) else kind(made)
    if kind is dict:
        return redact_mapping(redactor, value, note, whole=whole, depth=depth + 1)
    return value


def redact_mapping(
    redactor: Redactor | Screened,
    values: dict[str, Any],
    note: Note | None = None,
    *,
    whole: bool = False,
    depth: int = 0,
    at: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """The mapping with marks in values and keys; the very same object where nothing was found.

    `at` is told each key, as it is shown, before anything is noted of its value; and `(key)` before that of a key.
    """
    made: dict[str, Any] = {}
    changed = False
    for key, value in values.items():
        if at is not None:
            at("(key)")
        shown = redactor.redact(key, note) if key.__class__ is str else key
        if at is not None:
            at(str(shown))
        new = redact_value(redactor, value, note, whole=whole or is_secret_key(str(key)), depth=depth)
        changed = changed or new is not value or shown is not key
        made[shown] = new
    return made if changed else values


def _whole(redactor: Redactor | Screened, text: str, note: Note | None) -> str:
    if not text or _MARKED.fullmatch(text):
        return text
    if note is not None:
        note("secret_attribute")
    return redactor.mark("secret_attribute", text)
