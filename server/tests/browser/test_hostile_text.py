"""Whoever may send telemetry may write anything into it. What they write is shown, and does nothing else.

Every page here is watched: a dialog, a request to another origin, an error, or a violation that the content
security policy had to stop fails the test (see `Watched`). So does whatever sets `window.ran`.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from google.protobuf import text_format
from playwright.sync_api import Locator, Page, expect
from process.hostile import json_span
from process.otlp import JSON
from process.servers import RunningServer, eventually
from tensorflow_metadata.proto.v0 import schema_pb2

from browser import malice
from browser.telemetry import SECOND, Spans
from browser.watch import PATIENT_MS, Watched, pick, rows, settled

pytestmark = pytest.mark.covers("ui-hostile-text")

TRACE = "66" * 16
FACET, LINE, KEY = 512, 2_000, 1_024
"""Characters that are shown of a value in a facet and of a log record under a span, and kept of a key."""
_SPILLED = """
(attack) => {
  const RLO = '\\u202e'
  const tail = attack.slice(attack.indexOf(RLO))
  const head = attack.slice(0, attack.indexOf(RLO))
  const strangers = (text) => {
    let rest = ''
    for (let at = text.indexOf(RLO); at >= 0; at = text.indexOf(RLO)) {
      let same = 0
      while (same < tail.length && text[at + same] === tail[same]) same++
      text = text.slice(at + same).replace(/^…?\\u2069*/, '')
      const next = text.indexOf(RLO)
      rest += next < 0 ? text : text.slice(0, Math.max(next - head.length, 0))
    }
    return rest.trim()
  }
  const count = (text, pattern) => (text.match(pattern) ?? []).length
  const isolates = (e) => {
    const style = getComputedStyle(e)
    if (style.display !== 'inline') return true
    // An isolate that is begun inside and not ended there swallows the end of the element.
    const even = count(e.textContent, /[\\u2066-\\u2068]/g) === count(e.textContent, /\\u2069/g)
    return even && style.unicodeBidi.includes('isolate')
  }
  const spilled = new Set()
  const walk = document.createTreeWalker(document.getElementById('root') ?? document.body, NodeFilter.SHOW_TEXT)
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    if (!node.data.includes(RLO)) continue
    let box = node.parentElement
    while (!isolates(box)) box = box.parentElement
    const rest = strangers(box.textContent)
    if (rest && !box.closest('pre, .cm-editor')) spilled.add(box.className + ': ' + rest)
  }
  return [...spilled]
}
"""
"""What stands behind a right-to-left override in the same line, and would be turned around by it."""


@dataclass(frozen=True)
class Sent:
    """What lies in project `hostile`."""

    attacks: dict[str, str]
    asked_elsewhere: list[str]

    @property
    def said(self) -> list[str]:
        """Every attack, in the order of the spans."""
        return list(self.attacks.values())


@pytest.fixture(scope="module")
def everything(server: RunningServer) -> Iterator[Sent]:
    """Every attack in every field of all three signals."""
    with malice.listener() as (elsewhere, asked):
        sent = Sent(malice.attacks(elsewhere), asked)
        now = time.time_ns()
        for signal, request in (
            ("traces", malice.spans(sent.said, TRACE, now - 40 * SECOND)),
            ("logs", malice.logs(sent.said, TRACE, now - 40 * SECOND)),
            ("metrics", malice.metrics(sent.said, TRACE, now)),
        ):
            assert server.send(signal, request.body(), project="hostile").status_code == 200
        yield sent


@pytest.fixture
def sent(everything: Sent, ui: Watched) -> Iterator[Sent]:
    """The same; when the test ends, nobody may have knocked elsewhere."""
    yield everything
    assert everything.asked_elsewhere == []
    assert ui.page.evaluate(_SPILLED, everything.attacks["marks"]) == []
    assert_nothing_sticks_out(ui.page)


def assert_nothing_sticks_out(page: Page) -> None:
    """The longest word does not push the page's own controls out of the window."""
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    close = page.get_by_role("complementary").get_by_role("button", name="Close", exact=True)
    for control in (page.get_by_role("button", name="Keyboard help"), *close.all()):
        box = control.bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= page.viewport_size["width"] - box["width"]  # type: ignore[index]


def shows(place: Locator, *said: str) -> None:
    """Each text stands there, letter by letter."""
    for text in said:
        expect(place).to_contain_text(text)


def test_spans_are_shown_as_they_were_written(ui: Watched, sent: Sent) -> None:
    page = ui.go("/traces", project="hostile")
    shows(rows(page, "Traces").first, sent.said[0])
    pick(rows(page, "Traces").first)
    shows(page.get_by_role("complementary", name="Trace"), *sent.said)
    page.get_by_role("radiogroup", name="Rows").get_by_text("Spans", exact=True).click()
    shows(page.get_by_role("grid", name="Spans"), *sent.said)
    shows(page.get_by_role("navigation", name="Facets"), *(attack[:FACET] for attack in sent.said))
    page.get_by_label("Find an attribute").fill("__proto__")
    facets = page.get_by_role("navigation", name="Facets")
    facets.get_by_role("button", name=re.compile("__proto__ ")).first.click()
    expect(facets.get_by_role("button", name="Remove facet")).to_be_visible()
    assert page.evaluate(_SPILLED, sent.attacks["marks"]) == []


def test_every_tab_of_a_span_shows_text_as_text(ui: Watched, sent: Sent) -> None:
    page = ui.go(f"/traces/{TRACE}", project="hostile")
    shows(page.get_by_role("heading", level=1), sent.said[0])
    tree = page.get_by_role("tree", name="Spans")
    shows(tree, *sent.said)
    span = page.get_by_role("complementary", name="Span")
    for name in ("markup", "script url", "marks", "prototype", "long word"):
        attack = sent.attacks[name]
        tree.get_by_role("treeitem").nth(sent.said.index(attack)).click()
        shows(span.get_by_role("heading", level=2), attack)
        shows(span.locator(".t-message"), attack)
        expect(span.locator(".t-facts2")).to_contain_text("Trace state")
        for tab in ("Input, output", "Attributes", "Events", "Links", "Logs"):
            span.get_by_role("tab", name=tab).click()
            if name == "long word" and tab == "Input, output":
                span.get_by_role("button", name=re.compile("Show all")).first.click()
            shows(
                span.get_by_role("tabpanel"),
                json.dumps(attack, ensure_ascii=False)[1:-1] if tab == "Input, output" else attack[:LINE],
            )
        span.get_by_role("tab", name="Host").click()
        shows(span.get_by_role("tabpanel"), attack)
        span.get_by_role("tab", name="Conversation").click()
        said = span.get_by_role("region", name="Input").get_by_role("article")
        shows(said, attack[:64])
        expect(span.get_by_role("tabpanel").locator("a, img, iframe, script, svg[onload]")).to_have_count(0)
        assert page.evaluate(_SPILLED, sent.attacks["marks"]) == []
        assert_nothing_sticks_out(page)

    page.get_by_text("Flame", exact=True).click()
    flame = page.get_by_role("region", name=re.compile("Flame"))
    flame.locator("canvas").hover(position={"x": 40, "y": 9})
    shows(flame.locator(".k-tip"), sent.said[0])


def test_a_thread_and_a_graph_show_text_as_text(ui: Watched, sent: Sent) -> None:
    page = ui.go(f"/traces/{TRACE}", project="hostile", view="thread")
    thread = page.get_by_role("region", name="Thread")
    shows(thread, sent.attacks["markup"], sent.attacks["script url"], sent.attacks["data url"])
    # Markdown is drawn, and its links and images are words: nobody knocks elsewhere.
    shows(thread, "image", "/md.png")
    expect(thread.locator("a, img, iframe, script")).to_have_count(0)
    assert page.evaluate(_SPILLED, sent.attacks["marks"]) == []
    assert_nothing_sticks_out(page)
    ui.go(f"/traces/{TRACE}", project="hostile", view="graph")
    graph = page.get_by_role("region", name="Graph")
    shows(graph, sent.attacks["markup"], sent.attacks["marks"])
    graph.get_by_role("button").first.click()
    expect(graph.get_by_role("region", name="Chosen node")).to_be_visible()


def test_errors_are_shown_as_they_were_written(ui: Watched, sent: Sent) -> None:
    page = ui.go("/errors", project="hostile")
    expect(rows(page, "Errors")).to_have_count(len(sent.said))
    shows(page.get_by_role("navigation", name="Facets"), *(attack[:FACET] for attack in sent.said))
    for name in ("markup", "script url", "marks", "prototype", "long word"):
        attack = sent.attacks[name]
        page = ui.go("/errors", project="hostile")
        pick(rows(page, "Errors").filter(has_text=attack[:200]).first)
        expect(page.get_by_role("region", name="Error in short")).to_be_visible()
        assert page.evaluate(_SPILLED, sent.attacks["marks"]) == []
        page.keyboard.press("Enter")
        expect(page.get_by_role("region", name="Occurrences")).to_be_visible()
        shows(page.get_by_role("region", name="Occurrences"), attack[:LINE])
        shows(page.get_by_role("heading", level=1), attack[:200])
        assert_nothing_sticks_out(page)
    # The page of one shows keys that go on behind an attack: words of the attacker, which nothing of ours stands behind.
    ui.go("/errors", project="hostile")
    expect(rows(page, "Errors")).to_have_count(len(sent.said))


def test_compared_traces_and_their_hosts_show_text_as_text(ui: Watched, sent: Sent) -> None:
    page = ui.go("/traces/compare", project="hostile", a=TRACE, b=TRACE, sort="start")
    steps = page.get_by_role("tree", name="Steps")
    shows(steps, *sent.said)
    for name in ("markup", "marks", "long word"):
        attack = sent.attacks[name]
        steps.get_by_role("treeitem").filter(has_text=attack[:200]).first.click()
        step = page.get_by_role("complementary", name="Step")
        shows(step.get_by_role("heading", level=2), attack)
        expect(step.get_by_text("the same")).to_be_visible()
        assert page.evaluate(_SPILLED, sent.attacks["marks"]) == []
        assert_nothing_sticks_out(page)
    ui.go(f"/traces/{TRACE}", project="hostile", res="1")
    shows(page.get_by_role("region", name="Resources"), sent.attacks["markup"], sent.attacks["marks"])


def test_names_in_the_sentences_of_health_turn_nothing_around(ui: Watched, server: RunningServer, sent: Sent) -> None:
    """Their own pages show them letter by letter; in a sentence, what turns the line around is replaced."""
    now, spans = time.time_ns(), Spans()
    for number, attack in enumerate(sent.said):
        for i in range(25):
            start, known = now - (30 + i) * SECOND, f"{number + 1:08x}{i + 1:08x}"
            resource = {"service.name": attack, "host.name": attack}
            spans.add(resource, known * 2, known, attack, start, start + SECOND, kind=2, error=attack)
    assert server.send("traces", spans.body(), project="hostile-health").status_code == 200
    for attack in sent.said:
        change = {"kind": "deploy", "subject": attack[:500], "before": "1", "after": attack[:500], "source": "ci"}
        server.client.post("/v1/changes", json=change, headers={"x-tapetum-project": "hostile-health"})
    page = ui.go("/health", project="hostile-health")
    lines = page.get_by_role("list", name="What needs attention").get_by_role("listitem")
    expect(lines.first).to_be_visible()
    for folded in page.get_by_role("list", name="What needs attention").locator("summary").all():
        folded.click()
    for attack in sent.said:
        plain = "".join(c if c.isprintable() else "\ufffd" for c in " ".join(attack.split()))
        expect(lines.filter(has_text=plain[:79]).first).to_be_visible()
    expect(page.get_by_role("region", name="Last changes").get_by_role("listitem").first).to_be_visible()


def test_log_records_are_shown_as_they_were_written(ui: Watched, server: RunningServer, sent: Sent) -> None:
    """Stored, opened one after the other, and live."""
    page = ui.go("/logs", project="hostile")
    listed = page.get_by_role("grid", name="Log records")
    shows(listed, *sent.said)
    shows(page.get_by_role("navigation", name="Facets"), *(attack[:FACET] for attack in sent.said))
    record = page.get_by_role("complementary", name="Log record")
    for attack in reversed(sent.said):
        page.keyboard.press("j")
        shows(record.get_by_role("heading", level=2), attack)
        shows(record.get_by_label("body", exact=True), attack)
        shows(record.locator(".logs-attributes").first, attack)
        shows(record.locator(".logs-attributes").last, attack)
        if attack == "__proto__":
            # A refetch merges the old answer with the new one: no key may get lost in that.
            with page.expect_response(re.compile(r"/api/v1/logs\?")):
                page.get_by_role("button", name="Refresh", exact=True).click()
            expect(page.locator(".s-busy")).to_have_count(0)
            expect(record.locator(".logs-attributes dt").filter(has_text="__proto__")).to_have_count(3)
    assert page.evaluate(_SPILLED, sent.attacks["marks"]) == []
    record.get_by_text("Context", exact=True).click()
    record.get_by_text("All services", exact=True).click()
    shows(record.get_by_role("list", name="Lines around the record"), sent.attacks["script url"])
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Live: off").click()
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    again = malice.logs(sent.said, TRACE, time.time_ns())
    assert server.send("logs", again.body(), project="hostile").status_code == 200
    expect(rows(page, "Log records")).to_have_count(2 * len(sent.said))
    shows(rows(page, "Log records").last, sent.said[0])


def test_metrics_are_named_labelled_and_explained_as_they_were_written(ui: Watched, sent: Sent) -> None:
    page = ui.go("/metrics-explorer", project="hostile")
    listed = page.get_by_role("listbox", name="Metrics")
    expect(listed.get_by_role("option").first).to_be_visible()
    for name in ("markup", "marks", "prototype", "long word"):
        attack = sent.attacks[name]
        ui.go("/metrics-explorer", project="hostile", name=f"h {attack}", by="service")
        shows(listed.get_by_role("option", selected=True), attack)
        shows(page.get_by_role("heading", level=2, name=f"h {attack}"), attack)
        shows(page.locator(".metrics-description"), attack)
        shows(page.get_by_role("region", name="Series"), attack)
        figure = page.get_by_role("figure", name=f"h {attack}", exact=True)
        box = figure.locator("canvas").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] - 30, box["y"] + 60, steps=3)
        shows(figure.locator(".k-tip"), attack)
        page.get_by_role("link", name=re.compile("open its trace")).focus()
        assert page.evaluate(_SPILLED, sent.attacks["marks"]) == []
        assert_nothing_sticks_out(page)
    page.get_by_role("combobox", name="Group by").click()
    expect(page.get_by_role("option", name=sent.attacks["long word"][:KEY], exact=True)).to_be_attached()


def test_what_was_refused_is_named_as_it_was_written(ui: Watched, server: RunningServer, sent: Sent) -> None:
    for attack in sent.said:
        body = {"resourceSpans": [{
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": attack}}]},
            "scopeSpans": [{"spans": [json_span(1, traceId="AAAA")]}],
        }]}  # fmt: skip
        assert server.send("traces", json.dumps(body).encode(), project="hostile", headers=JSON).status_code == 200
    page = ui.go("/ingest", project="hostile", live="1")
    refused = page.get_by_role("region", name="Reasons").get_by_role("row").filter(has_text="invalid_trace_id")
    expect(refused).to_have_count(len(sent.said), timeout=2 * PATIENT_MS)
    shows(page.get_by_role("region", name="Reasons"), *sent.said)
    shows(page.get_by_role("region", name="Senders"), *sent.said)


def test_statements_results_and_refusals_are_text(ui: Watched, sent: Sent) -> None:
    query = (
        "SELECT name, service, status_message, attributes, events, links, input, output FROM spans "
        "ORDER BY start_time /* {} */"
    )
    page = ui.go("/sql", project="hostile", sql=query.format(sent.attacks["markup"]))
    shows(page.get_by_role("textbox", name="SQL"), sent.attacks["markup"])
    page.get_by_role("button", name="Run").click()
    result = page.get_by_role("grid", name="Result")
    for number, attack in enumerate(sent.said):
        shows(rows(page, "Result").nth(number), attack[:300])
    expect(result).to_contain_text("window.ran=1")

    for attack in sent.said[:-1]:
        quoted = attack.replace("\\", "\\\\").replace("'", "\\'")
        ui.go("/sql", project="hostile", sql=f"SELECT '{quoted}' AS said, severity_text FROM logs WHERE said != ''")
        page.get_by_role("button", name="Run").click()
        shows(rows(page, "Result").first, attack[:300])
    page.get_by_role("button", name="History").click()
    shows(page.get_by_role("menu"), sent.attacks["markup"][:40])
    page.keyboard.press("Escape")

    ui.go(
        "/sql", project="hostile", sql=f'SELECT count() AS "{sent.attacks["data url"]}", service FROM spans GROUP BY 2'
    )
    page.get_by_role("button", name="Run").click()
    shows(result.get_by_role("columnheader").first, sent.attacks["data url"])
    page.get_by_text("Chart", exact=True).click()
    shows(page.locator(".q-bars"), *sent.said)

    ui.go("/sql", project="hostile", sql=f'SELECT "{sent.attacks["css"]}" FROM spans')
    page.get_by_role("button", name="Run").click()
    shows(page.get_by_role("alert").filter(has=page.get_by_role("heading")), sent.attacks["css"])


def test_sessions_users_and_calls_are_named_as_they_were_written(ui: Watched, sent: Sent) -> None:
    """Ids, models, tools, errors and what was said: all of it the sender's."""
    attack = sent.attacks["markup"]
    page = ui.go("/sessions", project="hostile")
    shows(page.get_by_role("grid", name="Sessions"), *(said[:100].strip() for said in sent.said))
    assert page.evaluate(_SPILLED, sent.attacks["marks"]) == []
    ui.go("/users", project="hostile")
    shows(page.get_by_role("grid", name="Users"), *(said[:100].strip() for said in sent.said))
    for said in sent.said:
        ui.go("/sessions/one", project="hostile", id=said)
        shows(page.get_by_role("heading", level=1), said[:100].strip())
        assert page.evaluate(_SPILLED, sent.attacks["marks"]) == []
    # One trace tells of all of them; its root is the first.
    shows(page.get_by_role("region", name="Session", exact=True), sent.said[0][:100])
    ui.go("/users/one", project="hostile", id=attack)
    shows(page.get_by_role("heading", level=1), attack[:100])
    for by in ("model", "user_id", "agent"):
        ui.go("/llm", project="hostile", by=by)
        shows(page.get_by_role("region", name=re.compile("^Calls by")), *(said[:100].strip() for said in sent.said))
        assert page.evaluate(_SPILLED, sent.attacks["marks"]) == []
    ui.go("/llm", project="hostile", by=attack, sort=attack)
    expect(page.get_by_role("alert").first).to_be_visible()


def test_models_and_predictions_are_shown_as_they_were_written(ui: Watched, server: RunningServer, sent: Sent) -> None:
    """Names of models, versions, features, embeddings and tags, and what they say."""
    names = [said[:60].strip() for said in sent.said]
    body = [
        {"model": name, "version": said[:60], "prediction_id": f"p {said[:60]}", "output": said[:200], "label": said[:200],
         "features": {said[:60]: said[:400], "n": 1}, "tags": {said[:60]: said[:1_000]}, "trace_id": TRACE}
        for name, said in zip(names, sent.said)
    ]  # fmt: skip
    for name in ("markup", "marks"):
        attack = sent.attacks[name]
        # Forty more with vectors, and every word the attack: enough to say what some of them have in common.
        body += [
            {"model": attack[:60].strip(), "version": attack[:60], "prediction_id": f"v{n} {attack[:60]}",
             "output": attack[:200], "embedding": [n % 2 * 9, n % 3, n % 5],
             "features": {attack[:60]: attack[:400] if n % 2 else "other", f"{attack[:60]} list": [n % 7, 1, n % 4]}}
            for n in range(60)
        ]  # fmt: skip
    answer = server.client.post("/v1/predictions", json=body, headers={"x-tapetum-project": "hostile"})
    assert answer.json()["accepted"] == len(body), answer.text
    page = ui.open("/models", project="hostile")
    shows(page.get_by_role("grid", name="Models"), *names)
    for name in ("markup", "marks"):
        attack = sent.attacks[name]
        ui.go("/models/one", project="hostile", name=attack[:60].strip(), view="predictions", sel=f"p {attack[:60]}")
        shows(page.get_by_role("heading", level=1), attack[:60].strip())
        shows(page.get_by_role("region", name="Prediction in full"), attack[:200], attack[:400])
        assert page.evaluate(_SPILLED, sent.attacks["marks"]) == []
        ui.go("/models/one", project="hostile", name=attack[:60].strip(), view="versions")
        shows(page.get_by_role("grid", name="Versions"), attack[:60])
        assert_nothing_sticks_out(page)
        ui.go("/models/one", project="hostile", name=attack[:60].strip(), view="performance", by=attack[:60])
        shows(page.get_by_role("region", name="Confusion"), attack[:200])
        assert_nothing_sticks_out(page)
        ui.go("/models/one", project="hostile", name=attack[:60].strip(), view="slices", by=attack[:60])
        shows(page.get_by_role("region", name="Chosen slices"), attack[:60])
        assert_nothing_sticks_out(page)
        shown = {"project": "hostile", "name": attack[:60].strip(), "view": "embeddings"}
        ui.go("/models/one", **shown, by=attack[:60], area="-99_-99~0_-99~0_99~-99_99")
        expect(page.get_by_role("figure", name=re.compile("^Embedding"))).to_be_visible()
        shows(page.get_by_role("list", name="Colours"), attack[:60])
        shows(page.get_by_role("region", name="What was chosen").get_by_role("row").last, attack[:60])
        assert page.evaluate(_SPILLED, sent.attacks["marks"]) == []
        assert_nothing_sticks_out(page)


def test_statistics_and_schemas_are_shown_as_they_were_written(ui: Watched, server: RunningServer, sent: Sent) -> None:
    """Names of data sets and features, their values, and those that a schema refuses."""
    names = [said[:60].strip() for said in sent.said]
    body = [
        {"dataset": name, "rows": 10, "feature": said[:60], "kind": "categorical", "type": "STRING", "present": 10,
         "unique": 1, "top_values": [said[:200]], "top_frequencies": [10]}
        for name, said in zip(names, sent.said)
    ]  # fmt: skip
    answer = server.client.post("/v1/feature_statistics", json=body, headers={"x-tapetum-project": "hostile"})
    assert answer.json()["accepted"] == len(body), answer.text
    for name in ("markup", "marks"):
        attack = sent.attacks[name]
        schema = {"kind": "dataset", "name": attack[:60].strip(), "text": "", "message": attack[:200]}
        pushed = server.client.post("/api/v1/data-schemas", params={"project": "hostile"}, json=schema)
        assert pushed.status_code == 201, pushed.text
    page = ui.open("/data-quality", project="hostile")
    shows(page.get_by_role("grid", name="Data sets and models"), *names)
    for name in ("markup", "marks"):
        attack = sent.attacks[name]
        ui.go("/data-quality", project="hostile", dataset=attack[:60].strip(), sel=attack[:60])
        shows(page.get_by_role("heading", level=1), attack[:60].strip())
        shows(page.get_by_role("region", name="Feature in full"), attack[:200])
        expect(page.get_by_text("SCHEMA_NEW_COLUMN")).to_be_visible()
        assert page.evaluate(_SPILLED, sent.attacks["marks"]) == []
        assert_nothing_sticks_out(page)
        ui.go("/data-quality", project="hostile", dataset=attack[:60].strip(), view="schema")
        shows(page.get_by_role("list", name="Versions"), attack[:200])
        assert_nothing_sticks_out(page)


def test_findings_are_told_as_they_were_written(ui: Watched, server: RunningServer, sent: Sent) -> None:
    """Names of models and features, and the values that offend."""
    attack = sent.attacks["markup"]
    model, feature = attack[:60].strip(), attack[:60]
    project = "hostile-findings"
    server.client.post("/api/v1/projects", json={"name": project})
    described = schema_pb2.Schema()
    described.feature.add(name=feature, type=schema_pb2.BYTES).string_domain.value.append("fine")
    text = text_format.MessageToString(described, as_utf8=True)
    asked = {"project": project}
    schema = {"kind": "model", "name": model, "text": text, "after": 0}
    assert server.client.post("/api/v1/data-schemas", params=asked, json=schema).status_code == 201
    said = {
        "model": model,
        "version": attack[:40],
        "prediction_id": "p",
        "features": {feature: attack[:200]},
        "output": 1,
    }
    server.client.post("/v1/predictions", json=[said], headers={"x-tapetum-project": project}).raise_for_status()
    eventually(lambda: server.client.get("/api/v1/findings", params=asked).json()["rows"], "a finding")
    page = ui.open("/data-quality", project=project)
    shows(page.get_by_role("region", name="Wrong now"), model, feature)
    assert_nothing_sticks_out(page)
    page.get_by_role("region", name="Wrong now").get_by_role("link").click()
    shows(page.get_by_role("region", name="Finding in full"), attack[:200])
    assert_nothing_sticks_out(page)


def test_evaluations_are_named_and_explained_as_they_were_written(
    ui: Watched, server: RunningServer, sent: Sent
) -> None:
    """Names, labels, evaluators and what they say; also a definition's own words, which are an admin's."""
    names = [said[:60].strip() for said in sent.said]
    body = [
        {"name": name, "label": said[:200], "comment": said[:4_000], "evaluator": said[:60], "trace_id": TRACE, "score": 1,
         "attributes": {"said": said[:1_000]}}
        for name, said in zip(names, sent.said)
    ]  # fmt: skip
    answer = server.client.post("/v1/evaluations", json=body, headers={"x-tapetum-project": "hostile"})
    assert answer.json()["accepted"] == len(body), answer.text
    attack = sent.attacks["markup"][:60].strip()
    defined = {"name": attack, "kind": "numeric", "description": sent.attacks["marks"][:1_000]}
    server.client.put("/api/v1/scores", params={"project": "hostile"}, json=defined).raise_for_status()
    page = ui.go("/evaluations", project="hostile")
    shows(page.get_by_role("region", name="Scores by name"), *names)
    for by in ("evaluator", attack):
        ui.go("/evaluations", project="hostile", score=attack, by=by)
        shows(page.get_by_role("region", name=re.compile("^Evaluations by")), attack if by == "evaluator" else "code")
        assert page.evaluate(_SPILLED, sent.attacks["marks"]) == []
    ui.go("/evaluations", project="hostile", view="rows", span_key="model", span_value=attack)
    expect(page.get_by_role("main")).to_contain_text("No evaluations")
    ui.go("/evaluations", project="hostile", view="rows")
    shows(page.get_by_role("grid", name="Evaluations"), *names)
    assert page.evaluate(_SPILLED, sent.attacks["marks"]) == []
    rows(page, "Evaluations").filter(has_text=attack).first.click()
    shows(page.get_by_role("complementary", name="Evaluation"), sent.attacks["markup"][:1_000])


def test_monitors_are_named_explained_and_grouped_as_they_were_written(
    ui: Watched, server: RunningServer, sent: Sent
) -> None:
    """Its own words are an admin's, and its series the senders'."""
    query = {"kind": "spans", "group_by": ["service"]}
    held = {"query": query, "condition": {"op": ">", "limit": 0, "aggregate": "sum"}, "window_s": 3_600}
    made = {}
    for name in ("markup", "script url", "marks", "prototype", "long word"):
        attack = sent.attacks[name][:190]
        body = {**held, "name": attack, "project": "hostile", "description": attack, "runbook": attack, "interval_s": 1}
        answer = server.client.post("/api/v1/monitors", json=body)
        assert answer.status_code == 201, answer.text
        made[attack] = answer.json()["id"]

    def all_fire() -> bool:
        listed = server.client.get("/api/v1/monitors", params={"project": "hostile"}).json()["rows"]
        return {row["state"] for row in listed} == {"firing"}

    try:
        eventually(all_fire, "each of them fires")
        page = ui.go("/monitors", project="hostile")
        shows(page.get_by_role("grid", name="Monitors"), *(attack.strip() for attack in made))
        assert page.evaluate(_SPILLED, sent.attacks["marks"]) == []
        for attack, id in made.items():
            ui.go(f"/monitors/{id}", project="hostile")
            expect(page.locator(".mo-head")).to_contain_text("Firing")
            shows(page.get_by_role("heading", level=1), attack.strip())
            shows(page.get_by_role("region", name="Monitor", exact=True), attack.strip())
            shows(page.get_by_role("region", name="Series"), *(said[:100].strip() for said in sent.said))
            assert page.get_by_role("link", name=attack[:40]).count() == 0
            expect(page.get_by_role("figure").locator("canvas")).to_be_visible()
            assert page.evaluate(_SPILLED, sent.attacks["marks"]) == []
        ui.go(f"/monitors/{made[sent.attacks['marks'][:190]]}/edit", project="hostile")
        expect(page.get_by_label("Name", exact=True)).to_have_value(sent.attacks["marks"][:190])
        expect(page.get_by_role("region", name="Preview").get_by_role("figure").locator("canvas")).to_be_visible()
    finally:
        for id in made.values():
            server.client.delete(f"/api/v1/monitors/{id}").raise_for_status()


@pytest.mark.parametrize("name", ["markup", "script url", "prototype"])
def test_an_address_is_text_too(ui: Watched, sent: Sent, name: str) -> None:
    """A link from anybody may hold anything; the worst it does is to find nothing."""
    attack = sent.attacks[name]
    # One of them is loaded anew every time, the others are followed as links of the UI are.
    visit = ui.open if name == "markup" else ui.go
    every = dict.fromkeys(
        (
            "q",
            "sort",
            "sel",
            "tab",
            "lines",
            "span",
            "find",
            "name",
            "by",
            "agg",
            "view",
            "kind",
            "compare",
            "a",
            "b",
            "marks",
            "res",
            "only",
        ),
        attack,
    )
    for path in (
        "/traces",
        f"/traces/{TRACE}",
        "/traces/compare",
        "/logs",
        "/metrics-explorer",
        "/ingest",
        "/settings",
    ):
        visit(path, project="hostile", **every)
    for path in ("/monitors", "/monitors/new", "/monitors/nobody", "/monitors/nobody/edit"):
        visit(path, project="hostile", state=attack, watch=attack, name=attack)
    visit("/traces", project=attack, **{"from": attack, "to": attack})
    expect(ui.page.get_by_role("alert").or_(ui.page.get_by_role("main"))).not_to_have_count(0)
    visit(f"/traces/{re.sub('[/?#%]', '', attack)}", project="hostile")
    expect(ui.page.get_by_role("main")).to_be_visible()


def test_a_value_filters_and_travels_as_it_was_written(ui: Watched, sent: Sent) -> None:
    """The menu of a value, its chip, the statement that is made of it, and the palette."""
    page = ui.go("/traces", project="hostile", view="spans")
    for name in ("markup", "markdown", "template", "marks"):
        attack = sent.attacks[name]
        rows(page, "Spans").nth(len(sent.said) - 1 - sent.said.index(attack)).locator(".k-value").first.click()
        shows(page.get_by_role("menu"), attack[:120].strip())
        page.get_by_role("menuitem", name="Only this").click()
        expect(rows(page, "Spans")).to_have_count(1)
        shows(rows(page, "Spans"), attack)
        shows(page.locator(".k-chip"), attack[:60])
        rows(page, "Spans").first.locator(".k-value").first.click()
        page.get_by_role("menuitem", name="Open in SQL").click()
        settled(page)
        page.get_by_role("button", name="Run").click()
        expect(rows(page, "Result")).to_have_count(1)
        ui.go("/traces", project="hostile", view="spans")

    page.keyboard.press("Control+k")
    box = page.get_by_role("textbox", name="Search", exact=True)
    for attack in sent.said:
        box.fill(attack)
        shows(page.locator(".mantine-Spotlight-action").first, attack.strip())
    page.keyboard.press("Escape")


def test_the_name_of_a_key_is_text(ui: Watched, server: RunningServer, sent: Sent) -> None:
    name = sent.attacks["markup"][:90]
    page = ui.go("/settings", project="hostile", tab="keys")
    page.get_by_role("button", name="New key").click()
    form = page.get_by_role("dialog", name="New key")
    form.get_by_label("Name").fill(name)
    form.get_by_role("checkbox", name="read").check()
    form.get_by_role("button", name="Make the key").click()
    shows(page.get_by_role("dialog"), name)
    page.get_by_role("button", name="I have it").click()
    row = page.get_by_role("row").filter(has_text=name)
    row.get_by_role("button", name=re.compile("^Revoke")).click()
    shows(page.get_by_role("dialog").get_by_role("heading"), name)
    page.get_by_role("dialog").get_by_role("button", name="Revoke", exact=True).click()
    expect(row).to_contain_text("revoked")
