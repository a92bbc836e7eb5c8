"""Traces: the list, one of them, and what surrounded it."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from tapetum_server.analysis.resources.report import TraceResources, trace_resources
from tapetum_server.analysis.running_report import ListedTraces, RunningSpans, running_spans, with_running
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
from tapetum_server.query import logs as log_queries
from tapetum_server.query import spans as span_queries
from tapetum_server.query import trace_spans as trace_queries
from tapetum_server.query import traces as queries
from tapetum_server.query.filter import Filter
from tapetum_server.query.time_range import TimeRange

router = router_of("traces")


@router.get("/traces", response_model=ListedTraces)
async def list_traces(
    asked: Question, sort: queries.TraceSort = "-start_time", limit: Limit = 50, cursor: CursorText = None
) -> Response:
    """Traces of which any span passes the filter; of those that run, whether they get on."""
    page = await queries.list_traces(
        asked.reader,
        project=asked.project,
        time_range=asked.time_range,
        filter=asked.filter,
        sort=sort,
        limit=limit,
        cursor=cursor,
    )
    return answer(await with_running(asked.reader, project=asked.project, page=page, now_ns=time.time_ns()))


@router.get("/traces/{trace_id}", response_model=trace_queries.Trace)
async def get_trace(
    asked: QuestionOfOne,
    trace_id: str,
    limit: Annotated[int, Query(ge=1, le=trace_queries.MAX_SPANS, description="Spans of a page.")] = (
        trace_queries.MAX_SPANS
    ),
    cursor: CursorText = None,
) -> Response:
    """One trace, its spans as columns in order of start."""
    found = await trace_queries.get_trace(
        asked.reader, project=asked.project, trace_id=trace_id.lower(), limit=limit, cursor=cursor
    )
    return answer(found)


@router.get("/traces/{trace_id}/spans/{span_id}", response_model=span_queries.SpanDetail)
async def get_span(asked: QuestionOfOne, trace_id: str, span_id: str) -> Response:
    """Everything about one span; values longer than 65,536 characters are cut."""
    found = await span_queries.get_span(
        asked.reader, project=asked.project, trace_id=trace_id.lower(), span_id=span_id.lower()
    )
    return answer(found)


@router.get("/traces/{trace_id}/spans/{span_id}/value", response_class=Response, responses=TEXT_RESPONSE)
async def get_span_value(
    asked: QuestionOfOne,
    trace_id: str,
    span_id: str,
    field: Annotated[str, Query(description="input, output, status_message, attributes.KEY or resource.KEY")],
) -> Response:
    """One value of a span, whole, as a file."""
    value = await span_queries.get_span_value(
        asked.reader, project=asked.project, trace_id=trace_id.lower(), span_id=span_id.lower(), field=field
    )
    return text_file(value, f"{span_id}-{field}")


@router.get("/traces/{trace_id}/logs", response_model=log_queries.LogPage)
async def get_trace_logs(
    asked: QuestionOfOne, trace_id: str, limit: Limit = 1_000, cursor: CursorText = None
) -> Response:
    """Log records that name this trace, oldest first."""
    found = await log_queries.list_logs(
        asked.reader,
        project=asked.project,
        time_range=TimeRange(None, None),
        filter=Filter(),
        sort="time",
        limit=limit,
        cursor=cursor,
        trace_id=trace_id.lower(),
    )
    return answer(found)


@router.get("/traces/{trace_id}/resources", response_model=TraceResources)
async def get_trace_resources(
    asked: QuestionOfOne,
    trace_id: str,
    span: Annotated[str | None, Query(description="Only of this span: its time, its host and process.")] = None,
) -> Response:
    """CPU, memory and GPU of the hosts and processes of this trace while it ran, and five minutes before."""
    found = await trace_resources(
        asked.reader,
        project=asked.project,
        trace_id=trace_id.lower(),
        span_id=span.lower() if span else None,
    )
    return answer(found)


@router.get("/traces/{trace_id}/running", response_model=RunningSpans)
async def get_running_spans(asked: QuestionOfOne, trace_id: str) -> Response:
    """Spans of this trace that have not ended: where they stand, and whether they are slow, stuck or gone."""
    now_ns = time.time_ns()
    return answer(await running_spans(asked.reader, project=asked.project, trace_id=trace_id.lower(), now_ns=now_ns))
