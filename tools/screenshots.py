"""Pictures of every page of a running server: dark, light, and 390 pixels wide.

    make demo                                                   # in another terminal; give it two minutes
    python tools/screenshots.py --out DIR [--url http://127.0.0.1:4318] [--project demo]
        [--only trace logs] [--look dark]
    python tools/screenshots.py --readme                        # docs/images/trace.png, the README's picture

Each page waits until nothing loads any more. What the browser's console calls an error is printed, and makes the exit
status 1.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

TOOLS = Path(__file__).resolve().parent
README_PICTURE = TOOLS.parent / "docs" / "images" / "trace.png"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
PATIENT_MS = 30_000
ABSENT = "0e" * 16
METRIC = "http.server.request.duration"
SQL = "SELECT service, count() AS spans, quantile(0.95)(duration_ms) AS p95_ms FROM spans GROUP BY service"


@dataclass(frozen=True)
class Look:
    """A theme and a window."""

    name: str
    theme: str
    width: int
    height: int


LOOKS = (
    Look("dark", "dark", 1440, 900),
    Look("light", "light", 1440, 900),
    Look("narrow", "dark", 390, 844),
)


def failed_trace(url: str, project: str) -> str:
    """The trace with errors that has the most spans, else any with the most, else one that is not there."""
    for q in ("status:error", ""):
        query = urlencode({"project": project, "from": "now-6h", "q": q, "sort": "-span_count", "limit": 1})
        with urlopen(f"{url}/api/v1/traces?{query}", timeout=60) as answer:
            if rows := json.load(answer)["rows"]:
                return str(rows[0]["trace_id"])
    return ABSENT


def agent_trace(url: str, project: str) -> str:
    """The trace with the most spans among those in which an agent ran, else one that is not there."""
    query = urlencode({"project": project, "from": "all", "q": "kind:agent", "sort": "-span_count", "limit": 1})
    with urlopen(f"{url}/api/v1/traces?{query}", timeout=60) as answer:
        rows = json.load(answer)["rows"]
    return str(rows[0]["trace_id"]) if rows else ABSENT


def first_session(url: str, project: str) -> str:
    """The session that was seen last, or one that is not there."""
    query = urlencode({"project": project, "from": "all", "limit": 1})
    with urlopen(f"{url}/api/v1/sessions?{query}", timeout=60) as answer:
        rows = json.load(answer)["rows"]
    return str(rows[0]["id"]) if rows else "none"


def peer_of(url: str, project: str, trace: str) -> str:
    """A trace to hold `trace` against: the fastest of the same root that succeeded, else itself."""
    if trace == ABSENT:
        return trace
    with urlopen(f"{url}/api/v1/traces/{trace}/peers?{urlencode({'project': project})}", timeout=60) as answer:
        fastest = json.load(answer)["fastest"]
    return str(fastest["trace_id"]) if fastest else trace


def first_error(url: str, project: str) -> str:
    """The fingerprint of the error that occurred most often, or one that is not there."""
    query = urlencode({"project": project, "from": "all", "sort": "-count", "limit": 1})
    with urlopen(f"{url}/api/v1/errors?{query}", timeout=60) as answer:
        rows = json.load(answer)["rows"]
    return str(rows[0]["fingerprint"]) if rows else "0" * 16


def first_monitor(url: str, project: str) -> str:
    """The id of any monitor."""
    with urlopen(f"{url}/api/v1/monitors?{urlencode({'project': project})}", timeout=60) as answer:
        rows = json.load(answer)["rows"]
    return str(rows[0]["id"]) if rows else "none"


def addresses(
    project: str, trace: str, other: str, error: str, monitor: str, agent: str, session: str
) -> dict[str, str]:
    """Name of a picture to the address of its page."""

    def address(path: str, **search: str) -> str:
        return f"{path}?{urlencode({'project': project, **search})}"

    recent = {"from": "now-15m"}
    return {
        "start": address("/"),
        "health": address("/health"),
        "traces": address("/traces", **recent),
        "traces-failed": address("/traces", q="status:error", **recent),
        "traces-drawer": address("/traces", sel=trace, **recent),
        "spans": address("/traces", view="spans", **recent),
        "spans-chosen": address("/traces", view="spans", q="kind:llm", **recent),
        "trace": address(f"/traces/{trace}"),
        "trace-resources": address(f"/traces/{trace}", res="1"),
        "compare": address("/traces/compare", a=other, b=trace),
        "compare-choose": address("/traces/compare", b=trace),
        "compare-nothing": address("/traces/compare"),
        "trace-flame": address(f"/traces/{trace}", view="flame"),
        "trace-thread": address(f"/traces/{agent}", view="thread"),
        "trace-graph": address(f"/traces/{agent}", view="graph"),
        "traces-export": address("/traces", **recent),
        "sessions": address("/sessions", **recent),
        "sessions-none": address("/sessions", q="user_id:nobody", **recent),
        "session": address("/sessions/one", id=session),
        "session-unknown": address("/sessions/one", id="nothing-has-this-name"),
        "users": address("/users", **recent),
        "llm": address("/llm", **recent),
        "llm-tools": address("/llm", by="tool", **recent),
        "llm-none": address("/llm", q="model:nothing-has-this-name", **recent),
        "logs": address("/logs", **recent),
        "metrics": address("/metrics-explorer", **recent),
        "metric": address("/metrics-explorer", name=METRIC, by="service", **recent),
        "services": address("/services", **recent),
        "service-map": address("/services-map", **recent),
        "service": address("/services/scoring", **recent),
        "service-unknown": address("/services/nothing-has-this-name", **recent),
        "models": address("/models", **recent),
        "model-drift": address("/models/one", name="credit-risk", view="drift", base="half", **recent),
        "model-embeddings": address("/models/one", name="credit-risk", view="embeddings", base="half", **recent),
        "model-performance": address("/models/one", name="credit-risk", view="performance", base="half", **recent),
        "model-slices": address("/models/one", name="credit-risk", view="slices", by="channel", **recent),
        "model-versions": address("/models/one", name="credit-risk", view="versions", **recent),
        "models-none": address("/models", q="model:nothing-has-this-name", **recent),
        "data-quality": address("/data-quality"),
        "findings": address("/data-quality", model="credit-risk", view="findings"),
        "errors": address("/errors", **recent),
        "errors-drawer": address("/errors", sel=error, **recent),
        "errors-one": address(f"/errors/{error}", **recent),
        "errors-unknown": address(f"/errors/{'0' * 16}", **recent),
        "errors-none": address("/errors", q="type:nothing-has-this-type", **recent),
        "prompts": address("/prompts", **recent),
        "datasets": address("/datasets"),
        "review": address("/review", q="kind:llm", **recent),
        "evaluations": address("/evaluations", **recent),
        "evaluations-rows": address("/evaluations", view="rows", sort="score", **recent),
        "evaluations-none": address("/evaluations", q="name:nothing-has-this-name", **recent),
        "dashboards": address("/dashboards"),
        "dashboard-services": address("/dashboards/services", **recent),
        "dashboard-host": address("/dashboards/host", **recent),
        "dashboard-ingest": address("/dashboards/ingest", **recent),
        "monitors": address("/monitors"),
        "monitor": address(f"/monitors/{monitor}", **recent),
        "monitor-edit": address(f"/monitors/{monitor}/edit"),
        "monitor-unknown": address("/monitors/nothing"),
        "monitor-new": address("/monitors/new"),
        "ingest": address("/ingest", **recent),
        "sql": address("/sql", sql=SQL),
        "settings": address("/settings"),
        "settings-storage": address("/settings", tab="storage"),
        "settings-keys": address("/settings", tab="keys"),
        "settings-send": address("/settings", tab="send"),
        "settings-redaction": address("/settings", tab="redaction"),
        "settings-scrape": address("/settings", tab="scrape"),
        "settings-prices": address("/settings", tab="prices"),
        "settings-health": address("/settings", tab="health"),
        "settings-appearance": address("/settings", tab="appearance"),
        "settings-about": address("/settings", tab="about"),
        "empty": address("/traces", q="name:nothing-has-this-name", **recent),
        "error": address("/traces", q="duration_ms:>soon", **recent),
        "unknown": address(f"/traces/{ABSENT}"),
    }


def settle(page: Page) -> None:
    """Wait until the page has its heading and no skeleton stands for what still loads."""
    page.locator("h1").first.wait_for(state="attached")
    page.locator(".k-skeleton").first.wait_for(state="detached")
    page.wait_for_timeout(400)


def use(page: Page, name: str) -> None:
    """What a person does before the page shows what it is for."""
    if name == "trace":
        rows = page.get_by_role("treeitem")
        failed = rows.filter(has=page.get_by_label("error"))
        if failed.count():
            failed.last.click()
    elif name == "logs":
        rows = page.get_by_role("grid", name="Log records").get_by_role("row")
        if rows.count() > 3:
            rows.nth(3).click()
    elif name == "spans-chosen":
        boxes = page.get_by_role("grid", name="Spans").get_by_role("checkbox")
        if boxes.count() > 4:
            boxes.nth(1).click()
            boxes.nth(3).click(modifiers=["Shift"])
            page.get_by_role("button", name="Add to dataset…").click()
            page.get_by_role("dialog").wait_for()
    elif name == "traces-export":
        button = page.get_by_role("button", name="Export traces")
        if button.is_enabled():
            button.click()
            page.get_by_role("menu").wait_for()
    elif name == "sql":
        page.get_by_role("button", name="Run").first.click()
        page.get_by_role("grid").first.wait_for()
    else:
        return
    settle(page)


def photograph(
    browser: Browser, url: str, look: Look, wanted: dict[str, str], out: Path, touched: bool = True
) -> Iterator[str]:
    """Write one picture per address; yields what the console said."""
    context = browser.new_context(
        viewport={"width": look.width, "height": look.height}, reduced_motion="reduce", timezone_id="UTC"
    )
    context.set_default_timeout(PATIENT_MS)
    context.add_init_script(f"localStorage.setItem('tapetum-theme', '{look.theme}')")
    page = context.new_page()
    said: list[str] = []
    # An answer of 4xx is what the pages about errors are there to show.
    page.on("console", lambda m: said.append(m.text) if m.type == "error" and " 40" not in m.text else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    for name, address in wanted.items():
        page.goto(url + address)
        settle(page)
        if touched:
            use(page, name)
        page.screenshot(path=out / f"{name}-{look.name}.png")
        yield from (f"{name}, {look.name}: {text}" for text in said)
        said.clear()
    context.close()


def main() -> int:
    """Take the pictures; 1 when a console had something to say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:4318")
    parser.add_argument("--project", default="demo")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--only", nargs="+", default=[], metavar="PAGE")
    parser.add_argument("--look", nargs="+", default=[look.name for look in LOOKS], metavar="LOOK")
    parser.add_argument("--readme", action="store_true", help="take the README's picture and nothing else")
    args = parser.parse_args()
    if not args.readme and args.out is None:
        parser.error("--out DIR or --readme")
    found = subprocess.run([sys.executable, str(TOOLS / "chromium.py")], stdout=subprocess.PIPE, text=True, check=True)
    trace = failed_trace(args.url, args.project)
    other, monitor = peer_of(args.url, args.project, trace), first_monitor(args.url, args.project)
    agent, session = agent_trace(args.url, args.project), first_session(args.url, args.project)
    wanted = addresses(args.project, trace, other, first_error(args.url, args.project), monitor, agent, session)
    if unknown := set(args.only) - wanted.keys():
        parser.error(f"no page is called {', '.join(sorted(unknown))}; there are {', '.join(wanted)}")
    problems: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.stdout.strip(), args=ARGUMENTS)
        if args.readme:
            folder = README_PICTURE.parent
            problems += photograph(browser, args.url, LOOKS[0], {"trace": wanted["trace"]}, folder, touched=False)
            (folder / "trace-dark.png").replace(README_PICTURE)
        else:
            args.out.mkdir(parents=True, exist_ok=True)
            chosen = {name: address for name, address in wanted.items() if not args.only or name in args.only}
            for look in (look for look in LOOKS if look.name in args.look):
                problems += photograph(browser, args.url, look, chosen, args.out)
        browser.close()
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
