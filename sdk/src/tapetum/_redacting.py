"""Takes secrets out of what is about to be sent, on the thread that sends: as late as can be, and with no way past."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tapetum.redaction import Redactor, Screened, is_secret_key, redact_mapping

Json = dict[str, Any]
_TEXTS = frozenset({
    "name", "description", "unit", "message", "traceState", "schemaUrl", "version", "severityText", "eventName",
})  # fmt: skip
"""Fields of OTLP that are text. Ids, numbers and times hold none."""
_ATTRIBUTES = frozenset({"attributes", "filteredAttributes"})
_RECORD_TEXTS = frozenset({
    "name", "subject", "before", "after", "source", "label", "explanation", "comment", "expected_output", "evaluator",
    "session_id", "output",
})  # fmt: skip
"""Fields of changes, evaluations, predictions and labels that are text."""
_RECORD_TABLES = frozenset({"attributes", "features", "tags"})
"""Fields that hold values by name."""


def redact_document(redactor: Redactor, document: Json) -> None:
    """An OTLP/JSON request, rewritten in its place."""
    held: set[str] = set()
    secret_keys: list[str] = []

    def gather(text: str) -> str:
        held.add(text)
        return text

    def whole(text: str) -> str:
        secret_keys.append(text)
        return text

    _Walk(gather, whole).node(document)
    screened = redactor.screened(held)
    if screened is not None or secret_keys:
        texts = screened or Screened(redactor, set())
        _Walk(texts.redact, lambda text: redact_mapping(texts, {"secret": text})["secret"]).node(document)


def redact_records(redactor: Redactor, records: Sequence[Mapping[str, Any]]) -> list[Json]:
    """Changes, evaluations, predictions or labels."""
    made = []
    for record in records:
        shown = dict(record)
        for name, value in record.items():
            if name in _RECORD_TEXTS and isinstance(value, str):
                shown[name] = redactor.redact(value)
            elif name in _RECORD_TABLES:
                shown[name] = redact_mapping(redactor, value)
        made.append(shown)
    return made


class _Walk:
    """Over every text of an OTLP/JSON request: `text` says what becomes of one, `whole` of one under a secret's key."""

    def __init__(self, text: Callable[[str], str], whole: Callable[[str], str]) -> None:
        self._text = text
        self._whole = whole

    def node(self, node: Json) -> None:
        """A message of OTLP."""
        for name, inner in node.items():
            kind = inner.__class__
            if kind is str:
                if inner and name in _TEXTS:
                    node[name] = self._text(inner)
            elif kind is list:
                if name in _ATTRIBUTES:
                    self._pairs(inner, False)
                else:
                    for each in inner:
                        if each.__class__ is dict:
                            self.node(each)
            elif kind is dict:
                if name == "body":
                    node[name] = self._value(inner, False)
                else:
                    self.node(inner)

    def _pairs(self, pairs: list[Json], whole: bool) -> None:
        for pair in pairs:
            key = pair["key"]
            pair["value"] = self._value(pair["value"], whole or is_secret_key(key))
            pair["key"] = self._text(key)

    def _value(self, value: Json, whole: bool) -> Json:
        for kind, inner in value.items():
            if kind == "stringValue":
                return {kind: self._whole(inner) if whole else self._text(inner)}
            if kind == "kvlistValue":
                self._pairs(inner["values"], whole)
            elif kind == "arrayValue":
                inner["values"] = [self._value(each, whole) for each in inner["values"]]
            elif whole and kind in ("intValue", "doubleValue"):
                return {"stringValue": self._whole(str(inner))}
        return value
