"""Who gets in, as what, and what the others are told."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.rpc import status_pb2
from guarded_app import HeldClock, guarded
from starlette.testclient import TestClient

from tapetum_server.catalog.catalog import Catalog

URL = "http://127.0.0.1:4318"


@pytest.fixture
def clock() -> HeldClock:
    """The time, held still."""
    return HeldClock()


@pytest.fixture
def catalog(tmp_path: Path, clock: HeldClock) -> Iterator[Catalog]:
    """An empty catalog."""
    opened = Catalog.open(tmp_path, version="0.1.0", clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def keyed(catalog: Catalog) -> TestClient:
    """A server that wants keys."""
    return TestClient(guarded(catalog), base_url=URL, raise_server_exceptions=False)


@pytest.fixture
def open_(catalog: Catalog) -> TestClient:
    """A server on open loopback."""
    return TestClient(guarded(catalog, keys_required=False), base_url=URL, raise_server_exceptions=False)


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def basic(user: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_a_bearer_key_is_its_holder(catalog: Catalog, keyed: TestClient) -> None:
    _, key = catalog.keys.create("collector", ["ingest"], project="shop")

    answer = keyed.post("/v1/traces", headers=bearer(key) | {"x-tapetum-project": "shop"})

    assert answer.json() == {
        "name": "collector",
        "scopes": ["ingest"],
        "key_project": "shop",
        "project": "shop",
        "path": "/v1/traces",
        "raw_path": "/v1/traces",
    }


def test_the_password_of_basic_is_a_key(catalog: Catalog, keyed: TestClient) -> None:
    """Langfuse's and MLflow's clients send theirs so."""
    _, key = catalog.keys.create("langfuse", ["ingest"])
    for door in ("/v1/traces", "/api/public/otel/v1/traces"):
        answer = keyed.post(door, headers=basic("pk-lf-anything", key))
        assert (answer.status_code, answer.json()["name"]) == (200, "langfuse")
    assert keyed.post("/v1/traces", headers=basic(key, "")).status_code == 401


def test_without_a_key_a_server_that_wants_one_shows_only_its_public_face(keyed: TestClient) -> None:
    assert keyed.get("/healthz").status_code == 200
    assert keyed.get("/").status_code == 200
    assert keyed.get("/traces/some-deep-link").status_code == 200
    assert keyed.get("/api/v1/info").json() == {"version": "0.1.0", "auth": "keys"}
    for method, door in [
        ("POST", "/v1/traces"),
        ("GET", "/v1/traces"),
        ("GET", "/metrics"),
        ("GET", "/api/v1/rows"),
        ("GET", "/api/v1/keys"),
        ("GET", "/api/openapi.json"),
        ("GET", "/api/v1/nothing-here"),
        ("POST", "/"),
        ("POST", "/healthz"),
        ("OPTIONS", "/v1/traces"),
    ]:
        answer = keyed.request(method, door)
        assert answer.status_code == 401, (method, door)
        assert answer.headers["www-authenticate"] == 'Bearer realm="tapetum"'


def test_open_loopback_makes_the_caller_an_admin(open_: TestClient) -> None:
    answer = open_.post("/v1/logs").json()
    assert (answer["name"], answer["scopes"]) == ("loopback", ["admin", "ingest", "read"])
    assert open_.get("/api/v1/info").json()["auth"] == "open"


@pytest.mark.parametrize("server", ["keyed", "open_"])
@pytest.mark.parametrize(
    "shown",
    [
        "Bearer tpt_" + "x" * 43,
        "Bearer ",
        "Bearer",
        "Basic !!!",
        "Basic",
        basic("u", "wrong")["authorization"],
        "Digest username=x",
        "tpt_" + "x" * 43,
    ],
)
def test_a_wrong_key_is_refused_even_where_none_is_needed(
    server: str, shown: str, request: pytest.FixtureRequest
) -> None:
    """A typing mistake is found today, and not on the day when keys become required."""
    client: TestClient = request.getfixturevalue(server)
    answer = client.post("/api/v1/projects", json={"name": "x"}, headers={"authorization": shown})
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_key"
    assert "x" * 43 not in answer.text


def test_revoked_and_expired_keys_open_nothing(catalog: Catalog, keyed: TestClient, clock: HeldClock) -> None:
    made, revoked = catalog.keys.create("a", ["ingest"])
    ends = datetime.fromtimestamp(clock.now, UTC) + timedelta(hours=1)
    _, expiring = catalog.keys.create("b", ["ingest"], expires_at=ends)
    assert keyed.post("/v1/traces", headers=bearer(revoked)).status_code == 200
    assert keyed.post("/v1/traces", headers=bearer(expiring)).status_code == 200

    catalog.keys.revoke(made.id)
    clock.now += 3_600

    assert keyed.post("/v1/traces", headers=bearer(revoked)).status_code == 401
    assert keyed.post("/v1/traces", headers=bearer(expiring)).status_code == 401


def test_a_key_made_beside_the_running_server_works_at_once(
    catalog: Catalog, keyed: TestClient, tmp_path: Path, clock: HeldClock
) -> None:
    beside = Catalog.open(tmp_path, version="0.1.0", clock=clock)
    _, key = beside.keys.create("cli", ["ingest"])
    beside.close()
    assert keyed.post("/v1/traces", headers=bearer(key)).status_code == 200


def test_a_key_that_may_only_read_sends_nothing(catalog: Catalog, keyed: TestClient) -> None:
    _, key = catalog.keys.create("viewer", ["read"])
    answer = keyed.post("/v1/traces", headers=bearer(key) | {"content-type": "application/json"})
    assert answer.status_code == 403
    assert answer.json()["code"] == 7
    assert "--scope ingest" in answer.json()["message"]


def test_otlp_doors_refuse_in_the_requests_own_encoding(keyed: TestClient) -> None:
    """An OTLP client shows the message of a `google.rpc.Status`, and cannot read our own shape."""
    for door in ("/v1/traces", "/v1/logs", "/v1/metrics", "/api/public/otel/v1/traces"):
        answer = keyed.post(door, headers={"content-type": "application/x-protobuf"})
        assert answer.headers["content-type"] == "application/x-protobuf"
        status = status_pb2.Status.FromString(answer.content)
        assert (answer.status_code, status.code) == (401, 16)
        assert "tapetum keys create" in status.message

        answer = keyed.post(door, headers={"content-type": "application/json; charset=utf-8"})
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == {"code": 16, "message": status.message}

    ours = keyed.post("/v1/predictions", headers={"content-type": "application/x-protobuf"})
    assert ours.json()["error"]["code"] == "unauthenticated"


class TestKeyInThePath:
    """KServe's payload logger cannot send headers, so the path may carry a key, for ingest alone."""

    def test_it_opens_ingest_and_is_gone_before_anybody_looks(self, catalog: Catalog, keyed: TestClient) -> None:
        _, key = catalog.keys.create("kserve", ["admin"], project="shop")

        answer = keyed.post(f"/k/{key}/v1/kserve/events")

        assert answer.json() == {
            "name": "kserve",
            "scopes": ["ingest"],
            "key_project": "shop",
            "project": None,
            "path": "/v1/kserve/events",
            "raw_path": "/v1/kserve/events",
        }

    @pytest.mark.parametrize("rest", ["/api/v1/keys", "/api/v1/info", "/", "", "/metrics", "/v1", "//v1/traces"])
    def test_it_opens_nothing_else(self, catalog: Catalog, keyed: TestClient, rest: str) -> None:
        _, key = catalog.keys.create("kserve", ["admin"])
        answer = keyed.get(f"/k/{key}{rest}")
        assert answer.status_code == 404
        assert key not in answer.text

    def test_a_key_that_may_only_read_does_not_work_in_a_path(self, catalog: Catalog, keyed: TestClient) -> None:
        _, key = catalog.keys.create("viewer", ["read"])
        assert keyed.post(f"/k/{key}/v1/traces").status_code == 403

    @pytest.mark.parametrize("server", ["keyed", "open_"])
    def test_a_wrong_one_is_refused_in_the_doors_own_words(self, server: str, request: pytest.FixtureRequest) -> None:
        client: TestClient = request.getfixturevalue(server)
        answer = client.post("/k/wrong/v1/traces", headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (401, 16)


def test_a_header_that_comes_twice_is_refused(catalog: Catalog, keyed: TestClient) -> None:
    """A proxy in front may have checked the other one."""
    _, key = catalog.keys.create("a", ["ingest"])
    twice = [("authorization", f"Bearer {key}"), ("authorization", "Bearer x")]
    assert keyed.post("/v1/predictions", headers=twice).json()["error"]["code"] == "duplicate_header"


@pytest.mark.parametrize(
    "path", ["/v1/traces", "/tapetum/v1/traces", "/tapetum/k/{key}/v1/traces", "/k/{key}/v1/traces"]
)
def test_under_a_root_path_the_prefix_may_come_cut_off_or_not(catalog: Catalog, path: str) -> None:
    """Proxies do either."""
    _, key = catalog.keys.create("a", ["ingest"])
    client = TestClient(guarded(catalog, root_path="/tapetum/"), base_url=URL)
    answer = client.post(path.format(key=key), headers={} if "{key}" in path else bearer(key))
    assert answer.status_code == 200
    assert answer.json()["path"] == "/tapetum/v1/traces"
    assert client.get("/tapetum/api/v1/info").json()["version"] == "0.1.0"
    assert client.get("/tapetum/api/v1/rows").status_code == 401
    assert client.get("/tapetum").status_code == 200


@pytest.mark.parametrize("server", ["keyed", "open_"])
def test_every_answer_carries_what_keeps_a_browser_safe(server: str, request: pytest.FixtureRequest) -> None:
    client: TestClient = request.getfixturevalue(server)
    for door in ("/", "/healthz", "/api/v1/info", "/api/v1/rows", "/v1/traces"):
        headers = client.get(door).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
    page = client.get("/").headers["content-security-policy"]
    for rule in ("script-src 'self';", "img-src 'self' data:;", "connect-src 'self';", "object-src 'none';"):
        assert rule in page
    assert "sandbox" in client.get("/api/v1/info").headers["content-security-policy"]
    assert client.get("/api/v1/info").headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in client.get("/api/v1/info", headers={"origin": "http://evil"}).headers


def test_websockets_pass_no_check_and_are_closed(open_: TestClient) -> None:
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect), open_.websocket_connect("/v1/traces"):
        pass
