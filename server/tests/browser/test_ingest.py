"""Ingest: what arrived, from whom, and what was refused and why."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect
from process.hostile import json_span
from process.otlp import JSON
from process.servers import RunningServer

from browser.shop import Shop
from browser.watch import PATIENT_MS, Watched, settled

pytestmark = pytest.mark.covers("page-ingest")


@pytest.mark.golden
def test_senders_and_a_refusal_with_its_reason_and_remedy(ui: Watched, server: RunningServer, shop: Shop) -> None:
    """A sender that writes base64 ids must be able to find that out alone."""
    bad, good = json_span(1, traceId="AAAA"), json_span(2)
    body = {"resourceSpans": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "crooked"}}]},
        "scopeSpans": [{"spans": [bad, good]}],
    }]}  # fmt: skip
    answer = server.send("traces", json.dumps(body).encode(), project="shop-ingest", headers=JSON)
    assert answer.json()["partialSuccess"]["rejectedSpans"] == "1"

    page = ui.open("/ingest", project="shop-ingest")
    senders = page.get_by_role("region", name="Senders")
    expect(senders.get_by_role("row").filter(has_text="crooked")).to_be_visible(timeout=2 * PATIENT_MS)
    reasons = page.get_by_role("region", name="Reasons")
    refusal = reasons.get_by_role("row").filter(has_text="invalid_trace_id")
    expect(refusal).to_contain_text("refused")
    expect(refusal).to_contain_text("The trace id was not 16 bytes, or all zero.")
    expect(refusal).to_contain_text("32 hex digits")


def test_every_sender_of_every_signal_is_listed(ui: Watched, shop: Shop) -> None:
    page = ui.open("/ingest", project="shop", live="1")
    senders = page.get_by_role("region", name="Senders")
    for signal in ("spans", "log records", "metric points"):
        expect(senders.get_by_role("row").filter(has_text="web").filter(has_text=signal)).to_be_visible()
    expect(page.get_by_text("Everything that arrived was kept whole.")).to_be_visible()


def test_an_empty_project_says_how_to_fill_it_and_waits(ui: Watched, server: RunningServer) -> None:
    server.client.post("/api/v1/projects", json={"name": "shop-empty"}).raise_for_status()
    page = ui.open("/ingest", project="shop-empty")
    expect(page.get_by_text("Nothing arrived in project shop-empty")).to_be_visible()
    expect(page.get_by_label("python set-up", exact=True)).to_contain_text(server.url)
    expect(page.get_by_label("python set-up", exact=True)).to_contain_text("shop-empty")
    for path, said in (("/traces", "No traces in"), ("/logs", "No logs in"), ("/metrics-explorer", "No metrics in")):
        page = ui.go(path, project="shop-empty")
        expect(page.get_by_text(f"{said} project shop-empty")).to_be_visible()
        settled(page)
