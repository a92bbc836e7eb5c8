"""Versions of schemas on a server: HTTP and the command line."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.protobuf import text_format
from process.servers import RunningServer, tapetum
from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2

TFX = Path(__file__).parents[1] / "data" / "tfdv"
CENSUS = TFX / "census"
VALIDATIONS: dict[str, Any] = json.loads((CENSUS / "validation.json").read_text())
"""What TFDV itself said of the same statistics and schemas."""
SCHEMA = (CENSUS / "schema.pbtxt").read_text()
FAULTS = (CENSUS / "window_faults.FeatureStats.pb").read_bytes()
OF = {"kind": "model", "name": "risk/🙂 v1"}


@pytest.fixture
def kept(shared_server: RunningServer, project: str) -> str:
    """A project in which a model has a schema."""
    shared_server.client.post("/api/v1/projects", json={"name": project})
    first = push(shared_server, project, **OF, text=SCHEMA, message="first")
    assert (first.status_code, first.json()["version"], first.json()["features"]) == (201, 1, 21)
    return project


def push(server: RunningServer, project: str, **new: Any) -> httpx.Response:
    return server.client.post("/api/v1/data-schemas", params={"project": project}, json=new)


def ask(server: RunningServer, project: str, path: str, **query: Any) -> httpx.Response:
    return server.client.get(f"/api/v1/data-schemas{path}", params={"project": project, **query})


def send(server: RunningServer, project: str, path: str, content: bytes, **query: Any) -> httpx.Response:
    return server.client.post(
        f"/api/v1/data-schemas{path}",
        params={"project": project, **OF, **query},
        content=content,
        headers={"content-type": "application/octet-stream"},
    )


@pytest.mark.covers("schema-versions", "schema-diff")
def test_a_schema_has_versions_and_the_newest_is_in_force(shared_server: RunningServer, kept: str) -> None:
    server = shared_server
    assert push(server, kept, **OF, text=SCHEMA).json()["version"] == 1, "the same again is no new version"
    wider = push(server, kept, **OF, text=SCHEMA.replace("max: 120.0", "max: 130.0"), after=1)
    assert wider.json()["version"] == 2
    assert [row["version"] for row in ask(server, kept, "/versions", **OF).json()["rows"]] == [2, 1]
    assert "max: 120" in ask(server, kept, "/version", **OF, version=1).json()["text"]
    assert "max: 130" in ask(server, kept, "/version", **OF).json()["text"]
    changes = ask(server, kept, "/diff", **OF, before=1, after=2).json()["changes"]
    field = {"field": "float_domain.max", "before": "120", "after": "130"}
    assert changes == [{"what": "feature", "name": "AGEP", "change": "changed", "fields": [field]}]
    push(server, kept, kind="dataset", name="risk/🙂 v1", text="")
    rows = ask(server, kept, "").json()["rows"]
    assert [(row["kind"], row["version"], row["features"]) for row in rows] == [("dataset", 1, 0), ("model", 2, 21)]
    assert server.client.delete("/api/v1/data-schemas", params={"project": kept, **OF}).status_code == 204
    assert [row["kind"] for row in ask(server, kept, "").json()["rows"]] == ["dataset"]


@pytest.mark.covers("schema-stored-validate", "schema-accept")
def test_statistics_are_held_against_the_schema_in_force_and_changes_accepted(
    shared_server: RunningServer, kept: str
) -> None:
    server = shared_server
    found = send(server, kept, "/validate", FAULTS).json()
    assert (found["passed"], found["schema_version"], found["severity"]) == (False, 1, "ERROR")
    reasons = {one["feature"]: {reason["type"] for reason in one["reasons"]} for one in found["anomalies"]}
    assert reasons["MAR"] == {"INT_TYPE_NOT_INT_STRING"}
    assert "extra_col" in reasons
    taken = send(server, kept, "/accept", FAULTS, feature=["MAR", "extra_col"])
    assert (taken.status_code, taken.json()["version"]) == (201, 2)
    assert taken.json()["message"] == "Accepted: MAR, extra_col"
    again = send(server, kept, "/validate", FAULTS).json()
    assert again["schema_version"] == 2
    assert {one["feature"] for one in again["anomalies"]} == set(reasons) - {"MAR", "extra_col"}
    assert len(send(server, kept, "/validate", FAULTS, version=1).json()["anomalies"]) == len(reasons)


def compare(server: RunningServer, project: str, body: Any, *, schema: str = "census", **query: Any) -> httpx.Response:
    params = {"project": project, "kind": "dataset", "name": schema, **query}
    return server.client.post("/api/v1/data-schemas/validate", params=params, json=body)


def file(name: str) -> dict[str, str]:
    return {"file": base64.b64encode((CENSUS / f"{name}.FeatureStats.pb").read_bytes()).decode()}


ASKED = {
    "drift": ("window", "previous", "baseline"), "drift_alt": ("window", "previous", "baseline"),
    "skew": ("baseline", "serving", "window"), "faults": ("window_faults", "", ""),
    "faults_with_drift": ("window_faults", "previous", "baseline"), "self": ("baseline", "previous", "baseline"),
}  # fmt: skip


@pytest.fixture(scope="module")
def census(shared_server: RunningServer) -> str:
    """A project with both schemas of the census, and its statistics kept as data sets."""
    project = "census-compared"
    shared_server.client.post("/api/v1/projects", json={"name": project})
    for name, text in (("census", "schema"), ("alt", "schema_alt")):
        push(shared_server, project, kind="dataset", name=name, text=(CENSUS / f"{text}.pbtxt").read_text())
    for name in ("baseline", "window", "window_faults"):
        kept = tapetum(
            "import", "tfdv", CENSUS / f"{name}.FeatureStats.pb", "--dataset", f"census/{name}",
            "--url", shared_server.url, "--project", project,
        )  # fmt: skip
        assert kept.returncode == 0, kept.stderr
    return project


@pytest.mark.covers("schema-stored-compared")
@pytest.mark.parametrize("how", ["sent", "kept"])
@pytest.mark.parametrize("name", VALIDATIONS)
def test_comparators_find_over_http_what_tfdv_found(
    shared_server: RunningServer, census: str, name: str, how: str
) -> None:
    """The pairs of feature and type exactly, and every distance, of files that are sent and of what is kept."""
    expected, (now, side, beside) = VALIDATIONS[name], ASKED[name]

    def source(of: str) -> dict[str, str]:
        return file(of) if how == "sent" else {"dataset": f"census/{of}"}

    body = {"statistics": source(now), **({side: source(beside)} if side else {})}
    answer = compare(shared_server, census, body, schema="alt" if name == "drift_alt" else "census")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    pairs = sorted([one["path"][0], reason["type"]] for one in found["anomalies"] for reason in one["reasons"])
    assert pairs == expected["pairs"]
    assert [one["type"] for one in found["dataset"]] == [one["type"] for one in expected["dataset_anomalies"]]
    assert found["passed"] == (not expected["anomalies"] and not expected["dataset_anomalies"])
    measured = {(one["feature"], one["side"], one["type"]): one["value"] for one in found["measurements"]}
    assert measured == pytest.approx(
        {
            (feature, of, one["type"]): one["value"]
            for feature, sides in expected["drift_skew"].items() for of in ("drift", "skew") for one in sides[of]
        },
        rel=0, abs=1e-6,
    )  # fmt: skip
    compared = {one["side"]: one for one in found["compared"]}
    given = {"previous": "drift", "serving": "skew"}.get(side)
    assert set(compared) >= ({given} if given else set())
    for of, one in compared.items():
        assert bool(one["missing"]) == (of != given)
        assert one["dataset"] == (f"census/{beside}" if of == given and how == "kept" else "")
        assert bool(one["examples"]) == (of == given)


@pytest.mark.covers("schema-stored-compared")
def test_an_environment_an_earlier_span_and_an_earlier_version_are_taken_together(
    shared_server: RunningServer, census: str
) -> None:
    """TFX's fixture with its oracle; and numbers of examples, which no feature is about."""
    server = shared_server
    push(server, census, kind="dataset", name="tfx", text=(TFX / "schema.pbtxt").read_text())
    now, before = (
        {"file": base64.b64encode((TFX / f"{name}_FeatureStats.pb").read_bytes()).decode()}
        for name in ("serving", "prev")
    )
    expected = text_format.Parse((TFX / "anomalies.pbtxt").read_text(), anomalies_pb2.Anomalies())
    body = {"statistics": now, "previous": before}
    found = compare(server, census, body, schema="tfx", environment="SERVING").json()
    type_of = anomalies_pb2.AnomalyInfo.Type
    assert {one["feature"]: {r["type"] for r in one["reasons"]} for one in found["anomalies"]} == {
        name: {type_of.Name(reason.type) for reason in info.reason} for name, info in expected.anomaly_info.items()
    }
    counted = "num_examples_version_comparator { min_fraction_threshold: 1 max_fraction_threshold: 1 }"
    push(server, census, kind="dataset", name="counted", text=f"dataset_constraints {{ {counted} }}")
    body = {"statistics": file("window_faults"), "previous_version": {"dataset": "census/baseline"}}
    types = {one["type"] for one in compare(server, census, body, schema="counted").json()["dataset"]}
    assert types == {"COMPARATOR_LOW_NUM_EXAMPLES"}
    del body["previous_version"]
    assert compare(server, census, body, schema="counted").json()["dataset"] == []


@pytest.mark.covers("schema-stored-compared")
def test_statistics_of_serving_are_as_far_from_training_as_training_from_them(
    shared_server: RunningServer, census: str
) -> None:
    body = {"statistics": file("window"), "training": {"dataset": "census/baseline"}}
    found = compare(shared_server, census, body).json()
    expected = VALIDATIONS["skew"]["drift_skew"]
    measured = {(one["feature"], one["type"]): one["value"] for one in found["measurements"]}
    assert {one["side"] for one in found["measurements"]} == {"skew"}
    assert measured == pytest.approx(
        {(name, one["type"]): one["value"] for name, sides in expected.items() for one in sides["skew"]},
        rel=0, abs=1e-6,
    )  # fmt: skip
    (drift, skew) = found["compared"]
    assert "`previous`" in drift["missing"]
    assert (skew["dataset"], skew["missing"], skew["examples"] > 0) == ("census/baseline", "", True)
    (moved, *_) = found["shifts"]
    assert moved["side"] == "skew"


@pytest.mark.covers("schema-stored-compared", "bad-validation")
def test_what_cannot_be_compared_is_refused_by_field(shared_server: RunningServer, census: str) -> None:
    server, now = shared_server, {"dataset": "census/window"}
    wrong = {"file": base64.b64encode(b"\xff\xff").decode()}
    for body, status, field, told in [
        ({}, 422, "statistics", "required"),
        ({"statistics": {}}, 422, "statistics", "name one of them"),
        ({"statistics": {**now, "model": "m"}}, 422, "statistics", "name one of them"),
        ({"statistics": {"file": "no base64!"}}, 422, "statistics.file", "base64"),
        ({"statistics": now, "before": now}, 422, "before", "not permitted"),
        ({"statistics": now, "serving": now, "training": now}, 422, "body", "not both"),
        ({"statistics": now, "previous": wrong}, 422, None, "previous is no DatasetFeatureStatisticsList"),
        ({"statistics": now, "previous": {"dataset": "nobody's"}}, 404, None, 'previous: no statistics of "nobody\'s"'),
        ({"statistics": now, "previous": {**now, "from": "yesteryear"}}, 400, "from", "yesteryear"),
    ]:
        answer = compare(server, census, body)
        error = answer.json()["error"]
        assert (answer.status_code, error.get("field"), told in error["message"]) == (status, field, True), error
    other = "census-elsewhere"
    server.client.post("/api/v1/projects", json={"name": other})
    push(server, other, kind="dataset", name="census", text=SCHEMA)
    assert compare(server, other, {"statistics": now}).status_code == 404
    assert compare(server, other, {"statistics": file("window"), "previous": now}).status_code == 404


@pytest.mark.covers("schema-infer-stored")
def test_a_schema_is_inferred_once_as_the_first_version(shared_server: RunningServer, project: str) -> None:
    server = shared_server
    server.client.post("/api/v1/projects", json={"name": project})
    statistics = (CENSUS / "baseline.FeatureStats.pb").read_bytes()
    made = send(server, project, "/infer", statistics)
    assert (made.status_code, made.json()["version"], made.json()["features"]) == (201, 1, 21)
    own = push(server, project, kind="dataset", name="d", text=(CENSUS / "schema_inferred.pbtxt").read_text()).json()
    assert made.json()["text"] == own["text"], "what TFDV infers from them"
    assert send(server, project, "/validate", statistics).json()["passed"]
    again = send(server, project, "/infer", FAULTS)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "schema_changed")
    assert send(server, project, "/infer", b"\xff\xff", name="x").status_code == 422


def test_two_projects_with_one_name_know_nothing_of_each_other(shared_server: RunningServer, kept: str) -> None:
    server, other = shared_server, f"{kept}-b"[-64:]
    server.client.post("/api/v1/projects", json={"name": other})
    for answer in (
        ask(server, other, "/version", **OF),
        ask(server, other, "/versions", **OF),
        ask(server, other, "/diff", **OF, before=1, after=1),
        send(server, other, "/validate", FAULTS),
        ask(server, other, "/live", name=OF["name"]),
        send(server, other, "/accept", FAULTS),
        server.client.post("/api/v1/data-schemas/live/accept", params={"project": other, "name": OF["name"]}),
        server.client.delete("/api/v1/data-schemas", params={"project": other, **OF}),
    ):
        assert answer.status_code == 404, answer.text
    assert send(server, other, "/infer", FAULTS).json()["version"] == 1
    assert [row["version"] for row in ask(server, kept, "").json()["rows"]] == [1]
    assert push(server, other, **OF, text="").json()["features"] == 0
    assert server.client.delete("/api/v1/data-schemas", params={"project": other, **OF}).status_code == 204
    assert [row["features"] for row in ask(server, kept, "").json()["rows"]] == [21]


@pytest.mark.covers("schema-accept-kept")
def test_whole_numbers_of_a_model_stay_whole_though_its_statistics_have_floats(
    shared_server: RunningServer, project: str
) -> None:
    """Predictions, and so what is kept of them, have every number as a float; a data set says itself what it has."""
    shared_server.client.post("/api/v1/projects", json={"name": project})
    text = 'feature { name: "age" type: INT int_domain { max: 120 } }\nfeature { name: "n" type: INT }'
    data = statistics_pb2.DatasetFeatureStatisticsList()
    dataset = data.datasets.add(num_examples=4)
    for name, most in (("age", 130.0), ("n", 2.5)):
        feature = dataset.features.add(name=name, type=statistics_pb2.FeatureNameStatistics.FLOAT)
        feature.num_stats.common_stats.num_non_missing = 4
        feature.num_stats.min, feature.num_stats.max = 1.0, most
    taken = {}
    for kind in ("model", "dataset"):
        push(shared_server, project, kind=kind, name="x", text=text)
        given = {"kind": kind, "name": "x"}
        found = send(shared_server, project, "/validate", data.SerializeToString(), **given).json()["anomalies"]
        taken[kind] = {one["feature"]: [reason["type"] for reason in one["reasons"]] for one in found}
        accepted = send(shared_server, project, "/accept", data.SerializeToString(), feature=["age"], **given).json()
        taken[f"{kind} accepted"] = "deprecated" in accepted["text"].lower(), "max: 130" in accepted["text"]
    assert taken == {
        "model": {"age": ["INT_TYPE_BIG_INT"], "n": ["UNEXPECTED_DATA_TYPE"]},
        "model accepted": (False, True),
        "dataset": {"age": ["UNEXPECTED_DATA_TYPE"], "n": ["UNEXPECTED_DATA_TYPE"]},
        "dataset accepted": (True, False),
    }


EXPECTED = """
feature { name: "age" type: INT int_domain { min: 0 max: 120 } presence { min_fraction: 1 } }
feature {
  name: "country" type: BYTES domain: "country" presence { min_fraction: 1 min_count: 15 }
  unique_constraints { min: 2 max: 3 }
}
feature { name: "member" type: INT bool_domain {} }
feature { name: "income" type: FLOAT float_domain { disallow_nan: true } presence { min_count: 1 } }
feature { name: "bought" type: INT presence { min_count: 1 } not_in_environment: "SERVING" }
string_domain { name: "country" value: "NO" value: "PE" }
default_environment: "TRAINING" default_environment: "SERVING"
dataset_constraints { min_examples_count: 30 }
"""
AT = 1_795_168_800_000


def predicted(i: int) -> dict[str, Any]:
    """Forty predictions in forty seconds: from the thirtieth on, another country, an age with a fraction, and NaN."""
    late = i >= 30
    return {
        "model": OF["name"], "version": "2" if late else "1", "prediction_id": f"p{i}", "time": AT + i * 1_000,
        "features": {"age": 30 + i + (0.5 if late else 0), "country": "XX" if late else ("NO", "PE")[i % 2],
                     "member": i % 2 == 0, "income": "NaN" if late else 10.5 + i},
        "output": 1, "score": 0.5, "tags": {"region": "eu"},
    }  # fmt: skip


@pytest.mark.covers("live-validation", "cli-schema-check")
def test_predictions_are_held_against_the_schema_in_force_as_they_come(
    shared_server: RunningServer, project: str
) -> None:
    """Numbers without a fraction are integers; tags, scores and outputs are no features; each part of the time is told."""
    server = shared_server
    server.client.post("/api/v1/projects", json={"name": project})
    push(server, project, **OF, text=EXPECTED)

    def live(seconds: int = 40, **query: Any) -> httpx.Response:
        asked = {"from": AT, "to": AT + seconds * 1_000, "environment": "SERVING", "windows": 4, **query}
        return ask(server, project, "/live", name=OF["name"], **asked)

    assert live().status_code == 404, "no predictions yet"
    sent = server.client.post(
        "/v1/predictions", json=[predicted(i) for i in range(40)], headers={"x-tapetum-project": project}
    )
    assert sent.json()["accepted"] == 40, sent.text

    good = live(30, windows=3).json()
    assert (good["passed"], good["examples"], good["anomalies"], good["counts"]) == (True, 30, [], [])
    found = live().json()
    assert (found["passed"], found["examples"], found["schema_version"]) == (False, 40, 1)
    reasons = {one["feature"]: [reason["type"] for reason in one["reasons"]] for one in found["anomalies"]}
    assert reasons == {
        "age": ["UNEXPECTED_DATA_TYPE"],
        "country": ["ENUM_TYPE_UNEXPECTED_STRING_VALUES"],
        "income": ["FLOAT_TYPE_HAS_NAN"],
    }
    assert [(part["examples"], part["reasons"]) for part in found["windows"]] == [(10, 0)] * 3 + [(10, 3)]
    counted = {one["feature"]: (one["type"], one["windows"], one["first"][:19]) for one in found["counts"]}
    assert counted["country"] == ("ENUM_TYPE_UNEXPECTED_STRING_VALUES", 1, "2026-11-20T10:00:30")
    assert found["dataset"] == []
    few = live(20).json()
    assert [reason["type"] for reason in few["dataset"]] == ["DATASET_LOW_NUM_EXAMPLES"]
    assert sum(part["reasons"] for part in few["windows"]) == 0, "a part of the time has fewer, and rightly"
    assert live(model_version="1").json()["passed"]
    trained = live(environment="TRAINING", q="country:NO,PE").json()
    assert [one["feature"] for one in trained["anomalies"]] == ["bought"]
    checked = tapetum(
        "schema", "check", OF["name"], "--from", str(AT), "--to", str(AT + 40_000), "-e", "SERVING",
        "--url", server.url, "--project", project,
    )  # fmt: skip
    assert checked.returncode == 1, checked.stderr
    assert checked.stdout.splitlines()[2].split()[:6] == ["ERROR", "country", reasons["country"][0], *["3", "of", "12"]]
    assert "FAILED  risk/🙂 v1: 40 predictions, schema 1." in checked.stdout
    moved = EXPECTED.replace(
        "unique_constraints", "drift_comparator { infinity_norm { threshold: 0.1 } } unique_constraints"
    )
    assert push(server, project, **OF, text=moved).status_code == 201
    again = tapetum(
        "schema", "check", OF["name"], "--from", str(AT), "--to", str(AT + 40_000), "-e", "SERVING",
        "--url", server.url, "--project", project,
    )  # fmt: skip
    assert "drift: Fewer than 100 predictions say nothing of a distribution." in again.stderr
    assert live(environment="X").json()["error"]["field"] == "environment"
    assert ask(server, project, "/live", name="nobody").status_code == 404


CONTRADICTING = """
feature { name: "age" type: INT int_domain { min: 10 max: 5 } }
feature { name: "city" type: BYTES domain: "cities" presence { min_fraction: 1.5 } }
feature { name: "pay" type: FLOAT bool_domain {} } feature { name: "tags" type: BYTES value_count { min: 3 max: 1 } }
feature { name: "age" type: FLOAT } dataset_constraints { min_examples_count: 5 max_examples_count: 2 }
"""
CONTRADICTIONS = (
    "The schema contradicts itself: feature 'age' is described twice; "
    "feature 'age': int_domain.min is 10, above its max of 5: no value can lie in it; "
    "feature 'city': presence.min_fraction is 1.5: a share cannot be above 1; "
    "feature 'city': The feature's values are those of the string domain 'cities', which the schema does not have; "
    "feature 'tags': value_count.max is 1, below its min of 3; and 1 more."
)


@pytest.mark.covers("bad-validation")
def test_what_is_no_schema_and_no_statistics_is_refused_by_field(shared_server: RunningServer, kept: str) -> None:
    server = shared_server
    for answer, status, field, told in [
        (push(server, kept, **OF, text="feature { nmae: 1 }"), 422, "text", "no Schema: line 1:11 : Message type"),
        (push(server, kept, **OF, text=CONTRADICTING), 422, "text", CONTRADICTIONS),
        (push(server, kept, **OF, text="", after=7), 409, "after", "newest version is 1"),
        (ask(server, kept, "/version", **OF, version=9), 404, "version", "the newest is 1"),
        (ask(server, kept, "/version", kind="model", name="x"), 404, "name", "'x' has no schema"),
        (send(server, kept, "/validate", b"\xff\xff"), 422, None, "no DatasetFeatureStatisticsList"),
        (send(server, kept, "/validate", FAULTS, environment="X"), 422, None, "no environment 'X'"),
        (send(server, kept, "/accept", FAULTS, feature=["nobody"]), 422, None, "feature 'nobody'"),
    ]:
        assert answer.status_code == status, answer.text
        error = answer.json()["error"]
        assert (error.get("field"), told in error["message"]) == (field, True), error


@pytest.mark.covers("cli-schema-versions")
def test_the_command_line_keeps_and_fetches_schemas(shared_server: RunningServer, project: str, tmp_path: Path) -> None:
    shared_server.client.post("/api/v1/projects", json={"name": project})
    at = ("--url", shared_server.url, "--project", project)
    kept = tapetum(
        "schema", "push", "shop/orders", CENSUS / "schema_inferred.pbtxt", "--dataset", "-m", "as found", *at
    )
    assert (kept.returncode, kept.stderr) == (0, "Version 1 of the schema of shop/orders: 21 features.\n")
    assert tapetum("schema", "pull", "shop/orders", *at).returncode == 1
    pulled = tmp_path / "schema.pbtxt"
    assert tapetum("schema", "pull", "shop/orders", "--dataset", "-o", pulled, *at).returncode == 0
    assert tapetum("schema", "diff", CENSUS / "schema_inferred.pbtxt", pulled).returncode == 0
    assert tapetum("schema", "list", *at).stdout.splitlines()[1].split()[:4] == ["dataset", "shop/orders", "1", "21"]
