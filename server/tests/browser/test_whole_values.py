"""What is cut on a page can be had whole, and a measurement leads to its trace."""

from __future__ import annotations

import re
import time

from opentelemetry.proto.metrics.v1.metrics_pb2 import Exemplar
from playwright.sync_api import Page, expect
from process.servers import RunningServer

from browser.shop import BOUNDS, Shop, host_of
from browser.telemetry import SECOND, Logs, Metrics
from browser.watch import Watched, choose, rows, settled

TRACE, SPAN = "ab" * 16, "cd" * 8


def test_a_long_record_is_loaded_and_downloaded_whole(ui: Watched, server: RunningServer, shop: Shop) -> None:
    """The list cuts at 16,384 characters and says of how many."""
    sent = Logs()
    long = "begin " + "é" * 60_000 + " the very end"
    sent.add(host_of("talker"), time.time_ns(), "INFO", long, attributes={"payload": "p" * 20_000 + "!"})
    assert server.send("logs", sent.body(), project="whole").status_code == 200
    page = ui.open("/logs", project="whole")
    rows(page, "Log records").first.click()
    record = page.get_by_role("complementary", name="Log record")
    expect(record.get_by_text(re.compile(r"Cut at 16,384 of 60,019 characters"))).to_be_visible()
    expect(record.get_by_text(re.compile(r"Cut at 16,384 of 20,001 characters"))).to_be_visible()
    record.get_by_role("button", name="Load whole").first.click()
    record.get_by_role("button", name=re.compile("Show all 60,019 characters")).click()
    expect(record.get_by_label("body", exact=True)).to_contain_text("the very end")

    with page.expect_download() as begun:
        record.get_by_role("link", name="Download").last.click()
    assert begun.value.path().read_text() == "p" * 20_000 + "!"

    # A shared link finds the record again, whatever the list shows.
    page.reload()
    settled(page)
    expect(page.get_by_role("complementary", name="Log record").get_by_label("body", exact=True)).to_contain_text(
        "begin"
    )


def test_a_live_record_is_the_stored_one(ui: Watched, server: RunningServer, shop: Shop) -> None:
    """One that came both ways is shown once, and its address works later."""

    def say(body: str) -> None:
        sent = Logs()
        sent.add(host_of("talker"), time.time_ns(), "INFO", body)
        assert server.send("logs", sent.body(), project="whole-live").status_code == 200

    say("was there")
    page = ui.open("/logs", project="whole-live", live="1")
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    say("came live")
    expect(rows(page, "Log records").first).to_contain_text("came live")
    rows(page, "Log records").first.click()
    address = page.url.replace("live=1", "")
    page.goto(address)
    settled(page)
    expect(rows(page, "Log records")).to_have_count(2)
    expect(page.get_by_role("complementary", name="Log record").get_by_label("body", exact=True)).to_have_text(
        "came live"
    )


def measured(server: RunningServer) -> None:
    """A histogram with exemplars and without extremes, and a sum that may fall."""
    sent, now = Metrics(), time.time_ns()
    who = host_of("web")
    for n in range(6):
        at = now - (6 - n) * 60 * SECOND
        sent.histogram(who, "job.duration", at - 60 * SECOND, at, BOUNDS, [0, 3, 2, 1, 0, 0, 0, 0], total=1.0)
        sent.sum(who, "job.running", now - 3_600 * SECOND, at, 5 - n, unit="{job}")
    scope = sent.scope(who, "tests")
    for metric in scope.metrics:
        if metric.name == "job.running":
            metric.sum.is_monotonic = False
        else:
            metric.histogram.data_points[-1].exemplars.append(
                Exemplar(
                    time_unix_nano=now - 90 * SECOND, as_double=0.31, trace_id=bytes.fromhex(TRACE),
                    span_id=bytes.fromhex(SPAN),
                )
            )  # fmt: skip
    assert server.send("metrics", sent.body(), project="whole").status_code == 200


def chart_of(ui: Watched, name: str) -> Page:
    page = ui.open("/metrics-explorer", project="whole", name=name)
    expect(page.get_by_role("figure", name=name).locator("canvas")).to_be_visible()
    return page


def test_a_measurement_on_a_chart_opens_its_trace(ui: Watched, server: RunningServer, shop: Shop) -> None:
    measured(server)
    page = chart_of(ui, "job.duration")
    page.get_by_role("link", name=re.compile("310 ms: open its trace")).click()
    expect(page).to_have_url(re.compile(f"/traces/{TRACE}.*span={SPAN}"))


def test_extremes_told_from_buckets_say_so(ui: Watched, server: RunningServer, shop: Shop) -> None:
    measured(server)
    page = chart_of(ui, "job.duration")
    choose(page, "Show", "most")
    expect(page.get_by_role("note")).to_contain_text("Not every point says its largest value")
    expect(page.get_by_role("region", name="Series").locator("tbody tr")).to_contain_text("500ms")


def test_a_sum_that_may_fall_opens_as_a_level(ui: Watched, server: RunningServer, shop: Shop) -> None:
    measured(server)
    page = chart_of(ui, "job.running")
    expect(page.get_by_role("combobox", name="Show", exact=True)).to_have_value("average")
