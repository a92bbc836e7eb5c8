"""Saved queries: one door for what panels draw and monitors watch."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from tapetum_server.analysis.dashboards.shipped import is_shipped
from tapetum_server.analysis.saved_queries import QueryAnswer, SavedQuery, answer_query, rows_of_answer
from tapetum_server.api.access import ServerFacts
from tapetum_server.api.dependencies import Reader, catalog_of, demand, resolve_project
from tapetum_server.api.errors import ApiError
from tapetum_server.api.questions import answer, now_of, reader_of, router_of
from tapetum_server.api.sql import sql_runner_of
from tapetum_server.query.answer_files import parquet_of
from tapetum_server.query.sql_answer import csv_of
from tapetum_server.query.time_range import TIME_HINT, parse_range
from tapetum_server.signals.identity import Identity

router = router_of("query")
_DAY_S = 86_400


class QueryRequest(BaseModel):
    """One saved query and when."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    query: SavedQuery
    project: str | None = None
    from_: Annotated[str | int | None, Field(alias="from", description=f"Default now-1h. {TIME_HINT}")] = None
    to: Annotated[str | int | None, Field(description="Default now.")] = None
    step_s: int | None = Field(default=None, ge=1, le=31 * _DAY_S)
    """Without it: a round step that gives at most about 120 points."""
    variables: Annotated[dict[str, list[str]], Field(max_length=50)] = {}
    """Chosen values by the variable's name, for `$name` in a filter and `{name:Type}` in SQL."""
    format: Literal["json", "csv", "parquet"] = "json"
    """A file has a row for each point of each series, beside its labels; or the rows of the table."""


_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
        }
    }
}


def may_ask(request: Request, caller: Identity, kind: str) -> None:
    """Raise 403 where the query is SQL and the caller may not run any."""
    facts = cast(ServerFacts, request.app.state.facts)
    if kind == "sql" and not facts.sql_enabled(caller):
        demand(caller, "admin")
        raise ApiError("sql_disabled", "SQL is switched off on this server.", 403)


@router.post("/query", response_model=QueryAnswer, responses=_FILES)
async def run_query(request: Request, caller: Reader, body: QueryRequest) -> Response:
    """Ask one saved query: a metric, spans, logs, errors or SQL, over time."""
    project = resolve_project(request, body.project)
    if not is_shipped(body.query):
        may_ask(request, caller, body.query.kind)
    time_range = parse_range(
        None if body.from_ is None else str(body.from_), None if body.to is None else str(body.to), now_of(request)
    )
    found = await answer_query(
        reader_of(request),
        sql_runner_of(request),
        project=project,
        query=body.query,
        time_range=time_range,
        step_s=body.step_s,
        variables=body.variables,
        definitions=catalog_of(request).scores.known(project),
    )
    if body.format == "json":
        return answer(found)
    parquet = body.format == "parquet"
    file = await asyncio.to_thread(parquet_of if parquet else csv_of, rows_of_answer(found))
    return Response(
        file,
        media_type="application/vnd.apache.parquet" if parquet else "text/csv; charset=utf-8; header=present",
        headers={
            "content-disposition": f'attachment; filename="{project}-query.{body.format}"',
            "x-tapetum-truncated": str(found["truncated"]).lower(),
        },
    )
