"""Evaluations: the list, their numbers, and those of one trace or session."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from tapetum_server.analysis.corrections import Corrections, corrections
from tapetum_server.api.dependencies import catalog_of
from tapetum_server.api.facets import FacetKeys, FacetLimit, facets_of
from tapetum_server.api.questions import CursorText, Limit, Question, QuestionOfOne, answer, router_of
from tapetum_server.query import evaluation_distribution as distributions
from tapetum_server.query import evaluation_summary as summaries
from tapetum_server.query import evaluations as queries
from tapetum_server.query import facets as facet_queries
from tapetum_server.query.sources import EVALUATIONS

router = router_of("evaluations")


@router.get("/evaluations", response_model=queries.EvaluationPage)
async def list_evaluations(
    asked: Question,
    sort: queries.EvaluationSort = "-time",
    limit: Limit = 50,
    cursor: CursorText = None,
    span_key: Annotated[
        str | None, Query(description=f"With `span_value`: only of spans with it; {', '.join(summaries.SPAN_KEYS)}.")
    ] = None,
    span_value: Annotated[str, Query(max_length=10_000)] = "",
) -> Response:
    """Evaluations that pass the filter; sorted by score, those that have one."""
    return answer(
        await queries.list_evaluations(
            asked.reader,
            project=asked.project,
            time_range=asked.time_range,
            filter=asked.filter,
            sort=sort,
            limit=limit,
            cursor=cursor,
            of=None if span_key is None else queries.OfSpan(span_key, span_value),
        )
    )


@router.get("/evaluations/summary", response_model=summaries.EvaluationSummary)
async def get_evaluation_summary(
    request: Request,
    asked: Question,
    group_by: Annotated[
        str | None,
        Query(description=f"A key of the evaluations, or of the evaluated span: {', '.join(summaries.SPAN_KEYS)}."),
    ] = None,
) -> Response:
    """How many of each name and how they turned out, apart by a key such as the span's model or prompt."""
    return answer(
        await summaries.evaluation_summary(
            asked.reader,
            project=asked.project,
            time_range=asked.time_range,
            filter=asked.filter,
            group_by=group_by,
            definitions=catalog_of(request).scores.known(asked.project),
        )
    )


@router.get("/evaluations/distribution", response_model=distributions.EvaluationDistribution)
async def get_evaluation_distribution(
    request: Request,
    asked: Question,
    name: Annotated[str, Query(min_length=1, max_length=256, description="Whose scores and labels.")],
) -> Response:
    """How the scores and labels of one name are distributed."""
    return answer(
        await distributions.evaluation_distribution(
            asked.reader,
            project=asked.project,
            time_range=asked.time_range,
            filter=asked.filter,
            name=name,
            definition=catalog_of(request).scores.definition(asked.project, name),
        )
    )


@router.get("/evaluations/facets", response_model=facet_queries.Facets)
async def get_evaluation_facets(asked: Question, keys: FacetKeys = None, limit: FacetLimit = 10) -> Response:
    """The most frequent values of some keys, and the attribute keys there are."""
    return await facets_of(asked, EVALUATIONS, keys, limit)


@router.get("/traces/{trace_id}/evaluations", response_model=queries.EvaluationsOfOne)
async def get_trace_evaluations(asked: QuestionOfOne, trace_id: str) -> Response:
    """What is said of a trace, its spans, the responses in it and its sessions, the oldest first."""
    return answer(await queries.evaluations_of_trace(asked.reader, project=asked.project, trace_id=trace_id.lower()))


@router.get("/traces/{trace_id}/spans/{span_id}/corrections", response_model=Corrections)
async def get_span_corrections(asked: QuestionOfOne, trace_id: str, span_id: str) -> Response:
    """What people say that the answer of a span should have been, with the words in which it is otherwise."""
    found = await corrections(asked.reader, project=asked.project, trace_id=trace_id.lower(), span_id=span_id.lower())
    return answer(found)


@router.get("/sessions/{session_id}/evaluations", response_model=queries.EvaluationsOfOne)
async def get_session_evaluations(asked: QuestionOfOne, session_id: str) -> Response:
    """What is said of a session and of its traces, the oldest first."""
    return answer(await queries.evaluations_of_session(asked.reader, project=asked.project, session_id=session_id))
