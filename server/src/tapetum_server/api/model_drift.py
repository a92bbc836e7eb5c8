"""How far a model's predictions have drifted: from an earlier time, or from another version."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from tapetum_server.analysis.drift.answers import DriftReport
from tapetum_server.analysis.drift.from_states import Asked, states_report, suits
from tapetum_server.analysis.drift.report import drift_report
from tapetum_server.analysis.drift.settings import DriftSettings
from tapetum_server.analysis.feature_statistics.ranges import Part
from tapetum_server.api.model_baseline import BaselineFrom, BaselineTo, BaselineVersion, Version, baseline_of
from tapetum_server.api.predictions import ModelName
from tapetum_server.api.questions import Question, answer, now_of, router_of
from tapetum_server.detectors.drift.thresholds import ConstantThreshold
from tapetum_server.query.errors import NotFound, QueryError
from tapetum_server.query.frames import Frame
from tapetum_server.query.kept_windows import Subject
from tapetum_server.query.prediction_frames import LABEL, LABEL_VALUE, prediction_frame
from tapetum_server.query.time_range import TimeRange

router = router_of("models")
NO_FEATURES = ("prediction_id", "version", "labelled")
"""Columns of predictions that differ between any two windows or versions, or say only what has come yet."""
MINUTE_NS = 60 * 10**9
Source = Literal["auto", "exact", "states"]
Method = Literal["js", "psi", "hellinger", "linf", "tvd", "kl", "chi2", "ks", "wasserstein", "energy", "mmd"]


@router.get("/models/drift", response_model=DriftReport)
async def get_model_drift(
    request: Request,
    asked: Question,
    model: ModelName,
    version: Version = None,
    baseline_from: BaselineFrom = None,
    baseline_to: BaselineTo = None,
    baseline_version: BaselineVersion = None,
    feature: Annotated[list[str] | None, Query(max_length=200, description="Columns to compare; default all.")] = None,
    method: Annotated[list[Method] | None, Query(description="Default js.")] = None,
    threshold: Annotated[float | None, Query(gt=0, le=1_000, description="Default that of each method, 0.1.")] = None,
    chunk_minutes: Annotated[int | None, Query(ge=1, le=60 * 24 * 366, description="Chunks of the window.")] = None,
    slice_: Annotated[list[str] | None, Query(alias="slice", max_length=5, description="Columns to slice by.")] = None,
    source: Annotated[Source, Query(description="What is read: `auto`, every row (`exact`), or `states`.")] = "auto",
) -> Response:
    """Features, outputs, scores and labels of the predictions that pass the filter, against the baseline.

    From what is kept per hour, day and month where that says all that is asked; `way` says so of each feature.
    """
    now = now_of(request)
    baseline_range = baseline_of(asked.time_range, baseline_from, baseline_to, baseline_version, now)

    async def frame(time_range: TimeRange, of: str | None) -> Frame:
        return await prediction_frame(
            asked.reader, project=asked.project, model=model, time_range=time_range, version=of, filter=asked.filter
        )

    settings = DriftSettings(
        features=tuple(feature or ()),
        ignore=NO_FEATURES,
        late=(LABEL, LABEL_VALUE),
        methods=tuple(method or ("js",)),
        threshold=None if threshold is None else ConstantThreshold(threshold),
        time="time" if chunk_minutes else None,
        chunk_period_ns=chunk_minutes * MINUTE_NS if chunk_minutes else None,
        slices=tuple(slice_ or ()),
    )
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
        by_itself = source == "auto"
        told = None if why else await states_report(asked.reader, asked.project, sides, settings, by_itself=by_itself)
        if told is not None:
            return answer(told)
        if source == "states":
            raise NotFound(
                f"nothing that can be compared is kept of model {model[:80]!r} in these times",
                hint="Leave source out: then the predictions themselves are compared.",
            )
    baseline, window = await frame(baseline_range, baseline_version or version), await frame(asked.time_range, version)
    return answer(await drift_report(asked.reader, baseline, window, settings))
