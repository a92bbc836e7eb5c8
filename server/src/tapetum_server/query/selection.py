"""Which rows a question is about: a project, a time range and a filter, made ready for SQL."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import orjson

from tapetum_server.query.errors import QueryError
from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_values import attribute_key
from tapetum_server.query.reader import Reader, first_row
from tapetum_server.query.sources import Source
from tapetum_server.query.statement import Parameters
from tapetum_server.query.time_range import TimeRange
from tapetum_server.store.attribute_shape import LETTERS

INLINE = "."
"""The place of an attribute whose text lies in `attr_values`."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where the values of one attribute key lie among the rows of a question."""

    places: frozenset[str]
    """`.`, or letters of the columns that hold the attribute's text."""
    in_resource: bool


ANYWHERE = Whereabouts(frozenset({INLINE}), True)


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows of `source` that a question is about."""

    source: Source
    project: str
    time_range: TimeRange
    filter: Filter = field(default_factory=Filter)
    whereabouts: Mapping[str, Whereabouts] = field(default_factory=dict)
    """By the key that a filter or a grouping names. A key that is not here is taken to be `ANYWHERE`."""

    def bounds(self, parameters: Parameters) -> list[str]:
        """The project, always, and the time range."""
        found = [f"project = {parameters.text(self.project)}"]
        if self.time_range.start is not None:
            found.append(f"{self.source.time} >= {parameters.moment(self.time_range.start)}")
        if self.time_range.end is not None:
            found.append(parameters.before(self.source.time, self.time_range.end))
        return found


async def select(
    reader: Reader,
    source: Source,
    *,
    project: str,
    time_range: TimeRange,
    filter: Filter,
    keys: Iterable[str] = (),
) -> Selection:
    """The selection, with the whereabouts of the attributes that the filter and `keys` name.

    Attributes lie in shared shapes, so finding out where a key's values are reads two small
    columns; knowing it makes the statement that follows use the index and read little.
    """
    named = dict.fromkeys([*(term.key for term in filter.terms if term.op != "text"), *keys])
    unknown = [key for key in named if key not in source.fields]
    selection = Selection(source, project, time_range, filter)
    if unknown and not source.keyed:
        raise QueryError(
            f"there is no key {unknown[0]!r} here", code="unknown_key", field="q",
            hint=f"There are {', '.join(source.fields)}.",
        )  # fmt: skip
    if not unknown or source.in_maps:
        return selection
    parameters = Parameters()
    columns = []
    for i, key in enumerate(unknown):
        name, in_attributes, in_resource = attribute_key(key)
        if in_attributes:
            place = f"extract(attr_shape, {parameters.text(entry_pattern(name, group_place=True))})"
            columns.append(f"groupUniqArray({place}) AS places_{i}")
        if in_resource:
            columns.append(f"max(match(resource, {parameters.text(resource_pattern(name))})) AS resource_{i}")
    where = " AND ".join(selection.bounds(parameters))
    # No FINAL: rows that were delivered twice have their attributes in the same places.
    sql = f"SELECT {', '.join(columns)}\nFROM {source.table}\nWHERE {where}"
    row = first_row(await reader.query(sql, parameters.values)) or {}
    found = {}
    for i, key in enumerate(unknown):
        places = {place for place in row.get(f"places_{i}", ()) if place == INLINE or (place in LETTERS and place)}
        found[key] = Whereabouts(frozenset(places), bool(row.get(f"resource_{i}", False)))
    return Selection(source, project, time_range, filter, found)


def entry_pattern(key: str, *, group_place: bool = False) -> str:
    """A regular expression for the entry of `key` in an `attr_shape`."""
    place = "(.)" if group_place else "."
    return f"(?s)(?:^|\\x00)[a-z]{place}{_quoted(key)}(?:\\x00|$)"


def before_entry_pattern(key: str) -> str:
    """A regular expression whose group is what stands before the inline entry of `key`."""
    return f"(?s)^(?:(.*?)\\x00)?[a-z]\\.{_quoted(key)}(?:\\x00|$)"


def resource_pattern(key: str, value: str | None = None, *, prefix: bool = False, group_value: bool = False) -> str:
    """A regular expression for the attribute `key` in a `resource` column, and for its value."""
    start = f'\\[{_quoted(_json(key))},"[a-z]","'
    if group_value:
        return start + r'((?:[^"\\]|\\.)*)"'
    if value is None:
        return start
    inner = _quoted(_json(value)[1:-1])
    return start + (inner if prefix else f'{inner}"')


def _json(text: str) -> str:
    return orjson.dumps(text).decode()


def _quoted(text: str) -> str:
    # RE2 takes a backslash before ASCII punctuation as that character itself.
    return "".join(f"\\{c}" if c in string.punctuation else c for c in text)
