"""What was said in a span and in a trace, and who took part."""

from __future__ import annotations

from starlette.responses import Response

from tapetum_server.analysis.agent_graph import AgentGraph, agent_graph
from tapetum_server.analysis.conversation.entries import TraceConversation
from tapetum_server.analysis.conversation.span_report import SpanConversation, span_conversation
from tapetum_server.analysis.conversation.thread import trace_conversation
from tapetum_server.api.questions import QuestionOfOne, answer, router_of

router = router_of("traces")


@router.get("/traces/{trace_id}/spans/{span_id}/conversation", response_model=SpanConversation)
async def get_span_conversation(asked: QuestionOfOne, trace_id: str, span_id: str) -> Response:
    """The messages of one span in one shape, whatever library reported it, and what the previous turn did not have."""
    found = await span_conversation(
        asked.reader, project=asked.project, trace_id=trace_id.lower(), span_id=span_id.lower()
    )
    return answer(found)


@router.get("/traces/{trace_id}/conversation", response_model=TraceConversation)
async def get_trace_conversation(asked: QuestionOfOne, trace_id: str) -> Response:
    """A whole trace as a chat: each message once, each tool's call with its result, internals left out."""
    return answer(await trace_conversation(asked.reader, project=asked.project, trace_id=trace_id.lower()))


@router.get("/traces/{trace_id}/graph", response_model=AgentGraph)
async def get_agent_graph(asked: QuestionOfOne, trace_id: str) -> Response:
    """Agents, models, tools and graph nodes of a trace, how often each was used, and what the trace waited for."""
    return answer(await agent_graph(asked.reader, project=asked.project, trace_id=trace_id.lower()))
