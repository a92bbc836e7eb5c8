"""Where the next page begins: the last row's place in the order, and the range that the first page settled on.

A keyset cursor, so that rows that arrive or leave between two pages neither repeat nor hide others.
"""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

import orjson

from tapetum_server.query.errors import QueryError
from tapetum_server.query.time_range import TimeRange


class Cursor(NamedTuple):
    """The place after one row in one order of one range."""

    order: str
    range: TimeRange
    """As the first page resolved it: `now-1h` must not move between pages."""
    place: tuple[int | float | str, ...]
    """The last row's sort values; the last of them identifies the row."""


def encode_cursor(cursor: Cursor) -> str:
    """An opaque text for a URL."""
    content = orjson.dumps([cursor.order, cursor.range.start, cursor.range.end, *cursor.place])
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def decode_cursor(text: str | None, order: str, place: tuple[type, ...]) -> Cursor | None:
    """The cursor of a request whose sort order is `order` and whose places have these types."""
    if not text:
        return None
    try:
        content = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, orjson.JSONDecodeError, ValueError):
        content = None
    if (
        not isinstance(content, list)
        or len(content) != 3 + len(place)
        or not all(bound is None or type(bound) is int for bound in content[1:3])
        or not all(type(value) is kind for value, kind in zip(content[3:], place))
    ):
        raise QueryError(
            "the cursor is not one that this server gave for this list",
            code="bad_cursor",
            field="cursor",
            hint="Ask for the first page without a cursor.",
        )
    if content[0] != order:
        raise QueryError(
            f"the cursor belongs to the order {content[0]!r}, not {order!r}",
            code="bad_cursor",
            field="cursor",
            hint="Ask for the first page again after changing the sort order.",
        )
    return Cursor(order, TimeRange(content[1], content[2]), tuple(content[3:]))
