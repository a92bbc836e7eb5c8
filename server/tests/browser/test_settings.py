"""Settings: projects and their retention, keys that are shown once."""

from __future__ import annotations

import json
import re
import time

import pytest
from playwright.sync_api import expect
from process.servers import RunningServer, eventually

from browser.axe import violations
from browser.shop import Shop
from browser.watch import Watched


@pytest.mark.covers("ui-shell")
@pytest.mark.golden
def test_a_key_is_shown_once_and_revoked_for_good(ui: Watched, server: RunningServer, shop: Shop) -> None:
    page = ui.open("/settings", project="shop", tab="keys")
    page.get_by_role("button", name="New key").click()
    form = page.get_by_role("dialog", name="New key")
    form.get_by_label("Name").fill("night shift")
    form.get_by_role("checkbox", name="read").check()
    form.get_by_role("button", name="Make the key").click()
    made = page.get_by_role("dialog", name="Key night shift")
    key = made.get_by_label("the key", exact=True).inner_text()
    assert len(key) > 20
    expect(made.get_by_label("python set-up", exact=True)).to_contain_text(key)
    assert (
        server.client.get("/api/v1/info", headers={"authorization": f"Bearer {key}"}).json()["identity"]["name"]
        == "night shift"
    )
    made.get_by_role("button", name="I have it").click()
    expect(page.get_by_role("dialog")).to_have_count(0)

    row = page.get_by_role("row").filter(has_text="night shift")
    expect(row).to_contain_text("ingest, read")
    assert key not in page.content()
    page.reload()
    expect(row).to_be_visible()
    assert key not in page.content()

    row.get_by_role("button", name="Revoke night shift").click()
    page.get_by_role("dialog", name="Revoke night shift?").get_by_role("button", name="Revoke").click()
    expect(row).to_contain_text("revoked")
    assert server.client.get("/api/v1/info", headers={"authorization": f"Bearer {key}"}).status_code == 401


@pytest.mark.covers("ui-shell")
def test_a_project_is_made_and_its_retention_changed(ui: Watched, server: RunningServer, shop: Shop) -> None:
    """Shortening says what it will delete before it does."""
    page = ui.open("/settings", project="shop")
    page.get_by_role("button", name="New project").click()
    form = page.get_by_role("dialog", name="New project")
    form.get_by_label("Name").fill("not a name")
    expect(form.get_by_text("That is not a project name")).to_be_visible()
    form.get_by_label("Name").fill("shop-kept")
    form.get_by_role("button", name="Make the project").click()
    page.get_by_role("button", name="Change retention of shop-kept").click()
    change = page.get_by_role("dialog", name="Retention of shop-kept")
    change.get_by_label("Days to keep logs").fill("3")
    expect(change.get_by_text("Deletes for good: logs older than 3 days.")).to_be_visible()
    change.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    projects = server.client.get("/api/v1/projects").json()["projects"]
    assert next(p for p in projects if p["name"] == "shop-kept")["retention"]["logs"] == 3


@pytest.mark.covers("prometheus-targets")
def test_scrape_targets_stand_with_their_state_and_error_and_nothing_secret(ui: Watched, shop: Shop) -> None:
    """What is down comes first, in words; a name that means harm is text; an empty project says what to paste."""
    page = ui.open("/settings", project="scraped", tab="scrape")
    listed = page.get_by_role("listitem").filter(has=page.locator("strong"))
    expect(listed).to_have_count(2)
    expect(page.get_by_text("1 of 2 in project scraped cannot be scraped.")).to_be_visible()
    expect(listed.first).to_contain_text("down")
    expect(listed.first).to_contain_text("<img src=x onerror=alert(1)>")
    expect(listed.first).to_contain_text("nobody answers at 127.0.0.1:1")
    expect(listed.first).to_contain_text("failing since")
    expect(listed.last).to_contain_text("ranker")
    expect(listed.last).to_contain_text("1 samples")
    assert "hush" not in page.content()
    listed.last.get_by_role("link", name="ranker").click()
    expect(page.get_by_text("queue_length").first).to_be_visible()

    page = ui.open("/settings", project="shop", tab="scrape")
    expect(page.get_by_role("heading", name="Nothing is scraped into shop")).to_be_visible()
    expect(page.get_by_label("the target's configuration", exact=True)).to_contain_text('project = "shop"')


@pytest.mark.covers("page-prices")
def test_a_model_without_a_price_gets_one_and_its_stored_calls_too(ui: Watched, server: RunningServer) -> None:
    """1,000 tokens in and 100 out at $1 and $10 a million are 0.2 cents."""
    now = time.time_ns()
    said = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "vllm", "gen_ai.request.model": "my-<b>7b</b>"}
    counts = {"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 100}
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in said.items()]
    attributes += [{"key": key, "value": {"intValue": str(value)}} for key, value in counts.items()]
    span = {
        "traceId": "e" * 32, "spanId": "e" * 16, "name": "chat", "startTimeUnixNano": str(now - 10**9),
        "endTimeUnixNano": str(now), "attributes": attributes,
    }  # fmt: skip
    body = {"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": [span]}]}]}
    sent = server.send(
        "traces", json.dumps(body).encode(), project="priced", headers={"content-type": "application/json"}
    )
    assert sent.status_code == 200, sent.text

    page = ui.open("/settings", project="priced", tab="prices")
    expect(page.get_by_text("No prices of your own")).to_be_visible()
    row = page.get_by_role("region", name="Models and what they cost").get_by_role("row").filter(has_text="my-<b>7b")
    expect(row).to_contain_text("unknown")
    row.get_by_role("button", name="Set a price for").click()
    form = page.get_by_role("dialog", name="New price")
    expect(form.get_by_text("The price list does not know this model.")).to_be_visible()
    expect(form.get_by_label("Model")).to_have_value("my-<b>7b</b>")
    form.get_by_label("Input", exact=True).fill("1")
    form.get_by_label("Output", exact=True).fill("10")
    form.get_by_label("Audio in the input").fill("40")
    form.get_by_label("Audio in the output").fill("80")
    form.get_by_label("Images in the input").fill("5")
    found = violations(page, "a new price")
    form.get_by_role("button", name="Set the price").click()
    expect(row).to_contain_text("1 in, 10 out a million tokens")
    own = page.get_by_role("region", name="Prices of your own")
    expect(own).to_contain_text("my-<b>7b</b>")
    expect(own).to_contain_text("1 in, 10 out, 40 audio in, 80 audio out, 5 images in a million tokens")

    page.get_by_role("button", name="Reprice the last 30 days").click()
    dialog = page.get_by_role("dialog", name="Reprice the last 30 days")
    expect(dialog.get_by_role("status")).to_have_text("1 of 1 calls would change.", timeout=60_000)
    dialog.get_by_role("button", name="Reprice").click()
    expect(dialog.get_by_role("status")).to_have_text("1 of 1 calls changed.", timeout=60_000)
    expect(dialog).to_contain_text("$0.0020")
    dialog.get_by_role("button", name="Close").last.click()
    found += violations(page, "prices")
    page.get_by_role("button", name="Delete my-<b>7b</b>").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No prices of your own")).to_be_visible()
    assert server.rows("SELECT cost_usd FROM spans WHERE project = 'priced'") == [(pytest.approx(0.002),)]
    assert found == []


@pytest.mark.covers("redaction-page")
def test_rules_are_switched_tried_and_what_they_found_leads_to_its_rows(ui: Watched, server: RunningServer) -> None:
    """On a project of its own, whose lines of log carry a key, an address and a ticket."""
    key = "sk-" + "proj-" + "Ab3dEf6hIj9lMn2pQr5tUv8xYz1"
    headers = {"content-type": "application/x-ndjson", "x-tapetum-project": "redacted"}

    def send(text: str) -> None:
        line = json.dumps({"message": text, "service": "<b>till</b>", "severity": "info"})
        assert server.client.post("/v1/logs", content=line.encode(), headers=headers).is_success

    send(f"paid with {key}")
    page = ui.open("/settings", project="redacted", tab="redaction")
    found = page.get_by_role("region", name="What was redacted").get_by_role("row").filter(has_text="openai_key")
    eventually(
        lambda: server.client.get("/api/v1/redaction/counts", params={"project": "redacted"}).json()["rules"], ""
    )
    page.reload()
    expect(found).to_contain_text("body")
    expect(found).to_contain_text("<b>till</b>")
    page.get_by_role("button", name="Pin Places redacted by rule to a dashboard", exact=True).click()
    window = page.get_by_role("dialog", name="Pin to a dashboard")
    window.get_by_label("Title of the new dashboard").fill("Leaks")
    window.get_by_role("button", name="Pin", exact=True).click()
    expect(window).to_have_count(0)

    text = page.get_by_role("textbox", name="A text")
    text.fill(f"mail ada@example.org about {key}")
    page.get_by_role("button", name="What would be stored?").click()
    expect(page.get_by_text("Replaced: openai_key.")).to_be_visible()
    expect(page.locator(".redaction-tried")).to_contain_text("ada@example.org")
    page.get_by_role("switch", name="email").click(force=True)
    expect(page.get_by_role("switch", name="email")).to_be_checked()
    expect(page.get_by_text("Changed", exact=False).first).to_be_visible()
    page.get_by_role("button", name="What would be stored?").click()
    expect(page.get_by_text("Replaced: email, openai_key.").or_(page.get_by_text("openai_key, email."))).to_be_visible()
    page.locator("summary").filter(has_text="Secrets").click()
    expect(page.get_by_role("switch", name="openai_key")).to_be_disabled()

    page.get_by_label("Name of the pattern").fill("ticket")
    page.get_by_label("Regular expression").fill("(T+)+x")
    page.get_by_role("button", name="Add pattern").click()
    expect(page.locator(".settings-error")).to_contain_text("may take for ever")
    page.get_by_label("Name of the pattern").fill("ticket")
    page.get_by_label("Regular expression").fill("TCK-[0-9]{6}")
    page.get_by_role("button", name="Add pattern").click()
    expect(page.get_by_role("button", name="Remove the pattern ticket")).to_be_visible()
    page.get_by_label("Text to leave alone").fill("*@shop.example")
    page.get_by_role("button", name="Leave alone").click()
    expect(page.get_by_role("button", name="No longer leave *@shop.example alone")).to_be_visible()
    send("ada@example.org bob@shop.example TCK-123456")
    bodies = [row[0] for row in server.rows("SELECT body FROM logs WHERE project = 'redacted'")]
    assert sum("[redacted:email:" in b and "[redacted:ticket:" in b and "bob@shop.example" in b for b in bodies) == 1

    found.get_by_role("link").click()
    expect(page).to_have_url(re.compile("/logs"))
    expect(page.get_by_text("paid with [redacted:openai_key:", exact=False).first).to_be_visible()

    kept = server.client.get("/api/v1/dashboards", params={"project": "redacted"}).json()["rows"]
    (leaks,) = [row for row in kept if row["title"] == "Leaks"]
    page = ui.open(f"/dashboards/{leaks['id']}", project="redacted")
    expect(page.get_by_role("group", name="Places redacted by rule", exact=True)).to_contain_text("openai_key")
