"""Predictions held against the schema in force as they come: findings by feature and type, over time, and their end."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
from process.servers import RunningServer, eventually, tapetum

MODEL = "risk/🙂 v1"
SCHEMA = """
feature { name: "age" type: INT int_domain { min: 0 max: 120 } presence { min_fraction: 1 } }
feature { name: "country" type: BYTES domain: "country" presence { min_fraction: 0.5 } }
feature { name: "income" type: FLOAT float_domain { disallow_nan: true } presence { min_count: 15 } }
feature { name: "bought" type: INT presence { min_count: 1 } not_in_environment: "SERVING" }
string_domain { name: "country" value: "NO" value: "PE" }
default_environment: "TRAINING" default_environment: "SERVING"
dataset_constraints { min_examples_count: 30 }
"""
MINUTE = 60_000


def window() -> int:
    """Where the window begins in which we are, or the one before it where it will be over at once; in milliseconds."""
    now = time.time_ns() // 10**6
    return (now - 30_000) // (5 * MINUTE) * 5 * MINUTE


def predicted(at: int, n: int, version: str = "1", **features: Any) -> dict[str, Any]:
    return {
        "model": MODEL, "version": version, "prediction_id": f"{version}-{at}-{n}", "time": at + n * 1_000, "output": 1,
        "features": {"age": 30 + n, "country": ("NO", "PE")[n % 2], "income": 10.5 + n, **features},
    }  # fmt: skip


class World:
    """A server, a project in it, and a model with a schema."""

    def __init__(self, server: RunningServer, project: str) -> None:
        self.server, self.project = server, project
        server.client.post("/api/v1/projects", json={"name": project})

    def keep(self, text: str = SCHEMA) -> int:
        answer = self.server.client.post(
            "/api/v1/data-schemas",
            params={"project": self.project},
            json={"kind": "model", "name": MODEL, "text": text},
        )
        return int(answer.json()["version"])

    def send(self, predictions: list[dict[str, Any]]) -> None:
        sent = self.server.client.post("/v1/predictions", json=predictions, headers={"x-tapetum-project": self.project})
        assert sent.json()["accepted"] == len(predictions), sent.text

    def ask(self, path: str, **query: Any) -> Any:
        answer = self.server.client.get(f"/api/v1{path}", params={"project": self.project, **query})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def findings(self, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("/findings", **query)["rows"]
        return found

    def looked(self, examples: int) -> None:
        """Wait until so many predictions were held against the schema."""
        eventually(
            lambda: sum(one["examples"] for one in self.ask("/findings")["looked"]) == examples,
            f"a look at {examples} predictions",
        )


@pytest.fixture
def world(shared_server: RunningServer, project: str) -> World:
    return World(shared_server, project)


@pytest.mark.covers("live-findings", "cli-findings")
def test_what_is_wrong_is_found_as_it_comes_and_kept_once(world: World) -> None:
    world.keep()
    at = window()
    world.send([predicted(at, n) for n in range(10)])
    world.looked(10)
    assert world.findings() == [], "as the schema says; labels come later, and few rows have no shares"

    odd: list[dict[str, Any]] = [
        {"age": 130},
        {"age": 140, "country": "XX"},
        {"country": "X Y"},
        {"income": "NaN"},
        {"age": None},
    ]
    world.send([predicted(at, n + 10, version="2", **told) for n, told in enumerate(odd)])
    world.send([predicted(at, 20, version="2", age=150)])
    # Within seconds of its arrival: a few where nobody else is at work.
    third = lambda: sum(one["rows"] for one in world.findings() if "BIG" in one["type"]) == 3  # noqa: E731
    eventually(third, "the third", at_most_s=30)
    found = {(one["feature"], one["type"]): one for one in world.findings()}
    assert {key: one["rows"] for key, one in found.items()} == {
        ("age", "INT_TYPE_BIG_INT"): 3,
        ("age", "FEATURE_TYPE_LOW_FRACTION_PRESENT"): 1,
        ("country", "ENUM_TYPE_UNEXPECTED_STRING_VALUES"): 2,
        ("income", "FLOAT_TYPE_HAS_NAN"): 1,
    }
    big = found["age", "INT_TYPE_BIG_INT"]
    assert (big["version"], big["severity"], big["examples"], big["windows"], big["current"]) == (
        "2",
        "ERROR",
        6,
        1,
        True,
    )
    assert (big["offending"], big["acceptable"]) == (["150"], True)
    assert "another unit" in big["next_step"]
    assert (_ms(big["first_seen"]), _ms(big["last_seen"])) == (at + 10_000, at + 20_000)
    for one in found.values():
        rows = world.ask("/predictions", q=one["rows_filter"], **{"from": at})["rows"]
        assert len(rows) == one["rows"], one["rows_filter"]
    buckets = world.ask("/findings/histogram", **{"from": at - 20 * MINUTE})["buckets"]
    assert (sum(b["examples"] for b in buckets), sum(b["errors"] for b in buckets)) == (16, 4)
    assert [one["feature"] for one in world.findings(q="type:FLOAT_TYPE_HAS_NAN")] == ["income"]
    assert world.findings(q="version:1") == []
    counted = {facet["key"]: facet["values"] for facet in world.ask("/findings/facets", keys="feature")["facets"]}
    assert counted["feature"][0] == {"value": "age", "count": 2, "cut": False}

    told = tapetum("findings", f'model:"{MODEL}"', "--url", world.server.url, "--project", world.project)
    assert (told.returncode, "INT_TYPE_BIG_INT" in told.stdout) == (0, True), told.stderr
    assert "3 of 6" in told.stdout
    none = tapetum("findings", "version:1", "--url", world.server.url, "--project", world.project)
    assert (none.returncode, "10 predictions" in none.stderr) == (0, True), none.stderr


@pytest.mark.covers("live-findings", "live-accept")
def test_a_change_that_is_accepted_ends_its_finding_and_whole_numbers_stay_whole(world: World) -> None:
    world.keep()
    at = window()
    world.send([predicted(at, n, age=130 + n, **({"extra": 1} if n else {})) for n in range(3)])
    eventually(lambda: len(world.findings()) == 2, "both")
    answer = accept(world, feature="age", **{"from": at})
    assert (answer.status_code, answer.json()["version"]) == (201, 2), answer.text
    assert "type: INT" in answer.json()["text"].split("}")[0]
    assert "max: 132" in answer.json()["text"]
    assert 'not_in_environment: "SERVING"' in answer.json()["text"]
    eventually(lambda: [one["feature"] for one in world.findings()] == ["extra"], "the end of it")
    assert accept(world, environment="X", **{"from": at}).json()["error"]["code"] == "invalid_statistics"
    assert accept(world, name="nobody").status_code == 404


def accept(world: World, **query: Any) -> httpx.Response:
    return world.server.client.post(
        "/api/v1/data-schemas/live/accept", params={"project": world.project, "name": MODEL, **query}
    )


def _ms(moment: str) -> int:
    from datetime import datetime

    return round(datetime.fromisoformat(moment[:26].rstrip("Z") + "+00:00").timestamp() * 1_000)
