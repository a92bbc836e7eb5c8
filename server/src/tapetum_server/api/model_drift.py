"""How far a model's predictions have drifted: from an earlier time, or from another version."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from tapetum_server.analysis.drift.answers import DriftReport, DriftTogether
from tapetum_server.analysis.drift.attributions import attributed, logged_importance, of_attributions
from tapetum_server.analysis.drift.from_states import Asked, states_report, suits
from tapetum_server.analysis.drift.from_statistics import drift_from_statistics
from tapetum_server.analysis.drift.report import drift_report
from tapetum_server.analysis.drift.settings import DriftSettings
from tapetum_server.analysis.feature_statistics.ranges import Part
from tapetum_server.analysis.feature_statistics.stored import statistics_of
from tapetum_server.api.model_baseline import BaselineFrom, BaselineTo, BaselineVersion, Version, baseline_of
from tapetum_server.api.predictions import ModelName
from tapetum_server.api.questions import Question, answer, now_of, router_of
from tapetum_server.detectors.drift.thresholds import ConstantThreshold, VariationThreshold
from tapetum_server.detectors.drift.thresholds import Threshold as DriftThreshold
from tapetum_server.query.attributions import has_attributions
from tapetum_server.query.errors import NotFound, QueryError
from tapetum_server.query.frames import Frame
from tapetum_server.query.kept_windows import Subject
from tapetum_server.query.prediction_frames import LABEL, LABEL_VALUE, prediction_frame
from tapetum_server.query.time_range import TimeRange
from tapetum_server.signals.predictions import ATTRIBUTIONS

router = router_of("models")
NO_FEATURES = ("prediction_id", "version", "labelled")
"""Columns of predictions that differ between any two windows or versions, or say only what has come yet."""
MINUTE_NS = 60 * 10**9
Source = Literal["auto", "exact", "states"]
Method = Literal["js", "psi", "hellinger", "linf", "tvd", "kl", "chi2", "ks", "wasserstein", "energy", "mmd"]
Threshold = Annotated[float | None, Query(gt=0, le=1_000, description="Default that of each method, 0.1.")]
Deviations = Annotated[
    float | None,
    Query(gt=0, le=100, description="Instead of a threshold: the mean distance of the baseline's own chunks, and so "
          "many standard deviations more."),
]  # fmt: skip
ChunkMinutes = Annotated[int | None, Query(ge=1, le=60 * 24 * 366, description="Chunks of the window, by time.")]
ChunkRows = Annotated[int | None, Query(ge=100, le=10**9, description="Or chunks of so many predictions.")]


@router.get("/models/drift", response_model=DriftReport)
async def get_model_drift(
    request: Request,
    asked: Question,
    model: ModelName,
    version: Version = None,
    baseline_from: BaselineFrom = None,
    baseline_to: BaselineTo = None,
    baseline_version: BaselineVersion = None,
    baseline_dataset: Annotated[
        str | None,
        Query(
            max_length=1_000, description="Instead: a data set of which statistics are kept, such as the training data."
        ),
    ] = None,
    feature: Annotated[list[str] | None, Query(max_length=200, description="Columns to compare; default all.")] = None,
    method: Annotated[list[Method] | None, Query(description="Default js.")] = None,
    threshold: Threshold = None,
    deviations: Deviations = None,
    chunk_minutes: ChunkMinutes = None,
    chunk_rows: ChunkRows = None,
    slice_: Annotated[list[str] | None, Query(alias="slice", max_length=5, description="Columns to slice by.")] = None,
    source: Annotated[Source, Query(description="What is read: `auto`, every row (`exact`), or `states`.")] = "auto",
) -> Response:
    """Features, outputs, scores and labels of the predictions that pass the filter, against the baseline.

    From what is kept per hour, day and month where that says all that is asked; `way` says so of each feature.
    """
    now = now_of(request)

    async def frame(time_range: TimeRange, of: str | None) -> Frame:
        return await prediction_frame(
            asked.reader, project=asked.project, model=model, time_range=time_range, version=of, filter=asked.filter,
            attributions=True,
        )  # fmt: skip

    settings = DriftSettings(
        features=tuple(feature or ()),
        ignore=NO_FEATURES,
        late=(LABEL, LABEL_VALUE),
        methods=tuple(method or ("js",)),
        threshold=threshold_of(threshold, deviations),
        time="time" if chunk_minutes else None,
        chunk_size=chunk_rows,
        chunk_period_ns=chunk_minutes * MINUTE_NS if chunk_minutes else None,
        slices=tuple(slice_ or ()),
    )
    if baseline_dataset is not None:
        ever = Part(Subject(dataset=baseline_dataset), TimeRange(None, None))
        (trained,) = await statistics_of(asked.reader, asked.project, [ever])
        window = await frame(asked.time_range, version)
        settings = replace(settings, attributions=_explained(window, window))
        return answer(await drift_from_statistics(asked.reader, trained.statistics, window, settings))
    baseline_range = baseline_of(asked.time_range, baseline_from, baseline_to, baseline_version, now)
    both: tuple[Frame, Frame] | None = None
    together: list[DriftTogether] = []
    if await has_attributions(asked.reader, asked.project, model, asked.time_range):
        # They are in no window: these alone are read from the predictions.
        both = await frame(baseline_range, baseline_version or version), await frame(asked.time_range, version)
        if prefix := _explained(*both):
            weights = await logged_importance(asked.reader, *both, prefix)
            settings = replace(settings, attributions=prefix, importance=weights)
            together = [await of_attributions(asked.reader, *both, settings)]
    if source != "exact":
        why = "filters are" if asked.filter.terms else suits(settings, estimates=source == "states")
        if why and source == "states":
            raise QueryError(
                f"{why} not answered from what is kept of windows", code="not_from_states", field="source",
                hint="Leave source out: then rows are read where they must be.",
            )  # fmt: skip
        sides = Asked(
            Part(Subject(model=model, version=baseline_version or version), baseline_range),
            Part(Subject(model=model, version=version), asked.time_range),
            now,
        )
        told = None
        if not why:
            told = await states_report(
                asked.reader, asked.project, sides, settings, by_itself=source == "auto", together=together
            )
        if told is not None:
            return answer(told)
        if source == "states":
            raise NotFound(
                f"nothing that can be compared is kept of model {model[:80]!r} in these times",
                hint="Leave source out: then the predictions themselves are compared.",
            )
    if both is None:
        both = await frame(baseline_range, baseline_version or version), await frame(asked.time_range, version)
    return answer(await drift_report(asked.reader, *both, settings))


def _explained(baseline: Frame, window: Frame) -> str:
    """What columns of attributions begin with; "" where there are none to compare."""
    return ATTRIBUTIONS if len(attributed(baseline, window, ATTRIBUTIONS)) > 1 else ""


def threshold_of(value: float | None, deviations: float | None) -> DriftThreshold | None:
    """What counts as drift, by one of the two ways to say it. Raises `QueryError` for both."""
    if value is not None and deviations is not None:
        raise QueryError(
            "a threshold is a value, or comes from the baseline's own variation, not both", code="two_thresholds",
            field="deviations", hint="Leave out threshold, or deviations.",
        )  # fmt: skip
    if value is not None:
        return ConstantThreshold(value)
    return None if deviations is None else VariationThreshold(deviations)
