"""What calls cost: prices that come before the price list's, the models there are, and repricing what is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import fields
from datetime import date
from typing import Annotated, Any, cast

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from tapetum_server.analysis.price_report import ModelPrice, PricedModels, listed_price, priced_models
from tapetum_server.analysis.repricing import RepriceReport, reprice
from tapetum_server.api.access import Time
from tapetum_server.api.dependencies import Admin, ProjectName, Reader, catalog_of, demand
from tapetum_server.api.errors import ApiError
from tapetum_server.api.questions import Question, answer, now_of, reader_of, router_of
from tapetum_server.catalog.errors import TooMany, UnknownPrice
from tapetum_server.catalog.prices import SetPrice
from tapetum_server.processors.price_book import PriceBook
from tapetum_server.query.repricing import StoreRepricer
from tapetum_server.query.time_range import TIME_HINT, parse_range
from tapetum_server.signals.prices import PriceRule, problem_of

router = router_of("prices")
Money = Annotated[float | None, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
Name = StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]*$")
_RULE_FIELDS = tuple(field.name for field in fields(PriceRule))


class NewPrice(BaseModel):
    """A price of a model. There is one of each project, provider, model and day, which it replaces."""

    model_config = ConfigDict(extra="forbid")

    model: Annotated[str, Name, StringConstraints(min_length=1, max_length=200)]
    """The name, in which `*` stands for any text and `?` for one character; also `provider/name`."""
    provider: Annotated[str, Name, StringConstraints(max_length=100)] = ""
    """Any, where it is left out."""
    valid_from: date | None = None
    """The first day, in UTC, of calls that it prices."""
    input_usd: Money = None
    """USD per million tokens of input; so are the five below."""
    output_usd: Money = None
    cache_read_usd: Money = None
    """As all other input where it is left out."""
    cache_write_usd: Money = None
    audio_input_usd: Money = None
    audio_output_usd: Money = None
    image_input_usd: Money = None
    hourly_usd: Money = None
    """Instead: what an hour of a machine or accelerator costs that the call occupies."""
    accelerators: Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)] = 1.0
    """How many of them; a part of one where calls share it."""
    all_projects: bool = False
    """Whether it holds in every project that has none of its own."""


class Price(BaseModel):
    """A price that somebody set."""

    id: str
    project: str | None
    """`null`: every project."""
    provider: str
    model: str
    valid_from: date | None
    input_usd: float | None
    output_usd: float | None
    cache_read_usd: float | None
    cache_write_usd: float | None
    audio_input_usd: float | None
    audio_output_usd: float | None
    image_input_usd: float | None
    hourly_usd: float | None
    accelerators: float
    updated_at: Time
    updated_by: str


class Prices(BaseModel):
    """The prices that hold in a project. Of those that fit a call, the first one prices it."""

    rows: list[Price]


class ListedPrice(BaseModel):
    """What the price list says of a model today."""

    price: ModelPrice | None


class Reprice(BaseModel):
    """Which calls to price anew."""

    model_config = ConfigDict(extra="forbid")

    from_: Annotated[str, Field(alias="from", description=TIME_HINT)] = "now-30d"
    to: str = "now"
    dry_run: bool = False
    """Only say what would change."""


@router.get("/prices")
def list_prices(request: Request, caller: Reader, project: ProjectName) -> Prices:
    """The prices that hold in the project, its own first."""
    return Prices(rows=[_price(kept) for kept in catalog_of(request).prices.all(project)])


@router.put("/prices")
def put_price(request: Request, caller: Admin, project: ProjectName, new: NewPrice) -> Price:
    """Set a price. Calls that arrive from now on cost that; those that are stored when they are priced anew."""
    if new.all_projects:
        demand(caller, "admin", every_project=True)
    values = new.model_dump(exclude={"all_projects"})
    rule = PriceRule(id="", project="" if new.all_projects else project, **values)
    if (problem := problem_of(rule)) is not None:
        raise ApiError("bad_price", problem[1], 422, field=problem[0])
    try:
        return _price(catalog_of(request).prices.put(rule, by=caller.name))
    except TooMany as error:
        raise ApiError("too_many_prices", str(error), 409) from error


@router.delete("/prices/{price_id}", status_code=204)
def delete_price(request: Request, price_id: str, caller: Admin) -> None:
    """Forget a price. What calls cost so far stays until they are priced anew."""
    prices = catalog_of(request).prices
    try:
        owner = prices.get(price_id).rule.project
        if owner and not caller.may_use(owner):
            raise UnknownPrice(f"There is no price {price_id[:80]!r}.")
        if not owner:
            demand(caller, "admin", every_project=True)
        prices.delete(price_id)
    except UnknownPrice as error:
        raise ApiError("price_not_found", str(error), 404, hint="GET /api/v1/prices lists them.") from error


@router.get("/prices/models", response_model=PricedModels)
async def list_priced_models(request: Request, asked: Question) -> Response:
    """The models that calls name, those whose price is unknown first, with today's prices."""
    return answer(
        await priced_models(
            asked.reader,
            _book(request, asked.project),
            project=asked.project,
            time_range=asked.time_range,
            filter=asked.filter,
            now=now_of(request),
        )
    )


@router.get("/prices/listed")
async def get_listed_price(
    request: Request,
    caller: Reader,
    model: Annotated[str, Query(max_length=200)],
    provider: Annotated[str, Query(max_length=100)] = "",
) -> ListedPrice:
    """What the price list says of a model today, whatever prices are set."""
    return ListedPrice(price=await asyncio.to_thread(listed_price, provider, model, now_of(request)))


@router.post("/prices/reprice", response_model=RepriceReport)
async def reprice_calls(request: Request, caller: Admin, project: ProjectName, wanted: Reprice) -> Response:
    """Give stored calls their cost by the prices of today, and say what that changed.

    Works day by day for some seconds; `next` is where to go on, as `from`. What is done stays done, and doing it again
    changes nothing.
    """
    repricer = cast("StoreRepricer | None", request.app.state.repricer)
    time_range = parse_range(wanted.from_, wanted.to, now_of(request))
    if repricer is None or repricer.busy:
        raise ApiError(
            "reprice_running", "Somebody is pricing calls anew already.", 409, hint="Ask again in some seconds."
        )
    with repricer.taken():
        return answer(
            await reprice(
                reader_of(request),
                repricer,
                _book(request, project),
                project=project,
                time_range=time_range,
                dry_run=wanted.dry_run,
            )
        )


def _book(request: Request, project: str) -> PriceBook:
    return cast(Callable[[str], PriceBook], request.app.state.price_book_of)(project)


def _price(kept: SetPrice) -> Price:
    values: dict[str, Any] = {name: getattr(kept.rule, name) for name in _RULE_FIELDS}
    values["project"] = kept.rule.project or None
    return Price(**values, updated_at=kept.updated_at, updated_by=kept.updated_by)
