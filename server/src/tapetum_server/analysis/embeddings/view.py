"""Embeddings of two windows as points of one plane."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
from typing_extensions import TypedDict

from tapetum_server.detectors.projection import principal_plane
from tapetum_server.query.embeddings import (
    EmbeddingColumn,
    Sampled,
    embedding_columns,
    sampled_vectors,
    with_correctness,
    with_vector,
)
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import Frame
from tapetum_server.query.reader import Reader
from tapetum_server.query.time_range import format_time

MAX_POINTS = 5_000
MAX_NUMBERS = 8_000_000
"""Numbers of all vectors together: long ones are fewer points."""
NOT_SHOWN = ("prediction_id", "time")


class EmbeddingFeature(TypedDict):
    """A feature that is a vector."""

    name: str
    dimensions: int


class EmbeddingPoints(TypedDict):
    """Column by column; those of the window come last, so that they are drawn on top."""

    prediction_id: list[str]
    time: list[str]
    in_window: list[bool]
    x: list[float]
    y: list[float]
    value: list[float | str | None]
    """Of the column by which they are told apart; empty where there is none."""


class EmbeddingView(TypedDict):
    """Vectors of a baseline and a window, along the axes in which all of them differ most."""

    features: list[EmbeddingFeature]
    feature: str | None
    """Which of them is shown; null where there is none."""
    explained: list[float]
    """The share, 0 to 1, of the whole variance along x and y."""
    baseline_rows: int
    window_rows: int
    """Predictions with such a vector, of which the points are a sample."""
    by: str | None
    by_kind: str
    """`numeric`, `boolean`, `categorical`, or "" where nothing is asked by."""
    columns: list[str]
    """What points can be told apart by."""
    points: EmbeddingPoints


async def embedding_view(
    reader: Reader, baseline: Frame | None, window: Frame, *, feature: str | None, by: str | None, limit: int
) -> EmbeddingView:
    """A sample of both sides, by the same axes. Raises `QueryError` for a feature that is no vector."""
    features = await embedding_columns(reader, window)
    shown = _chosen(features, feature)
    window = with_correctness(window)
    columns = [
        column.name
        for column in window.columns
        if column.kind in ("numeric", "boolean", "categorical") and not column.text and column.name not in NOT_SHOWN
    ]
    view = EmbeddingView(
        features=[EmbeddingFeature(name=one.name, dimensions=one.dimensions) for one in features],
        feature=shown.name if shown else None, explained=[0.0, 0.0], baseline_rows=0, window_rows=0, by=by, by_kind="",
        columns=columns,
        points=EmbeddingPoints(prediction_id=[], time=[], in_window=[], x=[], y=[], value=[]),
    )  # fmt: skip
    if by is not None:
        view["by_kind"] = window.only(columns).column(by).kind
    if shown is None:
        return view
    each = max(1, min(limit, MAX_POINTS, MAX_NUMBERS // shown.dimensions) // 2)
    view["window_rows"], of_window = await _side(reader, window, shown, by, each)
    of_baseline = Sampled([], [], [], [])
    if baseline is not None and any(column.name == shown.name for column in baseline.columns):
        view["baseline_rows"], of_baseline = await _side(reader, with_correctness(baseline), shown, by, each)
    await asyncio.to_thread(_draw, view, of_baseline, of_window)
    return view


def _chosen(features: Sequence[EmbeddingColumn], name: str | None) -> EmbeddingColumn | None:
    if name is None:
        return features[0] if features else None
    for feature in features:
        if feature.name == name:
            return feature
    there = ", ".join(feature.name for feature in features) or "none"
    raise QueryError(
        f"{name[:80]!r} is no embedding of this model in this time", code="no_embedding", field="feature",
        hint=f"There are: {there}. An embedding is a list of always as many numbers, three or more.",
    )  # fmt: skip


async def _side(
    reader: Reader, frame: Frame, shown: EmbeddingColumn, by: str | None, at_most: int
) -> tuple[int, Sampled]:
    column = next((column for column in frame.columns if column.name == by), None)
    rows = await with_vector(reader, frame, shown.name, shown.dimensions)
    return rows, await sampled_vectors(reader, frame, shown.name, shown.dimensions, column, rows, at_most)


def _draw(view: EmbeddingView, baseline: Sampled, window: Sampled) -> None:
    vectors = np.array([*baseline.vectors, *window.vectors], np.float64).reshape(
        len(baseline.vectors) + len(window.vectors), -1
    )
    plane = principal_plane(vectors)
    view["explained"] = [round(share, 6) for share in plane.explained]
    points = view["points"]
    points["prediction_id"] = [*baseline.prediction_ids, *window.prediction_ids]
    points["time"] = [format_time(time) for time in (*baseline.times_ns, *window.times_ns)]
    points["in_window"] = [False] * len(baseline.vectors) + [True] * len(window.vectors)
    # Six digits are more than any screen shows.
    points["x"], points["y"] = (np.round(plane.points[:, axis], 6).tolist() for axis in (0, 1))
    if view["by"] is not None:
        points["value"] = [*baseline.values, *window.values]
