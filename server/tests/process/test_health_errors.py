"""Errors and running spans among what needs attention: each rule fires on what it is about, and not on the usual."""

from __future__ import annotations

import time
from typing import Any

import pytest
from process.servers import RunningServer, tapetum
from process.told import Told

MINUTE = 60.0
HOUR = 3_600.0
RULES = ("new_error", "error_burst")


@pytest.fixture
def told(shared_server: RunningServer, project: str) -> Told:
    return Told(shared_server, project)


def every(seconds: float, until_s: float = 0.0, since_s: float = 6 * HOUR) -> list[float]:
    return [ago for i in range(int(since_s / seconds)) if (ago := i * seconds + 30) > until_s]


def detail(told: Told, link: dict[str, Any]) -> dict[str, Any]:
    path, search = link["path"], link["search"]
    answer = told.server.client.get(f"/api/v1{path}", params={"project": told.project, "from": search["from"]})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.covers("health-errors")
def test_a_new_error_after_a_deploy_is_named_and_the_usual_ones_are_not(told: Told) -> None:
    told.errors("shop", "stock of item 7 is unknown", every(5 * MINUTE))
    told.errors("shop", "cannot reach the bank", [300.0 + i for i in range(14)])
    told.errors("shop", "twice only", [120.0, 130.0])
    told.errors("cart", "back again", [5 * HOUR, 100.0, 110.0, 120.0, 130.0])
    then = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(told.now - 400))
    for subject in ("mail", "shop"):
        change = {"kind": "deploy", "subject": subject, "before": "1.4", "after": "1.5", "time": then}
        answer = told.server.client.post("/v1/changes", json=change, headers={"x-tapetum-project": told.project})
        assert answer.json()["accepted"] == 1
    (line,) = told.lines(*RULES)
    assert (line["rule"], line["severity"], line["subject"], line["value"]) == ("new_error", "warning", "shop", 14)
    assert line["text"] == (
        "New error in shop: cannot reach the bank, 14 times. Shortly before: deploy of shop from 1.4 to 1.5."
    )
    assert line["changes"][0]["subject"] == "shop"
    error = detail(told, line["link"])
    assert (error["title"], error["count"], error["is_new"]) == ("cannot reach the bank", 14, True)
    check = told.check("Errors")
    assert check["text"].startswith("4 errors of the last hour, 2 of them never seen before.")
    assert "Of the new ones 1 occurred fewer than 3 times." in check["text"]
    said = tapetum("health", "--url", told.server.url, "--project", told.project).stdout
    assert "New error in shop" in " ".join(said.split())


@pytest.mark.covers("health-errors")
def test_a_known_error_far_above_its_usual_rate(told: Told) -> None:
    told.errors("shop", "the printer is out of paper", [*every(4 * MINUTE), *(10.0 * i + 5 for i in range(50))])
    told.errors("cart", "always like this", every(20.0))
    told.errors("cron", "in bursts", [HOUR * i + j for i in range(6) for j in range(40)])
    (line,) = told.lines(*RULES)
    assert (line["rule"], line["subject"]) == ("error_burst", "shop")
    assert line["text"].startswith("the printer is out of paper in shop occurred 5")
    assert "times in 10 min; before, never more than 3." in line["text"]
    assert line["value"] >= 50
    assert line["limit"] == 3
    assert detail(told, line["link"])["title"] == "the printer is out of paper"


@pytest.mark.covers("health-errors")
def test_to_a_project_that_is_new_itself_no_error_is_news(told: Told) -> None:
    for i in range(3):
        told.errors("young", f"problem {'abc'[i]}", [60.0 * j + 1 for j in range(20)])
    assert told.lines(*RULES) == []
    check = told.check("Errors")
    assert check["outcome"] == "not_enough_data"
    assert "younger than an hour" in check["text"]


@pytest.mark.covers("health-errors")
def test_many_new_errors_are_some_lines_and_a_number(told: Told) -> None:
    told.spans("web", [(2 * HOUR, 5.0, False)])
    for letter in "abcdefghijk":
        told.errors("web", f"all is {letter * 5}", [100.0, 110.0, 120.0])
    lines = told.lines("new_error")
    assert len(lines) == 9
    (rest,) = [line for line in lines if line["text"] == "And 3 more new errors in the last hour."]
    assert rest["link"]["path"] == "/errors"


@pytest.mark.covers("health-running")
def test_spans_that_stand_still_and_not_those_that_get_on_or_only_wait(told: Told) -> None:
    trace = b"\x5e" * 16
    root = told.running("trainer", "train", 900, trace, same_place_s=800.0)
    stuck = told.running("trainer", "load batch", 890, trace, root, same_place_s=840.0, location="batches:next:88")
    told.running("eval", "score", 900, b"\x5f" * 16, same_place_s=4.0)
    told.running("eval", "a minute", 900, b"\x60" * 16, same_place_s=90.0)
    told.running("gone", "left", 900, b"\x61" * 16, same_place_s=840.0, exited="true")
    told.spans("web", [(5.0, 5.0, False)])
    (line,) = told.lines("stuck", "lost")
    assert (line["rule"], line["severity"], line["subject"]) == ("stuck", "warning", "trainer")
    assert line["text"].startswith("load batch of trainer has stood still at batches:next:88 for 14 min")
    assert line["link"] == {"path": f"/traces/{trace.hex()}", "search": {"span": stuck.hex()}}
    assert told.check("Running spans")["outcome"] == "attention"
    listed = told.server.client.get("/api/v1/traces", params={"project": told.project, "q": "state:running"}).json()
    running = {row["root_name"]: (row["running"]["liveness"], row["running"]["location"]) for row in listed["rows"]}
    assert running == {
        "train": ("stuck", "batches:next:88"), "score": ("alive", "trainer:step:12"),
        "a minute": ("stuck", "trainer:step:12"), "left": ("exited", "trainer:step:12"),
    }  # fmt: skip
    ended = told.server.client.get("/api/v1/traces", params={"project": told.project, "q": "service:web"}).json()
    assert [row["running"] for row in ended["rows"]] == [None]


@pytest.mark.covers("health-running")
def test_a_span_that_ended_after_its_heartbeats_is_none_that_runs(told: Told) -> None:
    trace = b"\x62" * 16
    span = told.running("trainer", "train", 900, trace, same_place_s=800.0)
    assert [line["rule"] for line in told.lines("stuck", "lost")] == ["stuck"]
    told.ended("trainer", "train", 900, trace, span)
    assert told.lines("stuck", "lost") == []
    assert told.check("Running spans")["outcome"] == "not_seen"
