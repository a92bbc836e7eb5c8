"""SQL as source files, with the few expressions that several views share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources

from tapetum_server.signals.predictions import ATTRIBUTIONS
from tapetum_server.store.attribute_shape import LETTERS, PROMOTED
from tapetum_server.store.full_text import SAID_BY_RECORD, words

_SQL = resources.files("tapetum_server.store") / "sql"
_MATERIALIZED = re.compile(r"CREATE MATERIALIZED VIEW IF NOT EXISTS \w+\.(\w+) TO \w+\.(\w+) AS\n")
_MACRO = re.compile(r"\{(\w+):(\w+(?:\.\w+)?)\}")


def migrations() -> list[str]:
    """Names of all migrations, oldest first (`0001_spine`, …); each is a folder of statements."""
    return sorted(entry.name for entry in _SQL.iterdir() if re.fullmatch(r"\d{4}_\w+", entry.name))


def migration_statements(name: str, database: str, credentials: str = "") -> Iterator[str]:
    """The statements of one migration, in order, for `database`."""
    for entry in sorted((_SQL / name).iterdir(), key=lambda e: e.name):
        yield expand(entry.read_text(), database, credentials)


def kept_up_by_inserts(database: str) -> Iterator[tuple[str, str, str]]:
    """(name, table it fills, CREATE …) of every materialized view of the migrations."""
    for migration in migrations():
        for statement in migration_statements(migration, database):
            if kept := kept_up(statement):
                yield kept


def kept_up(statement: str) -> tuple[str, str, str] | None:
    """(name, table it fills, the statement) where it makes a materialized view."""
    found = _MATERIALIZED.search(statement)
    return (found[1], found[2], statement) if found else None


def view_statements(database: str) -> Iterator[tuple[str, str]]:
    """(name, CREATE OR REPLACE VIEW …) of every public view, in an order in which they can be made."""
    names = sorted((e.name.removesuffix(".sql") for e in (_SQL / "views").iterdir()), key=lambda n: (n == "traces", n))
    for name in names:
        yield name, expand((_SQL / "views" / f"{name}.sql").read_text(), database)


def expand(sql: str, database: str, credentials: str = "") -> str:
    """`sql` with `{database}`, `{credentials}` and the macros of this module filled in."""
    sql = _MACRO.sub(lambda m: _MACROS[m[1]](m[2]), sql)
    return sql.replace("{database}", database).replace("{credentials}", credentials)


def text(column: str) -> str:
    """A payload column with its references into the message store resolved (`store.messages`)."""
    lookup = "dictGetOrDefault('{database}.messages', 'text', (project, part), '')"
    parts = f"splitByChar(char(0), {column})"
    return (
        f"if(position({column}, char(0)) = 0, {column}, arrayStringConcat(arrayMap((part, i) -> "
        f"multiIf(i % 2 = 1, part, part = '', char(0), {lookup}), {parts}, arrayEnumerate({parts}))))"
    )


def _entries(table: str) -> str:
    return f"if({table}.attr_shape = '', [], splitByChar(char(0), {table}.attr_shape))"


def attributes(table: str) -> str:
    """Map(String, String) of all attributes, promoted ones put back."""
    keys = f"arrayMap(e -> substring(e, 3), {_entries(table)})"
    values = f"arrayMap(v -> {text('v')}, {table}.attr_values)"
    if table == "span_rows":
        promoted = ", ".join(
            f"ifNull(toString({table}.{c}), '')" if c.endswith("_tokens") else
            text(f"{table}.{c}") if c in ("input", "output") else f"toString({table}.{c})"
            for c in PROMOTED
        )  # fmt: skip
        places = f"arrayMap(e -> substring(e, 2, 1), {_entries(table)})"
        counts = f"arrayCumSum(arrayMap(e -> substring(e, 2, 1) = '.', {_entries(table)}))"
        # Rows of most call sites promote nothing or little: only then are the columns read into an array.
        values = (
            f"if(length({table}.attr_values) = length({_entries(table)}), {values}, arrayMap((place, nth) -> "
            f"if(place = '.', {values}[nth], [{promoted}][position('{LETTERS}', place)]), {places}, {counts}))"
        )
    return f"CAST((arrayMap(k -> toString(k), {keys}), {values}), 'Map(String, String)')"


def attribute_types(table: str) -> str:
    """Map(String, String): attribute key to OTLP value type."""
    return (
        f"CAST(arrayMap(e -> (substring(e, 3), transform(substring(e, 1, 1), ['s','b','i','d','y','a','m','n'], "
        f"['string','bool','int','double','bytes','array','kvlist','empty'], '')), {_entries(table)}), "
        "'Map(String, String)')"
    )


def numeric_attributes(table: str) -> str:
    """Map(String, Float64) of the int and double attributes."""
    numbers = f"arrayFilter(e -> substring(e, 1, 1) IN ('i', 'd'), {_entries(table)})"
    return (
        f"CAST(arrayMap(e -> (substring(e, 3), toFloat64OrZero({attributes(table)}[substring(e, 3)])), {numbers}), "
        "'Map(String, Float64)')"
    )


def pairs(column: str) -> str:
    """Map(String, String) of a column written by `attribute_shape.pairs_json`."""
    return (
        f"CAST(arrayMap(t -> (t.1, t.3), JSONExtract({column}, 'Array(Tuple(String, String, String))')), "
        "'Map(String, String)')"
    )


SAID_BY_LOGS = (
    "output_tokens", "reasoning_tokens", "cache_read_tokens", "cache_write_tokens", "reported_cost_usd",
    "response_model", "finish_reason",
)  # fmt: skip
"""Columns of a span that the log records of its emitter may fill."""


def said(column: str) -> str:
    """A column of `SAID_BY_LOGS`: the span's own, or what log records say where it leaves that out.

    Output tokens are the larger of the two: a coding agent's span leaves the reasoning out. Only spans whose
    emitter says something in logs are looked up: `log_key` names how.
    """
    own = f"span_rows.{column}"
    key = _log_key()
    if column in ("response_model", "finish_reason"):
        found = f"if({own} != '', {own}, dictGetOrDefault('{{database}}.enrichments', '{column}', {key}, ''))"
        return f"if(span_rows.log_key = '', {own}, {found})"
    found = f"dictGetOrDefault('{{database}}.enrichments', '{column}', {key}, NULL)"
    better = f"ifNull({own}, {found})"
    if column == "output_tokens":
        better = f"if(isNull({own}), {found}, greatest({own}, ifNull({found}, 0)))"
    return f"if(span_rows.log_key = '', {own}, {better})"


def _log_key() -> str:
    by_ids = "span_rows.log_key = 'span'"
    return f"(project, if({by_ids}, trace_id, ''), if({by_ids}, span_id, span_rows.log_key))"


def cost(table: str) -> str:
    """What a call costs: as it was priced, and what its tokens cost that only log records tell of.

    Of a call that says no output itself the column has what its input costs, which is no cost until records say it.
    """
    told = (
        "dictGetOrDefault('{database}.enrichments', ('output_tokens', 'cache_read_tokens', 'cache_write_tokens'), "
        f"{_log_key()}, (NULL, NULL, NULL))"
    )
    own = f"{table}."
    inputs = f"toFloat64({own}input_tokens)"
    output = f"greatest(toFloat64(ifNull(t.1, 0)) - toFloat64(ifNull({own}output_tokens, 0)), 0)"
    read = f"if(isNull({own}cache_read_tokens), least(toFloat64(ifNull(t.2, 0)), {inputs}), 0)"
    left = f"greatest({inputs} - toFloat64(ifNull(ifNull({own}cache_read_tokens, t.2), 0)), 0)"
    written = f"if(isNull({own}cache_write_tokens), least(toFloat64(ifNull(t.3, 0)), {left}), 0)"
    more = (
        f"{output} * {own}output_rate + {read} * ({own}cache_read_rate - {own}input_rate)"
        f" + {written} * ({own}cache_write_rate - {own}input_rate)"
    )
    summed = f"if({table}.cost_status = 'no_usage' AND isNull(t.1), NULL, {table}.cost_usd + ifNull({more}, 0))"
    # `t` is looked up once a row, and only for rows of emitters that say something in logs.
    return f"if({table}.log_key = '', {table}.cost_usd, arrayMap(t -> {summed}, [{told}])[1])"


def cost_status(table: str) -> str:
    """Why there is a cost or none, also of calls whose output only log records tell of."""
    late = f"{table}.cost_status = 'no_usage' AND isNotNull({table}.cost_usd) AND isNotNull({said('output_tokens')})"
    return f"if({late}, 'priced', {table}.cost_status)"


def cache_savings(table: str) -> str:
    """What the cached input would have cost afresh, less what reading and writing it cost; NULL where nobody knows."""
    fresh, read, written = f"{table}.input_rate", said("cache_read_tokens"), said("cache_write_tokens")
    return (
        f"if(isNull({fresh}) OR isNull({read}) AND isNull({written}), NULL, "
        f"ifNull({read}, 0) * ({fresh} - {table}.cache_read_rate)"
        f" + ifNull({written}, 0) * ({fresh} - {table}.cache_write_rate))"
    )


def features(what: str) -> str:
    """A column of the view `predictions` out of the maps of `prediction_rows`."""
    return _FEATURES[what]


def _present(column: str, kind: str) -> str:
    """A feature map without its nulls."""
    return (
        f"CAST(mapFilter((k, v) -> isNotNull(v){_a_feature(column)}, prediction_rows.{column}), 'Map(String, {kind})')"
    )


def _missing(column: str) -> str:
    return f"mapKeys(mapFilter((k, v) -> isNull(v){_a_feature(column)}, prediction_rows.{column}))"


def _a_feature(column: str) -> str:
    """Attributions are kept among the numbers."""
    return f" AND NOT startsWith(k, '{ATTRIBUTIONS}')" if column == "numeric" else ""


_TRUTHS = "CAST(mapApply((k, v) -> (k, if(v, 'true', 'false')), {booleans}), 'Map(String, String)')"
_LISTS = "Map(String, Array(Nullable(String)))"
_FEATURES = {
    "numeric": _present("numeric", "Float64"),
    "attributions": f"CAST(mapApply((k, v) -> (substring(k, {len(ATTRIBUTIONS) + 1}), v), mapFilter((k, v) -> "
    f"isNotNull(v) AND startsWith(k, '{ATTRIBUTIONS}'), prediction_rows.numeric)), 'Map(String, Float64)')",
    "categorical": f"mapConcat({_present('categorical', 'String')}, "
    + _TRUTHS.format(booleans=_present("booleans", "Bool")) + ")",
    "texts": _present("texts", "String"),
    "lists": f"mapConcat(CAST(mapApply((k, v) -> (k, arrayMap(x -> toString(x), v)), "
    f"mapFilter((k, v) -> NOT has(nulls, k), prediction_rows.number_lists)), '{_LISTS}'), "
    f"CAST(mapFilter((k, v) -> NOT has(nulls, k), prediction_rows.text_lists), '{_LISTS}'))",
    "nulls": "arraySort(CAST(arrayDistinct(arrayConcat(prediction_rows.nulls, "
    + ", ".join(_missing(column) for column in ("numeric", "booleans", "categorical", "texts"))
    + ")), 'Array(String)'))",
    "flags": "arrayFilter(flag -> flag != '', ["
    "if(NOT isFinite(ifNull(prediction_rows.score, 0)), 'score_not_finite', ''), "
    "if(prediction_rows.score < 0 OR prediction_rows.score > 1, 'score_outside_0_1', ''), "
    "if(arrayExists(p -> NOT isFinite(p), mapValues(prediction_rows.scores)), 'scores_not_finite', ''), "
    "if(arrayExists(p -> p < 0 OR p > 1, mapValues(prediction_rows.scores)), 'scores_outside_0_1', '')])",
}  # fmt: skip


_MACROS = {
    "features": features,
    "cost": cost,
    "cost_status": cost_status,
    "cache_savings": cache_savings,
    "said": lambda reference: said(reference.split(".")[-1]),
    "text": text,
    "words": words,
    "words_by_record": lambda table: words(SAID_BY_RECORD),
    "attributes": attributes,
    "attribute_types": attribute_types,
    "numeric_attributes": numeric_attributes,
    "pairs": pairs,
}
