"""What a model call costs: tokens times the price of that day, or seconds times that of a machine, in USD.

What is not known is NULL and says why, never 0. Cached tokens are a part of the input (OTel), and are billed once, at
their own rate.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from tapetum_server.processors.price_book import PriceBook, day_of
from tapetum_server.processors.rates import Rates, load_prices
from tapetum_server.signals.attributes import AttributeValue
from tapetum_server.signals.consumer import Batch, Consumer, Receipt
from tapetum_server.signals.spans import Canonical, SpanBatch

PRICED, NO_USAGE, STILL_RUNNING = "priced", "no_usage", "running"
_TIER_KEYS = (
    "gen_ai.openai.response.service_tier", "openai.response.service_tier", "gen_ai.response.service_tier",
    "gen_ai.openai.request.service_tier", "openai.request.service_tier", "gen_ai.request.service_tier",
)  # fmt: skip
_LIST_ALONE = PriceBook()


class PriceCalls:
    """A `signals.Consumer` that adds what calls cost, and hands every batch on.

    `book_of` gives the prices of a project as they are now; it is asked once a batch.
    """

    def __init__(self, following: Consumer, book_of: Callable[[str], PriceBook] = lambda _project: _LIST_ALONE) -> None:
        self._following = following
        self._book_of = book_of
        self._loaded = False

    async def consume(self, batch: Batch) -> Receipt:
        """See `signals.Consumer`."""
        if isinstance(batch, SpanBatch):
            if not self._loaded and any(fields.usage_counted for fields in batch.canonical):
                await asyncio.to_thread(load_prices)
                self._loaded = True
            price(batch, self._book_of(batch.project))
        return await self._following.consume(batch)


def price(batch: SpanBatch, book: PriceBook = _LIST_ALONE) -> None:
    """Fill cost, its reason, version and rates of the calls whose usage counts."""
    canonical = batch.canonical
    for i, fields in enumerate(canonical):
        if fields.usage_counted:
            start, end = batch.start_time_unix_nano[i], batch.end_time_unix_nano[i]
            canonical[i] = _priced(fields, batch.attributes[i], start, end, book)


def _priced(
    fields: Canonical, attributes: Mapping[str, AttributeValue], start: int, end: int, book: PriceBook
) -> Canonical:
    tier = _tier(attributes)
    tokens_in, tokens_out = fields.input_tokens, fields.output_tokens
    rates = book.rates(fields.provider, fields.model, fields.request_model, day_of(start), tier, tokens_in or 0)
    if isinstance(rates, str):
        complete = tokens_in is not None and (tokens_out is not None or fields.kind != "llm")
        return fields._replace(cost_status=rates if complete else NO_USAGE, service_tier=tier)
    if rates.second is not None:
        if not end:
            return fields._replace(cost_status=STILL_RUNNING, service_tier=tier)
        cost = max(0, end - start) / 1e9 * rates.second
        return fields._replace(cost_usd=cost, cost_status=PRICED, price_version=rates.version, service_tier=tier)
    complete = tokens_in is not None and (tokens_out is not None or fields.kind != "llm")
    if tokens_in is None or not (complete or fields.log_key):
        return fields._replace(cost_status=NO_USAGE, service_tier=tier)
    # Where log records may still say the output, what the input costs is kept: the rest is added at read.
    total = charge(
        rates, tokens_in, tokens_out or 0, fields.cache_read_tokens or 0, fields.cache_write_tokens or 0,
        fields.audio_input_tokens or 0, fields.audio_output_tokens or 0, fields.image_input_tokens or 0,
    )  # fmt: skip
    status = PRICED if complete else NO_USAGE
    return fields._replace(
        cost_usd=total, cost_status=status, price_version=rates.version, service_tier=tier, input_rate=rates.input,
        cache_read_rate=rates.cache_read, cache_write_rate=rates.cache_write, output_rate=rates.output,
    )  # fmt: skip


def charge(
    rates: Rates, input_tokens: int, output_tokens: int, cache_read: int, cache_write: int, audio_input: int,
    audio_output: int, image_input: int,
) -> float:  # fmt: skip
    """USD of one call. `input_tokens` is the total, of which cached, audio and image tokens are parts."""
    # What cannot be is the sender's mistake (usage_flags has it) and must not make a negative price.
    cache_read = min(cache_read, input_tokens)
    cache_write = min(cache_write, input_tokens - cache_read)
    audio_input = min(audio_input, input_tokens - cache_read - cache_write)
    image_input = min(image_input, input_tokens - cache_read - cache_write - audio_input)
    audio_output = min(audio_output, output_tokens)
    return (
        rates.call
        + (input_tokens - cache_read - cache_write - audio_input - image_input) * rates.input
        + cache_read * rates.cache_read
        + cache_write * rates.cache_write
        + audio_input * rates.audio_input
        + image_input * rates.image_input
        + (output_tokens - audio_output) * rates.output
        + audio_output * rates.audio_output
    )


def _tier(attributes: Mapping[str, AttributeValue]) -> str:
    for key in _TIER_KEYS:
        if key in attributes:
            said = attributes[key]
            return said.lower() if isinstance(said, str) else ""
    return ""
