"""How attributes lie in a row: one shared shape string and a list of values.

Spans of one call site carry the same keys with the same types, so the keys are not stored per
span but once per distinct *shape*, in a LowCardinality column. A shape has one entry per
attribute, in the order sent, separated by NUL: a type letter (`signals.attributes.TYPE_NAMES`),
a place, and the key. The place is `.` for "the next element of attr_values", or a letter that
names the typed column which holds exactly this text already (`PROMOTED`), so that a promoted
value is stored once and the raw attributes can still be rebuilt exactly.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from tapetum_server.signals.attributes import Attributes, AttributeValue, decode_text, encode_text, type_of

PROMOTED: tuple[str, ...] = (
    "operation", "provider", "model", "response_id", "session_id", "user_id", "agent", "tool",
    "prompt_name", "prompt_version", "error_type", "input", "output",
    "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens",
)  # fmt: skip
"""Columns of `span_rows` that can hold an attribute's text. Only append: letters are stored."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: len(PROMOTED)]


def shape_and_values(attributes: Attributes) -> tuple[str, list[str]]:
    """The shape of `attributes` and the texts of all values, nothing promoted."""
    entries: list[str] = []
    values: list[str] = []
    for key, value in attributes.items():
        if value.__class__ is str:
            entries.append("s." + key)
            values.append(value)
        else:
            entries.append(type_of(value) + "." + key)
            values.append(encode_text(value))
    shape = "\0".join(entries)
    return (shape, values) if shape.count("\0") == max(len(entries) - 1, 0) else _without_nul(attributes)


def _without_nul(attributes: Attributes) -> tuple[str, list[str]]:
    # NUL separates entries; a key that holds one is kept readable, with U+2400 in its place.
    return shape_and_values({key.replace("\0", "\u2400"): value for key, value in attributes.items()})


def pairs(attributes: Attributes) -> list[tuple[str, str, str]]:
    """(key, type letter, text) of each attribute."""
    return [(key, type_of(value), encode_text(value)) for key, value in attributes.items()]


def pairs_json(attributes: Attributes) -> str:
    """`pairs` as JSON text, the form of resource, scope, event and link attributes in a row."""
    return orjson.dumps(pairs(attributes)).decode() if attributes else ""


def rebuild(shape: str, values: Sequence[str], promoted: Sequence[str]) -> list[tuple[str, str, str]]:
    """(key, type letter, text) of each attribute of a stored row; `promoted` in `PROMOTED`'s order."""
    out = []
    following = iter(values)
    for entry in shape.split("\0") if shape else ():
        place = entry[1]
        out.append((entry[2:], entry[0], next(following) if place == "." else promoted[LETTERS.index(place)]))
    return out


def natural(attribute_pairs: Sequence[tuple[str, str, str]]) -> dict[str, AttributeValue]:
    """The attributes as OTLP sent them, from `rebuild`'s or `pairs`' triples."""
    return {key: decode_text(text, letter) for key, letter, text in attribute_pairs}
