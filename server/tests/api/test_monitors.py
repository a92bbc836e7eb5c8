"""Monitors over HTTP: made, changed, tried out on the past, and what is wrong with a bad one."""

from __future__ import annotations

from typing import Any

import pytest
from asked_world import NOW, SECOND, World, log_batch

URL = "http://127.0.0.1:9/hook?token=very-secret"
QUERY = {"kind": "logs", "q": "service:shop", "measure": "count"}
CONDITION = {"op": ">", "limit": 4, "aggregate": "sum"}


def definition(**changes: Any) -> dict[str, Any]:
    return {"query": QUERY, "condition": CONDITION, "window_s": 300, "interval_s": 60, **changes}


def made(asked: World, name: str, **changes: Any) -> Any:
    answer = asked.client.post("/v1/monitors", json={"name": name, **definition(**changes)})
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.covers("monitors")
def test_a_monitor_is_made_listed_changed_and_deleted(asked: World) -> None:
    hook = {"url": URL, "headers": {"authorization": "Bearer x"}, "secret": "s"}
    monitor = made(asked, "many orders", webhook=hook, severity="critical")
    assert monitor["state"] == "waiting"
    assert monitor["evaluated_at"] is None
    assert monitor["condition_text"] == ("Fires when the sum of count of logs where service:shop over 5 min is above 4")
    assert monitor["webhook"] == {"url": URL, "headers": ["authorization"], "signed": True}
    assert [row["name"] for row in asked.get("/monitors")["rows"]] == ["many orders"]

    path = f"/v1/monitors/{monitor['id']}"
    changed = asked.client.patch(
        path, json={"name": "orders", "enabled": False, "webhook": {"url": "http://b.example"}}
    )
    assert (changed.json()["name"], changed.json()["state"]) == ("orders", "disabled")
    assert changed.json()["webhook"] == {"url": "http://b.example", "headers": ["authorization"], "signed": True}
    assert asked.client.patch(path, json={"webhook": None}).json()["webhook"] is None

    muted = asked.client.patch(path, json={"muted_until": "2027-01-01T00:00:00Z"}).json()
    assert muted["muted"]
    assert muted["muted_until"] == "2027-01-01T00:00:00.000Z"
    assert not asked.client.patch(path, json={"muted_until": None}).json()["muted"]

    assert asked.client.delete(path).status_code == 204
    assert asked.client.get(path).status_code == 404


@pytest.mark.covers("monitors")
@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"condition": {"op": "!", "limit": 1}}, "condition.op", "'>'"),
        ({"condition": {"op": ">", "limit": "NaN"}}, "condition.limit", "finite"),
        ({"condition": {"op": ">", "limit": 1, "recovery_limit": 2}}, "condition", "good side"),
        ({"window_s": 1}, "window_s", "5"),
        ({"query": {"kind": "spans", "measure": "shoe size"}}, "query.spans.measure", "count"),
        ({"condition": None}, None, "a condition, or no_data: alert"),
        ({"webhook": {"url": "ftp://x"}}, "webhook.url", "http://"),
        ({"webhook": {"url": "http://x", "headers": {"a b": "c"}}}, "webhook.headers", "letters"),
        ({"speed": 3}, "speed", "not permitted"),
    ],
)
def test_what_is_wrong_is_named(asked: World, wrong: dict[str, Any], field: str | None, said: str) -> None:
    answer = asked.client.post("/v1/monitors", json={"name": "bad", **definition(**wrong)})
    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert said in error["message"], error
    if field is not None:
        assert error["field"] == field
    assert "bad" not in [row["name"] for row in asked.get("/monitors")["rows"]]


@pytest.mark.covers("monitors")
def test_two_of_one_name_are_refused(asked: World) -> None:
    made(asked, "twice")
    answer = asked.client.post("/v1/monitors", json={"name": "twice", **definition()})
    assert (answer.status_code, answer.json()["error"]["field"]) == (409, "name")


@pytest.mark.covers("monitor-preview")
def test_the_past_day_shows_when_it_would_have_called(asked: World) -> None:
    """Five records in the minute 20 minutes ago: the sum over five minutes is 5, above 4, for five minutes."""
    minutes_ago = 20
    at = 1_800 - minutes_ago * 60
    asked.keep(log_batch(*({"at": at + i, "service": "preview"} for i in range(5))))
    query = {"kind": "logs", "q": "service:preview", "measure": "count"}
    found = asked.post("/monitors/preview", definition=definition(query=query))
    (series,) = found["preview"]["series"]
    start = (NOW // SECOND - minutes_ago * 60) * 1_000
    assert series["firing"] == [[start, start + 5 * 60_000]]
    values = {time: value for time, value in series["points"] if value}
    assert values == {start + n * 60_000: 5 for n in range(5)}
    assert found["preview"]["limit"] == 4
    assert found["condition_text"].endswith("over 5 min is above 4"), "counts have no unit"


@pytest.mark.covers("monitor-preview")
def test_the_past_of_a_monitor_is_shown_for_any_time_with_two_ends(asked: World) -> None:
    at = 1_800 - 50 * 60
    asked.keep(log_batch(*({"at": at + i, "service": "past"} for i in range(5))))
    monitor = made(asked, "past", query={"kind": "logs", "q": "service:past", "measure": "count"})
    path = f"/monitors/{monitor['id']}/preview"
    start = (NOW // SECOND - 50 * 60) * 1_000
    found = asked.get(path, **{"from": "now-1h", "to": "now-40m"})["preview"]
    assert (found["step_s"], len(found["series"][0]["points"])) == (60, 20)
    assert found["series"][0]["firing"] == [[start, start + 5 * 60_000]]
    (silent,) = asked.get(path, **{"from": "now-30m"})["preview"]["series"]
    assert (silent["labels"], silent["firing"], {v for _, v in silent["points"]}) == ({}, [], {0})
    assert asked.get(path)["preview"]["series"][0]["firing"] == [[start, start + 5 * 60_000]]
    for wrong in ({"from": "all"}, {"from": "now-60d"}):
        answer = asked.client.get(f"/v1{path}", params=wrong)
        assert (answer.status_code, answer.json()["error"]["field"]) == (400, "from")


@pytest.mark.covers("monitor-preview", "monitor-no-data")
def test_silence_shows_in_the_past_too(asked: World) -> None:
    silent = definition(
        query={"kind": "logs", "q": "service:nobody", "measure": "count"}, condition=None, no_data="alert"
    )
    (series,) = asked.post("/monitors/preview", definition=silent)["preview"]["series"]
    now = NOW // SECOND * 1_000
    assert series["firing"] == [[now - 86_400_000, now]]


@pytest.mark.covers("monitors")
def test_a_test_without_a_webhook_says_what_is_missing(asked: World) -> None:
    monitor = made(asked, "silent")
    answer = asked.client.post(f"/v1/monitors/{monitor['id']}/test")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_webhook")
