"""Stored calls at today's prices, day by day: what that changes, and the changing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from typing_extensions import TypedDict

from tapetum_server.processors.price_book import PriceBook
from tapetum_server.processors.rates import Rates, load_prices, steps_of
from tapetum_server.query.reader import Reader
from tapetum_server.query.repricing import (
    NO_RATES,
    Combination,
    DayPrices,
    PricedAs,
    Repriced,
    StoreRepricer,
    combinations,
    days_with_calls,
    repriced,
)
from tapetum_server.query.time_range import TimeRange, format_time

_DAY = 86_400 * 10**9
ENOUGH_S = 10.0
"""After this long an answer says where to go on: no request waits for all of a year."""

AT_ONCE = 100
"""Combinations in one statement: a mutation's prices stand in its text, of which the engine reads 256 KiB."""


class RepriceReport(TypedDict):
    """What repricing changed, or would. Money is of calls that count, once each; `null` where none has a known cost."""

    dry_run: bool
    calls: int
    changed: int
    """Calls whose cost became another one, or known, or unknown."""
    unpriced_before: int
    unpriced_after: int
    before_usd: float | None
    after_usd: float | None
    days: int
    """Days that were looked at and have calls."""
    next: str | None
    """The `from` of a request that goes on where this one stopped; `null` when everything is done."""


async def reprice(
    reader: Reader,
    repricer: StoreRepricer,
    book: PriceBook,
    *,
    project: str,
    time_range: TimeRange,
    dry_run: bool,
    enough_s: float = ENOUGH_S,
    clock: Callable[[], float] = time.monotonic,
) -> RepriceReport:
    """Give the calls of the range their cost by `book`, or say what that would change."""
    report = RepriceReport(
        dry_run=dry_run, calls=0, changed=0, unpriced_before=0, unpriced_after=0, before_usd=None, after_usd=None,
        days=0, next=None,
    )  # fmt: skip
    until = clock() + enough_s
    await asyncio.to_thread(load_prices)
    for day in await days_with_calls(reader, project, time_range):
        within = _within(time_range, day)
        if report["days"] and clock() > until:
            report["next"] = format_time(within.start or 0)
            break
        found = await combinations(reader, project, within)
        report["days"] += 1
        for first in range(0, len(found), AT_ONCE):
            prices = await asyncio.to_thread(_prices, book, day, found[first : first + AT_ONCE])
            means = await repriced(reader, project, within, prices)
            if means.outdated and not dry_run:
                await repricer.rewrite(project, within, prices)
            _add(report, means)
    return report


def _add(report: RepriceReport, means: Repriced) -> None:
    report["calls"] += means.calls
    report["changed"] += means.changed
    report["unpriced_before"] += means.unpriced_before
    report["unpriced_after"] += means.unpriced_after
    report["before_usd"] = _sum(report["before_usd"], means.before_usd)
    report["after_usd"] = _sum(report["after_usd"], means.after_usd)


def _within(time_range: TimeRange, day: int) -> TimeRange:
    start, end = day * _DAY, (day + 1) * _DAY
    return TimeRange(
        max(start, time_range.start if time_range.start is not None else start),
        min(end, time_range.end if time_range.end is not None else end),
    )


def _prices(book: PriceBook, day: int, found: list[Combination]) -> DayPrices:
    steps = sorted(
        {
            step
            for each in found
            for name in {each.model, each.request_model} - {""}
            for step in steps_of(each.provider, name, max(day, 0), each.tier)
        }
    )
    return DayPrices(
        steps,
        {
            each.key: tuple(
                _priced(book.rates(each.provider, each.model, each.request_model, max(day, 0), each.tier, length))
                for length in (0, *(step + 1 for step in steps))
            )
            for each in found
        },
    )


def _priced(rates: Rates | str) -> PricedAs:
    if isinstance(rates, str):
        return PricedAs(rates, "", NO_RATES)
    return PricedAs(
        "",
        rates.version,
        (
            rates.call, rates.input, rates.cache_read, rates.cache_write, rates.output, rates.audio_input,
            rates.audio_output, rates.image_input, -1.0 if rates.second is None else rates.second,
        ),
    )  # fmt: skip


def _sum(one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else one + other
