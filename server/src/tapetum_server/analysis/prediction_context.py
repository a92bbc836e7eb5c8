"""One prediction against the distribution of its features: what of it is unusual."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from typing_extensions import TypedDict

from tapetum_server.query.filter import Filter
from tapetum_server.query.prediction_context import Among, among_others
from tapetum_server.query.prediction_frames import outside, prediction_frame
from tapetum_server.query.predictions import get_prediction
from tapetum_server.query.reader import Reader
from tapetum_server.query.time_range import TimeRange

ENOUGH = 100
"""Others below which nothing is called unusual."""
RARE = 0.01


class FeatureContext(TypedDict):
    """One feature's value among those of other predictions."""

    feature: str
    place: Literal["number", "value", "missing"]
    share_below: float | None
    """Of a number: the share of others that are less, and as much."""
    share_same: float | None
    """The share of others with the same value; of a missing one, in which it is missing."""
    low: float | None
    """Of a number: what one in a hundred is below, half are, and 99 in a hundred."""
    median: float | None
    high: float | None
    unusual: bool
    """One in a hundred is like it, or further out."""


class PredictionContext(TypedDict):
    """A prediction's features beside those of other predictions of its model."""

    rows: int
    """Other predictions that were looked at."""
    one_in: int
    """Of so many one was looked at."""
    features: list[FeatureContext]


async def prediction_context(
    reader: Reader, *, project: str, model: str, prediction_id: str, time_range: TimeRange, filter: Filter
) -> PredictionContext:
    """Against the model's other predictions of the range that pass the filter. Raises `NotFound`."""
    one = await get_prediction(reader, project=project, model=model, prediction_id=prediction_id)
    frame = await prediction_frame(
        reader, project=project, model=model, time_range=time_range, filter=filter, labels=False
    )
    values = {outside(name): value for name, value in one["features"].items()}
    plain = {outside(name): name for name in one["features"]}
    rows, one_in, found = await among_others(reader, frame, prediction_id, values)
    return PredictionContext(rows=rows, one_in=one_in, features=[_placed(plain, values, each, rows) for each in found])


def _placed(plain: Mapping[str, str], values: Mapping[str, Any], each: Among, rows: int) -> FeatureContext:
    value = values[each.name]
    number = isinstance(value, int | float) and not isinstance(value, bool) and each.median is not None
    place: Literal["number", "value", "missing"] = "missing" if value is None else "number" if number else "value"
    same = (rows - each.present if value is None else each.same) / rows if rows else None
    below = each.below / each.present if number and each.present else None
    unusual = False
    if rows >= ENOUGH and same is not None:
        if below is None:
            unusual = same < RARE
        elif each.present >= ENOUGH:
            reached = below + each.same / each.present
            unusual = reached < RARE or below > 1 - RARE
    return FeatureContext(
        feature=plain[each.name], place=place, share_below=below, share_same=same,
        low=each.low if number else None, median=each.median if number else None, high=each.high if number else None,
        unusual=unusual,
    )  # fmt: skip
