"""The access routes: info, projects, keys and the browser's session, with two tenants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from guarded_app import HeldClock, guarded
from starlette.testclient import TestClient

from tapetum_server.catalog.catalog import Catalog
from tapetum_server.catalog.sessions import SESSION_LIFETIME_S

URL = "http://127.0.0.1:4318"


@dataclass(frozen=True)
class World:
    """Two tenants, and somebody over both."""

    catalog: Catalog
    client: TestClient
    clock: HeldClock
    root: str
    """An admin of every project."""
    shop: str
    """An admin of project `shop`."""
    bank: str
    """A reader of project `bank`."""

    def ask(self, key: str | None, method: str, path: str, **options: Any) -> Any:
        """One request of the API with a key."""
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return self.client.request(method, f"/api/v1{path}", headers=headers | options.pop("headers", {}), **options)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A server that wants keys, with two tenants."""
    clock = HeldClock()
    catalog = Catalog.open(tmp_path, version="0.1.0", clock=clock)
    _, root = catalog.keys.create("root", ["admin"])
    _, shop = catalog.keys.create("shop-admin", ["admin"], project="shop")
    _, bank = catalog.keys.create("bank-viewer", ["read"], project="bank")
    client = TestClient(guarded(catalog), base_url=URL, raise_server_exceptions=False)
    yield World(catalog, client, clock, root, shop, bank)
    catalog.close()


def test_info_says_who_you_are_and_what_you_can_see(world: World) -> None:
    assert world.ask(world.bank, "GET", "/info").json() == {
        "version": "0.1.0",
        "auth": "keys",
        "identity": {"name": "bank-viewer", "scopes": ["read"], "project": "bank"},
        "projects": ["bank"],
        "sql_enabled": False,
        "otlp_http": "http://127.0.0.1:4318",
        "otlp_grpc": "127.0.0.1:4317",
        "demo": False,
    }
    assert world.ask(world.root, "GET", "/info").json()["projects"] == ["bank", "default", "shop"]


@pytest.mark.covers("project-isolation")
def test_another_tenants_project_and_none_at_all_look_the_same(world: World) -> None:
    """A 403 would tell that the project is there."""
    theirs = world.ask(world.bank, "GET", "/rows", params={"project": "shop"})
    nobodys = world.ask(world.bank, "GET", "/rows", params={"project": "none"})
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json()["error"]["code"] == "project_not_found"
    assert theirs.text.replace("shop", "?") == nobodys.text.replace("none", "?")

    change = {"retention": {"logs": 1}}
    theirs = world.ask(world.shop, "PATCH", "/projects/bank", json=change)
    nobodys = world.ask(world.shop, "PATCH", "/projects/none", json=change)
    assert (theirs.status_code, theirs.text.replace("bank", "?")) == (404, nobodys.text.replace("none", "?"))
    assert world.catalog.projects.get("bank").retention.logs == 30


def test_a_key_of_one_project_looks_there_unless_told_otherwise(world: World) -> None:
    assert world.ask(world.bank, "GET", "/rows").json()["project"] == "bank"
    assert world.ask(world.root, "GET", "/rows").json()["project"] == "default"
    assert world.ask(world.root, "GET", "/rows", headers={"x-tapetum-project": "shop"}).json()["project"] == "shop"
    assert world.ask(world.root, "GET", "/rows", params={"project": "bank"}).json()["project"] == "bank"


def test_projects_are_made_and_changed_by_admins(world: World) -> None:
    made = world.ask(world.root, "POST", "/projects", json={"name": "lab"})
    assert made.status_code == 201
    assert made.json() == {
        "name": "lab",
        "created_at": "2027-01-15T08:00:00.000000000Z",
        "retention": {"traces": 30, "logs": 30, "metrics": 30, "predictions": 30, "labels": 30},
    }
    changed = world.ask(world.root, "PATCH", "/projects/lab", json={"retention": {"metrics": 400, "labels": 90}})
    assert changed.json()["retention"] == {"traces": 30, "logs": 30, "metrics": 400, "predictions": 30, "labels": 90}
    assert [p["name"] for p in world.ask(world.shop, "GET", "/projects").json()["projects"]] == ["shop"]

    def refused(key: str, method: str, path: str, body: object) -> tuple[int, str]:
        answer = world.ask(key, method, path, json=body)
        return answer.status_code, answer.json()["error"]["code"]

    assert refused(world.root, "POST", "/projects", {"name": "lab"}) == (409, "project_exists")
    assert refused(world.root, "POST", "/projects", {"name": "../x"}) == (422, "invalid_name")
    assert refused(world.bank, "POST", "/projects", {"name": "mine"}) == (403, "forbidden")
    assert refused(world.shop, "POST", "/projects", {"name": "mine"}) == (403, "forbidden")
    assert refused(world.root, "PATCH", "/projects/lab", {"retention": {"logs": 0}}) == (422, "invalid_retention")
    assert refused(world.bank, "PATCH", "/projects/bank", {"retention": {"logs": 1}}) == (403, "forbidden")


@pytest.mark.covers("keys")
def test_a_key_is_shown_once_and_works(world: World) -> None:
    made = world.ask(world.root, "POST", "/keys", json={"name": "app", "scopes": ["ingest"], "project": "new"})
    assert made.status_code == 201
    key = made.json()["key"]
    assert world.client.post("/v1/traces", headers={"authorization": f"Bearer {key}"}).status_code == 200

    listed = world.ask(world.root, "GET", "/keys")
    assert key not in listed.text
    row = next(k for k in listed.json()["keys"] if k["name"] == "app")
    assert {"key": key, **row} == made.json()
    assert row["prefix"] == key[:12]

    assert world.ask(world.root, "DELETE", f"/keys/{row['id']}").status_code == 204
    assert world.client.post("/v1/traces", headers={"authorization": f"Bearer {key}"}).status_code == 401
    assert next(k for k in world.ask(world.root, "GET", "/keys").json()["keys"] if k["name"] == "app")["revoked_at"]


def test_an_admin_of_one_project_manages_its_keys_only(world: World) -> None:
    made = world.ask(world.shop, "POST", "/keys", json={"name": "till", "scopes": ["ingest"]}).json()
    assert made["project"] == "shop"
    assert {k["name"] for k in world.ask(world.shop, "GET", "/keys").json()["keys"]} == {"shop-admin", "till"}

    theirs = next(k.id for k in world.catalog.keys.all() if k.name == "bank-viewer")
    stolen = world.ask(world.shop, "DELETE", f"/keys/{theirs}")
    missing = world.ask(world.shop, "DELETE", "/keys/ffffffffffffffff")
    assert stolen.status_code == missing.status_code == 404
    assert stolen.text.replace(theirs, "?") == missing.text.replace("ffffffffffffffff", "?")
    assert world.catalog.keys.verify(world.bank) is not None
    other = world.ask(world.shop, "POST", "/keys", json={"name": "x", "scopes": ["read"], "project": "bank"})
    assert other.status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "a", "scopes": []}, "scopes"),
        ({"name": "a", "scopes": ["root"]}, "scopes.0"),
        ({"name": "", "scopes": ["read"]}, "name"),
        ({"name": "a", "scopes": ["read"], "expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "a", "scopes": ["read"], "expires_at": "2031-01-01T00:00:00"}, "expires_at"),
        ({"name": "a", "scopes": ["read"], "project": "a b"}, "name"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused_by_field(world: World, body: object, field: str) -> None:
    answer = world.ask(world.root, "POST", "/keys", json=body)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)


@pytest.mark.covers("api-error-shape")
def test_every_refusal_has_the_one_shape(world: World) -> None:
    asked = [
        (None, "GET", "/keys", 401, "unauthenticated"),
        (world.bank, "GET", "/keys", 403, "forbidden"),
        (world.root, "GET", "/nowhere", 404, "not_found"),
        (world.root, "PUT", "/projects", 405, "method_not_allowed"),
        (world.root, "POST", "/keys", 422, "invalid_request"),
        (world.root, "GET", "/broken", 500, "internal"),
    ]
    for key, method, path, status, code in asked:
        answer = world.ask(key, method, path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert answer.json()["error"]["message"]
        assert set(answer.json()) == {"error"}


def test_a_body_that_is_not_json_is_named_and_not_repeated(world: World) -> None:
    answer = world.ask(
        world.root, "POST", "/session", content=b'{"key": tpt_abc', headers={"content-type": "application/json"}
    )
    assert answer.json()["error"] == {"code": "invalid_request", "message": "The body is not JSON.", "field": "body"}


def test_what_breaks_inside_stays_inside(world: World, caplog: pytest.LogCaptureFixture) -> None:
    answer = world.ask(world.root, "GET", "/broken")
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in answer.text
    reference = answer.json()["error"]["message"].rpartition(" ")[2].rstrip(".")
    assert reference in caplog.text


def test_the_openapi_file_knows_the_error_shape_and_names_routes_by_function(world: World) -> None:
    document = world.client.get("/api/openapi.json", headers={"authorization": f"Bearer {world.bank}"}).json()
    operations = [o for path, item in document["paths"].items() for o in item.values() if "access" in o.get("tags", [])]
    assert {o["operationId"] for o in operations} == {
        "info", "list_projects", "create_project", "change_project", "list_keys", "create_key", "revoke_key",
        "open_session", "close_session",
    }  # fmt: skip
    for operation in operations:
        schema = operation["responses"]["4XX"]["content"]["application/json"]["schema"]
        assert schema["$ref"].endswith("/ErrorBody")


class TestSession:
    """A browser exchanges a key for a cookie that no script can read."""

    @pytest.fixture
    def page(self) -> dict[str, str]:
        """What our own page's requests carry."""
        return {"origin": URL, "sec-fetch-site": "same-origin"}

    def log_in(self, world: World, key: str, page: dict[str, str]) -> Any:
        return world.client.post("/api/v1/session", json={"key": key}, headers=page)

    def test_the_cookie_is_out_of_every_scripts_and_other_sites_reach(self, world: World, page: dict[str, str]) -> None:
        answer = self.log_in(world, world.bank, page)
        assert answer.status_code == 201
        assert answer.json()["identity"]["name"] == "bank-viewer"
        name, _, flags = answer.headers["set-cookie"].partition("=")
        attributes = {part.strip().lower() for part in flags.split(";")[1:]}
        assert name == "tapetum_session"
        assert attributes == {"httponly", "samesite=strict", "path=/", f"max-age={SESSION_LIFETIME_S}"}
        assert world.bank not in answer.headers["set-cookie"]

    def test_over_https_the_cookie_stays_there(self, world: World) -> None:
        client = TestClient(guarded(world.catalog, root_path="/obs"), base_url="https://127.0.0.1")
        answer = client.post("/obs/api/v1/session", json={"key": world.bank})
        assert "; Secure" in answer.headers["set-cookie"]
        assert "; Path=/obs;" in answer.headers["set-cookie"]

    def test_the_cookie_is_the_keys_holder_until_logging_out(self, world: World, page: dict[str, str]) -> None:
        self.log_in(world, world.bank, page)
        assert world.client.get("/api/v1/rows").json() == {"project": "bank", "caller": "bank-viewer"}
        assert world.client.get("/api/v1/rows", params={"project": "shop"}).status_code == 404

        cookie = world.client.cookies["tapetum_session"]
        assert world.client.delete("/api/v1/session", headers=page).status_code == 204
        assert "tapetum_session" not in world.client.cookies
        kept = {"cookie": f"tapetum_session={cookie}"}
        assert world.client.get("/api/v1/rows", headers=kept).status_code == 401

    @pytest.mark.parametrize(
        "headers",
        [{}, {"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}],
    )
    def test_another_page_cannot_use_the_cookie(
        self, world: World, page: dict[str, str], headers: dict[str, str]
    ) -> None:
        self.log_in(world, world.root, page)
        answer = world.client.post("/api/v1/projects", json={"name": "x"}, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin_not_allowed")
        assert world.client.post("/api/v1/projects", json={"name": "x"}, headers=page).status_code == 201

    def test_another_page_cannot_log_a_person_in_as_somebody_else(self, world: World) -> None:
        answer = self.log_in(world, world.bank, {"origin": "https://evil.example"})
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers

    def test_a_key_that_opens_nothing_opens_no_session(self, world: World, page: dict[str, str]) -> None:
        _, sender = world.catalog.keys.create("collector", ["ingest"])
        assert self.log_in(world, "tpt_" + "x" * 43, page).json()["error"]["code"] == "invalid_key"
        assert self.log_in(world, sender, page).status_code == 403
        assert "tapetum_session" not in world.client.cookies

    def test_a_session_ends_when_its_key_is_revoked_or_its_time_is_up(self, world: World, page: dict[str, str]) -> None:
        self.log_in(world, world.bank, page)
        world.clock.now += SESSION_LIFETIME_S
        assert world.client.get("/api/v1/rows").status_code == 401

        self.log_in(world, world.bank, page)
        assert world.client.get("/api/v1/rows").status_code == 200
        world.catalog.keys.revoke(next(k.id for k in world.catalog.keys.all() if k.name == "bank-viewer"))
        assert world.client.get("/api/v1/rows").status_code == 401

    def test_the_cookie_of_another_server_on_this_machine_is_no_wrong_key(self, world: World) -> None:
        """Cookies do not know ports, so one of another server arrives here too."""
        foreign = {"cookie": "theme=dark; tapetum_session=" + "x" * 43}
        assert world.client.get("/api/v1/info", headers=foreign).json() == {"version": "0.1.0", "auth": "keys"}
        open_ = TestClient(guarded(world.catalog, keys_required=False), base_url=URL)
        assert open_.get("/api/v1/rows", headers=foreign).json()["caller"] == "loopback"
