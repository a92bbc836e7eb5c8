"""Sessions and users: lists of them, how many there were when, and one of them."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from tapetum_server.analysis import session_report as reports
from tapetum_server.api.dependencies import catalog_of
from tapetum_server.api.questions import Asked, CursorText, Limit, Question, QuestionOfOne, answer, router_of
from tapetum_server.api.spans import Buckets
from tapetum_server.query import evaluations
from tapetum_server.query import sessions as queries
from tapetum_server.query.session_turns import TurnSort

router = router_of("sessions")
Id = Annotated[str, Query(min_length=1, description="As spans name it.")]


@router.get("/sessions", response_model=queries.SessionPage)
async def list_sessions(
    request: Request,
    asked: Question,
    sort: queries.SessionSort = "-last_seen",
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Response:
    """Sessions with a trace of which any span passes the filter."""
    return await _list(request, asked, "session_id", sort, limit, cursor)


@router.get("/sessions/histogram", response_model=queries.SessionHistogram)
async def get_session_histogram(asked: Question, buckets: Buckets = 60) -> Response:
    """Sessions, their traces and failures over time."""
    return await _histogram(asked, "session_id", buckets)


@router.get("/sessions/detail", response_model=queries.SessionRow)
async def get_session(request: Request, asked: QuestionOfOne, session: Id) -> Response:
    """One session, of all the time that is kept. An id may hold anything: it is a parameter."""
    return await _report(request, asked, "session_id", session)


@router.get("/sessions/turns", response_model=reports.SessionTurns)
async def get_session_turns(
    asked: QuestionOfOne,
    session: Id,
    sort: TurnSort = "start_time",
    failed: Annotated[bool, Query(description="Only traces with an error.")] = False,
    limit: Annotated[int, Query(ge=1, le=50, description="Traces of a page.")] = 20,
    cursor: CursorText = None,
) -> Response:
    """The traces of one session in their order: what was asked last in each, and what was answered."""
    return answer(
        await reports.replay(
            asked.reader,
            project=asked.project,
            session=session,
            sort=sort,
            failed=failed,
            limit=limit,
            cursor=cursor,
            now_ns=time.time_ns(),
        )
    )


@router.get("/sessions/evaluations", response_model=evaluations.EvaluationsOfOne)
async def list_session_evaluations(asked: QuestionOfOne, session: Id) -> Response:
    """What is said of a session, of its traces and of the responses in them, the oldest first."""
    return answer(await evaluations.evaluations_of_session(asked.reader, project=asked.project, session_id=session))


@router.get("/users", response_model=queries.SessionPage)
async def list_users(
    request: Request,
    asked: Question,
    sort: queries.SessionSort = "-last_seen",
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Response:
    """Users with a trace of which any span passes the filter."""
    return await _list(request, asked, "user_id", sort, limit, cursor)


@router.get("/users/histogram", response_model=queries.SessionHistogram)
async def get_user_histogram(asked: Question, buckets: Buckets = 60) -> Response:
    """Users, their traces and failures over time."""
    return await _histogram(asked, "user_id", buckets)


@router.get("/users/detail", response_model=queries.SessionRow)
async def get_user(request: Request, asked: Question, user: Id) -> Response:
    """One user within the range. An id may hold anything: it is a parameter."""
    return await _report(request, asked, "user_id", user)


async def _list(
    request: Request, asked: Asked, whose: queries.Whose, sort: queries.SessionSort, limit: int, cursor: str | None
) -> Response:
    return answer(
        await queries.list_sessions(
            asked.reader,
            whose,
            project=asked.project,
            time_range=asked.time_range,
            filter=asked.filter,
            sort=sort,
            limit=limit,
            cursor=cursor,
            definitions=catalog_of(request).scores.known(asked.project),
        )
    )


async def _histogram(asked: Asked, whose: queries.Whose, buckets: int) -> Response:
    return answer(
        await queries.session_histogram(
            asked.reader,
            whose,
            project=asked.project,
            time_range=asked.time_range,
            filter=asked.filter,
            buckets=buckets,
        )
    )


async def _report(request: Request, asked: Asked, whose: queries.Whose, id: str) -> Response:
    return answer(
        await reports.session_report(
            asked.reader,
            whose,
            project=asked.project,
            id=id,
            time_range=asked.time_range,
            definitions=catalog_of(request).scores.known(asked.project),
        )
    )
