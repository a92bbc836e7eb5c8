"""Full text in SQL finds words in any case and script, for a caller of one project as for one of all."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from store.telemetry import logs, spans

from tapetum_server.query.gate import gate
from tapetum_server.query.gate_opinion import confirm
from tapetum_server.query.gate_settings import GATE_SETTINGS
from tapetum_server.store.embedded import EmbeddedEngine
from tapetum_server.store.full_text import words
from tapetum_server.store.migrate import migrate
from tapetum_server.store.writer import StoreWriter

TEXTS = (
    "Card Declined at checkout",
    "信用卡被拒绝 Foo",
    "بطاقة الائتمان مرفوضة",
    '{"nothing": "here\\nÀ CÔTÉ Привет\\narrow 😀"}',
)


@pytest.fixture(scope="module", params=["fresh", "merged"])
def texts(request: pytest.FixtureRequest, engine_home: Path) -> Iterator[EmbeddedEngine]:
    """The texts as log bodies and as inputs of spans, in project A; rows of B beside them. Only merged rows have an index."""
    database = f"test_{os.getpid()}_texts_{request.param}"
    engine = EmbeddedEngine(engine_home, database, profiles=GATE_SETTINGS)
    migrate(engine)
    with ThreadPoolExecutor(1) as executor:
        writer = StoreWriter(engine, executor, lambda project, signal: 30)
        for project in "AB":
            rows = [{"body": text if project == "A" else "another's"} for text in TEXTS]
            asyncio.run(writer.consume(logs(*rows, project=project)))
            calls = [
                {"attributes": {"openinference.span.kind": "LLM", "input.value": row["body"]}, "span_id": f"{n:016x}"}
                for n, row in enumerate(rows, 1)
            ]
            asyncio.run(writer.consume(spans(*calls, project=project)))
        writer.close()
    if request.param == "merged":
        for table in ("log_rows", "span_rows"):
            engine.command(f"OPTIMIZE TABLE {database}.{table} FINAL")
    yield engine
    engine.command(f"DROP DATABASE {database} SYNC")
    engine.close()


def answer(engine: EmbeddedEngine, sql: str, project: str | None, **parameters: object) -> str:
    gated = gate(sql, project=project, parameters=parameters, database=engine.database)
    explained = engine.query_bytes(f"EXPLAIN AST {gated.sql}", "TabSeparatedRaw", gated.parameters, profile="gate")
    confirm(gated, explained.decode())
    return engine.query_bytes(gated.sql, "TabSeparated", gated.parameters, profile="gate").decode().strip()


NEEDLES = [
    ("card", 1), ("Card", 1), ("DECLINED card", 1), ("car", 0), ("card nothing", 0), ("foo", 1),
    ("信用", 1), ("拒绝", 1), ("被", 1), ("银行", 0), ("الائتمان", 1), ("مرفوضة بطاقة", 1), ("البنك", 0),
    ("arrow", 1), ("narrow", 0), ("ПРИВЕТ", 1), ("à côté", 1), ("😀", 1),
]  # fmt: skip


@pytest.mark.covers("sql-gate")
@pytest.mark.parametrize("project", ["A", None])
@pytest.mark.parametrize(("view", "column"), [("logs", "body"), ("spans", "search_text")])
@pytest.mark.wide
def test_words_are_found_in_any_case_and_script_wherever_the_search_stands(
    texts: EmbeddedEngine, view: str, column: str, project: str | None
) -> None:
    for needle, expected in NEEDLES:
        sql = f"SELECT count() FROM {view} WHERE hasAllTokens({column}, '{needle}')"
        assert answer(texts, sql, project) == str(expected), needle
    for needle, expected in (("CARD", 1), ("信用", 1), ("الائتمان", 1), ("nobody", 0)):
        for sql in (
            f"SELECT count() FROM {view} AS v WHERE v.project != '' AND (hasAllTokens(v.{column}, {{n:String}}))",
            f"SELECT sum(hasAllTokens({column}, '{needle}')) FROM {view}",
            f"SELECT count() FROM {view} WHERE hasAllTokens({column}, '{needle}') OR 1 = 0",
            f"SELECT count() FROM {view} a JOIN {view} b USING (project, service) "
            f"WHERE hasAllTokens(a.{column}, '{needle}') AND hasAllTokens(b.{column}, 'HERE')",
            f"SELECT countIf(NOT hasAllTokens({column}, '{needle}')) * -1 + 4 FROM {view} WHERE project = 'A'",
        ):
            assert answer(texts, sql, project, n=needle) == str(expected), (sql, needle)


@pytest.mark.parametrize("project", ["A", None])
def test_any_of_several_words_is_found_in_any_case(texts: EmbeddedEngine, project: str | None) -> None:
    for needle in ("'CARD foo'", "['CARD', 'Foo', 'nobody', 'narrow']"):
        assert answer(texts, f"SELECT count() FROM logs WHERE hasAnyTokens(body, {needle})", project) == "2", needle


@pytest.mark.parametrize("project", ["A", None])
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count() FROM (SELECT concat(body, ' foo') AS body, project FROM logs WHERE hasAllTokens(body, 'FOO')) WHERE project = 'A'",
        "WITH logs AS (SELECT replaceAll(body, 'Card', 'Foo') AS body, project FROM logs) "
        "SELECT count() * 2 FROM logs WHERE hasAllTokens(body, 'foo') AND project = 'A'",
        "SELECT * REPLACE (concat(body, ' foo') AS body) FROM logs WHERE hasAllTokens(body, 'foo') AND project = 'A' LIMIT 0",
    ],
)
def test_a_name_that_means_something_else_is_not_looked_up_in_the_index(
    texts: EmbeddedEngine, project: str | None, sql: str
) -> None:
    """`body` is what the query calls body: the engine prefers an alias to the column of that name."""
    assert answer(texts, sql, project) in ("4", "")


@pytest.mark.parametrize(
    ("asked", "runs"),
    [
        (
            "SELECT 1 FROM logs WHERE hasAllTokens(body, 'It''s') AND time > {t:String}",
            "SELECT 1 FROM (SELECT * FROM logs WHERE project = {tapetum_project:String} AND "
            f"hasAllTokens({words('body')}, lowerUTF8('It''s'), 'unicodeWord')) AS logs WHERE 1 AND time > {{t:String}}",
        ),
        (
            "SELECT 1 FROM logs WHERE hasAllTokens(body, 'x', 'ngrams')",
            "SELECT 1 FROM (SELECT * FROM logs WHERE project = {tapetum_project:String}) AS logs "
            "WHERE hasAllTokens(body, 'x', 'ngrams')",
        ),
        (
            "SELECT 1 FROM spans WHERE hasAllTokens(name, 'X')",
            "SELECT 1 FROM (SELECT * FROM spans WHERE project = {tapetum_project:String}) AS spans "
            "WHERE hasAllTokens(name, 'X')",
        ),
    ],
)
def test_only_a_search_that_must_pass_moves_in_front(asked: str, runs: str) -> None:
    assert gate(asked, project="A", parameters={"t": "2026"}).sql == runs


@pytest.mark.parametrize("project", ["A", None])
@pytest.mark.parametrize(("view", "column"), [("logs", "body"), ("spans", "search_text")])
def test_a_search_reads_what_the_text_index_names(
    texts: EmbeddedEngine, view: str, column: str, project: str | None
) -> None:
    for search in (f"hasAllTokens({column}, 'Card')", f"hasAnyTokens({column}, ['Card', 'ПРИВЕТ'])"):
        gated = gate(f"SELECT count() FROM {view} WHERE {search}", project=project, database=texts.database)
        plan = texts.query_bytes(
            f"EXPLAIN indexes = 1 {gated.sql}", "TabSeparatedRaw", gated.parameters, profile="gate"
        )
        assert "words_of_" in plan.decode()
