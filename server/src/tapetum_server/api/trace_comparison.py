"""Two traces side by side, and which ones to hold a trace against."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from tapetum_server.analysis.comparison.pair import PairComparison, SpanName, compare_pair
from tapetum_server.analysis.comparison.report import TraceComparison, compare_traces
from tapetum_server.api.questions import QuestionOfOne, answer, router_of
from tapetum_server.query.errors import QueryError
from tapetum_server.query.trace_peers import TracePeers, trace_peers

router = router_of("traces")

TraceId = Annotated[str, Query(min_length=1, max_length=64, description="A trace id.")]
SpanId = Annotated[str, Query(max_length=32, description="A span id; empty where the row has no span on this side.")]


@router.get("/traces/compare", response_model=TraceComparison)
async def compare(asked: QuestionOfOne, a: TraceId, b: TraceId) -> Response:
    """Two traces aligned step by step, and which steps made B slower or faster than A."""
    found = await compare_traces(asked.reader, project=asked.project, a=a.lower(), b=b.lower())
    return answer(found)


@router.get("/traces/compare/spans", response_model=PairComparison)
async def compare_spans(
    asked: QuestionOfOne, a: TraceId, b: TraceId, span_a: SpanId = "", span_b: SpanId = ""
) -> Response:
    """The attributes in which a span of trace A and one of trace B differ."""
    if not span_a and not span_b:
        raise QueryError("neither span is named", code="bad_span", field="span_a", hint="Name one of the two at least.")
    found = await compare_pair(asked.reader, project=asked.project, a=_named(a, span_a), b=_named(b, span_b))
    return answer(found)


@router.get("/traces/{trace_id}/peers", response_model=TracePeers)
async def get_trace_peers(asked: QuestionOfOne, trace_id: str) -> Response:
    """Traces with the same root: the one before, the fastest, the slowest, and the one of median duration."""
    return answer(await trace_peers(asked.reader, project=asked.project, trace_id=trace_id.lower()))


def _named(trace_id: str, span_id: str) -> SpanName | None:
    return (trace_id.lower(), span_id.lower()) if span_id else None
