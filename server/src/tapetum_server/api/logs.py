"""Logs: search and pictures."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from tapetum_server.api.facets import FacetKeys, FacetLimit, facets_of
from tapetum_server.api.questions import (
    TEXT_RESPONSE,
    CursorText,
    Limit,
    Question,
    QuestionOfOne,
    answer,
    router_of,
    text_file,
)
from tapetum_server.api.spans import Buckets
from tapetum_server.query import facets as facet_queries
from tapetum_server.query import histograms
from tapetum_server.query import logs as queries
from tapetum_server.query.sources import LOGS
from tapetum_server.query.time_range import parse_moment

router = router_of("logs")

LogTime = Annotated[
    str | None, Query(description="The record's `time`. Without it every day that the project keeps is looked through.")
]


@router.get("/logs", response_model=queries.LogPage)
async def list_logs(
    asked: Question, sort: queries.LogSort = "-time", limit: Limit = 100, cursor: CursorText = None
) -> Response:
    """Log records that pass the filter."""
    return answer(
        await queries.list_logs(
            asked.reader,
            project=asked.project,
            time_range=asked.time_range,
            filter=asked.filter,
            sort=sort,
            limit=limit,
            cursor=cursor,
        )
    )


@router.get("/logs/histogram", response_model=histograms.LogHistogram)
async def get_log_histogram(asked: Question, buckets: Buckets = 60) -> Response:
    """Log records over time, by level."""
    return answer(
        await histograms.log_histogram(
            asked.reader,
            project=asked.project,
            time_range=asked.time_range,
            filter=asked.filter,
            buckets=buckets,
        )
    )


@router.get("/logs/facets", response_model=facet_queries.Facets)
async def get_log_facets(asked: Question, keys: FacetKeys = None, limit: FacetLimit = 10) -> Response:
    """The most frequent values of some keys, and the attribute keys there are."""
    return await facets_of(asked, LOGS, keys, limit)


@router.get("/logs/{log_id}", response_model=queries.LogRow)
async def get_log(asked: QuestionOfOne, log_id: str, time: LogTime = None) -> Response:
    """One log record; values longer than 65,536 characters are cut."""
    return answer(await queries.get_log(asked.reader, project=asked.project, log_id=log_id.lower(), time=_moment(time)))


@router.get("/logs/{log_id}/value", response_class=Response, responses=TEXT_RESPONSE)
async def get_log_value(
    asked: QuestionOfOne,
    log_id: str,
    field: Annotated[str, Query(description="body, attributes.KEY or resource.KEY")],
    time: LogTime = None,
) -> Response:
    """One value of a log record, whole, as a file."""
    value = await queries.get_log_value(
        asked.reader, project=asked.project, log_id=log_id.lower(), time=_moment(time), field=field
    )
    return text_file(value, f"{log_id[:16]}-{field}")


def _moment(time: str | None) -> int | None:
    return parse_moment(time, 0, field="time") if time else None
