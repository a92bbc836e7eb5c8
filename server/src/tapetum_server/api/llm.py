"""Calls of models: spend, tokens, latency over time; by model, agent, user and any other key; and tools."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from tapetum_server.api.questions import Question, answer, router_of
from tapetum_server.api.spans import Buckets
from tapetum_server.query import llm_groups as groups
from tapetum_server.query import llm_overview as overview
from tapetum_server.query import llm_tools as tools
from tapetum_server.query.facets import keys_of

router = router_of("llm")


@router.get("/llm", response_model=overview.LlmOverview)
async def get_llm_overview(
    asked: Question,
    buckets: Buckets = 60,
    compare: Annotated[bool, Query(description="Also the same length of time before.")] = True,
) -> Response:
    """What calls of models cost, used and took over time, beside the period before."""
    return answer(
        await overview.llm_overview(
            asked.reader,
            project=asked.project,
            time_range=asked.time_range,
            filter=asked.filter,
            buckets=buckets,
            compare=compare,
        )
    )


@router.get("/llm/by", response_model=groups.LlmGroups)
async def get_llm_groups(
    asked: Question,
    by: Annotated[str, Query(max_length=2_000, description="One or two keys, separated by a comma.")] = "model",
    sort: groups.LlmSort = "-cost_usd",
    limit: Annotated[int, Query(ge=1, le=groups.MAX_GROUPS, description="Groups at most.")] = 50,
) -> Response:
    """Calls of models by the values of some keys: who spends, and how that went over time."""
    return answer(
        await groups.llm_groups(
            asked.reader,
            project=asked.project,
            time_range=asked.time_range,
            filter=asked.filter,
            by=keys_of(by),
            sort=sort,
            limit=limit,
        )
    )


@router.get("/llm/tools", response_model=tools.ToolPage)
async def get_llm_tools(asked: Question) -> Response:
    """The tools that were used: how often, how many uses failed, how long they took."""
    return answer(
        await tools.llm_tools(asked.reader, project=asked.project, time_range=asked.time_range, filter=asked.filter)
    )
