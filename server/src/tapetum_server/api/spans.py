"""Spans: the list, and pictures of many of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from tapetum_server.api.facets import FacetKeys, FacetLimit, facets_of
from tapetum_server.api.questions import CursorText, Limit, Question, answer, router_of
from tapetum_server.query import facets as facet_queries
from tapetum_server.query import histograms
from tapetum_server.query import spans as queries
from tapetum_server.query.sources import SPANS

router = router_of("spans")

Buckets = Annotated[int, Query(ge=1, le=500, description="Steps at most; their length is a round one.")]


@router.get("/spans", response_model=queries.SpanPage)
async def list_spans(
    asked: Question, sort: queries.SpanSort = "-start_time", limit: Limit = 50, cursor: CursorText = None
) -> Response:
    """Spans that pass the filter."""
    return answer(
        await queries.list_spans(
            asked.reader,
            project=asked.project,
            time_range=asked.time_range,
            filter=asked.filter,
            sort=sort,
            limit=limit,
            cursor=cursor,
        )
    )


@router.get("/spans/histogram", response_model=histograms.SpanHistogram)
async def get_span_histogram(asked: Question, buckets: Buckets = 60) -> Response:
    """Spans, errors and durations over time."""
    return answer(
        await histograms.span_histogram(
            asked.reader,
            project=asked.project,
            time_range=asked.time_range,
            filter=asked.filter,
            buckets=buckets,
        )
    )


@router.get("/spans/heatmap", response_model=histograms.SpanHeatmap)
async def get_span_heatmap(
    asked: Question,
    x: Annotated[int, Query(ge=1, le=300, description="Columns at most.")] = 60,
    y: Annotated[int, Query(ge=2, le=100, description="Rows.")] = 24,
) -> Response:
    """How durations lie over time, on a logarithmic scale."""
    return answer(
        await histograms.span_heatmap(
            asked.reader, project=asked.project, time_range=asked.time_range, filter=asked.filter, x=x, y=y
        )
    )


@router.get("/spans/facets", response_model=facet_queries.Facets)
async def get_span_facets(asked: Question, keys: FacetKeys = None, limit: FacetLimit = 10) -> Response:
    """The most frequent values of some keys, and the attribute keys there are."""
    return await facets_of(asked, SPANS, keys, limit)
