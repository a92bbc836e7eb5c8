"""Dashboards and saved views over HTTP: kept, changed by one at a time, exported, imported, refused in words."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asked_world import As, World
from httpx import Response
from starlette.testclient import TestClient

from tapetum_server.analysis.dashboards.document import MAX_PANELS, MAX_VARIABLES
from tapetum_server.analysis.dashboards.reading import MAX_DOCUMENT_BYTES
from tapetum_server.analysis.dashboards.shipped import SHIPPED
from tapetum_server.catalog import dashboards as kept_dashboards
from tapetum_server.catalog import views as kept_views
from tapetum_server.signals.identity import Identity

DOCUMENT: dict[str, Any] = {
    "schema_version": 1,
    "title": "Checkout, at a glance",
    "description": "What to look at first.",
    "time": {"from": "now-6h"},
    "variables": [
        {"name": "service", "label": "Service", "multi": True, "kind": "values", "signal": "spans", "key": "service"},
        {"name": "stage", "default": ["prod"], "kind": "list", "values": ["prod", "test"]},
        {"name": "route", "kind": "text"},
    ],
    "panels": [
        {"id": "a", "title": "Load", "query": {"kind": "metric", "name": "load", "group_by": ["host.name"],
         "aggregation": "max"}, "unit": "1", "x": 0, "y": 0, "w": 6, "h": 8},
        {"id": "b", "title": "Failed", "query": {"kind": "spans", "q": "service:$service", "measure": "error_rate"},
         "chart": "area", "x": 6, "y": 0, "w": 6, "h": 8},
        {"id": "c", "title": "Logs", "query": {"kind": "logs"}, "chart": "bar", "x": 0, "y": 8, "w": 4, "h": 4},
        {"id": "d", "title": "Slow", "query": {"kind": "sql", "query": "SELECT 1"}, "chart": "table", "x": 4, "y": 8,
         "w": 4, "h": 4},
        {"id": "e", "title": "Now", "query": {"kind": "sql", "query": "SELECT 2"}, "chart": "stat", "x": 8, "y": 8,
         "w": 4, "h": 4},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def reader(asked: World) -> Iterator[TestClient]:
    """Somebody who may read, and nothing else."""
    with TestClient(As(asked.api, Identity(name="viewer", scopes=frozenset({"read"}), project=None))) as client:
        yield client


@pytest.fixture(autouse=True)
def empty(asked: World) -> Iterator[None]:
    """Every test starts with the shipped dashboards alone."""
    yield
    for kept in asked.catalog.dashboards.all("default"):
        asked.catalog.dashboards.delete("default", kept.id)
    for view in asked.catalog.views.all("default"):
        asked.catalog.views.delete("default", view.id)


def create(asked: World, document: Any = DOCUMENT) -> Response:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return asked.client.post("/v1/dashboards", content=body)


def own(asked: World) -> list[dict[str, Any]]:
    return [row for row in asked.get("/dashboards")["rows"] if not row["shipped"]]


def changed(**patch: Any) -> dict[str, Any]:
    return {**copy.deepcopy(DOCUMENT), **patch}


def with_panel(**patch: Any) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    document["panels"][1] |= patch
    return document


@pytest.mark.covers("dashboards")
def test_a_dashboard_is_kept_changed_and_deleted(asked: World) -> None:
    made = create(asked)
    assert made.status_code == 201, made.text
    id = made.json()["id"]
    (row,) = own(asked)
    assert (row["id"], row["title"], row["panels"], row["revision"]) == (id, DOCUMENT["title"], 5, 1)
    assert row["description"] == DOCUMENT["description"]

    shorter = changed(title="Shorter", panels=DOCUMENT["panels"][:1])
    answer = asked.client.put(f"/v1/dashboards/{id}", params={"revision": 1}, json=shorter)
    assert answer.status_code == 200, answer.text
    found = asked.get(f"/dashboards/{id}")
    assert (found["title"], found["panels"], found["revision"]) == ("Shorter", 1, 2)
    assert [panel["id"] for panel in found["document"]["panels"]] == ["a"]
    assert found["updated_by"] == "loopback"

    assert asked.client.delete(f"/v1/dashboards/{id}").status_code == 204
    assert own(asked) == []
    assert asked.error(f"/dashboards/{id}", 404)["code"] == "dashboard_not_found"


@pytest.mark.covers("dashboards")
def test_who_did_not_see_the_last_change_cannot_overwrite_it(asked: World) -> None:
    id = create(asked).json()["id"]
    first = asked.client.put(f"/v1/dashboards/{id}", params={"revision": 1}, json=changed(title="First"))
    assert first.json()["revision"] == 2
    late = asked.client.put(f"/v1/dashboards/{id}", params={"revision": 1}, json=changed(title="Late"))
    assert late.status_code == 409
    error = late.json()["error"]
    assert (error["code"], error["field"]) == ("dashboard_changed", "revision")
    for said in ("loopback", "revision 2", "revision 1"):
        assert said in error["message"]
    assert asked.get(f"/dashboards/{id}")["title"] == "First"


@pytest.mark.covers("dashboard-files")
def test_an_exported_dashboard_is_the_one_that_was_imported(asked: World) -> None:
    """To the last field, and again after a second round."""
    id = create(asked).json()["id"]
    exported = asked.client.get(f"/v1/dashboards/{id}/export")
    assert exported.headers["content-disposition"] == 'attachment; filename="checkout-at-a-glance.json"'
    assert exported.json() == DOCUMENT
    again = create(asked, exported.content)
    assert again.status_code == 201, again.text
    assert again.json()["id"] != id
    assert asked.client.get(f"/v1/dashboards/{again.json()['id']}/export").content == exported.content


@pytest.mark.covers("dashboard-files", "bad-dashboard-file")
def test_a_file_of_a_newer_version_is_refused_with_its_version_and_what_to_do(asked: World) -> None:
    """Also where nothing else of it would be understood."""
    for newer in (changed(schema_version=2), {"schema_version": 9, "rooms": []}):
        answer = create(asked, newer)
        assert answer.status_code == 422
        error = answer.json()["error"]
        assert (error["code"], error["field"]) == ("newer_dashboard", "schema_version")
        assert f"schema version {newer['schema_version']}" in error["message"]
        assert "versions up to 1" in error["message"]
        assert "Install a newer Tapetum" in error["hint"]
    assert own(asked) == []


@pytest.mark.covers("bad-dashboard-file")
@pytest.mark.parametrize(
    ("file", "field", "said"),
    [
        (b"", "body", "not JSON"),
        (b"{", "body", "not JSON"),
        (b"\xff\xfe", "body", "not JSON"),
        (b"[1]", "schema_version", "no dashboard of Tapetum"),
        ({"panels": []}, "schema_version", "no schema_version"),
        ({"dashboard": {"id": 1, "schemaVersion": 36}}, "schema_version", "no schema_version"),
        (changed(schema_version="1"), "schema_version", "input should be 1"),
        (changed(schema_version=0), "schema_version", "input should be 1"),
        (changed(title="   "), "title", "at least 1 character"),
        (changed(title="a\x00b"), "title", "should match"),
        (changed(rooms=[]), "rooms", "unknown field rooms"),
        (changed(time={"from": "yesterday"}), "time", "'yesterday' is not a time"),
        (changed(time={"from": "now", "to": "now-1h"}), "time", ""),
        (changed(panels={}), "panels", "valid list"),
        (changed(panels=[DOCUMENT["panels"][0]] * 2), "panels", "the id 'a' is there twice"),
        (changed(panels=[{**DOCUMENT["panels"][0], "id": f"p{i}"} for i in range(MAX_PANELS + 1)]), "panels",
         f"at most {MAX_PANELS} items"),
        (changed(variables=[{"name": f"v{i}", "kind": "text"} for i in range(MAX_VARIABLES + 1)]), "variables",
         f"at most {MAX_VARIABLES} items"),
        (changed(variables=[{"name": "from", "kind": "text"}]), "variables[0]", "the page's own"),
        (changed(variables=[{"name": "a b", "kind": "text"}]), "variables[0].name", "should match"),
        (changed(variables=[{"name": "a", "kind": "moon"}]), "variables[0]", "'text', 'list', 'values'"),
        (with_panel(chart="pie"), "panels[1].chart", "'line', 'area', 'bar', 'table' or 'stat'"),
        (with_panel(query={"kind": "promql", "query": "up"}), "panels[1].query", "'metric', 'spans', 'logs', 'errors', 'evaluations', 'predictions', 'findings', 'sql'"),
        (with_panel(query={"kind": "spans", "measure": "p42_ms"}), "panels[1].query.measure", "'p95_ms'"),
        (with_panel(query={"kind": "metric", "name": "a", "group_by": list("abcde")}), "panels[1].query.group_by",
         "at most 4 items"),
        (with_panel(w="wide"), "panels[1].w", "valid integer"),
        (with_panel(x=8), "panels[1]", "reach beyond the grid's 12 columns"),
        (with_panel(colour="red"), "panels[1].colour", "unknown field panels[1].colour"),
    ],
    ids=str,
)  # fmt: skip
def test_a_file_that_is_no_dashboard_is_refused_field_by_field(asked: World, file: Any, field: str, said: str) -> None:
    """And nothing of it is imported."""
    answer = create(asked, file)
    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert (error["code"], error["field"]) == ("invalid_dashboard", field), error
    assert said in error["message"]
    assert own(asked) == []


@pytest.mark.covers("bad-dashboard-file")
def test_a_file_that_is_too_large_is_not_even_read(asked: World) -> None:
    answer = create(asked, b" " * (MAX_DOCUMENT_BYTES + 1))
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "dashboard_too_large"
    # Nesting that would exhaust a parser, and a text that would fill the log.
    assert create(asked, b"[" * 400_000).status_code == 422
    long = create(asked, changed(**{"x" * 300_000: 1}))
    assert long.status_code == 422
    assert len(long.text) < 2_000
    assert own(asked) == []


def test_a_change_that_is_no_dashboard_leaves_the_kept_one(asked: World) -> None:
    id = create(asked).json()["id"]
    bad = asked.client.put(f"/v1/dashboards/{id}", params={"revision": 1}, json=with_panel(w=0))
    assert bad.status_code == 422
    assert asked.client.get(f"/v1/dashboards/{id}/export").json() == DOCUMENT


@pytest.mark.covers("dashboards-shipped")
def test_shipped_dashboards_are_there_for_everybody_and_stay_as_they_are(asked: World, reader: TestClient) -> None:
    rows = [row for row in reader.get("/v1/dashboards").json()["rows"] if row["shipped"]]
    assert [row["id"] for row in rows] == list(SHIPPED) == ["services", "host", "ingest"]
    for id in SHIPPED:
        found = asked.get(f"/dashboards/{id}")
        assert found["shipped"]
        assert found["document"]["panels"]
        changes = asked.client.put(f"/v1/dashboards/{id}", params={"revision": 1}, json=found["document"])
        for answer in (changes, asked.client.delete(f"/v1/dashboards/{id}")):
            assert (answer.status_code, answer.json()["error"]["code"]) == (409, "shipped_dashboard")
        copied = create(asked, reader.get(f"/v1/dashboards/{id}/export").content)
        assert copied.status_code == 201, copied.text
        assert asked.get(f"/dashboards/{copied.json()['id']}")["document"] == found["document"]


@pytest.mark.covers("dashboards")
def test_who_may_only_read_changes_nothing_that_others_see(asked: World, reader: TestClient) -> None:
    id = create(asked).json()["id"]
    view = asked.client.post("/v1/views", json={"page": "/logs", "name": "Mine"}).json()["id"]
    for answer in (
        reader.post("/v1/dashboards", json=DOCUMENT),
        reader.put(f"/v1/dashboards/{id}", params={"revision": 1}, json=DOCUMENT),
        reader.delete(f"/v1/dashboards/{id}"),
        reader.post("/v1/views", json={"page": "/logs", "name": "Theirs"}),
        reader.delete(f"/v1/views/{view}"),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
    assert reader.get(f"/v1/dashboards/{id}").json()["document"]["title"] == DOCUMENT["title"]
    assert [row["name"] for row in reader.get("/v1/views").json()["rows"]] == ["Mine"]


def test_a_reader_may_ask_the_sql_of_shipped_panels_and_no_other(
    asked: World, reader: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQL is for admins unless the server says otherwise; a dashboard that comes with Tapetum is for everybody."""
    may = dataclasses.replace(asked.api.state.facts, sql_enabled=lambda identity: identity.may("admin"))
    monkeypatch.setattr(asked.api.state, "facts", may)
    panels = reader.get("/v1/dashboards/ingest").json()["document"]["panels"]
    ours = next(panel["query"] for panel in panels if panel["query"]["kind"] == "sql")
    body = {"query": ours, "variables": {"sender": []}}
    assert reader.post("/v1/query", json=body).status_code == 200
    for theirs in (ours["query"] + " ", "SELECT 1"):
        refused = reader.post("/v1/query", json={**body, "query": {"kind": "sql", "query": theirs}})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")


def test_a_project_holds_so_many_and_says_so(asked: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_dashboards, "MAX_DASHBOARDS", 1)
    monkeypatch.setattr(kept_views, "MAX_VIEWS", 1)
    for path, body, code in (
        ("/v1/dashboards", DOCUMENT, "too_many_dashboards"),
        ("/v1/views", {"page": "/logs", "name": "{}"}, "too_many_views"),
    ):
        assert asked.client.post(path, json=body).status_code == 201
        answer = asked.client.post(path, json={**body, "name": "second"} if "name" in body else body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, code)


@pytest.mark.covers("saved-views")
def test_a_view_is_saved_found_replaced_and_forgotten(asked: World) -> None:
    new = {"page": "/traces", "name": "Slow checkouts", "search": "q=service%3Acheckout&from=now-1d"}
    made = asked.client.post("/v1/views", json=new)
    assert made.status_code == 201, made.text
    asked.client.post("/v1/views", json={"page": "/logs", "name": "Slow checkouts"})
    (row,) = asked.get("/views", page="/traces")["rows"]
    assert {key: row[key] for key in new} == new
    assert len(asked.get("/views")["rows"]) == 2

    same = asked.client.post("/v1/views", json={**new, "search": "q=x"})
    assert (same.status_code, same.json()["error"]["code"]) == (409, "view_exists")
    assert asked.client.post("/v1/views", json={**new, "search": "q=x", "replace": True}).status_code == 201
    (row,) = asked.get("/views", page="/traces")["rows"]
    assert row["search"] == "q=x"
    assert asked.client.delete(f"/v1/views/{row['id']}").status_code == 204
    assert asked.get("/views", page="/traces")["rows"] == []
    assert asked.client.delete(f"/v1/views/{row['id']}").status_code == 404


@pytest.mark.covers("saved-views")
@pytest.mark.parametrize(
    "bad",
    [
        {"page": "https://elsewhere.example"}, {"page": "//elsewhere.example"}, {"page": "/traces?x"}, {"page": ""},
        {"page": "/tra\nces"}, {"name": " "}, {"name": "x" * 101}, {"name": "a\x00"}, {"search": "a b"},
        {"search": "q=x#y"}, {"search": "x" * 10_001}, {"colour": "red"},
    ],
    ids=str,
)  # fmt: skip
def test_a_view_leads_nowhere_but_to_a_page_of_this_server(asked: World, bad: dict[str, str]) -> None:
    answer = asked.client.post("/v1/views", json={"page": "/traces", "name": "a", "search": "", **bad})
    assert answer.status_code == 422
    assert asked.get("/views")["rows"] == []


@pytest.mark.covers("project-isolation")
def test_two_projects_have_dashboards_and_views_of_their_own(
    engine_home: Path, tmp_path: Path, reader: TestClient
) -> None:
    """Another project's is a 404, whoever guesses its id; also under one's own project's name."""
    world = World(engine_home, tmp_path, Identity(name="a", scopes=frozenset({"admin"}), project="a"))
    world.catalog.ensure_project("a")
    world.catalog.ensure_project("b")
    content = kept_dashboards.DashboardContent(title="Theirs", description="", panels=0, document="{}")
    theirs = world.catalog.dashboards.create("b", content, by="b").id
    view = world.catalog.views.create("b", page="/logs", name="Theirs", search="", by="b").id
    try:
        for project in ({}, {"project": "a"}, {"project": "b"}):
            for method, path in (
                ("GET", f"/dashboards/{theirs}"), ("GET", f"/dashboards/{theirs}/export"),
                ("DELETE", f"/dashboards/{theirs}"), ("DELETE", f"/views/{view}"),
            ):  # fmt: skip
                answer = world.client.request(method, f"/v1{path}", params=project)
                assert answer.status_code == 404, (method, path, project)
            put = world.client.put(f"/v1/dashboards/{theirs}", params={"revision": 1, **project}, json=DOCUMENT)
            assert put.status_code == 404
        assert world.client.post("/v1/dashboards", params={"project": "b"}, json=DOCUMENT).status_code == 404
        assert world.client.post("/v1/views", json={"page": "/logs", "name": "x", "project": "b"}).status_code == 404
        assert "Theirs" not in world.client.get("/v1/dashboards").text + world.client.get("/v1/views").text
        assert world.client.get("/v1/dashboards", params={"project": "b"}).status_code == 404
        assert world.catalog.dashboards.get("b", theirs).summary.revision == 1
        assert [kept.id for kept in world.catalog.views.all("b")] == [view]
    finally:
        world.close()
