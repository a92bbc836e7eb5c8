"""Every function of the engine is classified: one that a newer engine brings is refused until somebody looks at it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import tomllib
from sql_corpus import open_engine

from tapetum_server.query.gate_functions import functions
from tapetum_server.store.embedded import EmbeddedEngine


@pytest.fixture(scope="module")
def engine(engine_home: Path) -> Iterator[EmbeddedEngine]:
    opened = open_engine(engine_home)
    yield opened
    opened.close()


def rows(engine: EmbeddedEngine, sql: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in engine.query_bytes(sql, "JSONEachRow").splitlines()]


def classified(section: dict[str, Any]) -> list[str]:
    return [name for names in section.values() for name in names.split()]


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    return tomllib.loads(files("tapetum_server.query").joinpath("gate_functions.toml").read_text(encoding="utf-8"))


@pytest.mark.covers("sql-gate")
def test_every_function_of_the_engine_is_classified(engine: EmbeddedEngine, data: dict[str, Any]) -> None:
    known = {name for part in ("allowed", "operators", "refused") for name in classified(data[part])}
    found = {row["name"] for row in rows(engine, "SELECT name FROM system.functions")}
    assert found - known == set(), "put these into a group of gate_functions.toml"


@pytest.mark.covers("sql-gate")
def test_every_table_function_of_the_engine_is_classified(engine: EmbeddedEngine, data: dict[str, Any]) -> None:
    known = {name for part in data["table_functions"].values() for name in classified(part)}
    found = {row["name"] for row in rows(engine, "SELECT name FROM system.table_functions")}
    assert found - known == set(), "put these into a group of gate_functions.toml"


def test_every_aggregate_ending_of_the_engine_is_classified(engine: EmbeddedEngine) -> None:
    known = set(functions().combinators) | set(functions().refused_combinators)
    found = {row["name"] for row in rows(engine, "SELECT name FROM system.aggregate_function_combinators")}
    assert found - known == set()


def test_no_name_is_in_two_groups(data: dict[str, Any]) -> None:
    """Letter case does not count: the engine reads many names in any case."""
    groups: Counter[str] = Counter()
    for part in ("allowed", "operators", "refused"):
        groups.update({name.lower() for name in classified(data[part])})
    assert [name for name, count in groups.items() if count > 1] == []


def test_another_name_for_a_refused_function_is_refused(engine: EmbeddedEngine) -> None:
    known = functions()
    aliases = rows(engine, "SELECT name, alias_to FROM system.functions WHERE alias_to != ''")
    assert len(aliases) > 100
    assert [a for a in aliases if known.may_call(a["name"]) and known.why_not(a["alias_to"])] == []


@pytest.mark.parametrize(
    "category",
    ["AI", "Dictionary", "Embedded Dictionary", "Introspection", "Encryption", "Internal", "Machine Learning"],
)
def test_categories_that_reach_out_of_the_data_are_refused_whole(engine: EmbeddedEngine, category: str) -> None:
    found = rows(engine, f"SELECT name FROM system.functions WHERE categories = '{category}' AND alias_to = ''")
    assert found
    assert [row["name"] for row in found if functions().may_call(row["name"])] == []


@pytest.mark.parametrize(
    "name",
    [
        "file",
        "FILE",
        "sleep",
        "url",
        "hostName",
        "version",
        "getSetting",
        "dictGet",
        "joinGet",
        "merge",
        "view",
        "executable",
        "remote",
        "s3",
        "numbers_mt",
        "catboostEvaluate",
        "throwIf",
        "sumResample",
        "fileIf",
        "sleepState",
        "notAFunction",
        "ifIf",
        "toStringIf",
        "State",
        "Merge",
    ],
)
def test_these_can_never_be_called(name: str) -> None:
    assert not functions().may_call(name)


@pytest.mark.parametrize(
    "name", ["count", "COUNT", "sumIf", "quantileTDigestIf", "avgOrNull", "uniqState", "sumMergeIf", "toString"]
)
def test_these_can_be_called(name: str) -> None:
    assert functions().may_call(name)
