"""How far a model's predictions have drifted: from an earlier time, or from another version."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from tapetum_server.analysis.drift.answers import DriftReport
from tapetum_server.analysis.drift.attributions import attributed
from tapetum_server.analysis.drift.from_statistics import drift_from_statistics
from tapetum_server.analysis.drift.report import drift_report
from tapetum_server.analysis.drift.settings import DriftSettings
from tapetum_server.analysis.feature_statistics.stored import statistics_of
from tapetum_server.api.model_baseline import BaselineFrom, BaselineTo, BaselineVersion, Version, baseline_of
from tapetum_server.api.predictions import ModelName
from tapetum_server.api.questions import Question, answer, now_of, router_of
from tapetum_server.detectors.drift.thresholds import ConstantThreshold, VariationThreshold
from tapetum_server.detectors.drift.thresholds import Threshold as DriftThreshold
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import Frame
from tapetum_server.query.prediction_frames import LABEL, LABEL_VALUE, prediction_frame
from tapetum_server.query.stored_statistics import Subject
from tapetum_server.query.time_range import TimeRange
from tapetum_server.signals.feature_statistics import DatasetStatistics
from tapetum_server.signals.predictions import ATTRIBUTIONS

router = router_of("models")
NO_FEATURES = ("prediction_id", "version", "labelled")
"""Columns of predictions that differ between any two windows or versions, or say only what has come yet."""
MINUTE_NS = 60 * 10**9
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
) -> Response:
    """Features, outputs, scores and labels of the predictions that pass the filter, against the baseline."""
    trained: DatasetStatistics | None = None
    if baseline_dataset is not None:
        subject, ever = Subject(dataset=baseline_dataset), TimeRange(None, None)
        trained, _ = await statistics_of(asked.reader, asked.project, subject, ever)

    async def frame(time_range: TimeRange, of: str | None) -> Frame:
        return await prediction_frame(
            asked.reader, project=asked.project, model=model, time_range=time_range, version=of, filter=asked.filter,
            attributions=True,
        )  # fmt: skip

    baseline = window = await frame(asked.time_range, version)
    if trained is None:
        earlier = baseline_of(asked.time_range, baseline_from, baseline_to, baseline_version, now_of(request))
        baseline = await frame(earlier, baseline_version or version)
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
        attributions=ATTRIBUTIONS if len(attributed(baseline, window, ATTRIBUTIONS)) > 1 else "",
    )
    if trained is not None:
        return answer(await drift_from_statistics(asked.reader, trained, window, settings))
    return answer(await drift_report(asked.reader, baseline, window, settings))


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
