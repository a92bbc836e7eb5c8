"""Pages of other origins, and names that are not ours, get nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from guarded_app import guarded
from starlette.testclient import TestClient

from tapetum_server.app.hosts import Hosts, KeysRequired, is_loopback, require_keys_for
from tapetum_server.catalog.catalog import Catalog

URL = "http://127.0.0.1:4318"


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    """An empty catalog."""
    opened = Catalog.open(tmp_path, version="0.1.0")
    yield opened
    opened.close()


@pytest.fixture
def open_(catalog: Catalog) -> TestClient:
    """A server on open loopback."""
    return TestClient(guarded(catalog, keys_required=False), base_url=URL)


@pytest.mark.covers("host-and-origin")
@pytest.mark.parametrize("door", ["/", "/api/v1/info", "/v1/traces", "/healthz"])
def test_a_name_that_was_rebound_to_us_gets_nothing(open_: TestClient, door: str) -> None:
    """DNS rebinding: evil.example resolves to 127.0.0.1 and its page reads answers as same-origin."""
    for host in ("evil.example:4318", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "a b", "@"):
        assert open_.get(door, headers={"host": host}).status_code == 421, host


@pytest.mark.parametrize(
    "host", ["localhost:4318", "127.0.0.1", "[::1]:4318", "LOCALHOST", "localhost.", "app.localhost:99", "10.0.0.7"]
)
def test_names_of_this_machine_are_ours(open_: TestClient, host: str) -> None:
    assert open_.get("/api/v1/info", headers={"host": host}).status_code == 200


def test_a_refused_host_is_told_the_setting_in_the_doors_own_words(open_: TestClient) -> None:
    error = open_.get("/api/v1/info", headers={"host": "obs.corp"}).json()["error"]
    assert (error["code"], error["hint"]) == ("host_not_allowed", "Start it with --allowed-host NAME if it should.")
    otlp = open_.post("/v1/traces", headers={"host": "obs.corp", "content-type": "application/json"})
    assert (otlp.status_code, otlp.json()["code"]) == (421, 7)


@pytest.mark.parametrize(
    ("allowed", "keys_required", "host", "expected"),
    [
        (["obs.corp"], True, "obs.corp", True),
        (["obs.corp"], True, "OBS.corp:443", True),
        (["obs.corp"], True, "other.corp", False),
        (["*.corp"], True, "obs.corp", True),
        (["*.corp"], True, "corp", False),
        (["*.corp"], True, "evilcorp", False),
        (["*"], False, "anything.example", True),
        ([], True, "tapetum.monitoring.svc", True),
        ([], False, "tapetum.monitoring.svc", False),
    ],
)
def test_names_that_are_allowed(allowed: list[str], keys_required: bool, host: str, expected: bool) -> None:
    assert Hosts("0.0.0.0", keys_required=keys_required, allowed=allowed).allows(host) is expected


class TestOpenLoopback:
    """Any page a person visits can send requests to 127.0.0.1, and there every caller is an admin."""

    @pytest.mark.covers("host-and-origin")
    @pytest.mark.parametrize(
        "headers",
        [
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {"origin": "http://127.0.0.1:9999"},
            {"origin": "http://127.0.0.1:4318.evil.example"},
            {"origin": "http://127.0.0.1:4318@evil.example"},
            {"origin": "file://"},
            {"origin": ""},
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
        ],
    )
    @pytest.mark.parametrize("door", ["/v1/predictions", "/api/v1/keys", "/api/v1/projects", "/api/v1/session"])
    def test_a_page_elsewhere_cannot_act(self, open_: TestClient, door: str, headers: dict[str, str]) -> None:
        answer = open_.post(door, headers=headers, content=b'{"name": "x", "scopes": ["admin"]}')
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "origin_not_allowed"

    @pytest.mark.parametrize("headers", [{}, {"origin": URL}, {"sec-fetch-site": "none"}])
    def test_our_own_page_and_programs_can(self, open_: TestClient, headers: dict[str, str]) -> None:
        assert open_.post("/api/v1/projects", json={"name": "shop"}, headers=headers).status_code == 201

    def test_a_page_elsewhere_cannot_time_our_answers(self, open_: TestClient) -> None:
        assert open_.get("/api/v1/rows", headers={"sec-fetch-site": "cross-site"}).status_code == 403

    def test_a_link_to_us_can_be_followed(self, open_: TestClient) -> None:
        navigation = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
        assert open_.get("/traces/abc", headers=navigation).status_code == 200
        assert open_.get("/api/v1/rows", headers=navigation).status_code == 200

    def test_a_page_elsewhere_can_with_a_key_of_its_own(self, catalog: Catalog, open_: TestClient) -> None:
        _, key = catalog.keys.create("frontend", ["ingest"])
        headers = {"origin": "https://shop.example", "authorization": f"Bearer {key}"}
        assert open_.post("/v1/traces", headers=headers).status_code == 200


def test_an_origin_that_was_allowed_may_act(catalog: Catalog) -> None:
    client = TestClient(guarded(catalog, keys_required=False, origins=["https://portal.corp"]), base_url=URL)
    assert client.post("/v1/logs", headers={"origin": "https://portal.corp"}).status_code == 200


def test_behind_a_proxy_that_ends_tls_our_page_is_still_ours() -> None:
    hosts = Hosts("127.0.0.1", keys_required=True, allowed=["obs.corp"])
    assert hosts.is_ours("https://obs.corp", "obs.corp")
    assert hosts.is_ours("https://obs.corp", "obs.corp:443")
    assert not hosts.is_ours("https://obs.corp:8443", "obs.corp")
    assert not hosts.is_ours("https://other.corp", "obs.corp")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost", "::ffff:127.0.0.1"])
def test_loopback_starts_without_keys(host: str) -> None:
    assert is_loopback(host)
    require_keys_for(host, keys_exist=False)


@pytest.mark.covers("bind-needs-key")
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.0.0.7", "obs.corp", "localhost.evil.example", "1.127.0.0"])
def test_any_other_address_starts_with_keys_only(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(KeysRequired, match=r"tapetum keys create --name .* --scope"):
        require_keys_for(host, keys_exist=False)
    require_keys_for(host, keys_exist=True)
