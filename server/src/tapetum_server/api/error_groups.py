"""Errors by fingerprint: the list, how they go over time, and one of them."""

from __future__ import annotations

from starlette.responses import Response

from tapetum_server.analysis.error_report import ErrorReport, error_report
from tapetum_server.api.facets import FacetKeys, FacetLimit, facets_of
from tapetum_server.api.questions import CursorText, Limit, Question, answer, router_of
from tapetum_server.api.spans import Buckets
from tapetum_server.query import error_groups as queries
from tapetum_server.query import facets as facet_queries
from tapetum_server.query.sources import ERRORS

router = router_of("errors")


@router.get("/errors", response_model=queries.ErrorPage)
async def list_errors(
    asked: Question, sort: queries.ErrorSort = "-last_seen", limit: Limit = 50, cursor: CursorText = None
) -> Response:
    """Errors that occurred within the range, grouped by fingerprint."""
    return answer(
        await queries.list_errors(
            asked.reader,
            project=asked.project,
            time_range=asked.time_range,
            filter=asked.filter,
            sort=sort,
            limit=limit,
            cursor=cursor,
        )
    )


@router.get("/errors/histogram", response_model=queries.ErrorHistogram)
async def get_error_histogram(asked: Question, buckets: Buckets = 60) -> Response:
    """Occurrences over time, of errors that are new within the range and of others."""
    return answer(
        await queries.error_histogram(
            asked.reader,
            project=asked.project,
            time_range=asked.time_range,
            filter=asked.filter,
            buckets=buckets,
        )
    )


@router.get("/errors/facets", response_model=facet_queries.Facets)
async def get_error_facets(asked: Question, keys: FacetKeys = None, limit: FacetLimit = 10) -> Response:
    """The most frequent values of some keys among occurrences, and the attribute keys there are."""
    return await facets_of(asked, ERRORS, keys, limit)


@router.get("/errors/{fingerprint}", response_model=ErrorReport)
async def get_error(asked: Question, fingerprint: str) -> Response:
    """One error: over time, by version, environment and service, its stack trace, and what changed when it began."""
    return answer(
        await error_report(
            asked.reader,
            project=asked.project,
            time_range=asked.time_range,
            filter=asked.filter,
            fingerprint=fingerprint.lower(),
        )
    )
