"""Services: how they do, who asks whom, and one of them in detail."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from tapetum_server.api.questions import Question, answer, router_of
from tapetum_server.query import service_map as maps
from tapetum_server.query import services as queries

router = router_of("services")


@router.get("/services", response_model=queries.ServicePage)
async def list_services(
    asked: Question,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Services at most.")] = queries.MAX_SERVICES,
) -> Response:
    """The services with the most requests: errors, how long they took, and how that went over time."""
    return answer(
        await queries.list_services(
            asked.reader, project=asked.project, time_range=asked.time_range, filter=asked.filter, at_most=limit
        )
    )


@router.get("/services/map", response_model=maps.ServiceMap)
async def get_service_map(asked: Question) -> Response:
    """Who asks whom, from the parentage of spans; and which databases, queues and hosts they use."""
    return answer(
        await maps.service_map(asked.reader, project=asked.project, time_range=asked.time_range, filter=asked.filter)
    )


@router.get("/services/detail", response_model=queries.ServiceDetail)
async def get_service(asked: Question, service: str) -> Response:
    """One service, by operation and by version. A name may hold slashes: it is a parameter."""
    return answer(
        await queries.get_service(
            asked.reader, project=asked.project, time_range=asked.time_range, filter=asked.filter, service=service
        )
    )
