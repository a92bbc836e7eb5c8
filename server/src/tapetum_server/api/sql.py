"""SQL over the public views: run a query, stop one, and see what there is to ask for."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from typing import Annotated, Any, Literal, cast

import orjson
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr
from starlette.requests import Request

from tapetum_server.api.access import ServerFacts
from tapetum_server.api.dependencies import Reader, demand, resolve_project
from tapetum_server.api.errors import ERROR_RESPONSES, ApiError
from tapetum_server.query.gate import PUBLIC_VIEWS, gate
from tapetum_server.query.gate_errors import SqlRefused
from tapetum_server.query.gate_functions import functions
from tapetum_server.query.sql_answer import csv_of, cut_arrow, cut_parquet, rows_of_json
from tapetum_server.query.sql_failure import explain_failure
from tapetum_server.query.sql_runner import MAX_ROWS, EngineFormat, SqlFailed, SqlProfile, SqlRunner, run_gated
from tapetum_server.signals.identity import Identity

DEFAULT_ROWS = 10_000
"""Rows of a page's answer where the request does not say."""

router = APIRouter(
    prefix="/v1/sql", tags=["sql"], responses=ERROR_RESPONSES, generate_unique_id_function=lambda route: route.name
)

Format = Literal["json", "csv", "arrow", "parquet"]
_Scalar = StrictStr | StrictInt | StrictFloat | StrictBool
QueryId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,128}$")]

_MEDIA: dict[Format, str] = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8; header=present",
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
}


class SqlRequest(BaseModel):
    """One SELECT over the public views."""

    model_config = ConfigDict(extra="forbid")

    query: str
    """ClickHouse SQL: one SELECT, or WITH … SELECT."""
    parameters: dict[str, _Scalar | list[_Scalar]] = {}
    """Values for `{name:Type}` in the query."""
    format: Format = "json"
    project: str | None = None
    """The project to look in. Without it: the key's own; for an admin of every project, all of them."""
    max_rows: int | None = Field(default=None, ge=1)
    """Rows to answer at most. Default 10,000; for arrow and parquet as many as there may be."""
    query_id: QueryId | None = None
    """A name of your choice, to stop the query by."""


class ResultColumn(BaseModel):
    """A column of the answer, with the engine's type."""

    name: str
    type: str


class SqlAnswer(BaseModel):
    """The rows. Integers of 64 bits and more are texts, times are ISO-8601 in UTC, and NaN and infinity are null."""

    columns: list[ResultColumn]
    rows: list[list[Any]]
    elapsed_ms: float
    rows_read: int
    truncated: bool
    """There are more rows than `max_rows`."""


class ViewColumn(BaseModel):
    """A column of a view."""

    name: str
    type: str
    comment: str


class View(BaseModel):
    """A view that can be selected from."""

    name: str
    columns: list[ViewColumn]


class SqlSchema(BaseModel):
    """What a query can name."""

    views: list[View]
    functions: list[str]


def sql_runner_of(request: Request) -> SqlRunner:
    """The runner that `app` put on `app.state.sql_runner`."""
    return cast(SqlRunner, request.app.state.sql_runner)


async def _sql_user(request: Request, caller: Reader) -> Identity:
    facts = cast(ServerFacts, request.app.state.facts)
    if not facts.sql_enabled(caller):
        demand(caller, "admin")
        raise ApiError("sql_disabled", "SQL is switched off on this server.", 403)
    return caller


SqlUser = Annotated[Identity, Depends(_sql_user)]
Runner = Annotated[SqlRunner, Depends(sql_runner_of)]


@router.post(
    "",
    response_model=SqlAnswer,
    responses={
        200: {
            "description": "The rows, or the file in the format that was asked for. "
            "`x-tapetum-truncated: true` on a file that had more rows.",
            "content": {
                _MEDIA["csv"]: {"schema": {"type": "string"}},
                _MEDIA["arrow"]: {"schema": {"type": "string", "format": "binary"}},
                _MEDIA["parquet"]: {"schema": {"type": "string", "format": "binary"}},
            },
        }
    },
)
async def run_sql(request: Request, caller: SqlUser, runner: Runner, body: SqlRequest) -> Response:
    """Run one SELECT over the public views of one project."""
    profile: SqlProfile = "gate_export" if body.format in ("arrow", "parquet") else "gate"
    most = MAX_ROWS[profile]
    max_rows = body.max_rows or (most if profile == "gate_export" else DEFAULT_ROWS)
    if max_rows > most:
        raise ApiError(
            "invalid_request",
            f"max_rows: at most {most} rows for the format {body.format}, not {max_rows}.",
            422,
            field="max_rows",
            hint="Ask for parquet, which may hold more." if profile == "gate" else "Aggregate, or split by time.",
        )
    try:
        gated = await asyncio.to_thread(
            gate,
            body.query,
            project=_project(request, caller, body.project),
            parameters=body.parameters,
            row_limit=max_rows + 1,
            database=runner.database,
        )
        answer = await run_gated(
            runner, gated, format=_engine_format(body.format), profile=profile, query_id=_own_id(caller, body.query_id)
        )
    except SqlRefused as error:
        raise _refused(error, body.query) from error
    except SqlFailed as error:
        message, hint = explain_failure(error.message, error.code, runner.database)
        raise ApiError("sql_error", message, field="query", hint=hint) from error
    except TimeoutError as error:
        raise ApiError(
            "busy",
            "Other queries keep every place busy.",
            503,
            hint="Ask again in some seconds, or stop a query.",
            headers={"retry-after": "5"},
        ) from error
    return await asyncio.to_thread(_response, body.format, answer, max_rows)


@router.delete("/{query_id}", status_code=204)
async def cancel_sql(caller: SqlUser, runner: Runner, query_id: QueryId) -> None:
    """Stop a query that you started with this `query_id`."""
    if not await runner.cancel(_own_id(caller, query_id)):
        raise ApiError(
            "query_not_found",
            f"You have no query {query_id!r} running.",
            404,
            field="query_id",
            hint="It may have ended.",
        )


@router.get("/schema")
async def sql_schema(caller: SqlUser, runner: Runner) -> SqlSchema:
    """The views, their columns and the functions that a query can name."""
    database = "{database:String}" if runner.database else "currentDatabase()"
    body = await runner.run(
        "SELECT table, name, type, comment FROM system.columns "
        f"WHERE database = {database} AND table IN {{views:Array(String)}} ORDER BY table, position",
        {"views": list(PUBLIC_VIEWS)} | ({"database": runner.database} if runner.database else {}),
        format="JSONCompact",
        profile="gate",
        query_id=_own_id(caller, None),
    )
    columns: dict[str, list[ViewColumn]] = {}
    for table, name, kind, comment in orjson.loads(body)["data"]:
        columns.setdefault(table, []).append(ViewColumn(name=name, type=kind, comment=comment))
    return SqlSchema(
        views=[View(name=view, columns=columns[view]) for view in PUBLIC_VIEWS if view in columns],
        functions=sorted(functions().spelling.values(), key=str.lower),
    )


def _project(request: Request, caller: Identity, named: str | None) -> str | None:
    """The one project to look in, or `None` for an admin of every project who names none."""
    header = request.scope.get("state", {}).get("project")
    if named is None and header is None and caller.project is None and caller.may("admin"):
        return None
    return resolve_project(request, named)


def _own_id(caller: Identity, query_id: str | None) -> str:
    """The engine's name of a query: nobody can stop a query of somebody else by guessing what they called it."""
    if query_id is None:
        return f"sql-{secrets.token_hex(16)}"
    whose = "\0".join((caller.project or "", caller.name, query_id))
    return f"sql-{hashlib.sha256(whose.encode()).hexdigest()[:32]}"


def _engine_format(format: Format) -> EngineFormat:
    match format:
        case "arrow":
            return "ArrowStream"
        case "parquet":
            return "Parquet"
    return "JSONCompact"


def _response(format: Format, answer: bytes, max_rows: int) -> Response:
    headers = {}
    if format in ("arrow", "parquet"):
        content, truncated = (cut_arrow if format == "arrow" else cut_parquet)(answer, max_rows)
    else:
        rows = rows_of_json(answer, max_rows)
        truncated = rows.truncated
        if format == "csv":
            content = csv_of(rows)
        else:
            content = orjson.dumps(rows)
    if format != "json":
        headers["x-tapetum-truncated"] = str(truncated).lower()
        headers["content-disposition"] = f'attachment; filename="query.{format}"'
    return Response(content, media_type=_MEDIA[format], headers=headers)


def _refused(error: SqlRefused, query: str) -> ApiError:
    message = error.message
    if error.position is not None:
        line = query.count("\n", 0, error.position) + 1
        column = error.position - (query.rfind("\n", 0, error.position) + 1) + 1
        message = f"{message.rstrip('.')} (line {line}, column {column})."
    return ApiError("sql_refused", message, field="query", hint=error.hint)
