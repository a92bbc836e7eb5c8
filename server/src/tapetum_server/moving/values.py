"""Values as exports write them: JSON texts in cells, Python literals of data frames, times of every kind."""

from __future__ import annotations

import ast
import datetime as dt
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

_MAX_LITERAL = 1 << 20
"""Characters of a Python literal that is read; a longer one stays a text."""
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d))?(?:[.,](\d{1,9})\d*)?\s*(?:UTC)?(Z|z|[+-]\d\d:?\d\d)?\Z"
)


def structured(value: Any) -> Any:
    """What a cell's JSON text or Python literal says; anything else as it is."""
    if not isinstance(value, str) or not (text := value.strip()) or text[0] not in "{[":
        return value
    try:
        return json.loads(text)
    except RecursionError:
        return value
    except ValueError:
        pass
    if len(text) > _MAX_LITERAL:
        return value
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return value


def json_value(value: Any) -> Any:
    """What a JSON text says, also if it is a number or a quoted text; anything else as it is."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def mapping(value: Any) -> dict[str, Any]:
    """The object that a value is or says in JSON, else an empty one."""
    found = structured(value)
    return dict(found) if isinstance(found, Mapping) else {}


def text(value: Any) -> str:
    """A text, "" for nothing."""
    return "" if is_nothing(value) else value if isinstance(value, str) else str(value)


def is_nothing(value: Any) -> bool:
    """What stands in an export where there is no value."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def as_json(value: Any) -> str:
    """Compact JSON; what JSON has no word for, as a text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def as_text(value: Any) -> str:
    """A text exactly, anything else as JSON."""
    return value if isinstance(value, str) else as_json(value)


def number(value: Any) -> float | None:
    """A number that a cell says, `None` where it says none."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def whole(value: Any) -> int | None:
    """A whole number, also where a data frame has made 3 into 3.0."""
    found = number(value)
    return int(found) if found is not None and found == int(found) else None


def nanos(value: Any) -> int:
    """Nanoseconds since 1970 of an ISO time, a date, or a number whose size tells its unit; 0 where it says none.

    So it is before 1970 and after 2262, where nanoseconds do not reach.
    """
    if isinstance(value, dt.datetime):
        value = value.isoformat()
    if isinstance(value, str):
        match = _ISO.match(value.strip())
        if match is None:
            found = number(value)
            return nanos(found) if found is not None else 0
        date, clock, seconds, fraction, zone = match.groups()
        zone = "+00:00" if zone in (None, "Z", "z") else zone
        try:
            moment = dt.datetime.fromisoformat(f"{date}T{clock}:{seconds or '00'}{zone}")
        except ValueError:
            return 0
        exact = int(moment.timestamp()) * 10**9 + int((fraction or "0").ljust(9, "0"))
        return exact if 0 < exact < 2**63 else 0
    found = number(value)
    if found is None or found <= 0:
        return 0
    # Seconds until the year 5138, then milliseconds, microseconds, nanoseconds.
    for unit, beyond in ((10**9, 10**11), (10**6, 10**14), (10**3, 10**17)):
        if found < beyond:
            return round(found * unit)
    return int(found) if found < 2**63 else 0


def iso(moment: int) -> str:
    """Nanoseconds as an ISO time in UTC."""
    seconds, rest = divmod(moment, 10**9)
    return f"{dt.datetime.fromtimestamp(seconds, dt.timezone.utc):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def without_nothing(value: Any) -> Any:
    """Nested values without the members that a column format fills in where a record has none."""
    if isinstance(value, Mapping):
        return {str(k): without_nothing(v) for k, v in value.items() if not is_nothing(v)}
    if isinstance(value, list | tuple):
        return [without_nothing(v) for v in value]
    return value


def leaves(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Nested members under dotted keys, members of lists of objects under their index."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(f"{prefix}.{key}" if prefix else str(key), inner)
    elif isinstance(value, list | tuple) and any(isinstance(inner, Mapping) for inner in value):
        for index, inner in enumerate(value):
            yield from leaves(f"{prefix}.{index}", inner)
    else:
        yield prefix, value


def json_row(line: bytes) -> Any:
    """A line of JSON, also as Python writes it (NaN). Raises `ValueError`."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        pass
    try:
        told = json.loads(line)
        # Halves of surrogate pairs are no characters: what is sent on must be UTF-8.
        return json.loads(json.dumps(told, ensure_ascii=False).encode("utf-8", "replace"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
