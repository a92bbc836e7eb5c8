"""Which values a key has and how often: counted for all keys of a page in one scan."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from typing_extensions import TypedDict

from tapetum_server.query.errors import QueryError
from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_maps import NAMES
from tapetum_server.query.filter_sql import conditions, value_sql
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.sources import Source
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange

MAX_KEYS = 20
MAX_ATTRIBUTE_KEYS = 100
_VALUE_CHARACTERS = 512


class FacetValue(TypedDict):
    """One value of a key. An empty value means that the record has none.

    `cut` says that only the beginning is given: every value that begins so is counted here, and a prefix
    (`key:"value"*`) finds them.
    """

    value: str
    count: int
    cut: bool


class Facet(TypedDict):
    """The most frequent values of one key; `more` when there are others."""

    key: str
    values: list[FacetValue]
    more: bool


class AttributeKey(TypedDict):
    """An attribute key and how many records have it."""

    key: str
    count: int


class Facets(TypedDict):
    """Values of the keys that were asked for, and the attribute keys that could be asked for."""

    facets: list[Facet]
    attribute_keys: list[AttributeKey]


async def facets(
    reader: Reader,
    source: Source,
    *,
    project: str,
    time_range: TimeRange,
    filter: Filter,
    keys: Sequence[str] = (),
    limit: int = 10,
) -> Facets:
    """The most frequent values of each key among the records that pass the filter."""
    wanted = list(dict.fromkeys(keys)) or list(source.default_facets)
    if len(wanted) > MAX_KEYS:
        raise QueryError(f"{len(wanted)} keys; at most {MAX_KEYS}", code="too_many_keys", field="keys")
    selection = await select(reader, source, project=project, time_range=time_range, filter=filter, keys=wanted)
    counting = reader.query(*facets_statement(selection, wanted, limit + 1))
    names: list[AttributeKey] = []
    if source.keyed:
        counted, named = await asyncio.gather(counting, reader.query(*attribute_keys_statement(selection)))
        names = [AttributeKey(key=key, count=count) for key, count in tuples_of(named)]
    else:
        counted = await counting
    values: list[list[FacetValue]] = [[] for _ in wanted]
    for which, value, count in tuples_of(counted):
        values[which].append(FacetValue(value=value, count=count, cut=len(value) >= _VALUE_CHARACTERS))
    shown = [Facet(key=key, values=found[:limit], more=len(found) > limit) for key, found in zip(wanted, values)]
    return Facets(facets=shown, attribute_keys=names)


def facets_statement(selection: Selection, keys: Sequence[str], limit: int) -> Statement:
    """(number of the key, value, count), the most frequent first."""
    parameters = Parameters()
    texts = [value_sql(key, selection, parameters) for key in keys]
    columns = ", ".join(
        f"substringUTF8(toString({sql}), 1, {_VALUE_CHARACTERS}) AS v{i}" for i, sql in enumerate(texts)
    )
    names = [f"v{i}" for i in range(len(keys))]
    sets = ", ".join(f"({name})" for name in names)
    # Of `grouping`'s bits, the one that is 0 says by which key a row was grouped.
    which = f"{len(keys) - 1} - toUInt8(log2(bitXor(grouping({', '.join(names)}), {2 ** len(keys) - 1})))"
    value = f"[{', '.join(names)}][which + 1]"
    condition = " AND ".join(conditions(selection, parameters))
    if len(keys) == 1:
        which, sets = "0", "(v0)"
    sql = f"""SELECT {which} AS which, {value} AS value, count() AS records
FROM (
    SELECT {columns}
    FROM {selection.source.relation(columns, condition)}
    WHERE {condition}
)
GROUP BY GROUPING SETS ({sets})
ORDER BY which, records DESC, value
LIMIT {limit} BY which"""
    return Statement(sql, parameters.values)


def attribute_keys_statement(selection: Selection) -> Statement:
    """(attribute key, records that have it), the most frequent first."""
    parameters = Parameters()
    condition = " AND ".join(conditions(selection, parameters))
    if selection.source.in_maps:
        inner = f"layout, mapKeys(tags) AS tagged, any({NAMES}) AS names, count() AS records"
        sql = f"""SELECT key, toUInt64(sum(records)) AS records
FROM (
    SELECT {inner}
    FROM {selection.source.relation(inner, condition)}
    WHERE {condition}
    GROUP BY layout, tagged
)
ARRAY JOIN arrayConcat(names, arrayMap(tag -> concat('tags.', tag), tagged)) AS key
GROUP BY key
ORDER BY records DESC, key
LIMIT {MAX_ATTRIBUTE_KEYS}"""
        return Statement(sql, parameters.values)
    # Keys lie in shapes, which many records share: count the shapes first.
    sql = f"""SELECT substring(entry, 3) AS key, toUInt64(sum(records)) AS records
FROM (
    SELECT attr_shape, count() AS records
    FROM {selection.source.relation("attr_shape", condition)}
    WHERE {condition} AND attr_shape != ''
    GROUP BY attr_shape
)
ARRAY JOIN splitByChar(char(0), toString(attr_shape)) AS entry
GROUP BY key
ORDER BY records DESC, key
LIMIT {MAX_ATTRIBUTE_KEYS}"""
    return Statement(sql, parameters.values)


def keys_of(text: str | None) -> list[str]:
    """The keys of a comma-separated list."""
    return [key.strip() for key in (text or "").split(",") if key.strip()]
