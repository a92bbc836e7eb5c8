"""Spans that have not ended: a person sees which is slow, which hangs, and which its process left behind."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Route, expect
from process.servers import RunningServer

from browser.axe import violations
from browser.conftest import OpenPage
from browser.shop import host_of
from browser.telemetry import SECOND, Spans
from browser.watch import rows

pytestmark = pytest.mark.covers("running-spans", "page-trace", "ui-accessibility")

TRACE = "5e" * 16
PLACE = "trainer.batches:Loader.__next__:88"


def beat(**said: Any) -> dict[str, Any]:
    # So seldom that a slow test is not taken for silence.
    common = {"interval_s": 600.0, "sequence": 4, "location": PLACE, "stack": f"threading:wait:1\n{PLACE}",
              "thread": "loader-1", "same_place_s": 2.0, "idle_s": 2.0}  # fmt: skip
    return {f"tapetum.heartbeat.{key}": value for key, value in (common | said).items()}


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", [1440, 390])
def test_what_runs_is_told_apart_by_its_heartbeats(
    new_page: OpenPage, server: RunningServer, theme: str, width: int
) -> None:
    project = f"running-{theme}-{width}"
    began = time.time_ns() - 600 * SECOND
    sent = Spans()
    for number, (name, attributes) in enumerate((
        ("train fraud", beat()),
        ("load batch", beat(same_place_s=420.0)),
        ("export", beat(exited=True)),
        ("evaluate <img src=x onerror=alert(1)>", beat(location="eval:step:12")),
    )):  # fmt: skip
        sent.add(host_of("trainer"), TRACE, f"{number + 1:016x}", name, began + number * SECOND, 0,
                 parent="" if number == 0 else f"{1:016x}", attributes=attributes)  # fmt: skip
    assert server.send("traces", sent.body(), project=project).status_code == 200

    ui = new_page(theme=theme, width=width)
    page = ui.open("/traces", project=project, q="state:running")
    expect(rows(page, "Traces").first).to_contain_text(re.compile(r"1\d min"))
    if width > 800:  # a phone has no room for the status; the page of the trace says it
        expect(rows(page, "Traces").first).to_contain_text("left open")
    found = violations(page, "a list with a trace that was left")
    # Until the server says how long they have run, no number stands for it.
    held: list[Route] | None = []
    page.route("**/running?*", lambda asked: asked.continue_() if held is None else held.append(asked))
    page = ui.open(f"/traces/{TRACE}", project=project)
    expect(page.locator(".t-head")).to_contain_text("not ended")
    expect(page.locator(".t-head")).not_to_contain_text("so far")
    waiting, held = held, None
    for asked in waiting:
        asked.continue_()
    running = page.get_by_role("list", name="Still running").get_by_role("listitem")
    # Trouble first, and only the innermost: the root waits for these.
    expect(running).to_have_count(3)
    expect(running.nth(0)).to_contain_text("left open: its process ended")
    expect(running.nth(0)).to_contain_text(f"last at {PLACE}")
    expect(running.nth(1)).to_contain_text(
        re.compile(r"running for 1\d min, in the same place for \d+ min, last heard")
    )
    expect(running.nth(2)).to_contain_text(re.compile(r"running for 1\d min, last heard"))
    expect(running.nth(2)).to_contain_text("at eval:step:12")
    expect(running.nth(2)).to_contain_text("evaluate <img src=x onerror=alert(1)>")
    bars = page.get_by_role("tree", name="Spans").get_by_role("treeitem")
    expect(bars.filter(has_text="load batch")).to_contain_text(re.compile(r"stuck for \d+ min"))
    expect(bars.filter(has_text="load batch").locator(".t-label.trouble")).to_be_visible()
    expect(bars.filter(has_text="evaluate").locator(".t-label.trouble")).to_have_count(0)
    expect(page.locator(".t-head")).to_contain_text(re.compile(r"1\d min( \d+ s)? so far"))
    found += violations(page, "a trace that runs")

    running.nth(1).get_by_role("button", name="load batch").click()
    panel = page.get_by_role("region", name="Still running")
    panel.get_by_text("Where it stood, in loader-1").click()
    expect(panel.locator("pre")).to_contain_text("threading:wait:1")
    found += violations(page, "a span that hangs")
    assert found == []


@pytest.mark.covers("page-sessions", "session-live")
def test_a_session_in_progress_shows_new_turns_and_a_tool_that_hangs(new_page: OpenPage, server: RunningServer) -> None:
    """Nobody presses anything: the page follows what arrives."""
    project, began = "running-session", time.time_ns() - 600 * SECOND

    def turn(number: int, ended: bool, **said: Any) -> None:
        """An agent that asks a tool; only the agent names the session."""
        sent, trace = Spans(), f"{number:032x}"
        named = {"session.id": "talk", "gen_ai.operation.name": "invoke_agent", "input.value": f"question {number}"}
        tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"}
        at = began + number * SECOND
        end = at + 5 * SECOND if ended else 0
        sent.add(
            host_of("helper"), trace, f"{1:016x}", "ask", at, end, attributes=named | ({} if ended else beat(**said))
        )
        sent.add(host_of("helper"), trace, f"{2:016x}", "execute_tool search", at + SECOND, end, parent=f"{1:016x}",
                 attributes=tool | ({} if ended else beat(**said)))  # fmt: skip
        assert server.send("traces", sent.body(), project=project).status_code == 200

    turn(1, ended=True)
    ui = new_page()
    page = ui.open("/sessions/one", project=project, id="talk")
    turns = page.get_by_role("region", name="Replay").get_by_role("list").first.locator("> li")
    expect(turns).to_have_count(1)
    expect(page.get_by_role("list", name="Still running")).to_have_count(0)
    turn(2, ended=False, same_place_s=420.0)
    expect(turns).to_have_count(2)
    running = turns.nth(1).get_by_role("list", name="Still running").get_by_role("listitem")
    # The agent only waits for its tool.
    expect(running).to_have_count(1)
    expect(running).to_contain_text(re.compile(r"tool, running for 1\d min, in the same place for \d+ min"))
    expect(running.get_by_label("trouble")).to_be_visible()
    expect(page.get_by_text("2 of 2 traces")).to_be_visible()
    assert violations(page, "a session in progress") == []
    turn(2, ended=True)
    expect(running).to_have_count(0)
    turn(3, ended=False)
    turns.nth(2).get_by_role("link", name="execute_tool search").click()
    expect(page.get_by_role("region", name="Still running")).to_contain_text("last heard")
