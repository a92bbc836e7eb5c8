"""Drift of a model's predictions that no single column shows: of embeddings, of texts, of all columns together."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response

from tapetum_server.analysis.drift.answers import DriftReport
from tapetum_server.analysis.drift.report import drift_report
from tapetum_server.analysis.drift.settings import DriftSettings
from tapetum_server.api.model_drift import (
    MINUTE_NS,
    NO_FEATURES,
    ChunkMinutes,
    ChunkRows,
    Deviations,
    Method,
    Threshold,
    threshold_of,
)
from tapetum_server.api.model_sides import TwoSides
from tapetum_server.api.questions import answer, router_of
from tapetum_server.query.drift_texts import some_predictions
from tapetum_server.query.embeddings import embedding_columns
from tapetum_server.query.frames import Frame
from tapetum_server.query.prediction_frames import LABEL, LABEL_VALUE

router = router_of("models")
MOST = 3
"""Embeddings, and texts, that are looked at where nobody says which."""


@router.get("/models/drift/together", response_model=DriftReport)
async def get_model_drift_together(
    sides: TwoSides,
    embedding: Annotated[
        list[str] | None, Query(max_length=MOST, description="Vectors to compare; default the first ones there are.")
    ] = None,
    text: Annotated[
        list[str] | None, Query(max_length=MOST, description="Texts to compare; default the first ones there are.")
    ] = None,
    multivariate: Annotated[
        list[Literal["classifier", "pca"]] | None, Query(description="Look at all columns together too.")
    ] = None,
    method: Annotated[list[Method] | None, Query(description="Of what texts are like; default js.")] = None,
    threshold: Threshold = None,
    deviations: Deviations = None,
    chunk_minutes: ChunkMinutes = None,
    chunk_rows: ChunkRows = None,
    slice_: Annotated[list[str] | None, Query(alias="slice", max_length=5, description="Columns to slice by.")] = None,
) -> Response:
    """Embeddings, texts with what they are like as columns of numbers, and on request all columns together."""
    reader = sides.asked.reader
    baseline, window = await sides.baseline(), await sides.window()
    embeddings, texts = embedding, text
    if embeddings is None:
        there = {column.name for column in await embedding_columns(reader, window)}
        embeddings = [column.name for column in await embedding_columns(reader, baseline) if column.name in there]
    if texts is None:
        there = {column.name for column in window.columns if column.text}
        texts = [column.name for column in baseline.columns if column.text and column.name in there]
    settings = DriftSettings(
        ignore=NO_FEATURES,
        late=(LABEL, LABEL_VALUE),
        methods=tuple(method or ("js",)),
        threshold=threshold_of(threshold, deviations),
        time="time" if chunk_minutes else None,
        chunk_size=chunk_rows,
        chunk_period_ns=chunk_minutes * MINUTE_NS if chunk_minutes else None,
        slices=tuple(slice_ or ()),
        multivariate=tuple(multivariate or ()),
        embeddings=tuple(embeddings[:MOST]),
        texts=tuple(texts[:MOST]),
    )
    if not multivariate:
        baseline, window = [
            _only(await some_predictions(reader, frame) if settings.texts else frame, settings)
            for frame in (baseline, window)
        ]
        settings = replace(settings, ignore=(*NO_FEATURES, *(name for name in settings.slices if name not in texts)))
    return answer(await drift_report(reader, baseline, window, settings))


def _only(frame: Frame, settings: DriftSettings) -> Frame:
    """The columns that are looked at here: one by one, the others are asked about at `/models/drift`."""
    needed = {"time", *NO_FEATURES, *settings.embeddings, *settings.texts, *settings.slices}
    return frame.only([column.name for column in frame.columns if column.name in needed])
