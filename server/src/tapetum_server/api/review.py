"""The reviewer's queue: what to judge, how far it is, and who looks at what."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from tapetum_server.api.access import Time
from tapetum_server.api.datasets import Writer
from tapetum_server.api.dependencies import ProjectName, catalog_of
from tapetum_server.api.errors import ApiError
from tapetum_server.api.questions import Question, answer, router_of
from tapetum_server.catalog.errors import TooMany
from tapetum_server.catalog.review_claims import Claim
from tapetum_server.query import review_queue as queries

router = router_of("review")
MAX_ROWS = 1_000
Holder = Annotated[str, Query(max_length=64, description="The reviewer's page, a random word of its own.")]


class ReviewRow(queries.QueueRow):
    """One thing to judge, and who looks at it just now."""

    claimed_by: str | None
    """The reviewer who looks at it on another page; `null` where nobody does."""


class ReviewQueue(TypedDict):
    """Some things to judge, and how far all of them are."""

    rows: list[ReviewRow]
    total: int
    reviewed: int


class ReviewTarget(BaseModel):
    """What is looked at, and by which page."""

    what: Literal["span", "trace", "session"]
    trace_id: str = Field(default="", max_length=32)
    span_id: str = Field(default="", max_length=16)
    session_id: str = Field(default="", max_length=65_536)
    holder: str = Field(min_length=1, max_length=64, pattern="^[A-Za-z0-9_-]+$")


class ReviewClaim(BaseModel):
    """Whose it is now."""

    granted: bool
    """Whether it is the asking page's. Somebody else's may be judged all the same."""
    reviewer: str
    until: Time


@router.get("/review/queue", response_model=ReviewQueue)
async def get_review_queue(
    request: Request,
    asked: Question,
    what: queries.Reviewed = "span",
    score: Annotated[
        str, Query(max_length=256, description="Reviewed is what a person gave this score; without it any.")
    ] = "",
    sample: Annotated[int, Query(ge=1, le=1_000_000, description="One in so many, the same ones each time.")] = 1,
    low_score: Annotated[
        str, Query(max_length=256, description="Only what an evaluation of this name puts below `below`.")
    ] = "",
    below: Annotated[float, Query(allow_inf_nan=False)] = 0.5,
    order: queries.QueueOrder = "unreviewed",
    limit: Annotated[int, Query(ge=1, le=MAX_ROWS)] = 200,
    holder: Holder = "",
) -> Response:
    """What passes the filter, to be judged one after the other; what nobody judged first."""
    wanted = queries.Wanted(what, score, sample, low_score, below)
    queue = await queries.review_queue(
        asked.reader,
        wanted,
        project=asked.project,
        time_range=asked.time_range,
        filter=asked.filter,
        order=order,
        limit=limit,
    )
    claims = await run_in_threadpool(catalog_of(request).review_claims.all, asked.project)
    others = {
        claim.target_id: claim.reviewer for claim in claims if claim.target_type == what and claim.holder != holder
    }
    rows = [
        ReviewRow(**row, claimed_by=others.get(_target(what, row["trace_id"], row["span_id"], row["session_id"])))
        for row in queue["rows"]
    ]
    return answer(ReviewQueue(rows=rows, total=queue["total"], reviewed=queue["reviewed"]))


@router.put("/review/claims")
def claim_review(request: Request, caller: Writer, project: ProjectName, target: ReviewTarget) -> ReviewClaim:
    """Say that one looks at it, so that another reviewer is led to something else. It ends by itself."""
    identity = _target(target.what, target.trace_id, target.span_id, target.session_id)
    try:
        claim = catalog_of(request).review_claims.claim(
            project, target.what, identity, holder=target.holder, reviewer=caller.name
        )
    except TooMany as error:
        raise ApiError("too_many_claims", str(error), 409) from error
    return _claim(claim, target.holder)


@router.post("/review/claims/release", status_code=204)
def release_review(request: Request, caller: Writer, project: ProjectName, target: ReviewTarget) -> None:
    """Let go of it. Nothing happens where it is somebody else's."""
    identity = _target(target.what, target.trace_id, target.span_id, target.session_id)
    catalog_of(request).review_claims.release(project, target.holder, target_type=target.what, target_id=identity)


def _target(what: queries.Reviewed, trace_id: str, span_id: str, session_id: str) -> str:
    said = {"span": f"{trace_id}/{span_id}", "trace": trace_id, "session": session_id}[what]
    # A session's id may be as long as it likes, and of any characters.
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _claim(claim: Claim, holder: str) -> ReviewClaim:
    return ReviewClaim(
        granted=claim.holder == holder,
        reviewer=claim.reviewer,
        until=datetime.fromtimestamp(claim.until, UTC),
    )
