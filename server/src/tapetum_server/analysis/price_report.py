"""The models of a project, each with what it costs now: by a price that somebody set, and by the list."""

from __future__ import annotations

import asyncio

from typing_extensions import TypedDict

from tapetum_server.processors.price_book import PriceBook, day_of
from tapetum_server.processors.rates import Rates, load_prices, steps_of
from tapetum_server.query.filter import Filter
from tapetum_server.query.priced_models import SeenModel, seen_models
from tapetum_server.query.reader import Reader
from tapetum_server.query.time_range import TimeRange

_LIST = PriceBook()


class ModelPrice(TypedDict):
    """USD per million tokens, or per hour; what is as all other input or output is said too."""

    version: str
    input_usd: float | None
    cache_read_usd: float | None
    cache_write_usd: float | None
    output_usd: float | None
    hourly_usd: float | None
    steps: list[int]
    """Lengths of input beyond which the list has other prices than these."""


class PricedModel(SeenModel):
    """A model that calls name, and its prices of today."""

    price: ModelPrice | None
    """The one in force; `null` where nobody knows it."""
    listed: ModelPrice | None
    """The price list's, also where a price that somebody set comes first."""
    overridden: bool


class PricedModels(TypedDict):
    """The models of the range, those whose price is unknown first."""

    rows: list[PricedModel]
    total: int


async def priced_models(
    reader: Reader, book: PriceBook, *, project: str, time_range: TimeRange, filter: Filter, now: int
) -> PricedModels:
    """The models that calls of the range name, with today's prices."""
    found, total = await seen_models(reader, project=project, time_range=time_range, filter=filter)

    def priced() -> list[PricedModel]:
        load_prices()
        return [
            PricedModel(
                **model,
                price=_price(book, model["provider"], model["model"], model["request_model"], day_of(now)),
                listed=_price(_LIST, model["provider"], model["model"], model["request_model"], day_of(now)),
                overridden=book.is_own(model["provider"], model["model"], model["request_model"], day_of(now)),
            )
            for model in found
        ]

    return PricedModels(rows=await asyncio.to_thread(priced), total=total)


def listed_price(provider: str, model: str, now: int) -> ModelPrice | None:
    """The price list's price of a model, of today; `None` where it has none. Reads the list at first."""
    load_prices()
    return _price(_LIST, provider, model, "", day_of(now))


def _price(book: PriceBook, provider: str, model: str, request_model: str, day: int) -> ModelPrice | None:
    rates = book.rates(provider, model, request_model, day)
    if isinstance(rates, str):
        return None
    timed = rates.second is not None
    own = book.is_own(provider, model, request_model, day)
    steps = () if own else steps_of(provider, model, day, "") or steps_of(provider, request_model, day, "")
    return ModelPrice(
        version=rates.version,
        input_usd=None if timed else _million(rates.input),
        cache_read_usd=None if timed else _million(rates.cache_read),
        cache_write_usd=None if timed else _million(rates.cache_write),
        output_usd=None if timed else _million(rates.output),
        hourly_usd=_hourly(rates),
        steps=list(steps),
    )


def _hourly(rates: Rates) -> float | None:
    return None if rates.second is None else round(rates.second * 3600, 6)


def _million(rate: float) -> float:
    return round(rate * 1e6, 6)
