"""`tapetum keys` makes, lists and revokes, on a data directory or through a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from guarded_app import guarded
from starlette.testclient import TestClient
from typer.testing import CliRunner, Result

from tapetum_server.catalog.catalog import Catalog
from tapetum_server.cli.keys import keys_app


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the person who runs the tests has set must not decide them."""
    for name in ("TAPETUM_DATA", "TAPETUM_CATALOG", "TAPETUM_URL", "TAPETUM_KEY"):
        monkeypatch.delenv(name, raising=False)


def tapetum_keys(*arguments: str | Path) -> Result:
    return CliRunner().invoke(keys_app, [str(a) for a in arguments])


def test_the_key_alone_goes_to_standard_output(tmp_path: Path) -> None:
    """KEY=$(tapetum keys create …) must just work."""
    made = tapetum_keys("create", "--name", "app", "--scope", "ingest", "--scope", "read", "--data", tmp_path)

    assert made.exit_code == 0, made.output
    key = made.stdout.strip()
    catalog = Catalog.open(tmp_path, version="0.1.0")
    live = catalog.keys.verify(key)
    catalog.close()
    assert live is not None
    assert set(live.identity.scopes) == {"ingest", "read"}
    assert "shown only now" in made.stderr
    assert "in every project" in made.stderr


def test_keys_are_listed_without_their_secret_and_with_their_state(tmp_path: Path) -> None:
    options = ["--project", "shop", "--expires-in", "90d", "--json", "--data", tmp_path]
    made = json.loads(tapetum_keys("create", "--name", "app", "--scope", "ingest", *options).stdout)
    tapetum_keys("create", "--name", "old", "--scope", "read", "--data", tmp_path)

    table = tapetum_keys("list", "--data", tmp_path).stdout
    assert made["prefix"] + "…" in table
    assert made["key"] not in table
    assert "until " in table

    rows = json.loads(tapetum_keys("list", "--json", "--data", tmp_path).stdout)["keys"]
    assert [(r["name"], r["project"], r["scopes"]) for r in rows] == [
        ("app", "shop", ["ingest"]),
        ("old", None, ["read"]),
    ]
    ends = datetime.fromisoformat(made["expires_at"][:26] + "+00:00")
    assert timedelta(days=89) < ends - datetime.now(UTC) < timedelta(days=91)


@pytest.mark.parametrize("by", ["id", "prefix", "key"])
def test_a_key_is_revoked_by_id_or_by_how_it_starts(tmp_path: Path, by: str) -> None:
    made = json.loads(tapetum_keys("create", "--name", "app", "--scope", "ingest", "--json", "--data", tmp_path).stdout)

    revoked = tapetum_keys("revoke", made[by], "--data", tmp_path)

    assert revoked.exit_code == 0, revoked.output
    assert made["key"] not in revoked.output
    assert "revoked " in tapetum_keys("list", "--data", tmp_path).stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["revoke", "nothing"], "tapetum keys list"),
        (["revoke", "tpt_" + "s" * 43], "There is no key 'tpt_ssssssss…'"),
        (["create", "--name", "a", "--scope", "read", "--project", "a b"], "cannot be a project's name"),
        (["list", "--url", "http://127.0.0.1:9"], "Is it running?"),
        (["list", "--catalog", "mysql://x"], "expected sqlite:///PATH"),
    ],
)
def test_what_goes_wrong_is_one_line_that_says_what_to_do(tmp_path: Path, arguments: list[str], says: str) -> None:
    failed = tapetum_keys(*arguments, "--data", tmp_path)
    assert failed.exit_code == 1
    assert says in failed.stderr
    assert failed.stdout == ""


@pytest.mark.parametrize("wrong", ["soon", "0d", "-1d", "9999999d"])
def test_a_duration_that_is_none_is_refused(tmp_path: Path, wrong: str) -> None:
    failed = tapetum_keys("create", "--name", "a", "--scope", "read", f"--expires-in={wrong}", "--data", tmp_path)
    assert failed.exit_code == 2
    assert "90d" in failed.stderr


def test_an_empty_list_says_how_to_begin(tmp_path: Path) -> None:
    assert "tapetum keys create" in tapetum_keys("list", "--data", tmp_path).stdout


class TestThroughAServer:
    """With --url the server's own API does the work, under an admin's key."""

    @pytest.fixture
    def catalog(self, tmp_path: Path) -> Iterator[Catalog]:
        """The server's catalog."""
        opened = Catalog.open(tmp_path, version="0.1.0")
        yield opened
        opened.close()

    @pytest.fixture
    def server(self, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> str:
        """A server that wants keys; requests reach it without a socket."""
        inside = TestClient(guarded(catalog), base_url="http://127.0.0.1:4318")

        def pass_on(request: httpx.Request) -> httpx.Response:
            headers = {k: v for k, v in request.headers.items() if k not in ("content-length", "accept-encoding")}
            answer = inside.request(request.method, str(request.url), content=request.content, headers=headers)
            return httpx.Response(answer.status_code, content=answer.content, headers=dict(answer.headers))

        real = httpx.Client

        def client(**options: Any) -> httpx.Client:
            return real(**options, transport=httpx.MockTransport(pass_on))

        monkeypatch.setattr(httpx, "Client", client)
        return "http://127.0.0.1:4318"

    @pytest.mark.covers("cli-keys")
    def test_the_whole_life_of_a_key(self, catalog: Catalog, server: str) -> None:
        _, admin = catalog.keys.create("admin", ["admin"])
        where = ["--url", server, "--key", admin]

        made = tapetum_keys("create", "--name", "app", "--scope", "ingest", "--expires-in", "1h", *where)
        assert made.exit_code == 0, made.output
        key = made.stdout.strip()
        assert catalog.keys.verify(key) is not None
        rows = json.loads(tapetum_keys("list", "--json", *where).stdout)["keys"]
        assert [r["name"] for r in rows] == ["admin", "app"]
        assert tapetum_keys("revoke", key[:12], *where).exit_code == 0
        assert catalog.keys.verify(key) is None

    def test_a_key_that_may_not_is_told_what_may(self, catalog: Catalog, server: str) -> None:
        _, viewer = catalog.keys.create("viewer", ["read"])
        for shown, says in [(viewer, "this needs admin"), ("tpt_wrong", "unknown, revoked or expired")]:
            failed = tapetum_keys("list", "--url", server, "--key", shown)
            assert failed.exit_code == 1
            assert says in failed.stderr
