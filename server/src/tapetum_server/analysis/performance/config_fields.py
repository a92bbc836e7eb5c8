"""Fields of a configuration's messages, as JSON and as text format have them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from tapetum_server.analysis.performance.eval_config import ConfigError

_MAPS = (
    "feature_values", "thresholds", "per_slice_thresholds", "cross_slice_thresholds", "class_weights", "label_keys",
    "prediction_keys", "example_weight_keys", "output_weights",
)  # fmt: skip
"""Fields that are maps, whose keys are nobody's names of fields."""


def snake(value: Any) -> Any:
    """Names of fields as the messages have them; protojson writes them in camel case. Keys of maps stay."""
    if isinstance(value, list):
        return [snake(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for name, inner in value.items():
        plain = re.sub(r"(?<=[a-z0-9])([A-Z])", lambda m: f"_{m[1].lower()}", name)
        keep = plain in _MAPS and isinstance(inner, dict)
        found[plain] = {key: snake(each) for key, each in inner.items()} if keep else snake(inner)
    return found


def settings(raw: Any, where: str) -> dict[str, Any]:
    """A metric's settings: JSON, with or without its braces."""
    if not raw:
        return {}
    if isinstance(raw, dict):
        return raw
    text = str(raw).strip()
    try:
        found = json.loads(text if text.startswith("{") else f"{{{text}}}")
    except ValueError as error:
        raise ConfigError(where, f"is no JSON: {error}") from error
    return found if isinstance(found, dict) else {}


def many(raw: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The messages of a repeated field."""
    found = list_of(raw.get(name))
    if not all(isinstance(each, dict) for each in found):
        raise ConfigError(name, "holds something that is no message")
    return found


def list_of(value: Any) -> list[Any]:
    """The values of a repeated field, which may stand once without a list."""
    return [] if value is None else value if isinstance(value, list) else [value]


def flag(value: Any) -> bool:
    """Whether it is true."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def plain_number(value: Any, where: str) -> float | None:
    """A number, or a message around one."""
    if isinstance(value, dict):
        value = value.get("value", 0.0)
    if value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        _no_number(where, value)


def _no_number(where: str, value: Any) -> NoReturn:
    raise ConfigError(where, f"{value!r} is no number")


def map_of(raw: Any) -> dict[str, Any]:
    """A map, which text format writes as messages of a key and a value."""
    if not raw:
        return {}
    if isinstance(raw, list) or set(raw) == {"key", "value"}:
        return {str(pair["key"]): pair["value"] for pair in list_of(raw)}
    return {str(key): value for key, value in raw.items()}


def numbers_of(raw: Any, where: str) -> list[int]:
    """Whole numbers: a list, or TFMA's message around one."""
    values = list_of(raw.get("values")) if isinstance(raw, dict) else list_of(raw)
    try:
        return [int(value) for value in values]
    except (TypeError, ValueError):
        raise ConfigError(where, f"{values!r} are no whole numbers") from None
