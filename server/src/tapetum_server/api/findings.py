"""Findings: what is wrong with predictions as they come, by model, feature and type, and over time."""

from __future__ import annotations

from starlette.responses import Response
from typing_extensions import TypedDict

from tapetum_server.api.facets import FacetKeys, FacetLimit, facets_of
from tapetum_server.api.questions import Limit, Question, answer, router_of
from tapetum_server.api.spans import Buckets
from tapetum_server.query import facets as facet_queries
from tapetum_server.query import findings as queries
from tapetum_server.query.finding_sources import FINDINGS

router = router_of("findings")


class FindingAdvice(queries.FindingRow):
    """A finding, and what to do about it."""

    next_step: str
    acceptable: bool
    """Whether the schema can take it in."""


class FindingList(TypedDict):
    """Findings: those that hold now first, the worst first."""

    rows: list[FindingAdvice]
    more: bool
    looked: list[queries.FindingLook]
    """What was held against a schema in this time, whatever was found."""


@router.get("/findings", response_model=FindingList)
async def list_findings(asked: Question, limit: Limit = 100) -> Response:
    """What is wrong, each feature and type of a model's version once: how many predictions, first and last."""
    from tapetum_server.detectors.validation.next_steps import next_step

    found = await queries.list_findings(
        asked.reader, project=asked.project, time_range=asked.time_range, filter=asked.filter, limit=limit
    )
    rows = []
    for row in found["rows"]:
        step = next_step(row["type"])
        rows.append(FindingAdvice(**row, next_step=step.text, acceptable=step.acceptable))
    return answer(FindingList(rows=rows, more=found["more"], looked=found["looked"]))


@router.get("/findings/histogram", response_model=queries.FindingHistogram)
async def get_finding_histogram(asked: Question, buckets: Buckets = 60) -> Response:
    """How many predictions were held against a schema, and how many things were wrong, over time."""
    return answer(
        await queries.finding_histogram(
            asked.reader, project=asked.project, time_range=asked.time_range, filter=asked.filter, buckets=buckets
        )
    )


@router.get("/findings/facets", response_model=facet_queries.Facets)
async def get_finding_facets(asked: Question, keys: FacetKeys = None, limit: FacetLimit = 10) -> Response:
    """The most frequent values of some keys: in how many windows each type, feature, severity or model was found."""
    return await facets_of(asked, FINDINGS, keys, limit)
