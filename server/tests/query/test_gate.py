"""What the gate makes of a user's SQL, and how it says no."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sql_corpus import HOSTILE, LEGIT

from tapetum_server.query.gate import PUBLIC_VIEWS, gate
from tapetum_server.query.gate_calls import MAX_NUMBERS
from tapetum_server.query.gate_errors import SqlRefused
from tapetum_server.query.gate_lexer import lex


def gated(sql: str, project: str | None = "A", **parameters: object) -> str:
    return gate(sql, project=project, parameters=parameters, database="tapetum").sql


def refusal(sql: str, **parameters: object) -> SqlRefused:
    with pytest.raises(SqlRefused) as caught:
        gate(sql, project="A", parameters=parameters)
    return caught.value


A_SPANS = "(SELECT * FROM tapetum.spans WHERE project = {tapetum_project:String})"
A_LOGS = "(SELECT * FROM tapetum.logs WHERE project = {tapetum_project:String})"


@pytest.mark.parametrize(
    ("asked", "runs"),
    [
        ("SELECT count() FROM spans", f"SELECT count() FROM {A_SPANS} AS spans"),
        ("SELECT s.name FROM spans s", f"SELECT s.name FROM {A_SPANS} s"),
        ('SELECT 1 FROM "spans" AS `s`', f"SELECT 1 FROM {A_SPANS} AS `s`"),
        ("SELECT 1 FROM spans, logs l", f"SELECT 1 FROM {A_SPANS} AS spans, {A_LOGS} l"),
        (
            "SELECT 1 FROM spans JOIN logs USING (a)",
            f"SELECT 1 FROM {A_SPANS} AS spans JOIN {A_LOGS} AS logs USING (a)",
        ),
        ("SELECT 1 WHERE x IN (SELECT a FROM logs)", f"SELECT 1 WHERE x IN (SELECT a FROM {A_LOGS} AS logs)"),
        (
            "WITH spans AS (SELECT * FROM spans) SELECT spans.name FROM spans",
            f"WITH tapetum_cte_spans AS (SELECT * FROM {A_SPANS} AS spans) "
            "SELECT spans.name FROM tapetum_cte_spans AS spans",
        ),
        ("WITH 1 AS spans SELECT spans FROM spans", f"WITH 1 AS spans SELECT spans FROM {A_SPANS} AS spans"),
        ("SELECT 'FROM spans' AS spans FROM numbers(3)", "SELECT 'FROM spans' AS spans FROM numbers(3)"),
        ("SELECT 1 -- FROM spans\n;", "SELECT 1              \n"),
    ],
)
def test_only_the_names_of_tables_are_replaced(asked: str, runs: str) -> None:
    """The rest is the user's text to the letter: sqlglot's rendering changes what a query means."""
    assert gated(asked) == runs


def test_an_admin_of_every_project_gets_no_condition() -> None:
    allowed = gate("SELECT name FROM spans", project=None, database="tapetum")
    assert allowed.sql == "SELECT name FROM tapetum.spans AS spans"
    assert allowed.parameters == {}


def test_the_project_is_bound_and_never_part_of_the_text() -> None:
    allowed = gate("SELECT 1 FROM spans", project="A' OR 1 = 1 --")
    assert "OR 1" not in allowed.sql
    assert allowed.parameters == {"tapetum_project": "A' OR 1 = 1 --"}


@pytest.mark.parametrize(
    ("asked", "limited"),
    [
        ("SELECT name FROM spans", True),
        ("SELECT name FROM spans ORDER BY name;", True),
        ("SELECT name FROM spans LIMIT 3", False),
        ("SELECT name FROM spans LIMIT 3 BY name", False),
        ("SELECT 1 UNION ALL SELECT 2", False),
    ],
)
def test_a_select_without_a_limit_gets_one(asked: str, limited: bool) -> None:
    """Behind a UNION it would limit the last part alone; the handle's own limit holds there."""
    assert gate(asked, project="A", row_limit=11).sql.endswith("\nLIMIT 11") is limited


def test_values_that_the_text_does_not_name_are_left_out() -> None:
    allowed = gate("SELECT {a:UInt8}", project="A", parameters={"a": 1, "b": 2})
    assert allowed.parameters == {"a": 1}


@pytest.mark.parametrize("name", ["String", "Array(Nullable(UInt64))", "DateTime64(9, 'UTC')", "Map(String, Float64)"])
def test_a_value_may_have_any_plain_type(name: str) -> None:
    assert gated(f"SELECT {{x:{name}}}", x="1") == f"SELECT {{x:{name}}}"


@pytest.mark.covers("sql-gate")
@pytest.mark.parametrize("sql", HOSTILE, ids=lambda sql: sql[:60].encode("unicode_escape").decode() or "empty")
def test_hostile_sql_is_refused(sql: str) -> None:
    refused = refusal(sql, t="span_rows", c="project", x="spans")
    assert refused.message


@pytest.mark.parametrize("sql", LEGIT)
def test_comments_and_blanks_between_the_words_change_nothing(sql: str) -> None:
    """The gate's own tokens, pulled apart, must be read the same again."""
    tokens = [token.text for token in lex(sql).tokens]
    apart = lex(" /* x */ ".join(tokens).replace(". /* x */ ", ".").replace(" /* x */ .", "."))
    assert [token.text for token in apart.tokens] == tokens


@pytest.mark.parametrize(
    ("sql", "hint"),
    [
        ("SELECT cuont() FROM spans", "count"),
        ("SELECT quantil(0.9)(duration_ms) FROM spans", "quantile"),
        ("SELECT 1 FROM span", "spans"),
        ("SELECT 1 FROM trace", "traces"),
        ("SELECT {x:Strin}", "String"),
        ("SELECT {nam:String}", "name"),
    ],
)
def test_a_refusal_names_the_nearest_valid_choice(sql: str, hint: str) -> None:
    assert hint in (refusal(sql, name="v", x="v").hint or "")


def test_a_refusal_says_where() -> None:
    sql = "SELECT name,\n  file('x') FROM spans"
    assert refusal(sql).position == sql.index("file")


def test_numbers_makes_as_many_rows_as_a_person_needs() -> None:
    assert gated(f"SELECT 1 FROM numbers({MAX_NUMBERS})")
    assert "numbers() makes at most" in refusal(f"SELECT 1 FROM numbers({MAX_NUMBERS + 1})").message


def test_every_view_can_be_selected_from() -> None:
    assert [gate(f"SELECT 1 FROM {view}", project="A").views for view in PUBLIC_VIEWS] == [(v,) for v in PUBLIC_VIEWS]


_PIECES = st.sampled_from(
    [
        "SELECT",
        "FROM",
        "spans",
        "logs",
        "span_rows",
        "system",
        ".",
        ",",
        "(",
        ")",
        "[",
        "]",
        "*",
        "=",
        "IN",
        "NOT",
        "WITH",
        "AS",
        "a",
        "b",
        "1",
        "'x'",
        '"q"',
        "`q`",
        "--",
        "/*",
        "*/",
        ";",
        "file(",
        "count(",
        "UNION",
        "ALL",
        "JOIN",
        "USING",
        "ARRAY",
        "LIMIT",
        "FORMAT",
        "SETTINGS",
        "{x:String}",
        "{x:Identifier}",
        "::",
        "->",
        "String",
        "#",
        "$$",
        "\\",
        "\n",
    ]
)


@given(st.lists(_PIECES, max_size=14).map(" ".join) | st.text(max_size=40))
def test_any_text_is_either_let_through_or_refused(text: str) -> None:
    """No other exception comes out, and what is let through never names a table that is not ours."""
    try:
        allowed = gate(text, project="A", parameters={"x": "1"}, database="tapetum")
    except SqlRefused:
        return
    words = [token.text for token in lex(allowed.sql).tokens]
    assert "file" not in words
    assert ";" not in words
    assert "span_rows" not in _tables(words)


def _tables(words: list[str]) -> list[str]:
    return [words[i + 1] for i, word in enumerate(words[:-1]) if word.upper() in ("FROM", "JOIN")]
