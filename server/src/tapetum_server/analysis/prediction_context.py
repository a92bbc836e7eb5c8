"""One prediction against the distribution of its features: what of it is unusual."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from typing_extensions import TypedDict

from tapetum_server.analysis.drift.from_statistics import with_points
from tapetum_server.analysis.drift.identifiers import hardly_repeated
from tapetum_server.analysis.feature_statistics.ranges import Part
from tapetum_server.analysis.feature_statistics.stored import statistics_of
from tapetum_server.detectors.feature_statistics.histograms import ranks
from tapetum_server.query.filter import Filter
from tapetum_server.query.kept_windows import Subject
from tapetum_server.query.prediction_context import Among, among_others, number_of
from tapetum_server.query.prediction_frames import outside, prediction_frame
from tapetum_server.query.predictions import get_prediction
from tapetum_server.query.reader import Reader
from tapetum_server.query.time_range import TimeRange
from tapetum_server.signals.feature_statistics import FeatureStatistics, NumericStatistics

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
    at_most: bool
    """Whether `share_same` is only known to be no more: of a data set the most frequent values are kept."""
    unusual: bool
    """One in a hundred is like it, or further out; never of a feature that hardly repeats itself, such as an id."""


class PredictionContext(TypedDict):
    """A prediction's features beside those of other predictions of its model, or of a data set."""

    rows: int
    """Other predictions that were looked at, or rows of the data set."""
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
    placed = [_placed(plain[each.name], values[each.name], each, rows) for each in found]
    return PredictionContext(rows=rows, one_in=one_in, features=placed)


async def prediction_beside_dataset(
    reader: Reader, *, project: str, model: str, prediction_id: str, dataset: str
) -> PredictionContext:
    """Against what is kept of a data set's features, such as the training data; ranks are those of its kept points.

    Features that hold something else there, or lists, are left out. Raises `NotFound`.
    """
    one = await get_prediction(reader, project=project, model=model, prediction_id=prediction_id)
    (kept,) = await statistics_of(reader, project, [Part(Subject(dataset=dataset), TimeRange(None, None))])
    known = {feature.feature: feature for feature in kept.statistics.features}
    rows = kept.statistics.rows
    placed = []
    for name, value in one["features"].items():
        feature = known.get(outside(name))
        each = None if feature is None else _among_kept(with_points(feature), value)
        if each is not None:
            placed.append(_placed(name, value, each, rows))
    return PredictionContext(rows=rows, one_in=1, features=placed)


def _among_kept(feature: FeatureStatistics, value: object) -> Among | None:
    """A value among those that statistics tell of; `None` where they tell of another kind of values."""
    if feature.counts.most > 1:
        return None
    name, present = feature.feature, round(feature.counts.present)
    if value is None:
        return Among(name, present, 0, 0, None, None, None)
    numeric, text = feature.numeric, feature.text
    if numeric is not None and feature.kind == "boolean":
        if not isinstance(value, bool):
            return None
        yes = round(numeric.finite - numeric.zeros)
        return Among(name, present, 0, yes if value else present - yes, None, None, None)
    if numeric is not None:
        number = number_of(value)
        return None if number is None else _among_numbers(name, present, numeric, number)
    if text is None or not isinstance(value, str | bool):
        return None
    said = value if isinstance(value, str) else str(value).lower()
    counted = dict(text.values)
    whole = text.unique_exact and len(counted) == text.unique
    if not counted and not whole:
        return None
    same = counted.get(said, 0.0 if whole else min(counted.values(), default=0.0))
    return Among(
        name, present, 0, round(same), None, None, None, different=text.unique,
        at_most=said not in counted and not whole,
    )  # fmt: skip


def _among_numbers(name: str, present: int, numeric: NumericStatistics, number: float) -> Among | None:
    points = np.asarray(numeric.points)
    if math.isnan(number):
        return Among(name, present, 0, round(numeric.nan), None, None, None)
    if not len(points):
        return None
    low, median, high = np.quantile(points, (0.01, 0.5, 0.99)).tolist()
    least = numeric.negative_infinity
    if math.isinf(number):
        below, same = (least + numeric.finite, numeric.positive_infinity) if number > 0 else (0.0, least)
    else:
        under = float(ranks(points, np.array([number]))[0])
        over = float(ranks(-points[::-1], np.array([-number]))[0])
        below, same = least + under * numeric.finite, max(0.0, 1 - under - over) * numeric.finite
    return Among(name, present, round(below), round(same), low, median, high)


def _placed(name: str, value: Any, each: Among, rows: int) -> FeatureContext:
    number = None if isinstance(value, bool) or each.median is None else number_of(value)
    known = number is not None and not math.isnan(number)
    place: Literal["number", "value", "missing"] = "missing" if value is None else "number" if known else "value"
    same = (rows - each.present if value is None else each.same) / rows if rows else None
    below = each.below / each.present if known and each.present else None
    unusual = False
    if rows >= ENOUGH and same is not None:
        if below is None:
            unusual = same < RARE and not hardly_repeated(each.different or 0, each.present)
        elif each.present >= ENOUGH:
            reached = below + each.same / each.present
            unusual = reached < RARE or below > 1 - RARE
    return FeatureContext(
        feature=name, place=place, share_below=below, share_same=same, low=each.low if known else None,
        median=each.median if known else None, high=each.high if known else None, at_most=each.at_most,
        unusual=unusual,
    )  # fmt: skip
