"""On a real store with two tenants: what A's SQL answers does not depend on B's rows, not even by an error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sql_corpus import HOSTILE, LEGIT, fill, open_engine

from tapetum_server.query.gate import gate
from tapetum_server.query.gate_errors import SqlRefused
from tapetum_server.query.gate_opinion import confirm
from tapetum_server.store.embedded import EmbeddedEngine
from tapetum_server.store.engine import StoreError

MIXED = "mixed"
ALONE = "alone"


@pytest.fixture(scope="module")
def engines(engine_home: Path) -> Iterator[dict[str, EmbeddedEngine]]:
    """A's rows alone, and A's rows among B's, whose every row raises when an expression looks at it."""
    alone, mixed = open_engine(engine_home), open_engine(engine_home)
    for engine in (alone, mixed):
        fill(engine, "A")
    fill(mixed, "B", base=100, poison=True)
    fill(mixed, "0", base=200, poison=True)
    yield {ALONE: alone, MIXED: mixed}
    alone.close()
    mixed.close()


def answer(engine: EmbeddedEngine, sql: str, project: str | None = "A", **parameters: object) -> Any:
    gated = gate(sql, project=project, parameters=parameters, row_limit=1001, database=engine.database)
    explained = engine.query_bytes(f"EXPLAIN AST {gated.sql}", "TabSeparatedRaw", gated.parameters, profile="gate")
    confirm(gated, explained.decode())
    body = json.loads(engine.query_bytes(gated.sql, "JSONCompact", gated.parameters, profile="gate"))
    # Rows that tie in ORDER BY come in any order.
    return body["meta"], sorted(json.dumps(row) for row in body["data"]), body.get("totals")


@pytest.mark.covers("project-isolation")
@pytest.mark.parametrize("sql", LEGIT)
def test_what_people_write_is_let_through_and_never_depends_on_other_tenants(
    engines: dict[str, EmbeddedEngine], sql: str
) -> None:
    assert answer(engines[MIXED], sql) == answer(engines[ALONE], sql)


@pytest.mark.parametrize("sql", LEGIT)
def test_the_gate_does_not_change_what_a_query_means(engines: dict[str, EmbeddedEngine], sql: str) -> None:
    """Where A is alone, its answer is that of the very text on the engine, untouched."""
    engine = engines[ALONE]
    plain = json.loads(engine.query_bytes(_without_end(sql), "JSONCompact", profile="gate"))
    _, rows, totals = answer(engine, sql)
    assert rows == sorted(json.dumps(row) for row in plain["data"])
    assert totals == plain.get("totals")


def test_bound_values_work_wherever_a_value_may_stand(engines: dict[str, EmbeddedEngine]) -> None:
    sql = """SELECT count() FROM spans WHERE name IN {names:Array(String)} AND duration_ms > {least:Float64}
        AND span_id IN ({id:String}, {other:String}) AND input LIKE {like:String} LIMIT {n:UInt64}"""
    values = {
        "names": ["chat", "it's \\ \n\u2028"],
        "least": 0,
        "id": "0000000000000001",
        "other": "x",
        "like": "1%",
        "n": 5,
    }
    assert answer(engines[MIXED], sql, **values)[1] == ['["1"]']


def test_an_admin_of_every_project_sees_every_project(engines: dict[str, EmbeddedEngine]) -> None:
    _, rows, _ = answer(engines[MIXED], "SELECT DISTINCT project FROM spans", project=None)
    assert rows == ['["0"]', '["A"]', '["B"]']


def test_a_project_name_is_a_value(engines: dict[str, EmbeddedEngine]) -> None:
    for name in ("A' OR '1'='1", "%", "", "A\\", "*", "A,B"):
        assert answer(engines[MIXED], "SELECT count() FROM spans", project=name)[1] == ['["0"]']


@pytest.mark.covers("sql-gate", "project-isolation")
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count() FROM spans WHERE toUInt32(input) = 123",
        "SELECT sum(n) FROM (SELECT toUInt32(input) AS n FROM spans WHERE n > 0)",
        "SELECT count() FROM spans WHERE intDiv(1, flags) = 1 AND toUInt32(input) > 0",
        "SELECT count() FROM spans WHERE input = '123' AND toUInt32(input) > 0 AND trace_id != ''",
        "SELECT count() FROM logs WHERE toUInt32(body) > 0 AND time > '2026-01-01 00:00:01'",
        "SELECT count() FROM traces WHERE intDiv(1, error_count + 1) >= 0",
        "SELECT max(toUInt32(input)) FROM spans GROUP BY toUInt32(input) HAVING toUInt32(input) > 1",
        "SELECT toUInt32(input) AS n FROM spans WHERE n > 1 ORDER BY n, span_id LIMIT 3",
        "SELECT count() FROM spans a JOIN logs b ON a.span_id = b.span_id AND toUInt32(b.body) = toUInt32(a.input)",
        "SELECT count() FROM spans WHERE span_id IN (SELECT span_id FROM logs WHERE toUInt32(body) > 0)",
        "SELECT count() FROM logs WHERE hasAllTokens(body, 'Secret') AND toUInt32(body) > 0",
        "SELECT count() FROM logs WHERE hasAnyTokens(body, '123 Secret') AND toUInt32(body) > 0",
    ],
)
def test_no_expression_is_evaluated_on_another_tenants_rows(engines: dict[str, EmbeddedEngine], sql: str) -> None:
    """An error that quotes the row would carry it out; so would an error that merely happens."""
    assert answer(engines[MIXED], sql) == answer(engines[ALONE], sql)


def test_the_poison_works(engines: dict[str, EmbeddedEngine]) -> None:
    """The claims above would hold for nothing if B's rows did not raise."""
    with pytest.raises(StoreError, match="secret"):
        answer(engines[MIXED], "SELECT count() FROM spans WHERE toUInt32(input) = 123", project="B")


@pytest.mark.covers("sql-gate", "project-isolation")
def test_a_failed_query_leaves_nothing_behind_for_the_next(engines: dict[str, EmbeddedEngine]) -> None:
    """chDB keeps the output of a query that fails half-way and puts it in front of the handle's next answer."""
    engine = engines[MIXED]
    with pytest.raises(StoreError):
        engine.query_bytes("SELECT number, 'secret' FROM numbers(2000000)", "TabSeparated", profile="gate")
    for _ in range(8):
        assert engine.query_bytes("SELECT 1", "TabSeparated", profile="gate") == b"1\n"


@pytest.mark.parametrize(
    "sql",
    ["INSERT INTO log_rows (body) VALUES ('x')", "SET readonly = 0", "SET max_threads = 64", "CREATE TABLE x (a Int8)"],
)
def test_the_handle_itself_refuses_to_change_anything(engines: dict[str, EmbeddedEngine], sql: str) -> None:
    with pytest.raises(StoreError):
        engines[ALONE].query_bytes(sql, "Null", profile="gate")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT file('/etc/passwd') FROM {db}.spans",
        "SELECT * FROM {db}.span_rows",
        "SELECT * FROM {db}.spans, {db}.spans",
        "SELECT * FROM merge('{db}', 'spans')",
        "SELECT name IN {db}.spans FROM {db}.spans",
        "SELECT name IN span_rows FROM {db}.spans",
    ],
)
def test_the_engines_own_parser_has_the_last_word(engines: dict[str, EmbeddedEngine], sql: str) -> None:
    """Should a text ever slip through the gate's reading of it, the second opinion still stands."""
    engine = engines[ALONE]
    meant = gate("SELECT * FROM spans", project=None, database=engine.database)
    explained = engine.query_bytes(f"EXPLAIN AST {sql.format(db=engine.database)}", "TabSeparatedRaw", profile="gate")
    with pytest.raises(SqlRefused):
        confirm(meant, explained.decode())


_COLUMNS = st.sampled_from(
    ["name", "service", "status", "toUInt32(input)", "trace_id", "duration_ms", "flags", "span_id"]
)
_AGGREGATES = st.sampled_from(["count()", "uniqExact(span_id)", "max(toUInt32(input))", "sum(intDiv(100, flags))"])
_CONDITIONS = st.sampled_from(
    ["toUInt32(input) > 1", "intDiv(1, flags) = 1", "status = 'error'", "name IN ('chat')", "duration_ms > 10",
     "span_id IN (SELECT span_id FROM logs WHERE toUInt32(body) > 0)", "start_time > toDateTime('2026-01-01', 'UTC')"]
)  # fmt: skip
_SOURCES = st.sampled_from(
    ["spans", "spans AS spans", "(SELECT * FROM spans)", "(SELECT * FROM spans WHERE toUInt32(input) = 123)",
     "(SELECT * FROM spans UNION ALL SELECT * FROM spans)", "spans ANY LEFT JOIN logs USING (span_id)"]
)  # fmt: skip
_CTES = st.sampled_from(
    ["", "WITH spans AS (SELECT * FROM spans WHERE intDiv(1, flags) = 1) ", "WITH logs AS (SELECT * FROM spans) "]
)


@given(cte=_CTES, column=_COLUMNS, aggregate=_AGGREGATES, source=_SOURCES, conditions=st.lists(_CONDITIONS, max_size=3))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.wide
def test_combinations_never_depend_on_other_tenants(
    engines: dict[str, EmbeddedEngine], cte: str, column: str, aggregate: str, source: str, conditions: list[str]
) -> None:
    where = " WHERE " + " AND ".join(conditions) if conditions else ""
    sql = f"{cte}SELECT {column} AS k, {aggregate} AS v FROM {source}{where} GROUP BY k"
    answers = []
    for engine in engines.values():
        try:
            answers.append(answer(engine, sql))
        except StoreError as error:
            answers.append(error.code)
    assert answers[0] == answers[1]


def test_nothing_of_the_hostile_corpus_reaches_an_engine(engines: dict[str, EmbeddedEngine]) -> None:
    for sql in HOSTILE:
        with pytest.raises(SqlRefused):
            answer(engines[MIXED], sql, t="span_rows", c="project", x="spans")


def _without_end(sql: str) -> str:
    return sql.rsplit(";", 1)[0] if sql.rstrip().endswith("-- end") else sql
