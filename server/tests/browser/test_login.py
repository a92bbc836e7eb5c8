"""A server that asks for a key: nothing is shown without one, and no script ever holds it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from process.servers import RunningServer, tapetum

from browser.axe import violations
from browser.conftest import OpenPage
from browser.shop import host_of
from browser.telemetry import MS, Spans
from browser.watch import rows, settled


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, dict[str, str]]]:
    """A server that requires keys, with one span, and a key of each scope."""
    data = tmp_path_factory.mktemp("locked") / "data"
    keys = {}
    for scope in ("read", "ingest", "admin"):
        made = tapetum("keys", "create", "--data", data, "--name", f"night {scope}", "--scope", scope)
        assert made.returncode == 0, made.stderr
        keys[scope] = made.stdout.strip()
    sent, now = Spans(), time.time_ns()
    sent.add(host_of("vault"), "7a" * 16, "7a" * 8, "behind the door", now - 5 * MS, now)
    with RunningServer(data, env={"TAPETUM_REQUIRE_KEYS": "1"}) as server:
        headers = {"authorization": f"Bearer {keys['ingest']}"}
        assert server.send("traces", sent.body(), headers=headers).status_code == 200
        yield server, keys


@pytest.mark.covers("ui-shell", "ui-accessibility", "keys")
@pytest.mark.golden
def test_a_wrong_key_is_told_apart_and_the_right_one_opens(
    new_page: OpenPage, locked: tuple[RunningServer, dict[str, str]]
) -> None:
    server, keys = locked
    key = keys["read"]
    ui = new_page(server.url)
    # The address that somebody was sent is the one they see once the door is open.
    page = ui.open("/traces", q="service:vault")
    box = page.get_by_label("Key", exact=True)
    expect(box).to_be_focused()
    expect(page.get_by_text("This server asks for a key with the scope “read”.")).to_be_visible()
    expect(page.get_by_text("tapetum keys create")).to_be_visible()
    expect(page.get_by_text("behind the door")).to_have_count(0)
    assert violations(page, "the door") == []

    box.fill("tpt_of_somebody_else")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This key is unknown, revoked or expired.")).to_be_visible()
    assert violations(page, "the door after a wrong key") == []
    box.fill(f"  {key} ")
    page.keyboard.press("Enter")
    settled(page)
    expect(rows(page, "Traces").first).to_contain_text("behind the door")
    assert page.url.endswith("/traces?q=service%3Avault")
    page.reload()
    settled(page)
    expect(rows(page, "Traces").first).to_contain_text("behind the door")
    kept = page.evaluate("[document.cookie, ...Object.values(localStorage), ...Object.values(sessionStorage)].join()")
    assert key not in kept + page.content()
    assert "session" not in page.evaluate("document.cookie")

    # A key that reads is no admin's: those pages say so, and what they would need.
    page = ui.open("/settings", tab="keys")
    expect(page.get_by_text("Only an admin sees keys")).to_be_visible()
    expect(page.get_by_text("You are signed in as night read with read.")).to_be_visible()

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Key", exact=True)).to_be_visible()
    page.goto(f"{server.url}/traces")
    expect(page.get_by_label("Key", exact=True)).to_be_visible()
    expect(page.get_by_text("behind the door")).to_have_count(0)


@pytest.mark.covers("ui-shell", "keys")
def test_a_key_that_is_revoked_meanwhile_closes_the_page(
    new_page: OpenPage, locked: tuple[RunningServer, dict[str, str]]
) -> None:
    """The next question is answered with 401: the page asks for a key and shows no old data as if it were new."""
    server, keys = locked
    admin = {"authorization": f"Bearer {keys['admin']}"}
    made = server.client.post("/api/v1/keys", json={"name": "brief", "scopes": ["read"]}, headers=admin).json()
    ui = new_page(server.url)
    page = ui.open("/traces")
    page.get_by_label("Key", exact=True).fill(made["key"])
    page.get_by_role("button", name="Sign in").click()
    expect(rows(page, "Traces").first).to_contain_text("behind the door")
    server.client.delete(f"/api/v1/keys/{made['id']}", headers=admin).raise_for_status()
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_label("Key", exact=True)).to_be_visible()
    expect(page.get_by_text("behind the door")).to_have_count(0)


@pytest.mark.covers("page-monitors", "keys")
def test_a_key_that_reads_sees_monitors_and_cannot_change_them(
    new_page: OpenPage, locked: tuple[RunningServer, dict[str, str]]
) -> None:
    server, keys = locked
    admin = {"authorization": f"Bearer {keys['admin']}"}
    hook = {"url": "http://hooks.example/very-secret"}
    body = {"name": "night", "query": {"kind": "spans"}, "condition": {"op": ">", "limit": 9}, "webhook": hook}
    made = server.client.post("/api/v1/monitors", json=body, headers=admin)
    assert made.status_code == 201, made.text
    page = new_page(server.url).open("/monitors")
    page.get_by_label("Key", exact=True).fill(keys["read"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Making and changing monitors takes a key with the admin scope.")).to_be_visible()
    expect(page.get_by_role("link", name="New monitor")).to_have_count(0)
    rows(page, "Monitors").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("night")
    expect(page.get_by_text("http://hooks.example/…")).to_be_visible()
    assert "very-secret" not in page.content()
    for name in ("Edit", "Mute", "More about night"):
        expect(page.get_by_role("button", name=name).or_(page.get_by_role("link", name=name))).to_have_count(0)
    page.goto(f"{server.url}/monitors/new")
    expect(page.get_by_role("heading", name="takes a key with the admin scope")).to_be_visible()
    page.goto(f"{server.url}/traces")
    expect(page.get_by_role("button", name="Make a monitor of Spans")).to_be_disabled()
