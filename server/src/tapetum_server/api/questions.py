"""What every question about telemetry has in common: a project, a time range, a filter, and how it is answered."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, cast

import orjson
from fastapi import APIRouter, Depends, FastAPI, Query
from starlette.requests import Request
from starlette.responses import Response

from tapetum_server.api.dependencies import ProjectName, Reader
from tapetum_server.api.errors import ERROR_RESPONSES, ApiError
from tapetum_server.query.errors import NotFound, QueryError, Unavailable
from tapetum_server.query.filter import Filter, parse_filter
from tapetum_server.query.reader import Reader as StoreReader
from tapetum_server.query.time_range import TIME_HINT, TimeRange, parse_range

Clock = Callable[[], int]
MAX_LIMIT = 1_000
_FILTER = (
    "Terms that must all hold: key:value, key:a,b, -key:value, key:>100, key:~one (a list with it), key:*, key:val*, "
    'word, "some phrase".'
)

From = Annotated[str | None, Query(alias="from", description=f"Default now-1h; `all` is everything. {TIME_HINT}")]
To = Annotated[str | None, Query(description="Default now.")]
FilterText = Annotated[str | None, Query(max_length=10_000, description=_FILTER)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Rows of a page.")]
CursorText = Annotated[str | None, Query(description="`next_cursor` of the page before.")]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request is about; the caller may read it."""

    reader: StoreReader
    project: str
    time_range: TimeRange
    filter: Filter


def router_of(tag: str) -> APIRouter:
    """A router whose operation ids are the functions' names."""
    return APIRouter(
        prefix="/v1", tags=[tag], responses=ERROR_RESPONSES, generate_unique_id_function=lambda route: route.name
    )


def reader_of(request: Request) -> StoreReader:
    """The reader that `create_api` put on `app.state.reader`."""
    return cast(StoreReader, request.app.state.reader)


def now_of(request: Request) -> int:
    """The time in nanoseconds, by the clock of `app.state.clock`."""
    return cast(Clock, getattr(request.app.state, "clock", time.time_ns))()


async def asked(
    request: Request, caller: Reader, project: ProjectName, from_: From = None, to: To = None, q: FilterText = None
) -> Asked:
    """A dependency: the project, range and filter of a request."""
    time_range = parse_range(from_, to, now_of(request))
    return Asked(reader_of(request), project, time_range, parse_filter(q))


async def asked_of_one(request: Request, caller: Reader, project: ProjectName) -> Asked:
    """A dependency: the project of a request about one thing that its path names."""
    return Asked(reader_of(request), project, TimeRange(None, None), Filter())


Question = Annotated[Asked, Depends(asked)]
QuestionOfOne = Annotated[Asked, Depends(asked_of_one)]


def answer(content: object) -> Response:
    """`content` as JSON. NaN and infinity become null."""
    return Response(orjson.dumps(content), media_type="application/json")


TEXT_RESPONSE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "The whole value."}
}
"""For the routes that answer with `text_file`."""


def text_file(value: str, name: str) -> Response:
    """`value` as a file that a browser saves and never runs."""
    name = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)[:120]
    return Response(
        value.encode("utf-8", "replace"),
        media_type="text/plain; charset=utf-8",
        headers={
            "content-disposition": f'attachment; filename="{name}.txt"',
            "x-content-type-options": "nosniff",
        },
    )


def install_query_errors(app: FastAPI) -> None:
    """Give the errors of questions the one shape of errors."""

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, QueryError)
        return ApiError(error.code, _sentence(error.message), 400, field=error.field, hint=error.hint).response()

    async def missing(request: Request, error: Exception) -> Response:
        assert isinstance(error, NotFound)
        return ApiError("not_found", _sentence(error.message), 404, hint=error.hint).response()

    async def unavailable(request: Request, error: Exception) -> Response:
        return ApiError("unavailable", str(error), 503, headers={"retry-after": "5"}).response()

    app.add_exception_handler(QueryError, refused)
    app.add_exception_handler(NotFound, missing)
    app.add_exception_handler(Unavailable, unavailable)


def _sentence(message: str) -> str:
    first = message.partition(" ")[0]
    # A field's name, such as `duration_ms:`, stays as it is written.
    begun = message if "_" in first or first.endswith(":") else message[:1].upper() + message[1:]
    return begun if begun.endswith(".") else f"{begun}."
