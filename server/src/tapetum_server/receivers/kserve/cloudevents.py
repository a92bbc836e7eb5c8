"""CloudEvents over HTTP in their three content modes, as KServe's agent of every version writes them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
MAX_EVENTS = 10_000
"""In one batch."""
_MAX_ID_CHARACTERS = 512
_VERSIONS = ("1.", "0.2", "0.3")


class NoEvent(ValueError):
    """This is no CloudEvent: the field at fault, and what to do."""

    def __init__(self, where: str, message: str) -> None:
        super().__init__(message)
        self.field = where


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """One event. Texts are "" where it does not say; times are nanoseconds since 1970, 0 where it does not say."""

    id: str
    source: str
    type: str
    time_unix_nano: int = 0
    model: str = ""
    """KServe's InferenceService."""
    namespace: str = ""
    component: str = ""
    """predictor, transformer or explainer."""
    endpoint: str = ""
    """default or canary."""
    status_code: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of the request to the model, lower-case: those that the agent was told to pass on."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    """The payload, whatever its content type says it is."""

    @property
    def part(self) -> str:
        """`request`, `response`, or "" of any other event."""
        last = self.type.rpartition(".")[2].lower()
        return last if last in ("request", "response") and "inference" in self.type else ""


def events_of(body: bytes, media_type: str, headers: Mapping[str, str]) -> Iterator[CloudEvent | NoEvent]:
    """The events of one request, in order; what is none is given as why not.

    Raises `NoEvent` where the request as a whole cannot be read.
    """
    if media_type == BATCH:
        listed = _json(body)
        if not isinstance(listed, list):
            raise NoEvent("body", "a batch of CloudEvents is a JSON array")
        if len(listed) > MAX_EVENTS:
            raise NoEvent("body", f"a batch has at most {MAX_EVENTS:,} events: send several")
        for each in listed:
            yield _tried(each)
    elif media_type == STRUCTURED:
        yield _structured(_json(body))
    else:
        told = {name[3:]: value for name, value in headers.items() if name.startswith("ce-")}
        if not told:
            raise NoEvent(
                "ce-id", f"send a CloudEvent: with ce- headers beside the payload, as {STRUCTURED}, or as {BATCH}"
            )
        yield _event(told, body)


def _tried(given: Any) -> CloudEvent | NoEvent:
    try:
        return _structured(given)
    except NoEvent as wrong:
        return wrong


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NoEvent("body", f"the body is not JSON: {error}") from None


def _structured(given: Any) -> CloudEvent:
    if not isinstance(given, dict):
        raise NoEvent("body", "a CloudEvent is a JSON object")
    told = {str(name).lower(): value for name, value in given.items() if name not in ("data", "data_base64")}
    return _event(told, _payload(given))


def _payload(given: Mapping[str, Any]) -> bytes:
    encoded = given.get("data_base64")
    data = given.get("data")
    if encoded is None and given.get("datacontentencoding") == "base64":  # CloudEvents 0.3
        encoded = data
    if encoded is not None:
        try:
            return base64.b64decode(encoded, validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise NoEvent("data_base64", "data_base64 is not base64") from None
    if data is None:
        return b""
    return data.encode() if isinstance(data, str) else orjson.dumps(data)


def _event(told: Mapping[str, Any], body: bytes) -> CloudEvent:
    said = {name: _text(value) for name, value in told.items()}
    version = said.get("specversion", "")
    if not version.startswith(_VERSIONS):
        raise NoEvent("specversion", f"specversion is 1.0 (0.2 and 0.3 are known too), not {version[:40]!r}")
    for name in ("id", "source", "type"):
        if not said.get(name):
            raise NoEvent(name, f"{name} is missing: a CloudEvent has one")
        if len(said[name]) > _MAX_ID_CHARACTERS:
            raise NoEvent(name, f"{name} has {len(said[name])} characters, at most {_MAX_ID_CHARACTERS} are kept")
    return CloudEvent(
        id=said["id"],
        source=said["source"],
        type=said["type"],
        time_unix_nano=_time(said.get("time", "")),
        model=said.get("inferenceservicename") or said.get("inferenceservice", ""),
        namespace=said.get("namespace", ""),
        component=said.get("component", ""),
        endpoint=said.get("endpoint", ""),
        status_code=said.get("statuscode", ""),
        headers={name.lower(): value for name, value in _table(told.get("metadata")).items()},
        annotations=_table(told.get("annotations")),
        body=body,
    )


def _text(value: Any) -> str:
    """A value as text, without the quotes that older agents put around it."""
    text = value if isinstance(value, str) else "" if value is None else orjson.dumps(value).decode()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _table(value: Any) -> dict[str, str]:
    """A JSON object in a header: texts by name, of several values the first."""
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return {}
    if not isinstance(value, dict):
        return {}
    first = {name: inner[0] if isinstance(inner, list) and inner else inner for name, inner in value.items()}
    return {str(name): _text(inner) for name, inner in first.items() if inner is not None}


def _time(text: str) -> int:
    """RFC 3339 with up to nine digits after the second; 0 for what is none."""
    whole, _, rest = text.partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    try:
        moment = datetime.fromisoformat(whole + (rest[len(digits) :] or ("" if rest or whole.endswith("Z") else "Z")))
    except ValueError:
        return 0
    if moment.tzinfo is None:
        return 0
    nanoseconds = int(digits[:9].ljust(9, "0")) if digits else 0
    return max(0, int(moment.timestamp()) * 10**9 + nanoseconds)
