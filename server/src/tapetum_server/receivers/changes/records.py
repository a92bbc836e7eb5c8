"""What a change must look like, and what is wrong with one that does not."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from dataclasses import dataclass, field

import orjson

from tapetum_server.signals.changes import CHANGE_KINDS, ChangeBatch

MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_CHANGES = 1_000
"""In one request."""
MAX_TEXT_BYTES = 1_024
"""Of a subject, a before, an after and a source."""
MAX_ATTRIBUTES = 64
MAX_KEY_BYTES = 256
MAX_VALUE_BYTES = 4_096
FIELDS = ("time", "kind", "subject", "before", "after", "source", "attributes")

_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(?:[.,](\d{1,9}))?\s*(Z|z|[+-]\d\d:?\d\d)?")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
_EARLIEST_MS, _LATEST_MS = 10**11, (2**63 - 1) // 10**6
"""Milliseconds from 1973 to 2262: smaller numbers are seconds by mistake."""


class Undecodable(ValueError):
    """The request as a whole cannot be read; nothing of it was kept. `reason` is what is counted."""

    def __init__(self, message: str, hint: str, reason: str = "undecodable", status: int = 400) -> None:
        super().__init__(message)
        self.hint = hint
        self.reason = reason
        self.status = status


class Wrong(ValueError):
    """One change is not kept: which field, and how to mend it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Refused:
    """One change that is not kept."""

    index: int
    field: str
    message: str


@dataclass(slots=True)
class Read:
    """One decoded request."""

    batch: ChangeBatch
    alone: bool
    """Whether the request is one object: its fault is the request's."""
    refused: list[Refused] = field(default_factory=list)


def read_changes(body: bytes, project: str, sender: str, *, lines: bool) -> Read:
    """The changes of one request: an object, an array of them, or one per line. Raises `Undecodable`."""
    if len(body) > MAX_BODY_BYTES:
        raise Undecodable(
            f"the body holds {len(body)} bytes; at most {MAX_BODY_BYTES}", "Send fewer at once.", "too_large", 413
        )
    if lines:
        given: list[object] = [line for line in body.split(b"\n") if line.strip()]
        alone = False
    else:
        try:
            found = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Undecodable(
                f"the body is not JSON: {error}",
                "Send an object or an array; for one object per line the content type is application/x-ndjson.",
            ) from None
        alone = not isinstance(found, list)
        given = [found] if alone else found
    if len(given) > MAX_CHANGES:
        raise Undecodable(
            f"the request holds {len(given)} changes; at most {MAX_CHANGES}", "Send fewer at once.", "too_large", 413
        )
    read = Read(ChangeBatch(project=project, sender=sender), alone)
    for index, item in enumerate(given):
        try:
            _keep(read.batch, _line(item) if isinstance(item, bytes) else item)
        except Wrong as wrong:
            read.refused.append(Refused(index, wrong.field, str(wrong)))
    return read


def _line(line: bytes) -> object:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Wrong("", f"the line is not JSON: {error}") from None


def _keep(batch: ChangeBatch, given: object) -> None:
    if not isinstance(given, dict):
        raise Wrong("", "a change is a JSON object with at least kind and subject")
    for name in given:
        if name not in FIELDS:
            near = difflib.get_close_matches(name, FIELDS, 1)
            hint = f"did you mean {near[0]}?" if near else f"put it into attributes; the fields are {', '.join(FIELDS)}"
            raise Wrong(name[:80], f"a change has no field {name[:80]!r}: {hint}")
    kind = given.get("kind")
    if kind not in CHANGE_KINDS:
        raise Wrong("kind", f"kind is one of {', '.join(CHANGE_KINDS)}, not {_shown(kind)}")
    subject = _text(given, "subject")
    if not subject.strip():
        raise Wrong("subject", "subject names what was changed: a service, a model, a table")
    time, before, after, source = (
        _time(given.get("time")), _text(given, "before"), _text(given, "after"), _text(given, "source"),
    )  # fmt: skip
    attributes = _attributes(given.get("attributes"))
    batch.time_unix_nano.append(time)
    batch.kind.append(str(kind))
    batch.subject.append(subject)
    batch.before.append(before)
    batch.after.append(after)
    batch.source.append(source)
    batch.attributes.append(attributes)


def _text(given: dict[str, object], name: str) -> str:
    value = given.get(name)
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        # A version such as 2 or 1.5, written without quotes.
        return str(value)
    if not isinstance(value, str):
        raise Wrong(name, f"{name} is a text, not {_shown(value)}")
    if len(value.encode()) > MAX_TEXT_BYTES:
        raise Wrong(name, f"{name} has {len(value.encode())} bytes; at most {MAX_TEXT_BYTES}")
    return value


def _attributes(given: object) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise Wrong("attributes", f"attributes is an object, not {_shown(given)}")
    if len(given) > MAX_ATTRIBUTES:
        raise Wrong("attributes", f"a change has at most {MAX_ATTRIBUTES} attributes, not {len(given)}")
    found = {}
    for key, value in given.items():
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        if len(key.encode()) > MAX_KEY_BYTES or len(text.encode()) > MAX_VALUE_BYTES:
            most = f"at most {MAX_KEY_BYTES} bytes in a key and {MAX_VALUE_BYTES} in a value"
            raise Wrong(f"attributes.{key[:80]}", f"the attribute is too long: {most}")
        found[key] = text
    return found


def _time(given: object) -> int:
    if given is None:
        return 0
    if isinstance(given, int | float) and not isinstance(given, bool) and _EARLIEST_MS <= given <= _LATEST_MS:
        return int(given * 10**6) if isinstance(given, float) else given * 10**6
    moment = _moment(given) if isinstance(given, str) else None
    if moment is None:
        raise Wrong("time", f"time is ISO-8601 (2026-11-23T10:00:00Z) or milliseconds since 1970, not {_shown(given)}")
    return moment


def _moment(text: str) -> int | None:
    found = _ISO.fullmatch(text.strip())
    if found is None:
        return None
    zone = "+00:00" if found[3] in (None, "Z", "z") else found[3]
    try:
        whole = dt.datetime.fromisoformat(f"{text.strip()[:16]}{found[1] or ''}{zone}")
    except ValueError:
        return None
    nanoseconds = (whole - _EPOCH) // dt.timedelta(seconds=1) * 10**9 + int((found[2] or "").ljust(9, "0")[:9])
    return nanoseconds if 0 < nanoseconds <= _LATEST_MS * 10**6 else None


def _shown(value: object) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= 60 else f"{text[:60]}…"
