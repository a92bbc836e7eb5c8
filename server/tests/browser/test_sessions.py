"""Sessions, users and calls of models: from a list to what was said, and from a number to its rows."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect
from process.servers import RunningServer

from browser.shop import Shop
from browser.telemetry import MS, SECOND, Spans
from browser.watch import Watched, pick, rows

PROJECT = "conversations"
ODD = "a/b?c=d&e #%2F\"'../<b>"


@pytest.fixture(scope="module")
def conversations(server: RunningServer) -> None:
    """Two turns of one session, of which the second fails; and a session with an odd name."""
    spans, now = Spans(), time.time_ns()
    for n, (session, question, answer, error) in enumerate(
        (
            ("talk", "where is it?", "on **its way**", None),
            ("talk", "and now?", "", "rate limited"),
            (ODD, "odd?", "odd.", None),
        )
    ):
        trace, start = f"{n + 0xABC:032x}", now - (300 - n * 60) * SECOND
        who = {"service.name": "helper"}
        spans.add(who, trace, f"{n * 2 + 1:016x}", "ask", start, start + 900 * MS,
                  attributes={"session.id": session, "user.id": "alice", "gen_ai.operation.name": "invoke_agent",
                              "gen_ai.agent.name": "desk"})  # fmt: skip
        spans.add(who, trace, f"{n * 2 + 2:016x}", "chat", start, start + 800 * MS, parent=f"{n * 2 + 1:016x}", error=error,
                  attributes={"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-x",
                              "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 20,
                              "gen_ai.usage.cache_read.input_tokens": 40,
                              # More than the output: it cannot be.
                              "gen_ai.usage.reasoning.output_tokens": 30 if error else 10,
                              "gen_ai.response.time_to_first_chunk": 0.2,
                              "gen_ai.input.messages": f'[{{"role":"user","parts":[{{"type":"text","content":"{question}"}}]}}]',
                              "gen_ai.output.messages": f'[{{"role":"assistant","parts":[{{"type":"text","content":"{answer}"}}]}}]',
                              })  # fmt: skip
    answer = server.send("traces", spans.body(), project=PROJECT)
    assert answer.status_code == 200, answer.text


@pytest.mark.covers("page-sessions")
@pytest.mark.golden
def test_from_the_sessions_to_what_failed_and_what_was_said(ui: Watched, conversations: None) -> None:
    page = ui.open("/sessions", project=PROJECT)
    talk = rows(page, "Sessions").filter(has_text="talk")
    expect(talk).to_contain_text("alice")
    page.get_by_role("columnheader", name="Failed").get_by_role("button").click()
    expect(page).to_have_url(re.compile("sort=-errors"))
    expect(rows(page, "Sessions").first).to_contain_text("talk")
    pick(talk)
    expect(page.get_by_role("heading", level=1)).to_have_text("talk")
    expect(page.get_by_role("region", name="Failed turns")).to_contain_text("1 trace failed")
    expect(page.get_by_role("region", name="Failed turns")).to_contain_text("rate limited")
    turns = page.get_by_role("region", name="Replay").get_by_role("listitem")
    expect(turns).to_have_count(2)
    expect(turns.nth(0)).to_contain_text("where is it?")
    expect(turns.nth(0)).to_contain_text("on its way")
    expect(turns.nth(0).locator("strong")).to_have_text("its way")
    expect(turns.nth(1)).to_contain_text("and now?")
    expect(turns.nth(1)).to_contain_text("1 error")
    page.get_by_text("Newest first").click()
    expect(turns.nth(0)).to_contain_text("and now?")
    turns.nth(0).get_by_role("link", name="ask").click()
    expect(page).to_have_url(re.compile("/traces/0+abd"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("ask")


@pytest.mark.covers("page-sessions", "ui-export")
def test_a_session_of_any_name_and_a_user_have_pages(ui: Watched, conversations: None) -> None:
    page = ui.open("/sessions", project=PROJECT)
    pick(rows(page, "Sessions").filter(has_text="a/b?c=d"))
    expect(page.get_by_role("heading", level=1)).to_have_text(ODD)
    expect(page.get_by_role("region", name="Replay")).to_contain_text("odd?")
    page.get_by_role("button", name="Export traces").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Lines of JSON").click()
    (line,) = Path(download.value.path()).read_text().splitlines()
    assert json.loads(line)["session_id"] == ODD
    page = ui.open("/users", project=PROJECT)
    pick(rows(page, "Users").filter(has_text="alice"))
    expect(page.get_by_role("heading", level=1)).to_have_text("alice")
    expect(rows(page, "Sessions of the user")).to_have_count(2)
    pick(rows(page, "Sessions of the user").filter(has_text="talk"))
    expect(page.get_by_role("heading", level=1)).to_have_text("talk")
    page = ui.go("/sessions/one", project=PROJECT, id="nobody")
    expect(page.get_by_role("alert")).to_contain_text("has no session")


@pytest.mark.covers("page-sessions")
def test_empty_lists_say_what_fills_them(ui: Watched, server: RunningServer) -> None:
    server.client.post("/api/v1/projects", json={"name": "no-sessions"}).raise_for_status()
    for path, said in (("/sessions", "session.id"), ("/users", "user.id"), ("/llm", "opentelemetry-instrument")):
        page = ui.go(path, project="no-sessions")
        expect(page.get_by_label(re.compile("^(example|openai set-up)$"))).to_contain_text(said)


@pytest.mark.covers("page-llm")
def test_every_number_of_the_calls_leads_to_its_rows(ui: Watched, conversations: None) -> None:
    page = ui.open("/llm", project=PROJECT)
    numbers = page.get_by_role("list", name="Numbers").get_by_role("listitem")
    expect(numbers.filter(has_text="Calls")).to_contain_text("3")
    expect(numbers.filter(has_text="Spend")).to_contain_text("unknown")
    expect(numbers.filter(has_text="From a cache")).to_contain_text("40 %")
    expect(page.get_by_role("figure", name="Tokens")).to_be_visible()
    expect(page.get_by_role("figure", name="Time to first token")).to_be_visible()
    table = page.get_by_role("region", name="Calls by model")
    expect(table.get_by_role("row").filter(has_text="gpt-x")).to_contain_text("33 %")
    flagged = page.get_by_text("said tokens or times that cannot be").get_by_role("link", name="1 call")
    for link in (numbers.filter(has_text="Failed").get_by_role("link"), flagged):
        link.click()
        expect(rows(page, "Spans")).to_have_count(1)
        page.go_back()
    page.get_by_role("radiogroup", name="Calls by").get_by_text("Session").click()
    expect(page).to_have_url(re.compile("by=session_id"))
    page.get_by_role("region", name="Calls by session").get_by_role("link", name="talk").click()
    # Only the root names the session: its traces.
    expect(rows(page, "Traces")).to_have_count(2)


@pytest.mark.covers("page-llm")
def test_tools_and_a_filter_by_the_user_of_the_trace(ui: Watched, shop: Shop) -> None:
    page = ui.open("/llm", project="shop", q="user_id:user-3")
    expect(page.get_by_role("region", name="Tools").get_by_role("row").filter(has_text="track_parcel")).to_be_visible()
    # A monitor looks at what calls say themselves, and these name no user.
    watch = page.get_by_role("button", name="Make a monitor of LLM: Tokens")
    expect(watch).to_be_disabled()
    page = ui.open("/llm", project="shop")
    # A call that asked for a tool, and from there to the traces in which the tool was used.
    page.get_by_role("radiogroup", name="Calls by").get_by_text("Tool", exact=True).click()
    asked = page.get_by_role("region", name="Calls by tool").get_by_role("row").filter(has_text="track_parcel")
    asked.get_by_role("link", name="track_parcel").click()
    expect(page).to_have_url(re.compile("/traces.*tool"))
    expect(rows(page, "Traces").first).to_be_visible()
    page = ui.open("/llm", project="shop")
    watch.click()
    expect(page).to_have_url(re.compile("/monitors/new"))
    expect(page.get_by_label("Name", exact=True)).to_have_value("LLM: Tokens")
