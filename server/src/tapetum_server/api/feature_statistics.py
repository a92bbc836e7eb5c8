"""Feature statistics that are kept, of data sets and of models."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from tapetum_server.analysis.feature_statistics.kept import FeatureDistance, distances, kept_file
from tapetum_server.analysis.feature_statistics.stored import Statistics, statistics_report
from tapetum_server.api.questions import Question, QuestionOfOne, answer, now_of, router_of
from tapetum_server.query.kept_windows import Subject
from tapetum_server.query.stored_statistics import SubjectRow, list_subjects
from tapetum_server.query.time_range import parse_range
from tapetum_server.signals.feature_statistics import ALL_ROWS

router = router_of("feature statistics")
FILE = "application/octet-stream"
Name = Annotated[str, Query(max_length=1_000)]
Version = Annotated[str | None, Query(max_length=1_000, description="Of the model; without it, all versions together.")]


class Subjects(TypedDict):
    """Data sets and versions of models of which statistics are kept."""

    rows: list[SubjectRow]


class Distances(TypedDict):
    """How far features moved from a baseline."""

    rows: list[FeatureDistance]


@router.get("/feature_statistics", response_model=Subjects)
async def list_feature_statistics(asked: QuestionOfOne) -> Response:
    """Of which data sets and models statistics are kept, data sets first."""
    return answer(Subjects(rows=await list_subjects(asked.reader, asked.project)))


@router.get("/feature_statistics/features", response_model=Statistics)
async def get_feature_statistics(
    asked: Question,
    dataset: Name = "",
    model: Name = "",
    version: Version = None,
    slice: Name = ALL_ROWS,
) -> Response:
    """Statistics of every feature of a data set, or of a model: from windows, at the ends from rows."""
    subject = Subject(dataset, model, version, slice)
    return answer(await statistics_report(asked.reader, asked.project, subject, asked.time_range))


@router.get(
    "/feature_statistics/file",
    response_class=Response,
    responses={200: {"content": {FILE: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def get_feature_statistics_file(
    asked: Question, dataset: Name = "", model: Name = "", version: Version = None, slice: Name = ALL_ROWS
) -> Response:
    """The same as `FeatureStats.pb` of TFDV, which `data-schemas` validates, accepts and infers from."""
    subject = Subject(dataset, model, version, slice)
    content = await kept_file(asked.reader, asked.project, subject, asked.time_range)
    named = {"content-disposition": 'attachment; filename="FeatureStats.pb"'}
    return Response(content, media_type=FILE, headers=named)


@router.get("/feature_statistics/distances", response_model=Distances)
async def get_feature_distances(
    request: Request,
    asked: Question,
    dataset: Name = "",
    model: Name = "",
    version: Version = None,
    slice: Name = ALL_ROWS,
    base_dataset: Name = "",
    base_model: Name = "",
    base_version: Version = None,
    base_slice: Name = ALL_ROWS,
    base_from: Annotated[str | None, Query(description="Of the baseline's windows, as `from`.")] = None,
    base_to: Annotated[str | None, Query(description="As `to`.")] = None,
) -> Response:
    """How far each feature is from the same one of a baseline (`base_…`), between 0 and 1, the furthest first."""
    before = parse_range(base_from, base_to, now_of(request))
    baseline = Subject(base_dataset, base_model, base_version, base_slice)
    subject = Subject(dataset, model, version, slice)
    rows = await distances(asked.reader, asked.project, subject, asked.time_range, baseline, before)
    return answer(Distances(rows=rows))
