"""CPU, memory and GPU under the spans of a trace, on one time axis, and what is not there."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect
from process.servers import RunningServer

from browser.shop import Shop, host_of
from browser.telemetry import SECOND, Metrics, Spans
from browser.watch import Watched, settled

pytestmark = pytest.mark.covers("page-trace-resources")
TRACE = "7a" * 16


@pytest.fixture(scope="module")
def busy(server: RunningServer) -> str:
    """A minute of work, on a host whose CPU was used up in the middle of it, sampled every five seconds."""
    began = time.time_ns() - 180 * SECOND
    who, spans, metrics = host_of("trainer"), Spans(), Metrics()
    spans.add(who, TRACE, "7b" * 8, "train fraud", began, began + 60 * SECOND)
    for n in range(-60, 30):
        at = began + n * 5 * SECOND
        share = 0.97 if 4 <= n <= 8 else 0.35
        for mode, value in (("user", share), ("idle", 1 - share)):
            metrics.gauge(who, "system.cpu.utilization", at, value, attributes={"cpu.mode": mode})
        metrics.gauge(who, "process.memory.usage", at, 2.0**30 * (1 + n / 100), unit="By")
    for signal, body in (("traces", spans.body()), ("metrics", metrics.body())):
        assert server.send(signal, body, project="busy").status_code == 200
    return TRACE


def test_what_was_used_up_stands_first_under_the_spans_with_the_minutes_before(ui: Watched, busy: str) -> None:
    page = ui.open(f"/traces/{busy}", project="busy")
    page.keyboard.press("r")
    lanes = page.get_by_role("region", name="Resources")
    expect(lanes).to_contain_text("1 of 2 saturated. ")
    expect(page).to_have_url(re.compile("res=1"))
    cpu = lanes.get_by_role("group").first
    expect(cpu).to_have_attribute("aria-label", "CPU of trainer-host")
    expect(cpu).to_contain_text("97 %")
    expect(cpu).to_contain_text("was 35 %")
    expect(cpu).to_contain_text("saturated")
    memory = lanes.get_by_role("group", name="Memory of trainer-1")
    expect(memory).to_contain_text("GiB")
    expect(memory).not_to_contain_text("saturated")

    # One axis: the curve lies under the bars, and the pointer over a span tells the moment of the host.
    bar, curve = page.locator(".t-bar").first.bounding_box(), cpu.locator("> .t-curve").bounding_box()
    assert bar is not None
    assert curve is not None
    assert (bar["x"], bar["width"]) == (pytest.approx(curve["x"], abs=2), pytest.approx(curve["width"], abs=2))
    page.mouse.move(bar["x"] + bar["width"] * 0.05, bar["y"] + 5)
    expect(cpu.locator("b")).to_have_text("35 %")
    page.mouse.move(bar["x"] + bar["width"] / 2, bar["y"] + 5)
    expect(cpu.locator("b")).to_have_text("97 %")
    expect(page.locator(".t-cursor")).to_be_attached()

    cpu.get_by_role("link", name="Metrics: system.cpu.utilization").click()
    settled(page)
    expect(page.get_by_role("heading", level=2, name="system.cpu.utilization")).to_be_visible()
    expect(page.locator(".k-chip")).to_contain_text("trainer-host")


def test_samples_further_apart_than_the_trace_is_long_are_said_to_be(ui: Watched, shop: Shop) -> None:
    page = ui.open(f"/traces/{shop.failed[0]}", project="shop", res="1")
    lanes = page.get_by_role("region", name="Resources")
    expect(lanes).to_contain_text("Sampled every 30 s, none of it within this trace: the nearest sample is shown.")
    expect(lanes.get_by_role("group", name="CPU of features-host")).to_be_visible()
    expect(lanes).to_contain_text("No metrics of features-1, scoring-1, web-1")


def test_without_metrics_it_says_of_whom_and_what_would_send_them(ui: Watched, shop: Shop) -> None:
    page = ui.open(f"/traces/{shop.chats[0]}", project="shop", res="1")
    lanes = page.get_by_role("region", name="Resources")
    expect(lanes).to_contain_text("of assistant-host, assistant-1 in this project")
    expect(lanes.get_by_label("set-up", exact=True)).to_contain_text("tapetum.resources.start()")


@pytest.mark.covers("cut-on-arrival")
def test_a_value_that_was_cut_on_arrival_says_so_beside_it(ui: Watched, server: RunningServer) -> None:
    """Two megabytes were sent, one was kept: no button can bring the rest back."""
    sent, start = Spans(), time.time_ns() - 5 * SECOND
    sent.add(host_of("talker"), "7c" * 16, "7c" * 8, "say", start, start + SECOND, attributes={"plain": "x" * 2**21})
    assert "attribute_too_long" in server.send("traces", sent.body(), project="cut").text
    page = ui.open(f"/traces/{'7c' * 16}", project="cut", span="7c" * 8, tab="attributes")
    plain = page.get_by_role("complementary", name="Span").locator(".t-attr").filter(has_text="plain")
    expect(plain.get_by_text("cut at 1 MiB on arrival")).to_be_visible()
    plain.get_by_role("button", name="Load whole").click()
    expect(plain.get_by_role("button", name="Load whole")).to_have_count(0)
    expect(plain.get_by_text("cut at 1 MiB on arrival")).to_be_visible()
