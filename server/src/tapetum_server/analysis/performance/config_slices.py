"""Slices, as an EvalConfig names them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import sqlglot
from sqlglot import expressions as exp

from tapetum_server.analysis.performance.config_fields import list_of, many, map_of
from tapetum_server.analysis.performance.eval_config import ConfigError
from tapetum_server.query.slicing import SliceSpec


def slice_specs(raw: Mapping[str, Any], where: str) -> list[SliceSpec]:
    """The slices of one slicing spec: one, or one for each query. Raises `ConfigError`."""
    values = map_of(raw.get("feature_values"))
    columns = tuple(str(name) for name in list_of(raw.get("feature_keys")))
    queries = list_of(raw.get("slice_keys_sql"))
    if queries and (columns or values):
        raise ConfigError(f"{where}.slice_keys_sql", "stands beside feature_keys or feature_values", "Give either.")
    if queries:
        return [_sql_spec(str(query), f"{where}.slice_keys_sql") for query in queries]
    return [SliceSpec(columns, tuple((str(name), str(value)) for name, value in values.items()))]


def _sql_spec(query: str, where: str) -> SliceSpec:
    """TFMA's `SELECT STRUCT(a, b) FROM example.a, example.b WHERE …`, or a condition alone."""
    if not re.match(r"\s*select\b", query, re.IGNORECASE):
        return SliceSpec(condition=query)
    try:
        parsed = sqlglot.parse_one(query, dialect="bigquery")
    except sqlglot.errors.SqlglotError as error:
        raise ConfigError(where, f"is no SQL: {str(error).splitlines()[0]}") from error
    chosen = parsed.expressions[0] if isinstance(parsed, exp.Select) and len(parsed.expressions) == 1 else None
    if not isinstance(chosen, exp.Struct) or not all(isinstance(each, exp.Column) for each in chosen.expressions):
        raise ConfigError(where, "must be SELECT STRUCT(column, …) FROM example.column, … [WHERE …]")
    condition = parsed.args.get("where")
    return SliceSpec(
        tuple(column.name for column in chosen.expressions),
        condition=condition.this.sql(dialect="clickhouse") if condition is not None else "",
    )


def cross_specs(raw: Mapping[str, Any]) -> list[tuple[SliceSpec, SliceSpec]]:
    """The slice that is held against, and each that is. Raises `ConfigError`."""
    where = "cross_slicing_specs"
    (baseline,) = slice_specs(raw.get("baseline_spec") or {}, f"{where}.baseline_spec")
    others = [spec for each in many(raw, "slicing_specs") for spec in slice_specs(each, f"{where}.slicing_specs")]
    return [(baseline, other) for other in others]
