"""Logs: search and pictures."""

from __future__ import annotations

from starlette.responses import Response

from tapetum_server.api.questions import CursorText, Limit, Question, answer, router_of
from tapetum_server.api.spans import Buckets, FacetKeys, FacetLimit
from tapetum_server.query import facets as facet_queries
from tapetum_server.query import histograms
from tapetum_server.query import logs as queries
from tapetum_server.query.sources import LOGS

router = router_of("logs")


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
    return answer(
        await facet_queries.facets(
            asked.reader,
            LOGS,
            project=asked.project,
            time_range=asked.time_range,
            filter=asked.filter,
            keys=facet_queries.keys_of(keys),
            limit=limit,
        )
    )
