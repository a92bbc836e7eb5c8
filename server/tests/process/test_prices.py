"""Prices that people set, through the doors of a real server, against money worked out by hand."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from process.conftest import StartServer
from process.servers import RunningServer, eventually, tapetum

HOUR = 3_600 * 10**9
DAY = 24 * HOUR
NOON = int(datetime.fromisoformat("2026-11-20T12:00:00+00:00").timestamp()) * 10**9
RANGE = {"from": "2026-11-18T00:00:00Z", "to": "2026-11-23T00:00:00Z"}


class Shop:
    """A project of a running server."""

    def __init__(self, server: RunningServer, project: str) -> None:
        self.server, self.project = server, project
        self._spans = 0
        server.client.post("/api/v1/projects", json={"name": project})

    def ask(self, method: str, path: str, status: int = 200, /, body: Any = None, **query: Any) -> Any:
        """The JSON of an answer with that status."""
        params = {"project": self.project, **{k.rstrip("_"): v for k, v in query.items()}}
        answer = self.server.client.request(method, f"/api/v1{path}", params=params, json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def put(self, model: str, **price: Any) -> Any:
        """Set a price."""
        return self.ask("PUT", "/prices", body={"model": model, **price})

    def reprice(self, **more: Any) -> Any:
        """Price the stored calls of the days of this test anew, in as many requests as it takes."""
        total: dict[str, Any] = {}
        within = RANGE | more
        at: str | None = within["from"]
        while at is not None:
            part = self.ask("POST", "/prices/reprice", body={**within, "from": at})
            at = part.pop("next")
            numbers = {k: v for k, v in part.items() if k != "dry_run" and v is not None}
            total |= {k: total.get(k, 0) + v for k, v in numbers.items()}
        return total

    def call(
        self, name: str, model: str, *, at: int = NOON, seconds: float = 1.0, scope: str = "", **attributes: Any
    ) -> None:
        """Send one call of 1,000 tokens in and 100 out, unless `attributes` say otherwise."""
        self.send_spans([self.span(name, model, at, seconds, **attributes)], scope)

    def span(self, name: str, model: str, at: int, seconds: float = 1.0, **attributes: Any) -> dict[str, Any]:
        """Such a call."""
        self._spans += 1
        said = {
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": model,
            "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 100, "gen_ai.response.id": name,
        } | {f"gen_ai.{key}".replace("__", "."): value for key, value in attributes.items()}  # fmt: skip
        return {
            "traceId": f"{self._spans:032x}", "spanId": f"{self._spans:016x}", "name": name,
            "startTimeUnixNano": str(at), "endTimeUnixNano": str(at + int(seconds * 1e9)),
            "attributes": [
                {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
                for key, value in said.items() if value is not None
            ],
        }  # fmt: skip

    def send_spans(self, spans: list[dict[str, Any]], scope: str = "") -> None:
        """Send them in one request."""
        within = [{"scope": {"name": scope}, "spans": spans}]
        self.send("traces", {"resourceSpans": [{"resource": {}, "scopeSpans": within}]})

    def send(self, signal: str, body: Any) -> None:
        """Send OTLP as JSON."""
        headers = {"content-type": "application/json"}
        sent = self.server.send(signal, json.dumps(body).encode(), project=self.project, headers=headers)
        assert sent.status_code == 200, sent.text

    def costs(self) -> dict[str, tuple[float | None, str, str]]:
        """Name of each call → (cost, status, the first two words of the price's version)."""
        rows = self.server.rows(
            "SELECT name, cost_usd, cost_status, price_version FROM spans WHERE project = {p:String}", p=self.project
        )
        return {name: (cost, status, " ".join(version.split(" ")[:2])) for name, cost, status, version in rows}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of this file: the engine prices calls anew by rewriting its parts, which in the shared one are many."""
    with RunningServer(tmp_path_factory.mktemp("prices") / "data") as running:
        yield running


@pytest.fixture
def shop(server: RunningServer, project: str) -> Shop:
    return Shop(server, project)


@pytest.mark.covers("price-overrides")
def test_a_price_of_ones_own_comes_first_and_holds_at_once(shop: Shop) -> None:
    """Nothing is restarted in between: each call costs what the prices of its moment say."""
    shop.call("listed", "gpt-4o-mini")
    mini = shop.put("gpt-4o-mini", input_usd=1, output_usd=10)
    shop.call("exact", "gpt-4o-mini")
    shop.put("gpt-*", provider="openai", input_usd=2, output_usd=20, cache_read_usd=0.5, cache_write_usd=4)
    shop.call("exact-before-pattern", "gpt-4o-mini")
    shop.call("pattern", "GPT-9", usage__cache_read__input_tokens=400, usage__cache_creation__input_tokens=100)
    shop.put("openai/gpt-4o-mini", valid_from="2026-11-21", input_usd=3, output_usd=30)
    shop.put("gpt-4o-mini", valid_from="2026-11-21", input_usd=5, output_usd=50)
    shop.call("the-day-before", "gpt-4o-mini", at=NOON)
    shop.call("the-day", "gpt-4o-mini", at=NOON + DAY)
    shop.call("longest-name", "gpt-4o-mini", at=NOON + DAY)
    shop.call("other", "claude-x", provider__name="anthropic")
    found = shop.costs()
    assert found["listed"] == (pytest.approx(1000 * 0.15e-6 + 100 * 0.6e-6), "priced", "genai-prices 0.2.3")
    own = f"override {mini['id'][:8]}"
    assert found["exact"] == (pytest.approx(1000e-6 + 1000e-6), "priced", own)
    assert found["exact-before-pattern"] == found["exact"] == found["the-day-before"]
    assert found["pattern"][0] == pytest.approx(500 * 2e-6 + 400 * 0.5e-6 + 100 * 4e-6 + 100 * 20e-6)
    assert found["the-day"][0] == found["longest-name"][0] == pytest.approx(1000 * 3e-6 + 100 * 30e-6)
    assert found["other"] == (None, "unknown_model", "")
    # Putting it again changes it; deleting gives the list's price back.
    assert shop.put("GPT-4o-mini", input_usd=7, output_usd=0)["id"] == mini["id"]
    shop.call("changed", "gpt-4o-mini")
    for row in shop.ask("GET", "/prices")["rows"]:
        shop.ask("DELETE", f"/prices/{row['id']}", 204)
    shop.call("deleted", "gpt-4o-mini")
    found = shop.costs()
    assert found["changed"][0] == pytest.approx(0.007)
    assert found["deleted"] == found["listed"]


@pytest.mark.covers("price-gpu")
def test_a_machine_of_ones_own_costs_its_seconds(shop: Shop) -> None:
    """$3.60 an hour is 0.1 cents a second; the call had two of them for five seconds."""
    shop.put("my-7b", hourly_usd=3.6, accelerators=2)
    shop.call("served", "my-7b", seconds=5.0, provider__name="vllm")
    shop.call("begun", "my-7b", seconds=-NOON / 1e9, provider__name="vllm")
    found = shop.costs()
    assert found["served"][:2] == (pytest.approx(0.001 * 2 * 5), "priced")
    assert found["served"][2].startswith("override ")
    assert found["begun"] == (None, "running", "")
    (row,) = shop.ask("GET", "/prices/models", **RANGE)["rows"]
    assert (row["overridden"], row["listed"], row["price"]["hourly_usd"]) == (True, None, pytest.approx(7.2))


@pytest.mark.covers("reprice")
@pytest.mark.wide
def test_stored_calls_are_priced_anew_and_what_they_cost_in_between_is_said(shop: Shop) -> None:
    tokens = {"usage__input_tokens": 300_000, "usage__output_tokens": 50}
    long = tokens | {"provider__name": "gcp.gemini"}
    # On days of its own, in one request: each part of a day that a price changes is written anew.
    day, next_day = NOON - 2 * DAY, NOON - DAY
    shop.send_spans([
        shop.span("mini", "gpt-4o-mini", day, usage__cache_read__input_tokens=400),
        shop.span("flex", "gpt-5.2", day, openai__request__service_tier="flex"),
        shop.span("long", "gemini-2.5-pro", day, **long),
        shop.span("next-day", "my-7b", next_day),
        shop.span("twice", "my-7b", next_day),
        shop.span("twice", "my-7b", next_day),
        shop.span("unsaid", "my-7b", day, usage__output_tokens=None),
        shop.span("outside", "my-7b", NOON + 10 * DAY),
    ])  # fmt: skip
    before = shop.costs()

    # The engine's arithmetic is that of the write path: with the prices as they were, nothing changes.
    same = shop.reprice()
    assert (same["calls"], same["changed"], same["days"]) == (7, 0, 2)
    known = before["mini"][0] + before["flex"][0] + before["long"][0]
    assert same["before_usd"] == same["after_usd"] == pytest.approx(known)
    assert (same["unpriced_before"], same["unpriced_after"]) == (3, 3)
    assert shop.costs() == before

    shop.put("my-*", input_usd=1, output_usd=2)
    shop.put("gpt-4o-mini", input_usd=100, output_usd=200, cache_read_usd=10)
    mini = 600 * 100e-6 + 400 * 10e-6 + 100 * 200e-6
    own = 1000e-6 + 200e-6
    dry = shop.reprice(dry_run=True)
    assert shop.costs() == before
    done = shop.reprice()
    assert done == pytest.approx(dry)
    # Both reports of the call that came twice change, and it counts once.
    assert (done["changed"], done["unpriced_before"], done["unpriced_after"]) == (4, 3, 1)
    assert done["before_usd"] == pytest.approx(known)
    assert done["after_usd"] == pytest.approx(known - before["mini"][0] + mini + 2 * own)
    found = shop.costs()
    assert found["mini"][:2] == (pytest.approx(mini), "priced")
    assert found["next-day"][:2] == (pytest.approx(own), "priced")
    assert found["next-day"][2].startswith("override ")
    assert (found["flex"], found["long"], found["unsaid"]) == (before["flex"], before["long"], before["unsaid"])
    assert found["outside"][1] == "unknown_model"
    for row in shop.ask("GET", "/prices")["rows"]:
        shop.ask("DELETE", f"/prices/{row['id']}", 204)
    back = shop.reprice()
    assert (back["changed"], back["unpriced_after"]) == (4, 3)
    assert shop.costs() == before


STATES = """SELECT cost_usd, cache_savings_usd, cost_status, substring(price_version, 1, 8), count() FROM spans
GROUP BY ALL ORDER BY ALL"""


def killed_while_it_reprices(shop: Shop) -> None:
    """kill -9 as soon as a first call has another cost."""
    before = shop.server.rows(STATES)
    with ThreadPoolExecutor(1) as beside:
        cut = beside.submit(
            shop.server.client.post, "/api/v1/prices/reprice", params={"project": shop.project}, json={}
        )
        eventually(lambda: shop.server.rows(STATES) != before, "another cost", every_s=0.02)
        shop.server.kill()
        with suppress(httpx.TransportError):
            cut.result()
    shop.server.close()


@pytest.mark.covers("reprice", "kill-9")
@pytest.mark.wide
def test_a_kill_half_way_leaves_every_call_whole_and_a_second_run_finishes(
    start_server: StartServer, tmp_path: Path
) -> None:
    """Three days, priced one after the other."""
    shop = Shop(start_server(tmp_path), "mine")
    day, cached = time.time_ns() - HOUR, {"usage__cache_read__input_tokens": 400}
    shop.send_spans([shop.span(f"{n}", "my-7b", day - n % 3 * DAY, **cached) for n in range(90)])
    old: tuple[Any, ...] = (None, None, "unknown_model", "")
    for usd in range(1, 4):
        shop.put("my-7b", input_usd=usd, output_usd=0, cache_read_usd=0)
        killed_while_it_reprices(shop)
        shop.server = start_server(tmp_path)
        new = (pytest.approx(usd * 600e-6), pytest.approx(usd * 400e-6), "priced", "override")
        found = shop.server.rows(STATES)
        assert sum(count for *_, count in found) == 90
        assert [state for *state, _ in found if tuple(state) not in (old, new)] == []
        done = shop.reprice(**{"from": "now-30d", "to": "now"})
        assert (done["calls"], done["unpriced_after"], done["after_usd"]) == (90, 0, pytest.approx(usd * 0.054))
        assert shop.server.rows(STATES) == [(*new, 90)]
        if len(found) == 2:
            return
        old = new
    pytest.fail("each time the server was done before the kill came")


@pytest.mark.covers("cli-prices", "reprice", "cost-media")
def test_from_a_terminal(shop: Shop) -> None:
    def run(*arguments: str, code: int = 0) -> str:
        where = ("--url", shop.server.url)
        of = ("--project", shop.project) if arguments[:2] != ("prices", "delete") else ()
        ended = tapetum(*arguments, *where, *of)
        assert ended.returncode == code, ended.stderr
        return ended.stdout + ended.stderr

    shop.call("asked", "my-7b")
    media = {"audio__input_tokens": 300, "audio__output_tokens": 40, "image__input_tokens": 200}
    media = {f"usage__{name}": count for name, count in media.items()}
    shop.call("before", "voice", **media)
    assert "40 audio input, 80 audio output, 5 image input per million" in run(
        "prices", "set", "voice", "--input", "1", "--output", "2", "--audio-input", "40", "--audio-output", "80",
        "--image-input", "5",
    )  # fmt: skip
    shop.call("after", "voice", **media)
    assert "costs 1 in, 2 out, 0.5 cache read per million" in run(
        "prices", "set", "my-*", "--input", "1", "--output", "2", "--cache-read", "0.5", "--from", "2026-11-01"
    )
    window = ("--from", RANGE["from"], "--to", RANGE["to"])
    said = run("reprice", "--dry-run", *window)
    assert "2 of 3 calls would change." in said
    assert "before  $0.0168, 2 calls without a known cost" in said
    assert "after   $0.0348, 0 calls without a known cost" in said
    assert shop.costs()["asked"][1] == "unknown_model"
    assert json.loads(run("reprice", "--json", *window))["changed"] == 2
    assert shop.costs()["asked"][0] == pytest.approx(0.0012)
    # Of 1,000 tokens in, 500 are text; of 100 out, 60. When it arrives and when it is priced anew it is the same money.
    spoken = pytest.approx((500 * 1 + 300 * 40 + 200 * 5 + 60 * 2 + 40 * 80) / 1e6)
    assert (shop.costs()["before"][0], shop.costs()["after"][0]) == (spoken, spoken)
    voice, row = [json.loads(line) for line in run("prices", "--json").splitlines()]
    assert (row["model"], row["project"], row["valid_from"]) == ("my-*", shop.project, "2026-11-01")
    run("prices", "delete", row["id"])
    run("prices", "delete", voice["id"])
    assert "No prices of your own" in run("prices")


@pytest.mark.covers("price-overrides")
def test_who_may_set_whose_price_and_what_makes_none(shop: Shop) -> None:
    keys = {}
    for name, scopes, project in (("own", ["admin", "read"], shop.project), ("reader", ["read"], shop.project)):
        body = {"name": name, "scopes": scopes, "project": project}
        keys[name] = shop.server.client.post("/api/v1/keys", json=body).json()["key"]

    def asked(key: str, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {keys[key]}"}
        return shop.server.client.request(method, f"/api/v1{path}", json=body, headers=headers)

    price = {"model": "tenant-model", "input_usd": 1, "output_usd": 2}
    everywhere = shop.put(**price, all_projects=True)
    assert everywhere["project"] is None
    own = asked("own", "PUT", "/prices", price | {"input_usd": 3}).json()
    assert own["project"] == shop.project
    # One's own comes before that of all projects, and both are shown.
    listed = asked("reader", "GET", "/prices").json()["rows"]
    assert [row["id"] for row in listed if row["model"] == "tenant-model"] == [own["id"], everywhere["id"]]
    shop.call("own", "tenant-model")
    assert shop.costs()["own"][0] == pytest.approx(3000e-6 + 200e-6)
    other = Shop(shop.server, f"{shop.project[:50]}-other")
    other.call("theirs", "tenant-model")
    assert other.costs()["theirs"][0] == pytest.approx(1000e-6 + 200e-6)
    assert all(row["id"] != own["id"] for row in other.ask("GET", "/prices")["rows"])
    theirs = other.put("x", input_usd=1, output_usd=1)["id"]
    refusals = [
        (asked("reader", "PUT", "/prices", price), 403), (asked("reader", "POST", "/prices/reprice", {}), 403),
        (asked("own", "PUT", "/prices", price | {"all_projects": True}), 403),
        (asked("own", "DELETE", f"/prices/{everywhere['id']}"), 403), (asked("own", "DELETE", f"/prices/{theirs}"), 404),
        (asked("own", "GET", f"/prices?project={other.project}"), 404),
    ]  # fmt: skip
    assert [(answer.status_code, answer.text) for answer, status in refusals if answer.status_code != status] == []
    for field, body in (
        ("output_usd", {"input_usd": 1}), ("input_usd", {"input_usd": 1, "hourly_usd": 1}), ("input_usd", {"input_usd": -1}),
        ("model", {"model": "", "input_usd": 1, "output_usd": 1}), ("model", {"model": "a\x00", "hourly_usd": 1}),
        ("accelerators", {"hourly_usd": 1, "accelerators": 0}), ("valid_from", {"hourly_usd": 1, "valid_from": "soon"}),
        ("hourly", {"hourly": 1}), ("input_usd", {}),
    ):  # fmt: skip
        error = shop.ask("PUT", "/prices", 422, body={"model": "m"} | body)["error"]
        assert error["field"] == field, error
    shop.ask("DELETE", f"/prices/{everywhere['id']}", 204)


@pytest.mark.covers("cost-late-tokens", "cache-savings", "partial-sums")
def test_tokens_that_logs_tell_later_cost_too_and_savings_are_money(shop: Shop) -> None:
    """Gemini CLI's span leaves the thoughts out of its output; the record of the same call has them."""
    shop.put("gemini-x", input_usd=1, output_usd=10, cache_read_usd=0.25)
    shop.call(
        "agent", "gemini-x", scope="gemini-cli", operation__name="llm_call", provider__name="gcp.gemini",
        usage__cache_read__input_tokens=400, conversation__id="s1",
    )  # fmt: skip
    shop.call("unknown", "gemini-y", provider__name="gcp.gemini", usage__cache_read__input_tokens=400)
    spent = 600e-6 + 400 * 0.25e-6 + 100 * 10e-6
    overview = shop.ask("GET", "/llm", **RANGE)["now"]["total"]
    assert (overview["cost_usd"], overview["unpriced"]) == (pytest.approx(spent), 1)
    assert overview["cache_savings_usd"] == pytest.approx(400 * 0.75e-6), "of the call whose price is known"
    (traced, other) = shop.ask("GET", "/traces", **RANGE, sort="-cost_usd")["rows"]
    assert (traced["cost_usd"], traced["unpriced"]) == (pytest.approx(spent), 0)
    assert (other["cost_usd"], other["unpriced"]) == (None, 1)
    assert shop.ask("GET", f"/traces/{other['trace_id']}")["trace"]["unpriced"] == 1

    said = {
        "event.name": "gemini_cli.api_response", "session.id": "s1", "model": "gemini-x", "input_token_count": 1000,
        "output_token_count": 100, "thoughts_token_count": 50,
    }  # fmt: skip
    attributes = [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in said.items()
    ]
    record = {"timeUnixNano": str(NOON), "attributes": attributes}
    shop.send(
        "logs",
        {"resourceLogs": [{"resource": {}, "scopeLogs": [{"scope": {"name": "gemini-cli"}, "logRecords": [record]}]}]},
    )
    more = spent + 50 * 10e-6
    assert shop.ask("GET", "/llm", **RANGE)["now"]["total"]["cost_usd"] == pytest.approx(more)
    assert shop.costs()["agent"][0] == pytest.approx(more)
    opened = shop.ask("GET", f"/traces/{traced['trace_id']}")
    assert opened["spans"]["columns"]["output_tokens"] == [opened["trace"]["output_tokens"]] == [150]
    assert opened["spans"]["columns"]["cost_usd"] == [opened["trace"]["cost_usd"]] == [pytest.approx(more)]
    shop.put("gemini-x", input_usd=2, output_usd=20, cache_read_usd=0.5)
    assert shop.reprice()["after_usd"] == pytest.approx(2 * more)
    assert shop.costs()["agent"][0] == pytest.approx(2 * more)
