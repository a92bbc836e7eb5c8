"""Every query of the cookbook, asked through the API over telemetry in which each has something to find."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.shop import Shop, host_of
from browser.telemetry import SECOND, Metrics, Spans
from process.servers import RunningServer, eventually

COOKBOOK = Path(__file__).resolve().parents[3] / "docs" / "sql-cookbook.md"
QUERIES = re.findall(r"^### (.+?)\n.*?```sql\n(.+?)```", COOKBOOK.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A shop with failures, a span that still runs, a metric that fell silent, and a record that was refused."""
    now = time.time_ns()
    shop, more, silent = Shop(now).fill(), Spans(), Metrics()
    more.add(host_of("trainer"), "5c" * 16, "5c" * 8, "train fraud", now - 90 * SECOND, 0)
    more.add(host_of("trainer"), "00" * 16, "5d" * 8, "refused: its trace id is zero", now - SECOND, now)
    silent.gauge(host_of("trainer"), "queue.depth", now - 3_000 * SECOND, 4)
    with RunningServer(tmp_path_factory.mktemp("cookbook") / "data") as running:
        for signal, body in (
            ("traces", shop.spans.body()),
            ("logs", shop.logs.body()),
            ("metrics", shop.metrics.body()),
            ("traces", more.body()),
            ("metrics", silent.body()),
        ):
            assert running.send(signal, body, project="shop").status_code == 200
        eventually(lambda: running.rows("SELECT 1 FROM ingest WHERE refused > 0"), "the counts of ingest")
        yield running


@pytest.mark.covers("docs-cookbook")
@pytest.mark.parametrize(("title", "query"), QUERIES, ids=[title for title, _ in QUERIES])
def test_a_query_of_the_cookbook_answers_rows(server: RunningServer, title: str, query: str) -> None:
    answer = server.client.post("/api/v1/sql", json={"query": query, "project": "shop"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["rows"], title


@pytest.mark.covers("docs-complete")
def test_every_metric_of_the_server_is_documented(server: RunningServer) -> None:
    """A server that has received everything once says all that it can say."""
    names = re.findall(r"^# TYPE (\w+) ", server.client.get("/metrics").text, re.MULTILINE)
    text = (COOKBOOK.parent / "operations.md").read_text(encoding="utf-8")
    assert len(names) > 3
    assert [name for name in names if f"`{name}" not in text] == []


def test_there_are_many() -> None:
    assert len(QUERIES) >= 25
