"""What Health says of secrets that were found in telemetry, from counts alone."""

from __future__ import annotations

import pytest

from tapetum_server.analysis.health.leaks import MAX_LINES, look_for_leaks
from tapetum_server.query.leaks import Leak

FIRST = 1_700_000_000 * 10**9
pytestmark = pytest.mark.covers("health-leaks")


def leak(rule: str, key: str = "gen_ai.input.messages", **more: object) -> Leak:
    said = {"sender": "web", "rule": rule, "lately": 3, "first_ns": FIRST, "keys": 1, "key": key, "signal": "traces"}
    return Leak(**{**said, **more})  # type: ignore[arg-type]


def test_what_was_guessed_from_the_words_around_is_only_to_know() -> None:
    found = look_for_leaks([leak("password"), leak("assigned_secret")], (), watched=True)
    assert [row["severity"] for row in found.lines] == ["info", "info"]
    assert found.checks[0]["outcome"] == "ok"


@pytest.mark.parametrize(
    ("key", "signal", "links"),
    [
        ("gen_ai.input.messages", "traces", [("Spans", "/traces", 'service:"web" "gen_ai.input.messages":*')]),
        ("resource.deploy note", "logs", [("Logs", "/logs", 'service:"web" "resource.deploy note":*')]),
        ("body", "logs", [("Logs", "/logs", 'service:"web"')]),
        ("event.exception.message", "traces", [("Spans", "/traces", 'service:"web"')]),
        ("__other__", "traces", [("Spans", "/traces", 'service:"web"')]),
        ("k", "metrics", []),
    ],
)
def test_it_leads_to_the_rows_where_a_page_lists_them(key: str, signal: str, links: list[tuple[str, str, str]]) -> None:
    (line,) = look_for_leaks([leak("jwt", key, signal=signal)], (), watched=True).lines
    assert [(link["label"], link["path"], link["search"]["q"]) for link in line["links"]] == links
    assert ("__" in line["text"]) is False


def test_many_kinds_are_some_lines_and_a_number() -> None:
    many = [leak("jwt", sender=f"s{n}", lately=100 - n) for n in range(MAX_LINES + 3)]
    lines = look_for_leaks(many, (), watched=True).lines
    assert len(lines) == MAX_LINES + 1
    assert lines[-1]["text"] == "And 3 more kinds of secrets from 3 senders in the last hour."


def test_nothing_found_is_good_news_only_where_somebody_looks() -> None:
    assert [look_for_leaks([], (), watched=on).checks[0]["outcome"] for on in (True, False)] == ["ok", "not_seen"]
