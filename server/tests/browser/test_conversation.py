"""What was said in a trace: in the drawer of a span, as a thread, as a graph, and without the noise around it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
import time
from typing import Any

import pytest
from playwright.sync_api import expect
from process.servers import START_S, RunningServer, environment

from browser.axe import violations
from browser.shop import host_of
from browser.telemetry import MS, SECOND, Spans
from browser.watch import Watched, filter_by, pick, rows, settled

TRACE = "c0" * 16
BIG = "c1" * 16
FAILED = "c3" * 16
SYSTEM = {"role": "system", "content": "You find flights."}
ASKED = {"role": "user", "content": "A flight to Zürich, please"}
CALL = {"id": "c1", "type": "function", "function": {"name": "search", "arguments": '{"city": "Zürich"}'}}
CALLS = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": '[{"flight": "LX 1", "price": 99}]'}
ANSWER = {
    "role": "assistant",
    "content": "**LX 1** for 99, see [here](https://elsewhere.test/x) ![map](https://elsewhere.test/m.png)",
}


def span_id(number: int) -> str:
    return f"{number:016x}"


def chat(went: list[Any], came: Any) -> dict[str, Any]:
    return {
        "gen_ai.operation.name": "chat", "gen_ai.request.model": "claude-x", "gen_ai.usage.input_tokens": 900,
        "gen_ai.usage.output_tokens": 40, "gen_ai.usage.cache_read.input_tokens": 600,
        "gen_ai.response.time_to_first_chunk": 0.2, "gen_ai.prompt.name": "finder", "gen_ai.prompt.version": "v3",
        "gen_ai.input.messages": json.dumps(went), "gen_ai.output.messages": json.dumps([came]),
    }  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def told(server: RunningServer) -> None:
    """An agent of two model calls and a tool among 60 spans of its own insides, and a prompt of two megabytes."""
    start, who, sent = time.time_ns() - 60 * SECOND, host_of("finder"), Spans()

    def add(
        number: int, name: str, at: int, long: int, attributes: dict[str, Any], parent: int = 0, **more: Any
    ) -> None:
        begin = start + at * MS
        sent.add(who, more.pop("trace", TRACE), span_id(number), name, begin, begin + long * MS,
                 parent=span_id(parent) if parent else "", kind=1, attributes=attributes, **more)  # fmt: skip

    add(1, "invoke_agent", 0, 9_000, {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "finder"})
    add(2, "chat", 100, 900, chat([SYSTEM, ASKED], CALLS), 1)
    add(3, "execute_tool", 1_100, 500, {
        "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search", "gen_ai.tool.call.id": "c1",
        "gen_ai.tool.call.arguments": '{"city": "Zürich"}', "gen_ai.tool.call.result": RESULT["content"]}, 1)  # fmt: skip
    add(4, "chat", 2_000, 900, chat([SYSTEM, ASKED, CALLS, RESULT], ANSWER), 1)
    for i in range(60):
        add(100 + i, "fs.read", 120 + i, 1, {}, 2)
    long = {"role": "user", "content": "lorem ipsum " * 170_000}
    add(50, "chat", 0, 900, chat([long], {"role": "assistant", "content": "ok"}), trace=BIG)
    add(51, "chat", 950, 40, {**chat([ASKED], ANSWER), "gen_ai.request.model": "gpt-5.2", "gen_ai.system": "openai",
        "openai.request.service_tier": "gold", "gen_ai.usage.cache_read.input_tokens": -7,
        "gen_ai.response.time_to_first_chunk": 200}, trace=BIG)  # fmt: skip
    book = {"id": "c9", "type": "function", "function": {"name": "book", "arguments": "{}"}}
    add(60, "chat", 0, 900, chat([{"role": "user", "content": "Book it"}],
        {"role": "assistant", "content": None, "tool_calls": [book]}), trace=FAILED)  # fmt: skip
    add(61, "execute_tool", 950, 40, {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "book",
        "gen_ai.tool.call.id": "c9", "error.type": "Timeout"}, 60, trace=FAILED, error="too late")  # fmt: skip
    assert server.send("traces", sent.body(), project="said").status_code == 200


@pytest.mark.covers("ui-conversation")
@pytest.mark.golden
def test_a_call_shows_what_is_new_and_nothing_that_can_be_followed(ui: Watched) -> None:
    page = ui.open(f"/traces/{TRACE}", project="said", span=span_id(4))
    span = page.get_by_role("complementary", name="Span")
    went = span.get_by_role("region", name="Input")
    expect(went.get_by_role("article")).to_have_count(1)
    expect(went.get_by_role("article")).to_contain_text("new")
    expect(went.get_by_role("article")).to_contain_text("LX 1")
    went.get_by_role("button", name=re.compile("3 messages as in the previous turn")).click()
    expect(went.get_by_role("article")).to_have_count(4)
    expect(went.get_by_role("article").nth(1)).to_contain_text("A flight to Zürich, please")
    came = span.get_by_role("region", name="Output")
    expect(came.get_by_text("LX 1", exact=True)).to_have_css("font-weight", re.compile("[67]00"))
    expect(came.locator("a, img, iframe")).to_have_count(0)
    expect(came).to_contain_text("https://elsewhere.test/m.png")
    panel = span.get_by_role("tabpanel")
    for words in ("300 input", "600 from cache", "40 output", "200 ms to the first token", "finder, version v3"):
        expect(panel).to_contain_text(words)
    span.get_by_role("button", name="Previous turn", exact=True).click()
    expect(page).to_have_url(re.compile(f"span={span_id(2)}"))
    expect(span.get_by_role("region", name="Output")).to_contain_text("search")
    page.get_by_role("link", name="finder, version v3").first.click()
    page.wait_for_url("**/prompts?*name=finder*version=v3*")
    expect(page.get_by_role("heading", name="finder")).to_be_visible()


@pytest.mark.covers("ui-conversation", "sdk-llm-media")
def test_images_and_sounds_that_the_sdk_sends_are_named_and_never_loaded(ui: Watched, server: RunningServer) -> None:
    code = """
        import tapetum
        tapetum.init("kitchen", metrics=False, resources=False, logs=False)
        asked = [
            "What is this?", {"type": "image", "data": b"a fridge", "mime_type": "image/png"},
            {"type": "audio", "uri": "https://elsewhere.test/ask.wav"},
            {"type": "image", "data": bytes(70_000), "mime_type": "image/jpeg"},
        ]
        with tapetum.llm("own", input={"role": "user", "content": asked}) as call:
            call.output("A fridge.")
        context = call.span.get_span_context()
        print(f"{context.trace_id:032x} {context.span_id:016x}")
        """
    env = environment({"TAPETUM_URL": server.url, "TAPETUM_PROJECT": "said", "TAPETUM_SDK_RAISE": "1"})
    told = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(told, env=env, capture_output=True, text=True, timeout=START_S, check=True)
    trace, span = done.stdout.split()
    went = ui.open(f"/traces/{trace}", project="said", span=span).get_by_role("region", name="Input")
    expect(went).to_contain_text("What is this?")
    chips = went.locator(".c-chip")
    expect(chips).to_have_count(3)
    for place, words in enumerate((
        ["image", "image/png", "9 B inline"], ["audio", "https://elsewhere.test/ask.wav"],
        ["image", "image/jpeg", "too large to be sent along"],
    )):  # fmt: skip
        for word in words:
            expect(chips.nth(place)).to_contain_text(word)
    expect(went.locator("img, audio, video, iframe, a")).to_have_count(0)


@pytest.mark.covers("ui-thread", "conversation-noise")
def test_internals_are_folded_until_one_asks_for_them(ui: Watched) -> None:
    page = ui.open(f"/traces/{TRACE}", project="said")
    spans = page.get_by_role("tree", name="Spans").get_by_role("treeitem")
    expect(spans).to_have_count(4)
    expect(spans.nth(1)).to_contain_text("+60")
    page.get_by_role("button", name="60 internal spans folded").click()
    expect(page.get_by_role("treeitem").filter(has_text="fs.read").first).to_be_visible()
    # A link to one of them shows it.
    page = ui.go(f"/traces/{TRACE}", project="said", span=span_id(130))
    expect(page.get_by_role("treeitem", selected=True)).to_contain_text("fs.read")


@pytest.mark.covers("ui-thread")
@pytest.mark.golden
def test_from_a_search_to_the_thread_with_its_words_marked(ui: Watched) -> None:
    page = ui.open("/traces", project="said")
    filter_by(page, "Zürich")
    # Also the one of which JSON escaped the letter wherever it stands.
    expect(rows(page, "Traces")).to_have_count(2)
    pick(rows(page, "Traces").filter(has_text="invoke_agent"))
    page.keyboard.press("Enter")
    settled(page)
    page.get_by_role("radiogroup", name="View").get_by_text("Thread", exact=True).click()
    thread = page.get_by_role("region", name="Thread")
    entries = thread.get_by_role("article")
    expect(entries).to_have_count(3)
    for place, words in enumerate(("A flight to Zürich", "search", "LX 1 for 99")):
        expect(entries.nth(place)).to_contain_text(words)
    expect(entries.nth(1).get_by_role("group", name="Arguments")).to_contain_text("Zürich")
    expect(entries.nth(1).get_by_role("group", name="Result")).to_contain_text("price: 99")
    expect(thread.locator("mark").first).to_have_text("Zürich")
    expect(thread).to_contain_text("61 of 64 spans say nothing and are folded")
    assert violations(page, "a thread") == []
    entries.nth(1).get_by_role("button", name="span", exact=True).click()
    expect(page.get_by_role("complementary", name="Span")).to_contain_text("execute_tool")


@pytest.mark.covers("ui-thread")
def test_a_thread_shows_only_what_failed_until_one_wants_all_again(ui: Watched) -> None:
    """By the mouse where one points at, and by the keyboard."""
    page = ui.open(f"/traces/{FAILED}", project="said", view="thread")
    thread = page.get_by_role("region", name="Thread")
    entries = thread.get_by_role("article")
    expect(entries).to_have_count(2)
    switch = thread.get_by_role("switch", name="Only what failed (1)")
    switch.click()
    expect(switch).to_be_checked()
    expect(entries).to_have_count(1)
    expect(entries).to_contain_text("too late")
    words = thread.get_by_text("Only what failed").bounding_box()
    assert words is not None
    page.mouse.click(words["x"] + words["width"] / 2, words["y"] + words["height"] / 2)
    expect(entries).to_have_count(2)
    switch.press("Space")
    expect(entries).to_have_count(1)
    assert violations(page, "a thread of failures") == []


@pytest.mark.covers("ui-thread", "agent-graph")
def test_the_graph_leads_to_the_spans_of_a_node(ui: Watched) -> None:
    page = ui.open(f"/traces/{TRACE}", project="said", view="graph")
    graph = page.get_by_role("region", name="Graph")
    model = graph.get_by_role("button", name=re.compile("claude-x"))
    expect(model).to_contain_text("×2")
    expect(model).to_contain_text("1,880 tokens")
    model.click()
    expect(graph.get_by_role("region", name="Chosen node")).to_contain_text("2 spans")
    assert violations(page, "a graph") == []
    graph.get_by_role("button", name="span 2", exact=True).click()
    expect(page).to_have_url(re.compile(f"span={span_id(4)}"))


@pytest.mark.covers("ui-conversation", "usage-flags")
def test_what_cannot_be_is_said_beside_the_call(ui: Watched) -> None:
    ui.open(f"/traces/{BIG}", project="said", span=span_id(51))
    expect(ui.page.locator(".t-head")).to_contain_text("cost unknown")
    panel = ui.page.get_by_role("complementary", name="Span").get_by_role("tabpanel")
    for words in ("A count of tokens cannot be", "as if in another unit", "no price for this service tier"):
        expect(panel).to_contain_text(words)


@pytest.mark.covers("ui-conversation", "messages-bad-input")
def test_two_megabytes_are_folded_and_open_as_far_as_a_page_holds(ui: Watched) -> None:
    page = ui.open(f"/traces/{BIG}", project="said", span=span_id(50))
    went = page.get_by_role("complementary", name="Span").get_by_role("region", name="Input")
    went.get_by_role("button", name=re.compile("Show all 65,536")).click()
    expect(went).to_contain_text("Cut at 65,536 of 2,040,000 characters")
    expect(page.get_by_role("treeitem", selected=True)).to_be_visible()


@pytest.mark.covers("ui-thread")
def test_a_trace_without_words_says_what_would_bring_them(ui: Watched, server: RunningServer) -> None:
    sent, start = Spans(), time.time_ns() - SECOND
    sent.add(host_of("web"), "c2" * 16, span_id(1), "GET /", start, start + MS)
    assert server.send("traces", sent.body(), project="said").status_code == 200
    page = ui.open(f"/traces/{'c2' * 16}", project="said", view="thread")
    expect(page.get_by_role("heading", name="Nothing was said in this trace")).to_be_visible()
    expect(page.get_by_label("how to send content", exact=True)).to_contain_text("OTEL_INSTRUMENTATION_GENAI")
