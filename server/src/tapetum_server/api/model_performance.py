"""How good a model in production is: by its labels, by slice, and as estimated before labels come."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from tapetum_server.analysis.performance import answers
from tapetum_server.analysis.performance.decisions import costs_of
from tapetum_server.analysis.performance.estimate_of_model import estimate_report, not_estimated
from tapetum_server.analysis.performance.kept import KeptEvaluations, kept_evaluations
from tapetum_server.analysis.performance.of_model import performance_report
from tapetum_server.analysis.performance.outcomes_of_model import outcomes_report
from tapetum_server.analysis.performance.slice_answers import ChosenSlices, WorstSlices
from tapetum_server.analysis.performance.slice_report import (
    MAX_CONDITIONS,
    MAX_CROSSED,
    chosen_report,
    worst_report,
)
from tapetum_server.api.model_baseline import BaselineFrom, BaselineTo, BaselineVersion, Version, baseline_of
from tapetum_server.api.predictions import ModelName
from tapetum_server.api.questions import Asked, Question, answer, now_of, router_of
from tapetum_server.query.errors import NotFound
from tapetum_server.query.filter import Filter, parse_filter
from tapetum_server.query.frames import Frame
from tapetum_server.query.histograms import steps_over
from tapetum_server.query.outside import ends_of
from tapetum_server.query.prediction_frames import prediction_frame
from tapetum_server.query.prediction_sources import PREDICTIONS
from tapetum_server.query.selection import Selection
from tapetum_server.query.time_range import SECOND, Steps

router = router_of("models")
MAX_STEPS = 24
Positive = Annotated[
    str, Query(max_length=1_024, description="The label that a score is the probability of; found out without it.")
]
Costs = Annotated[
    str, Query(max_length=100, description="Worth of a true and a false positive, a true and a false negative.")
]


@router.get("/models/performance", response_model=answers.PerformanceReport)
async def get_model_performance(
    asked: Question,
    model: ModelName,
    version: Version = None,
    slice_: Annotated[str, Query(alias="slice", max_length=300, description="Column whose values are shown.")] = "",
    positive: Positive = "",
    query_key: Annotated[
        str,
        Query(max_length=300, description="Column within whose values predictions are ranked; tags.query_id without."),
    ] = "",
    costs: Costs = "",
) -> Response:
    """Metrics of the predictions whose label has come: of all, over time and by slice."""
    frame = await _frame(asked, model, version)
    steps = await _steps(asked)
    return answer(
        await performance_report(
            asked.reader,
            frame,
            steps,
            slice_by=slice_,
            positive=positive,
            query_key=query_key,
            costs=costs_of(costs),
        )
    )


@router.get("/models/performance/slices", response_model=WorstSlices)
async def get_model_worst_slices(
    asked: Question, model: ModelName, version: Version = None, positive: Positive = ""
) -> Response:
    """Where errors are clearly more frequent than elsewhere, by up to three features; each over time."""
    frame = await _frame(asked, model, version)
    return answer(await worst_report(asked.reader, frame, await _steps(asked), positive=positive))


@router.get("/models/performance/chosen", response_model=ChosenSlices)
async def get_model_chosen_slices(
    asked: Question,
    model: ModelName,
    version: Version = None,
    slice_: Annotated[
        list[str] | None,
        Query(alias="slice", max_length=MAX_CROSSED, description="Columns; of several, each combination is a slice."),
    ] = None,
    where: Annotated[
        list[str] | None, Query(max_length=MAX_CONDITIONS, description="SQL over columns: a slice for each.")
    ] = None,
    positive: Positive = "",
) -> Response:
    """Metrics of chosen slices (values, crosses of columns, SQL), each over time and against all other predictions.

    Of a yes-or-no question, also the gaps between the groups.
    """
    frame = await _frame(asked, model, version)
    return answer(
        await chosen_report(
            asked.reader, frame, await _steps(asked), slice_ or (), where or (), positive=positive
        )
    )  # fmt: skip


@router.get("/models/evaluations", response_model=KeptEvaluations)
async def get_model_evaluations(asked: Question, model: ModelName) -> Response:
    """What `tapetum evaluate --keep` found of the model until the end of the time: the newest 20, blessed or not."""
    return answer(await kept_evaluations(asked.reader, project=asked.project, model=model, until=asked.time_range.end))


@router.get("/models/performance/estimate", response_model=answers.PerformanceEstimate)
async def get_model_performance_estimate(
    request: Request,
    asked: Question,
    model: ModelName,
    version: Version = None,
    baseline_from: BaselineFrom = None,
    baseline_to: BaselineTo = None,
    baseline_version: BaselineVersion = None,
    positive: Positive = "",
    weighted: Annotated[
        bool, Query(description="Weigh the baseline as the features of the window are mixed (covariate shift).")
    ] = False,
    chunk_rows: Annotated[
        int, Query(ge=0, le=1_000_000, description="Steps of so many predictions; 0 for steps of time.")
    ] = 0,
    costs: Costs = "",
) -> Response:
    """What the metrics of a window will be, learned from the labelled predictions of a baseline: by what scores meant,
    and by what came true of rows like these, which names a version that turned bad before its own labels come."""
    before = baseline_of(asked.time_range, baseline_from, baseline_to, baseline_version, now_of(request))
    steps = await _steps(asked)
    seconds = max(1, steps.step // SECOND)
    worth = costs_of(costs)
    labelled = replace(asked, filter=Filter((*asked.filter.terms, *parse_filter("labelled:true").terms)))
    then = replace(labelled, time_range=before)
    window = await _frame(asked, model, version)
    baseline = await _frame_or_none(then, model, baseline_version or version)
    if baseline is None:
        why = "The baseline has no prediction whose label has come: what scores mean cannot be learned from it."
        report = not_estimated(why, seconds)
    else:
        report = await estimate_report(
            asked.reader, baseline, window, steps, positive=positive, weighted=weighted, chunk_rows=chunk_rows
        )
    # What comes true does not hang on which version was asked: labels of all are learned from.
    of_all = baseline if baseline_version or not version else await _frame_or_none(then, model, None)
    around = await _frame_or_none(labelled, model, None)
    report["outcomes"] = await outcomes_report(
        asked.reader, of_all, around, window, seconds, positive=positive, chunk_rows=chunk_rows, costs=worth
    )
    return answer(report)


async def _frame_or_none(asked: Asked, model: str, version: str | None) -> Frame | None:
    try:
        return await _frame(asked, model, version)
    except NotFound:
        return None


async def _frame(asked: Asked, model: str, version: str | None) -> Frame:
    return await prediction_frame(
        asked.reader, project=asked.project, model=model, time_range=asked.time_range, version=version,
        filter=asked.filter,
    )  # fmt: skip


async def _steps(asked: Asked) -> Steps:
    ends = await ends_of(asked.reader, Selection(PREDICTIONS, asked.project, asked.time_range, asked.filter))
    if ends is None:
        raise NotFound("there are no predictions in this time", hint="Look at a longer time.")
    return steps_over(ends["drawn"], MAX_STEPS)
