"""What a dataset is: items with an input and what should come out, under a name, in versions that never change."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}\Z")
FIELDS = ("input", "expected_output", "output", "metadata")
"""The values of an item, each of any JSON value or none."""
MAX_DEPTH = 100
"""Levels of nesting in a value."""


class Source(NamedTuple):
    """Where an item came from: a span, a whole trace, or a prediction. Empty where nobody said."""

    trace_id: str = ""
    span_id: str = ""
    prediction_id: str = ""


class ItemChange(NamedTuple):
    """An item as it shall be. What `values` leaves out stays as it was; `None` takes a value away."""

    item_id: str
    values: Mapping[str, str | None]
    """Field → JSON text (`encode_value`)."""
    source: Source | None = None
    if_absent: bool = False
    """An item that is there stays as it is."""


class BadValue(ValueError):
    """A value that cannot be kept: why."""


def encode_value(value: Any) -> str | None:
    """The value as it is kept: JSON, or `None` for no value. Raises `BadValue`."""
    if value is None:
        return None
    _check_depth(value)
    try:
        kept = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        kept.encode()
    except UnicodeEncodeError as error:
        raise BadValue("has half a character (a lone surrogate), which is no text") from error
    except ValueError as error:
        raise BadValue("has a number that is not finite, which JSON cannot hold") from error
    return kept


def decode_value(kept: str | None) -> Any:
    """The value that `encode_value` made `kept` of."""
    return None if kept is None else json.loads(kept)


def text_of(value: Any) -> str:
    """A value as a person reads it: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def lines_of(kept: str | None) -> list[str]:
    """A kept value as lines, for a comparison."""
    if kept is None:
        return []
    value = json.loads(kept)
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)).splitlines()


def id_of(values: Mapping[str, str | None], source: Source) -> str:
    """The id of an item whose sender gave none: of its source where that is known, so that a span is in a dataset
    once; else of all that it says, so that the same file added again changes nothing."""
    if source.prediction_id or source.trace_id:
        said = [source.trace_id, source.span_id, source.prediction_id]
    else:
        said = [values.get(name) or "" for name in FIELDS]
    return hashlib.blake2b("\1".join(said).encode(), digest_size=12).hexdigest()


def id_of_prediction(model: str, prediction_id: str) -> str:
    """The id of a prediction's item: a model's predictions are told apart by theirs, those of two models are not."""
    return hashlib.blake2b("\1".join(("prediction", model, prediction_id)).encode(), digest_size=12).hexdigest()


def _check_depth(value: Any) -> None:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, (list, dict))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise BadValue(f"is nested deeper than {MAX_DEPTH} levels")
