"""Changes: deploys, configurations, schemas, data, prompts and models."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from tapetum_server.api.questions import Limit, Question, answer, router_of
from tapetum_server.query import changes as change_queries

router = router_of("changes")


@router.get("/changes", response_model=change_queries.Changes)
async def list_changes(
    asked: Question,
    subject: Annotated[str | None, Query(description="What was changed; several with commas.")] = None,
    kind: Annotated[
        str | None, Query(description="deploy, config, schema, data, prompt or model; several with commas.")
    ] = None,
    limit: Limit = 500,
) -> Response:
    """What was changed within the range, recorded or derived, the newest first."""
    return answer(
        await change_queries.list_changes(
            asked.reader,
            project=asked.project,
            time_range=asked.time_range,
            subjects=_named(subject),
            kinds=_named(kind),
            limit=limit,
        )
    )


def _named(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]
