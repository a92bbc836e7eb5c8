"""Somebody new, an empty server: what the page says to paste is pasted, and the page opens what arrives."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest
import yaml
from playwright.sync_api import Page, expect
from process.servers import START_S, RunningServer, environment, tapetum

from browser.axe import violations
from browser.conftest import OpenPage
from browser.telemetry import Logs
from browser.watch import Watched, choose

pytestmark = pytest.mark.covers("first-minute")


def paste(command: str) -> str:
    """Run it in a shell, as a newcomer does."""
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=START_S, env=environment(), check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def empty(server: RunningServer, project: str) -> str:
    """A project into which nobody has sent anything."""
    assert server.client.post("/api/v1/projects", json={"name": project}).status_code == 201
    return project


def snippet(page: Page, label: str, kind: str) -> str:
    """The lines of one way to send."""
    page.get_by_role("radiogroup", name="Sender").get_by_text(label, exact=True).click()
    return page.get_by_label(f"{kind} set-up", exact=True).inner_text()


@pytest.mark.golden
def test_the_pasted_command_opens_its_trace(ui: Watched, server: RunningServer) -> None:
    page = ui.open("/", project=empty(server, "first-span"))
    expect(page.get_by_role("heading", name="Send the first record to project first-span")).to_be_visible()
    expect(page.get_by_text("Waiting for the first record")).to_be_visible()
    assert " 200 " in paste(snippet(page, "curl: a span", "curl-span")).splitlines()[0]
    expect(page).to_have_url(re.compile(r"/traces/[0-9a-f]{32}\?project=first-span$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("hello")
    # Once there is something, the same address is no longer a welcome.
    ui.page.goto(f"{server.url}/?project=first-span")
    expect(page).not_to_have_url(re.compile(r"/\?"))
    expect(page.get_by_text("Waiting for the first record")).to_have_count(0)


def test_a_first_log_record_is_opened_too(ui: Watched, server: RunningServer) -> None:
    page = ui.open("/", project=empty(server, "first-log"))
    expect(page.get_by_text("Waiting for the first record")).to_be_visible()
    line = page.get_by_role("radiogroup", name="Sender")
    line.get_by_text("Log file", exact=True).click()
    expect(page.get_by_label("log-file set-up", exact=True)).to_contain_text(f"--url {server.url} --project first-log")
    sent = tapetum("logs", "send", "--url", server.url, "--project", "first-log", "-", stdin="it works\n")
    assert sent.returncode == 0, sent.stderr
    expect(page).to_have_url(re.compile(r"/logs\?project=first-log&from=all&sel="))
    expect(page.get_by_role("complementary").get_by_text("it works").first).to_be_visible()


def test_what_was_refused_is_said_on_the_page_that_waits(ui: Watched, server: RunningServer) -> None:
    page = ui.open("/", project=empty(server, "first-refused"))
    expect(page.get_by_text("Waiting for the first record")).to_be_visible()
    said = server.send("logs", b"<log>hello</log>", project="first-refused", headers={"content-type": "text/html"})
    assert said.status_code == 415
    expect(page.get_by_text("Something came, and could not be kept.")).to_be_visible()
    expect(page.get_by_role("region", name="Reasons")).to_contain_text(
        "The content type was not one that this door takes."
    )
    assert violations(page, "the welcome with a refusal") == []
    fixed = Logs()
    fixed.add({"service.name": "new"}, 1_700_000_000_000_000_000, "INFO", "now it is right")
    assert server.send("logs", fixed.body(), project="first-refused").status_code == 200
    expect(page).to_have_url(re.compile(r"/logs\?"))


def test_the_welcome_is_for_everybody(new_page: OpenPage, server: RunningServer) -> None:
    empty(server, "first-nothing")
    for theme in ("dark", "light"):
        page = new_page(theme=theme).open("/", project="first-nothing")
        page.get_by_text("Sent something, and nothing happens?").click()
        assert violations(page, f"the welcome, {theme}") == []


@pytest.fixture
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, str]]:
    """A server that requires keys, measures its own machine, and has no data of anybody; and its admin's key.

    Asked for before a page, it ends after the page: a page left alone would ask a server that is gone.
    """
    data = tmp_path_factory.mktemp("first") / "data"
    made = tapetum("keys", "create", "--data", data, "--name", "me", "--scope", "admin")
    assert made.returncode == 0, made.stderr
    env = {"TAPETUM_REQUIRE_KEYS": "1", "TAPETUM_HOST_METRICS_INTERVAL_S": "1"}
    with RunningServer(data, env=env, first_start=True) as server:
        yield server, made.stdout.strip()


def test_where_keys_are_required_one_is_made_on_the_spot(locked: tuple[RunningServer, str], new_page: OpenPage) -> None:
    """The command works as it stands, and the key in it may only send."""
    server, admin = locked
    ui = new_page(server.url)
    page = ui.page
    page.goto(f"{server.url}/")
    page.get_by_label("Key", exact=True).fill(admin)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Waiting for the first record")).to_be_visible()
    command = page.get_by_label("curl-span set-up", exact=True)
    expect(command).to_contain_text("Bearer YOUR_KEY")
    assert " 401 " in paste(command.inner_text()).splitlines()[0]
    page.get_by_role("button", name="Make a key for these lines").click()
    expect(command).not_to_contain_text("YOUR_KEY")
    assert violations(page, "the welcome with a key") == []
    keys = server.client.get("/api/v1/keys", headers={"authorization": f"Bearer {admin}"}).json()["keys"]
    assert [(k["scopes"], k["project"]) for k in keys if k["name"] == "set-up"] == [(["ingest"], "default")]
    assert " 200 " in paste(command.inner_text()).splitlines()[0]
    expect(page).to_have_url(re.compile(r"/traces/[0-9a-f]{32}$"))


@pytest.mark.covers("set-up-snippets")
def test_settings_has_the_lines_of_every_sender_and_those_of_curl_work(ui: Watched, server: RunningServer) -> None:
    page = ui.open("/settings", tab="send", project=empty(server, "first-settings"))
    for label, kind in (
        ("Python, in code", "tapetum-sdk"), ("Node.js", "nodejs"), ("Java", "java"), ("Go", "go"), (".NET", "dotnet"), ("Any language", "any"),
        ("Collector", "collector"), ("Grafana Alloy (Loki)", "alloy"), ("Fluent Bit", "fluent-bit"), ("Vector", "vector"),
    ):  # fmt: skip
        choose(page, "Sender", label)
        lines = page.get_by_label(f"{kind} set-up", exact=True)
        expect(lines).to_contain_text("127.0.0.1")
        expect(lines).to_contain_text("first-settings")
        if kind in ("collector", "fluent-bit", "vector"):
            assert isinstance(yaml.safe_load(lines.inner_text()), dict)
    choose(page, "Sender", "curl")
    assert " 200 " in paste(page.get_by_label("curl set-up", exact=True).inner_text()).splitlines()[0]
    assert server.rows("SELECT body FROM logs WHERE project = 'first-settings'") == [("hello from curl",)]
