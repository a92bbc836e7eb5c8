"""Records that a wrong clock put outside of the time that a page shows."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect
from process.servers import RunningServer

from browser.telemetry import SECOND
from browser.watch import Watched


@pytest.fixture(scope="module")
def ahead(server: RunningServer) -> str:
    """Log records and an error: one each from now, one each an hour ahead, one at the end of time."""
    now = time.time_ns()
    for at in (now - SECOND, now + 3_500 * SECOND, 2**64 - 1):
        record = {"timeUnixNano": str(at), "severityNumber": 17, "body": {"stringValue": "late"}, "attributes": [
            {"key": "exception.type", "value": {"stringValue": "Late"}},
        ]}  # fmt: skip
        body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
        answer = server.client.post("/v1/logs", json=body, headers={"x-tapetum-project": "ahead"})
        assert answer.status_code == 200
    return "ahead"


@pytest.mark.covers("wrong-clocks", "page-logs")
def test_logs_say_what_lies_after_the_range_and_lead_there(ui: Watched, ahead: str) -> None:
    page = ui.open("/logs", project=ahead)
    note = page.get_by_role("note").filter(has_text="after this range")
    expect(note).to_contain_text("2 records lie after this range (newest at 2262-04-11")
    note.get_by_role("button", name="Show them").click()
    expect(page.get_by_text("2 records", exact=True).first).to_be_visible()
    expect(page.get_by_role("note")).to_have_count(0)


@pytest.mark.covers("wrong-clocks", "page-errors")
def test_everything_is_in_the_list_and_its_chart_ends_a_day_from_now(ui: Watched, ahead: str) -> None:
    page = ui.open("/errors", project=ahead, **{"from": "all"})
    note = page.get_by_role("note").filter(has_text="Not in the charts")
    expect(note).to_contain_text("1 occurrence lies more than a day from now (newest at 2262-04-11")
    expect(page.get_by_text("2 occurrences", exact=True)).to_be_visible()
    note.get_by_role("button", name="Show it").click()
    expect(page.get_by_text("1 occurrence", exact=True)).to_be_visible()
