"""The two table layouts of docs/decisions/001-tables.md, and the same questions to each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pyarrow as pa

from tapetum_server.signals.attributes import TYPE_NAMES, encode_text, type_of
from tapetum_server.signals.spans import SpanBatch
from tapetum_server.store import columns as col
from tapetum_server.store import sql_files
from tapetum_server.store.messages import RepeatedText
from tapetum_server.store.rows_spans import span_rows

_SHAPE_ATTRIBUTES = """    attr_shape LowCardinality(String),
    attr_values Array(String) CODEC(ZSTD(3)),
"""
_MAP_ATTRIBUTES = """    attributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    attribute_types Map(LowCardinality(String), LowCardinality(String)) CODEC(ZSTD(1)),
"""
_SHAPE_TEXT = (
    "    INDEX text_of_payload concat(input, ' ', output) TYPE text(tokenizer = 'unicodeWord', "
    "preprocessor = lower(concat(input, ' ', output)), posting_list_codec = 'bitpacking')\n"
)
# Named differently, so that the writer's exclude_materialize_skip_indexes_on_insert does not apply.
_MAP_TEXT = (
    ",\n".join(
        f"    INDEX text_of_{c} {c} TYPE text(tokenizer = 'unicodeWord', preprocessor = lower({c}), "
        "posting_list_codec = 'bitpacking')"
        for c in ("input", "output")
    )
    + "\n"
)
_EXCHANGES = (
    ("{database}.span_rows", "{database}.map_rows"),
    (_SHAPE_ATTRIBUTES, _MAP_ATTRIBUTES),
    (_SHAPE_TEXT, _MAP_TEXT),
    ("INDEX by_value attr_values", "INDEX by_value mapValues(attributes)"),
    (
        "ORDER BY (project, start_time, trace_id, span_id)",
        "ORDER BY (project, toStartOfMinute(start_time), trace_id, span_id)",
    ),
)


def map_table(database: str) -> str:
    """The CREATE TABLE of layout `map`: the store's own table with what makes the layouts differ exchanged."""
    (statement,) = (s for s in sql_files.migration_statements("0001_spine", "{database}") if ".span_rows\n" in s)
    for ours, theirs in _EXCHANGES:
        if ours not in statement:
            raise SystemExit(f"span_rows has changed; bench/tables_layouts.py expects it to hold {ours!r}")
        statement = statement.replace(ours, theirs)
    return statement.replace("{database}", database)


class _NoMemory:
    """In place of `store.messages.MessageMemory`: every text stays in its own row."""

    def compact(self, project: str, owner: int, text: str, into: RepeatedText) -> str:
        return text


def map_rows(batch: SpanBatch, now: int) -> pa.Table:
    """Rows of layout `map`: all attributes in a map, also those that a typed column holds."""
    bare = replace(batch, attributes=[{}] * len(batch))
    table, _ = span_rows(bare, _NoMemory(), RepeatedText(), 30, now)  # type: ignore[arg-type]
    offsets = [0]
    keys: list[str] = []
    values: list[str] = []
    types: list[str] = []
    for attributes in batch.attributes:
        for key, value in attributes.items():
            keys.append(key)
            values.append(value if value.__class__ is str else encode_text(value))
            types.append(TYPE_NAMES[type_of(value)])
        offsets.append(len(keys))
    places, key_array = pa.array(offsets, pa.int32()), pa.array(keys, pa.string())
    table = table.drop_columns(["attr_shape", "attr_values"])
    table = table.append_column("attributes", pa.MapArray.from_arrays(places, key_array, col.texts(values)))
    return table.append_column("attribute_types", pa.MapArray.from_arrays(places, key_array, col.texts(types)))


@dataclass(frozen=True)
class Layout:
    """How one layout says what the questions need."""

    name: str
    table: str
    has_text: str
    attributes: str
    has_value: str
    side_tables: tuple[str, ...]


MAP = Layout(
    name="map",
    table="map_rows",
    has_text="(hasAllTokens(input, '{word}') OR hasAllTokens(output, '{word}'))",
    attributes="map_rows.attributes",
    has_value="attributes['{key}'] = '{value}'",
    side_tables=("map_rows", "span_enrichments"),
)
SHAPE = Layout(
    name="shape",
    table="span_rows",
    has_text="(hasAllTokens(concat(input, ' ', output), '{word}') OR hasAnyTokens(concat(input, ' ', output), "
    "(SELECT groupArray(toString(hash)) FROM message_rows "
    "WHERE project = 'default' AND hasAllTokens(text, '{word}'))))",
    attributes=sql_files.attributes("span_rows"),
    # What the query room writes (query/filter_sql.py): the shape says which element holds the value.
    has_value="has(attr_values, '{value}') AND attr_values[if(extract(attr_shape, '(?s)(?:^|\\\\x00)[a-z](.){key}"
    "(?:\\\\x00|$)') = '.', countMatches(extract(attr_shape, '(?s)^(.*?)(?:^|\\\\x00)[a-z].{key}(?:\\\\x00|$)'), "
    "'(?s)(?:^|\\\\x00)[a-z]\\\\.') + 1, 0)] = '{value}'",
    side_tables=("span_rows", "message_rows", "span_enrichments"),
)
LAYOUTS = {layout.name: layout for layout in (MAP, SHAPE)}


def questions(layout: Layout, database: str, *, trace: str, session: str, word: str, rare: str) -> dict[str, str]:
    """The same questions in one layout's SQL."""
    rows = f"{layout.table} FINAL"
    where = "WHERE project = 'default'"
    roots = f"SELECT trace_id, start_time FROM {rows} {where} AND parent_span_id = '' ORDER BY start_time DESC LIMIT 50"
    others = "SELECT project, trace_id, span_id FROM span_duplicates"
    counted = f"owns_usage AND (project, trace_id, span_id) NOT IN ({others})"
    shown = (
        "span_id, parent_span_id, name, kind, span_kind, service, start_time, end_time, ended, status, model, "
        "input_tokens, output_tokens, cost_usd"
    )
    late = f"SELECT trace_id, span_id FROM span_enrichments WHERE hasAllTokens(concat(input, ' ', output), '{word}')"
    attributes = layout.attributes.replace("{database}", database)
    found = layout.has_text.format(word=word)
    value = layout.has_value.format(key="app.tenant", value=rare)
    return {
        "latest 50 traces": f"SELECT trace_id, argMin(name, (parent_span_id != '', start_time)) AS root, "
        f"min(start_time) AS start, max(end_time), count(), countIf(status = 'error'), "
        f"arraySort(groupUniqArrayIf(model, model != '')), sumIf(input_tokens, {counted}), "
        f"sumIf(output_tokens, {counted}) FROM {rows} {where} AND trace_id IN (SELECT trace_id FROM ({roots})) "
        f"AND start_time >= (SELECT min(start_time) FROM ({roots})) GROUP BY trace_id ORDER BY start DESC",
        "trace of 1,000 spans": f"SELECT {shown} FROM {rows} {where} AND trace_id = '{trace}' ORDER BY start_time",
        "the same with attributes": f"SELECT {shown}, {attributes} AS everything FROM {rows} {where} "
        f"AND trace_id = '{trace}' ORDER BY start_time",
        "a session": f"SELECT trace_id, name, start_time, end_time, status FROM {rows} {where} "
        f"AND session_id = '{session}' ORDER BY start_time",
        "full text": f"SELECT trace_id, span_id, start_time FROM {rows} {where} AND {found} "
        f"UNION DISTINCT SELECT trace_id, span_id, start_time FROM {rows} {where} "
        f"AND trace_id IN (SELECT trace_id FROM ({late})) AND (trace_id, span_id) IN ({late})",
        "tokens by model": f"SELECT model, sum(input_tokens), sum(output_tokens) FROM {rows} {where} "
        f"AND {counted} GROUP BY model ORDER BY model",
        "rare attribute": f"SELECT trace_id, span_id, start_time FROM {rows} {where} AND {value} ORDER BY start_time",
        "count": f"SELECT count(), countIf(ended) FROM {rows} {where}",
    }
