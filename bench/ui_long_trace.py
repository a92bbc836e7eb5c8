"""A trace of 50,000 spans in a headless browser: from the navigation until its first rows are painted.

    python -m bench.ui_long_trace [--times 7] [--chromium PATH] [--work DIR]

A new browser context each time: nothing is cached, scripts are parsed anew. `painted` is the frame after the first
rows are in the page; `answer` is when the trace's JSON is there whole; `blocked` the longest task of the main thread.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from bench import long_trace
from bench.machine import load, machine
from bench.send import send
from bench.serve import Server

_WATCH = """
window.seen = {long: []};
new MutationObserver((_, self) => {
  if (!document.querySelector('[role=treeitem]')) return;
  self.disconnect();
  requestAnimationFrame(() => setTimeout(() => { seen.painted = performance.now(); }));
}).observe(document, {childList: true, subtree: true});
new PerformanceObserver((list) => seen.long.push(...list.getEntries().map((e) => e.duration)))
  .observe({type: 'longtask', buffered: true});
"""
_READ = """(() => {
  const [trace] = performance.getEntriesByType('resource').filter((r) => r.name.includes('/traces/'));
  return {painted: seen.painted, asked: trace.requestStart, answer: trace.responseEnd, bytes: trace.encodedBodySize,
          blocked: Math.max(0, ...seen.long), rows: document.querySelectorAll('[role=treeitem]').length};
})()"""


def opened(browser: Browser, url: str) -> dict[str, Any]:
    """Milliseconds after the navigation, of one visit."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.add_init_script(_WATCH)
    page.goto(url)
    page.wait_for_selector("[role=treeitem]", timeout=60_000)
    page.wait_for_timeout(500)
    figures: dict[str, Any] = page.evaluate(_READ)
    context.close()
    return {k: round(v) for k, v in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=7)
    parser.add_argument("--chromium", default=os.environ.get("TAPETUM_CHROMIUM", "/usr/bin/chromium"))
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "tapetum-bench")
    args = parser.parse_args()
    print(json.dumps(machine() | {"load": load()}), flush=True)
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
    with Server(args.work / "ui-long-trace") as server, sync_playwright() as playwright:
        bodies = list(long_trace.requests(time.time_ns() - 3_700 * 10**9))
        if (sent := send(f"{server.url}/v1/traces", bodies)).accepted != long_trace.SPANS:
            raise SystemExit(f"the trace was not taken: {sent.statuses} {sent.first_error}")
        server.settle(quiet_s=2, limit_s=20)
        browser = playwright.chromium.launch(executable_path=args.chromium, args=arguments)
        visits = []
        for _ in range(args.times):
            visits.append(opened(browser, f"{server.url}/traces/{long_trace.TRACE_ID}"))
            print(json.dumps(visits[-1]), flush=True)
        browser.close()
    middle = {key: round(statistics.median(visit[key] for visit in visits)) for key in visits[0]}
    print(json.dumps({"spans": long_trace.SPANS, "median": middle, "load": load()}), flush=True)


if __name__ == "__main__":
    main()
