"""Stored calls at the prices of today: what would change, and the statement that changes it in place.

Rates are asked for once per combination of provider, models, tier and length of input that a day has; the engine does
the arithmetic of `processors.cost`. A mutation rewrites these few columns of one day's parts: it goes on by itself
after a crash, spans that arrive meanwhile are not in it, and running it again changes nothing.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import date, timedelta
from typing import NamedTuple

from tapetum_server.query.reader import Reader, first_row, tuples_of
from tapetum_server.query.sources import SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange
from tapetum_server.store import sql_files
from tapetum_server.store.bound_values import literal
from tapetum_server.store.engine import Engine

_TIER = """multiIf(span_rows.service_tier != '', toString(span_rows.service_tier),
        startsWith(span_rows.price_version, 'genai-prices ') AND length(splitByChar(' ', span_rows.price_version)) = 5,
            splitByChar(' ', span_rows.price_version)[5],
        span_rows.service_tier = '' AND span_rows.cost_status = 'unknown_tier', '?', '')"""
"""Rows of versions that kept no tier: it stands in their price's version, or nobody knows it any more (`?`)."""
_KEY = f"cityHash64(span_rows.provider, span_rows.model, span_rows.request_model, {_TIER})"
_RATES = (
    "call", "input", "cache_read", "cache_write", "output", "audio_input", "audio_output", "image_input", "second",
)  # fmt: skip
_KEPT_RATES = ("input", "cache_read", "cache_write", "output")


class Combination(NamedTuple):
    """What the price of a call depends on, besides its day and length."""

    key: int
    provider: str
    model: str
    request_model: str
    tier: str


class PricedAs(NamedTuple):
    """What calls of one combination and step of length cost: a reason, or rates in the order of `_RATES`."""

    reason: str
    version: str
    rates: tuple[float, ...]
    """The last is USD per second, or -1 where it is not time that is paid for."""


NO_RATES = (0.0,) * (len(_RATES) - 1) + (-1.0,)


class DayPrices(NamedTuple):
    """The prices of some combinations on one day."""

    steps: list[int]
    """Lengths of input beyond which a call is in the next step."""
    priced: dict[int, tuple[PricedAs, ...]]
    """Key of a combination → what its calls cost, one for each step and the one before the first."""


class Repriced(NamedTuple):
    """What repricing some calls means. Sums are of calls that count, once each; `None` where no cost is known."""

    calls: int
    changed: int
    """Calls whose cost becomes another one, known or unknown."""
    outdated: int
    """Calls of which anything changes, also only the price's version."""
    unpriced_before: int
    unpriced_after: int
    before_usd: float | None
    after_usd: float | None


class StoreRepricer:
    """Changes what stored calls cost. One at a time: two would do the same work twice."""

    def __init__(self, engine: Engine, executor: Executor | None = None) -> None:
        self._engine = engine
        self._executor = executor
        self._busy = False

    @property
    def busy(self) -> bool:
        """Whether somebody reprices now."""
        return self._busy

    @contextmanager
    def taken(self) -> Iterator[None]:
        """While it is used; ask `busy` before, without waiting in between."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False

    async def rewrite(self, project: str, time_range: TimeRange, prices: DayPrices) -> None:
        """Give the calls of a day their cost by `prices`, durably."""
        sql = rewrite_statement(self._engine.database, project, time_range, prices)
        loop = asyncio.get_running_loop()
        query_id = f"reprice-{secrets.token_hex(8)}"
        await asyncio.shield(loop.run_in_executor(self._executor, self._engine.apart, sql, query_id))


async def days_with_calls(reader: Reader, project: str, time_range: TimeRange) -> list[int]:
    """The days of the range, counted from 1970, that have calls whose usage counts."""
    return [day for (day,) in tuples_of(await reader.query(*days_statement(project, time_range)))]


def days_statement(project: str, time_range: TimeRange) -> Statement:
    """One column, `day`."""
    parameters = Parameters()
    sql = f"""SELECT DISTINCT toInt32(toDate32(start_time)) AS day
FROM span_rows
WHERE {_calls(project, time_range, parameters)}
ORDER BY day"""
    return Statement(sql, parameters.values)


async def combinations(reader: Reader, project: str, day: TimeRange) -> list[Combination]:
    """What calls of a day there are, as far as prices go."""
    return [Combination(*row) for row in tuples_of(await reader.query(*combinations_statement(project, day)))]


def combinations_statement(project: str, day: TimeRange) -> Statement:
    """Rows of `Combination`."""
    parameters = Parameters()
    sql = f"""SELECT DISTINCT {_KEY} AS key, toString(provider) AS provider, toString(model) AS model,
    toString(request_model) AS request_model, {_TIER} AS tier
FROM span_rows
WHERE {_calls(project, day, parameters)}
ORDER BY key"""
    return Statement(sql, parameters.values)


async def repriced(reader: Reader, project: str, day: TimeRange, prices: DayPrices) -> Repriced:
    """What the calls of a day cost now, and by `prices`."""
    row = first_row(await reader.query(*repriced_statement(project, day, prices)))
    assert row is not None
    return Repriced(**row)


def repriced_statement(project: str, day: TimeRange, prices: DayPrices) -> Statement:
    """One row of `Repriced`. The cost after is worked out as the views do, with what log records say."""
    parameters = Parameters()
    new = _new_values(prices, parameters)
    old = ", ".join(f"span_rows.{name} AS old_{name}" for name in new)
    kept = ", ".join(f"span_rows.{name} AS {name}" for name in _KEPT)
    counted = SPANS.computed["usage_counted"].replace("{of}", f" WHERE project = {parameters.text(project)}")
    cost = sql_files.cost("span_rows").replace("{database}.", "")
    outdated = " OR ".join(f"old_{name} != {name}" if name in _TEXTS else _differs(f"old_{name}", name) for name in new)
    sql = f"""SELECT count() AS calls, countIf({_differs("before", "after")}) AS changed, countIf(outdated) AS outdated,
    countIf(isNull(before) AND counts) AS unpriced_before, countIf(isNull(after) AND counts) AS unpriced_after,
    sumIf(before, counts) AS before_usd, sumIf(after, counts) AS after_usd
FROM (
    SELECT before, counts, {cost} AS after,
        {outdated} AS outdated
    FROM (
        SELECT {kept},
            {old},
            {cost} AS before,
            {counted} AS counts,
            {", ".join(f"{value} AS {name}" for name, value in new.items())}
        FROM span_rows FINAL
        WHERE {_calls(project, day, parameters)} AND {_is_known(prices, parameters)}
    ) AS span_rows
)"""
    return Statement(sql, parameters.values)


def rewrite_statement(database: str, project: str, day: TimeRange, prices: DayPrices) -> str:
    """The mutation. It knows no bound parameters: values stand in it as literals."""
    literals = _Literals()
    partition = (date(1970, 1, 1) + timedelta(days=(day.start or 0) // _DAY)).isoformat()
    values = ", ".join(f"{name} = {value}" for name, value in _new_values(prices, literals).items())
    return (
        f"ALTER TABLE {database}.span_rows UPDATE {values} IN PARTITION {literal(partition)} "
        f"WHERE {_calls(project, day, literals)} AND {_is_known(prices, literals)} SETTINGS mutations_sync = 1"
    )


_DAY = 86_400 * 10**9
_KEPT = (
    "project", "trace_id", "span_id", "log_key", "input_tokens", "output_tokens", "cache_read_tokens",
    "cache_write_tokens",
)  # fmt: skip
_TEXTS = ("cost_status", "price_version")


class _Literals(Parameters):
    def bind(self, value: object, type_name: str) -> str:
        return f"CAST({literal(value)}, {literal(type_name)})"


def _calls(project: str, time_range: TimeRange, parameters: Parameters) -> str:
    found = [f"span_rows.project = {parameters.text(project)}", "span_rows.owns_usage"]
    if time_range.start is not None:
        found.append(f"span_rows.start_time >= {parameters.moment(time_range.start)}")
    if time_range.end is not None:
        found.append(parameters.before("span_rows.start_time", time_range.end))
    return " AND ".join(found)


def _is_known(prices: DayPrices, parameters: Parameters) -> str:
    """A combination that came up since `prices` were made has today's prices anyway."""
    return f"{_KEY} IN {parameters.bind(list(prices.priced), 'Array(UInt64)')}"


def _new_values(prices: DayPrices, parameters: Parameters) -> dict[str, str]:
    """Column → its value by `prices`: the arithmetic of `processors.cost`, which a test holds it to."""
    # Most combinations of a day share their prices: all of those that are unknown, for one.
    distinct = list(dict.fromkeys(prices.priced.values()))
    first = {rates: i * (len(prices.steps) + 1) for i, rates in enumerate(distinct)}
    entries = [entry for rates in distinct for entry in rates]
    keys = parameters.bind(list(prices.priced), "Array(UInt64)")
    places = parameters.bind([first[rates] for rates in prices.priced.values()], "Array(Int64)")
    step = "0"
    if prices.steps:
        steps = parameters.bind(prices.steps, "Array(UInt64)")
        step = f"arrayCount(s -> ifNull(span_rows.input_tokens, 0) > s, {steps})"
    place = f"transform({_KEY}, {keys}, {places}, toInt64(0)) + {step} + 1"
    arrays = {
        "reason": parameters.bind([entry.reason for entry in entries], "Array(String)"),
        "list_version": parameters.bind([entry.version for entry in entries], "Array(String)"),
        **{
            f"per_{name}": parameters.bind([entry.rates[i] for entry in entries], "Array(Float64)")
            for i, name in enumerate(_RATES)
        },
    }

    def with_prices(body: str) -> str:
        """`body`, in which the names of `arrays` are those of the row's price. Bound once: the texts are long."""
        used = [name for name in arrays if re.search(rf"\b{name}\b", body)]
        inner = f"arrayMap(({', '.join(used)}) -> {body}, {', '.join(f'[{arrays[name]}[place]]' for name in used)})[1]"
        return f"arrayMap(place -> {inner}, [{place}])[1]"

    complete = "(isNotNull(span_rows.input_tokens) AND (isNotNull(span_rows.output_tokens) OR span_rows.kind != 'llm'))"
    seconds = (
        "greatest(0, toUnixTimestamp64Nano(span_rows.end_time) - toUnixTimestamp64Nano(span_rows.start_time)) / 1e9"
    )
    # Also what only the input costs, where log records may say the output.
    known = f"({complete} OR isNotNull(span_rows.input_tokens) AND span_rows.log_key != '')"
    by_tokens = f"reason = '' AND per_second < 0 AND {known}"
    cost = (
        f"multiIf(reason != '', NULL, per_second >= 0, if(span_rows.ended, {seconds} * per_second, NULL), "
        f"{known}, {_charge()}, NULL)"
    )
    status = (
        f"multiIf(reason != '', if({complete}, reason, 'no_usage'), "
        f"per_second >= 0, if(span_rows.ended, 'priced', 'running'), {complete}, 'priced', 'no_usage')"
    )
    version = f"if(({by_tokens}) OR reason = '' AND per_second >= 0 AND span_rows.ended, list_version, '')"
    values = {"cost_usd": cost, "cost_status": status, "price_version": version}
    values |= {f"{name}_rate": f"if({by_tokens}, per_{name}, NULL)" for name in _KEPT_RATES}
    return {name: with_prices(body) for name, body in values.items()}


def _charge() -> str:
    tokens_in, tokens_out = "toInt64(ifNull(span_rows.input_tokens, 0))", "toInt64(ifNull(span_rows.output_tokens, 0))"
    read = f"least(toInt64(ifNull(span_rows.cache_read_tokens, 0)), {tokens_in})"
    written = f"least(toInt64(ifNull(span_rows.cache_write_tokens, 0)), {tokens_in} - {read})"
    heard = f"least(toInt64(ifNull(span_rows.audio_input_tokens, 0)), {tokens_in} - {read} - {written})"
    seen = f"least(toInt64(ifNull(span_rows.image_input_tokens, 0)), {tokens_in} - {read} - {written} - {heard})"
    spoken = f"least(toInt64(ifNull(span_rows.audio_output_tokens, 0)), {tokens_out})"
    return (
        f"per_call + ({tokens_in} - {read} - {written} - {heard} - {seen}) * per_input + {read} * per_cache_read"
        f" + {written} * per_cache_write + {heard} * per_audio_input + {seen} * per_image_input"
        f" + ({tokens_out} - {spoken}) * per_output + {spoken} * per_audio_output"
    )


def _differs(one: str, other: str) -> str:
    """Sums of floats depend on the order of adding: what differs by less than a billionth is the same money."""
    return f"ifNull(abs({one} - {other}) > 1e-15 + 1e-9 * abs({other}), isNull({one}) != isNull({other}))"
