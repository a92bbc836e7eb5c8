"""Feature statistics that are kept, of data sets and of models."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response
from typing_extensions import TypedDict

from tapetum_server.analysis.feature_statistics.stored import Statistics, statistics_report
from tapetum_server.api.questions import Question, QuestionOfOne, answer, router_of
from tapetum_server.query.stored_statistics import Subject, SubjectRow, list_subjects
from tapetum_server.signals.feature_statistics import ALL_ROWS

router = router_of("feature statistics")
Name = Annotated[str, Query(max_length=1_000)]


class Subjects(TypedDict):
    """Data sets and versions of models of which statistics are kept."""

    rows: list[SubjectRow]


@router.get("/feature_statistics", response_model=Subjects)
async def list_feature_statistics(asked: QuestionOfOne) -> Response:
    """Of which data sets and models statistics are kept, data sets first."""
    return answer(Subjects(rows=await list_subjects(asked.reader, asked.project)))


@router.get("/feature_statistics/features", response_model=Statistics)
async def get_feature_statistics(
    asked: Question,
    dataset: Name = "",
    model: Name = "",
    version: Annotated[
        str | None, Query(max_length=1_000, description="Of the model; without it, all versions together.")
    ] = None,
    slice: Name = ALL_ROWS,
) -> Response:
    """Statistics of every feature of a data set, or of a model over all windows that lie in the range."""
    subject = Subject(dataset, model, version, slice)
    return answer(await statistics_report(asked.reader, asked.project, subject, asked.time_range))
