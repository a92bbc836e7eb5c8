"""Fields of one record: what each must look like, and how to say what is wrong with one that does not."""

from __future__ import annotations

import datetime as dt
import difflib
import math
import re
from collections.abc import Collection, Mapping

import orjson

MAX_ATTRIBUTES = 64
MAX_KEY_BYTES = 256
MAX_VALUE_BYTES = 4_096

_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(?:[.,](\d{1,9}))?\s*(Z|z|[+-]\d\d:?\d\d)?")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
_EARLIEST_MS, _LATEST_MS = 10**11, (2**63 - 1) // 10**6
"""Milliseconds from 1973 to 2262: smaller numbers are seconds by mistake."""
Given = Mapping[str, object]


class Wrong(ValueError):
    """One record is not kept: which field, and how to mend it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Undecodable(ValueError):
    """The request cannot be read as a whole. `reason` is what is counted.

    Nothing of it was kept, but for the rows before `row`.
    """

    def __init__(
        self, message: str, hint: str, reason: str = "undecodable", status: int = 400, *, row: int = 0
    ) -> None:
        super().__init__(message)
        self.hint = hint
        self.reason = reason
        self.status = status
        self.row = row


def object_of(given: object, called: str, known: Collection[str], elsewhere: str) -> Given:
    """The record as an object whose fields are all known. `called` is "a change", `elsewhere` where others go."""
    if not isinstance(given, dict):
        raise Wrong("", f"{called} is a JSON object")
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"{elsewhere}; the fields are {', '.join(known)}"
            raise Wrong(name[:80], f"{called} has no field {name[:80]!r}: {hint}")
    return given


def text(given: Given, name: str, most: int) -> str:
    """A text of at most `most` bytes, "" where there is none."""
    value = given.get(name)
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        # A version such as 2 or 1.5, written without quotes.
        return str(value)
    if not isinstance(value, str):
        raise Wrong(name, f"{name} is a text, not {shown(value)}")
    size = len(value.encode("utf-8", "surrogatepass"))
    if size > most:
        raise Wrong(name, f"{name} has {size} bytes; at most {most}")
    return value


def number(given: Given, name: str) -> float | None:
    """A finite number, `None` where there is none."""
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Wrong(name, f"{name} is a finite number, not {shown(value)}")
    return float(value)


def flag(given: Given, name: str) -> bool:
    """A truth value, false where there is none."""
    value = given.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise Wrong(name, f"{name} is true or false, not {shown(value)}")
    return value


def chosen(given: Given, name: str, among: Collection[str], otherwise: str = "") -> str:
    """One of the words of `among`; `otherwise` where there is none."""
    value = given.get(name)
    if value is None and otherwise:
        return otherwise
    if not isinstance(value, str) or value not in among:
        raise Wrong(name, f"{name} is one of {', '.join(among)}, not {shown(value)}")
    return value


def hexadecimal(given: Given, name: str, digits: int) -> str:
    """An id of so many hex digits, in lower case; "" where there is none."""
    value = given.get(name)
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or not re.fullmatch(f"[0-9a-fA-F]{{{digits}}}", value):
        raise Wrong(name, f"{name} is {digits} hex digits, not {shown(value)}")
    return value.lower()


def attributes(given: Given, name: str, called: str) -> dict[str, str]:
    """An object of texts; other values become their JSON."""
    value = given.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Wrong(name, f"{name} is an object, not {shown(value)}")
    if len(value) > MAX_ATTRIBUTES:
        raise Wrong(name, f"{called} has at most {MAX_ATTRIBUTES} {name}, not {len(value)}")
    found = {}
    for key, inner in value.items():
        key, inner = str(key), inner if isinstance(inner, str) else json_of(inner)
        if len(key.encode()) > MAX_KEY_BYTES or len(inner.encode()) > MAX_VALUE_BYTES:
            most = f"at most {MAX_KEY_BYTES} bytes in a key and {MAX_VALUE_BYTES} in a value"
            raise Wrong(f"{name}.{key[:80]}", f"the attribute is too long: {most}")
        found[key] = inner
    return found


def time(given: Given, name: str = "time") -> int:
    """Nanoseconds since 1970; 0 where there is none."""
    value = given.get(name)
    if value is None:
        return 0
    if isinstance(value, int | float) and not isinstance(value, bool) and _EARLIEST_MS <= value <= _LATEST_MS:
        return int(value * 10**6) if isinstance(value, float) else value * 10**6
    if isinstance(value, dt.datetime):
        value = value.isoformat()
    moment = _moment(value) if isinstance(value, str) else None
    if moment is None:
        raise Wrong(name, f"{name} is ISO-8601 (2026-11-23T10:00:00Z) or milliseconds since 1970, not {shown(value)}")
    return moment


def _moment(written: str) -> int | None:
    found = _ISO.fullmatch(written.strip())
    if found is None:
        return None
    zone = "+00:00" if found[3] in (None, "Z", "z") else found[3]
    try:
        whole = dt.datetime.fromisoformat(f"{written.strip()[:16]}{found[1] or ''}{zone}")
    except ValueError:
        return None
    nanoseconds = (whole - _EPOCH) // dt.timedelta(seconds=1) * 10**9 + int((found[2] or "").ljust(9, "0")[:9])
    return nanoseconds if 0 < nanoseconds <= _LATEST_MS * 10**6 else None


def json_of(value: object) -> str:
    """`value` as JSON; what JSON has no form for as a text."""
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def shown(value: object) -> str:
    """`value` within a message."""
    written = json_of(value)
    return written if len(written) <= 60 else f"{written[:60]}…"
