"""Pages of predictions that were delivered again, changed: what was replaced is on none, and none is left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asked_world import SECOND, START, World, world

from tapetum_server.query import prediction_pages
from tapetum_server.query.filter import parse_filter, tokens_of
from tapetum_server.query.filter_words import forms_of
from tapetum_server.query.time_range import format_time
from tapetum_server.receivers.records.reading import PREDICTIONS, read_records

COUNT = 60
RANGE = {"from": format_time(START - 1_000 * SECOND), "to": format_time(START + 1_000 * SECOND)}


def predicted(i: int, *, job: str = "clerk", later: int = 0, score: float | None = None) -> dict[str, Any]:
    return {
        "model": "m", "prediction_id": f"p{i:02d}", "time": START // 10**6 + (i + later) * 1_000,
        "features": {"job": job, "gap": None}, "score": i / COUNT if score is None else score,
    }  # fmt: skip


def jobs() -> dict[str, dict[str, Any]]:
    """What holds in the end: the newest forty have another job, ten are now the newest, one was sent five times."""
    last = {f"p{i:02d}": predicted(i) for i in range(COUNT)}
    last |= {f"p{i:02d}": predicted(i, job="nurse") for i in range(COUNT - 40, COUNT)}
    return last | {f"p{i:02d}": predicted(i, later=500, score=2.0) for i in range(5, 15)}


@pytest.fixture(scope="module")
def asked(engine_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(engine_home, tmp_path_factory.mktemp("catalog")) as opened:
        opened.engine.command(f"SYSTEM STOP MERGES {opened.engine.database}.prediction_rows")

        def keep(said: list[dict[str, Any]]) -> None:
            found = read_records(PREDICTIONS, json.dumps(said).encode(), "application/json", "default", "test")
            assert not found.refused
            opened.keep(found.batch)

        keep([predicted(i) for i in range(COUNT)])
        changed = jobs()
        keep([changed[f"p{i:02d}"] for i in (*range(5, 15), *range(COUNT - 40, COUNT))])
        for _ in range(5):
            keep([changed["p02"]])
        yield opened
        opened.engine.command(f"SYSTEM START MERGES {opened.engine.database}.prediction_rows")


@pytest.mark.covers("predictions-asked")
@pytest.mark.parametrize("limit", [8, 100])
@pytest.mark.parametrize("sort", ["-time", "time", "-score", "score"])
@pytest.mark.parametrize("q", ["clerk", "-nurse labelled:false", "nurse"])
def test_what_was_replaced_is_on_no_page_and_nothing_is_left_out(asked: World, q: str, sort: str, limit: int) -> None:
    by = sort.removeprefix("-")
    expected = sorted(
        (
            (one[by], one["prediction_id"]) for one in jobs().values()
            if one["features"]["job"] == ("nurse" if q == "nurse" else "clerk")
        ), reverse=sort.startswith("-"),
    )  # fmt: skip
    found, cursor = [], None
    while True:
        page = asked.get("/predictions", **RANGE, q=q, sort=sort, limit=limit, **({"cursor": cursor} if cursor else {}))
        found += [row["prediction_id"] for row in page["rows"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        assert len(page["rows"]) == limit
    assert found == [prediction_id for _, prediction_id in expected]


@pytest.mark.covers("predictions-asked")
def test_only_what_a_page_shows_is_read_whole(asked: World, monkeypatch: pytest.MonkeyPatch) -> None:
    statements: list[str] = []
    whole = prediction_pages.page_statement

    def noted(*args: Any, **named: Any) -> Any:
        statement = whole(*args, **named)
        statements.append(statement.sql)
        return statement

    monkeypatch.setattr(prediction_pages, "page_statement", noted)
    assert len(asked.get("/predictions", **RANGE, q="", limit=3)["rows"]) == 3
    assert ["prediction_id IN" in sql for sql in statements] == [True]
    statements.clear()
    assert len(asked.get("/predictions", **RANGE, q="p*", limit=3)["rows"]) == 0
    assert statements == [], "nothing was found"
    assert len(asked.get("/predictions", **RANGE, q="clerk", limit=12)["rows"]) == 12
    assert ["prediction_id IN" in sql for sql in statements] == [True, False], "too many were replaced"


@pytest.mark.covers("predictions-asked")
@pytest.mark.parametrize("q", ["CLERK", "p02", '"!"', "héllo", "clerk-p02", '"clerk clerk"', "a.b", "x_y"])
def test_a_search_finds_what_the_words_of_texts_say_and_what_they_are_looked_for_by_is_no_more_than_quicker(
    asked: World, q: str
) -> None:
    word = parse_filter(q).terms[0].value
    columns = ("arrayStringConcat(mapValues(categorical), ' ')", "prediction_id", "toString(output_label)")
    if tokens_of(word):
        has = " OR ".join(
            f"hasAllTokens(lowerUTF8({column}), '{' '.join(tokens_of(form))}', 'unicodeWord')"
            for column in columns for form in forms_of(word)
        )  # fmt: skip
    else:
        has = " OR ".join(f"position({column}, '{word}') > 0" for column in columns)
    expected = asked.engine.query(f"SELECT prediction_id FROM prediction_rows FINAL WHERE {has} ORDER BY time DESC")
    page = asked.get("/predictions", **RANGE, q=q, limit=100)
    assert [row["prediction_id"] for row in page["rows"]] == expected.column(0).to_pylist()
