"""Stored calls priced anew, on every home of the store: the mutation runs beside everything else, and is done when it returns."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from store.conftest import Keep
from store.telemetry import SECOND, START, spans
from tapetum_server.analysis.repricing import RepriceReport, reprice
from tapetum_server.processors.price_book import PriceBook
from tapetum_server.query.repricing import StoreRepricer
from tapetum_server.query.store_reader import StoreReader
from tapetum_server.query.time_range import TimeRange
from tapetum_server.signals.prices import PriceRule
from tapetum_server.store.engine import Engine, StoreError

DAY = 86_400 * SECOND
CALL = {
    "gen_ai.operation.name": "chat", "gen_ai.provider.name": "own", "gen_ai.request.model": "my-7b",
    "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 100,
}  # fmt: skip


@pytest.mark.covers("reprice")
@pytest.mark.wide
def test_calls_of_two_days_and_nobody_elses_cost_what_they_cost_today(any_engine: Engine, keep: Keep) -> None:
    mine = [{"start": START - day * DAY, "span_id": f"{day + 1:016x}", "attributes": CALL} for day in range(2)]
    keep(spans(*mine), spans(*mine, project="other"))
    book = PriceBook(
        [PriceRule(id="a1", project="", provider="", model="my-*", valid_from=None, input_usd=1.0, output_usd=2.0)]
    )

    async def priced(dry_run: bool) -> RepriceReport:
        with ThreadPoolExecutor(2) as executor:
            return await reprice(
                StoreReader(any_engine, executor), StoreRepricer(any_engine, executor), book,
                project="default", time_range=TimeRange(None, None), dry_run=dry_run,
            )  # fmt: skip

    def costs(project: str) -> list[float | None]:
        asked = "SELECT cost_usd FROM spans WHERE project = {p:String}"
        return any_engine.query(asked, {"p": project}).column("cost_usd").to_pylist()

    dry = asyncio.run(priced(True))
    assert (dry["changed"], costs("default")) == (2, [None, None])
    done = asyncio.run(priced(False))
    assert (done["days"], done["changed"], done["unpriced_after"]) == (2, 2, 0)
    assert costs("default") == [pytest.approx(0.0012)] * 2
    assert costs("other") == [None, None]
    assert asyncio.run(priced(False))["changed"] == 0


def test_a_long_statement_that_fails_says_so(any_engine: Engine) -> None:
    with pytest.raises(StoreError, match="no_such_column"):
        any_engine.apart(f"ALTER TABLE {any_engine.database}.span_rows DELETE WHERE no_such_column", "reprice-1")
    with pytest.raises(StoreError, match="query id"):
        any_engine.apart("SELECT 1", "it's not an id")
