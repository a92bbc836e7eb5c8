"""Loki's labels: `{app="shop", level="info"}` as promtail and its kin write them."""

from __future__ import annotations

import re

MAX_LABELS = 128
MAX_LABEL_BYTES = 4096
_MAX_SELECTOR_BYTES = 64 * 1024
_PAIR = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_.:-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`)\s*(,|\}|$)', re.DOTALL)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class BadLabels(ValueError):
    """A stream's labels are not kept, nor is the stream. `reason` is what is counted."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def parse_labels(selector: str) -> dict[str, str]:
    """The labels of a stream in protobuf; raises `BadLabels`."""
    if len(selector) > _MAX_SELECTOR_BYTES:
        raise BadLabels("too_many_labels", f"the labels of a stream have more than {_MAX_SELECTOR_BYTES} characters")
    inner = selector.strip()
    if not inner.startswith("{") or not inner.endswith("}"):
        raise BadLabels("malformed", f'labels are written {{name="value"}}, not {inner[:80]!r}')
    labels: dict[str, str] = {}
    at = 1
    while inner[at:].strip() != "}":
        found = _PAIR.match(inner, at)
        if found is None or not found[4]:
            raise BadLabels("malformed", f"labels cannot be read from {inner[at : at + 80]!r} on")
        labels[found[1]] = _unescaped(found[2]) if found[3] is None else found[3]
        at = found.end()
        if found[4] == "}":
            if inner[at:].strip():
                raise BadLabels("malformed", f"labels end before {inner[at : at + 80]!r}")
            break
    return check_labels(labels)


def check_labels(labels: dict[str, str]) -> dict[str, str]:
    """`labels`, if there are not too many and none is too long; raises `BadLabels`."""
    if len(labels) > MAX_LABELS:
        raise BadLabels("too_many_labels", f"a stream has {len(labels)} labels; the limit is {MAX_LABELS}")
    for name, value in labels.items():
        if len(name) > MAX_LABEL_BYTES or len(value.encode(errors="replace")) > MAX_LABEL_BYTES:
            raise BadLabels("label_too_long", f"the label {name[:80]!r} is longer than {MAX_LABEL_BYTES} bytes")
    return labels


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_escape, text) if "\\" in text else text


def _escape(found: re.Match[str]) -> str:
    code = found[1]
    try:
        if len(code) > 1:
            return chr(int(code, 8) if code.isdigit() else int(code[1:], 16))
    except (ValueError, OverflowError):
        return "\ufffd"
    return _ESCAPES.get(code, code)
