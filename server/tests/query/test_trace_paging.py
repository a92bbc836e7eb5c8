"""Pages of traces, against a list made in Python, with windows so small that every edge is met."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from asked_world import START, World, span_batch, trace_id

from tapetum_server.query import traces
from tapetum_server.query.filter import Filter, parse_filter
from tapetum_server.query.time_range import TimeRange

EVERYTHING = TimeRange(None, None)


def some_traces(seed: int, count: int) -> list[dict[str, Any]]:
    """Traces that overlap, share start times and come in every length."""
    chance = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for number in range(1, count + 1):
        first = chance.randrange(30)
        for _ in range(chance.choice([1, 1, 2, 5, 12])):
            at = first + chance.choice([0, 0, 1, 3, 20])
            name = chance.choice(["a", "b"])
            rows.append({"trace": number + seed * 1000, "span": len(rows) + 1, "at": at, "name": name})
    return rows


def expected(rows: list[dict[str, Any]], q: str, sort: str) -> list[str]:
    """Trace ids in order of their first matching span."""
    first: dict[str, int] = {}
    for row in rows:
        if q and row["name"] != "b":
            continue
        key = trace_id(row["trace"])
        first[key] = min(first.get(key, row["at"]), row["at"])
    ordered = sorted((at, key) for key, at in first.items())
    return [key for _, key in (reversed(ordered) if sort.startswith("-") else ordered)]


async def all_pages(asked: World, project: str, q: str, sort: traces.TraceSort, limit: int) -> list[str]:
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await traces.list_traces(
            asked.reader, project=project, time_range=EVERYTHING, filter=parse_filter(q), sort=sort, limit=limit,
            cursor=cursor,
        )  # fmt: skip
        seen += [row["trace_id"] for row in page["rows"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return seen
        assert len(page["rows"]) == limit


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("window", [2, 40])
@pytest.mark.wide
def test_pages_hold_every_trace_once_in_order(
    asked: World, monkeypatch: pytest.MonkeyPatch, seed: int, window: int
) -> None:
    """Many traces start at the same time and reach across the edges of windows and pages."""
    monkeypatch.setattr(traces, "FIRST_WINDOW", window)
    rows = some_traces(seed, 20)
    asked.keep(span_batch(*rows, project=f"p{seed}"))
    for number, sort in enumerate(("-start_time", "start_time")):
        for q in ("", "name:b"):
            # Seeds take turns: each length of a page is met in every order, filtered and not.
            limit = (4, 11)[(number + bool(q) + seed) % 2]
            found = asyncio.run(all_pages(asked, f"p{seed}", q, sort, limit))  # type: ignore[arg-type]
            assert found == expected(rows, q, sort), (sort, q, limit)


def test_redelivered_spans_do_not_hide_older_traces(asked: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A window is measured in stored rows, of which a span that came three times has three."""
    monkeypatch.setattr(traces, "FIRST_WINDOW", 4)
    rows = [{"trace": 700 + n, "span": 700 + n, "at": n, "name": "a"} for n in range(12)]
    for _ in range(3):
        asked.keep(span_batch(*rows, project="redelivered"))
    for sort in ("-start_time", "start_time"):
        found = asyncio.run(all_pages(asked, "redelivered", "", sort, 5))  # type: ignore[arg-type]
        assert found == expected(rows, "", sort)


def test_spans_that_arrive_between_two_pages_neither_repeat_nor_hide_a_trace(asked: World) -> None:
    rows = some_traces(9, 20)
    asked.keep(span_batch(*rows, project="p9"))
    before = asyncio.run(all_pages(asked, "p9", "", "-start_time", 50))

    async def first(cursor: str | None) -> traces.TracePage:
        return await traces.list_traces(
            asked.reader, project="p9", time_range=EVERYTHING, filter=Filter(), limit=8, cursor=cursor
        )

    page = asyncio.run(first(None))
    seen = [row["trace_id"] for row in page["rows"]]
    while page["next_cursor"]:
        # Newer traces, and later spans of traces that are on pages to come.
        late = [{"trace": 9_000 + 500 + len(seen), "span": 1, "at": 900}]
        late += [{"trace": int(i, 16), "span": 10_000 + n, "at": 800} for n, i in enumerate(before)]
        asked.keep(span_batch(*late, project="p9"))
        page = asyncio.run(first(page["next_cursor"]))
        seen += [row["trace_id"] for row in page["rows"]]
    assert seen == before


def test_a_trace_counts_by_its_spans_within_the_range(asked: World) -> None:
    rows = [{"trace": 71, "span": 1, "at": 0}, {"trace": 71, "span": 2, "at": 50}, {"trace": 72, "span": 3, "at": 40}]
    asked.keep(span_batch(*rows, project="ranged"))
    second = 1_000_000_000

    async def within(start: int) -> list[str]:
        page = await traces.list_traces(
            asked.reader, project="ranged", time_range=TimeRange(START + start * second, None), filter=Filter()
        )
        return [row["trace_id"] for row in page["rows"]]

    assert asyncio.run(within(0)) == [trace_id(72), trace_id(71)]
    assert asyncio.run(within(30)) == [trace_id(71), trace_id(72)]
