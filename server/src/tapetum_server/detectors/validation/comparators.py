"""Drift against earlier data and skew against serving data, where a schema asks for them."""

from __future__ import annotations

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from tapetum_server.detectors.validation.distances import (
    divergence_of_counts,
    divergence_of_histograms,
    l_infinity,
    normalized_absolute_difference,
)
from tapetum_server.detectors.validation.findings import Found, Measurement, Side, digits
from tapetum_server.detectors.validation.view import DatasetView, FeatureView

_HELD_AGAINST: dict[Side, tuple[str, str]] = {
    "drift": ("the current data", "the previous data"), "skew": ("the training data", "the serving data")
}  # fmt: skip
_QUANTILES = schema_pb2.HistogramSelection.QUANTILES


def check_comparator(
    comparator: schema_pb2.FeatureComparator, view: FeatureView, control: DatasetView | None, side: Side, found: Found,
    *, serving: bool = False,
) -> None:  # fmt: skip
    """Measure the distances that `comparator` has a threshold for; without a control, none.

    With `serving`, what is looked at is what the model is asked, and the control what it was trained on: the distances
    are the same either way.
    """
    asked = [name for name in ("infinity_norm", "normalized_abs_difference", "jensen_shannon_divergence")
             if getattr(comparator, name).HasField("threshold")]  # fmt: skip
    if not asked or control is None:
        return
    other = control.features.get(view.path)
    words = _HELD_AGAINST[side]
    here, there = words[::-1] if serving else words
    if other is None:
        found.add(
            "COMPARATOR_CONTROL_DATA_MISSING",
            "Nothing to compare with",
            f"{there.capitalize()} do not have the feature.",
            side=side,
        )
        for name in asked:
            getattr(comparator, name).ClearField("threshold")
        return
    if "infinity_norm" in asked:
        value, distance = l_infinity(view.counts, other.counts)
        _judge(comparator.infinity_norm, ("L_INFTY", "L∞ distance"), distance, side, (here, there), found, value)
    if "normalized_abs_difference" in asked:
        value, distance = normalized_absolute_difference(view.counts, other.counts)
        kind = ("NORMALIZED_ABSOLUTE_DIFFERENCE", "normalized absolute difference")
        _judge(comparator.normalized_abs_difference, kind, distance, side, (here, there), found, value)
    if "jensen_shannon_divergence" in asked:
        divergence = comparator.jensen_shannon_divergence
        measured = _divergence(view, other, divergence.source.type)
        if measured is not None:
            kind = ("JENSEN_SHANNON_DIVERGENCE", "Jensen–Shannon divergence")
            _judge(divergence, kind, measured, side, (here, there), found)


def _divergence(view: FeatureView, other: FeatureView, source: int) -> float | None:
    """`None` where one is made of numbers and the other of texts: TFDV says nothing either."""
    if view.counts and other.counts:
        return divergence_of_counts(view.counts, other.counts)
    of = statistics_pb2.Histogram
    kind = of.QUANTILES if source == _QUANTILES else of.STANDARD
    one, another = view.histogram(kind), other.histogram(kind)
    return None if one is None or another is None else divergence_of_histograms(one, another)


def _judge(
    limit: schema_pb2.InfinityNorm | schema_pb2.NormalizedAbsoluteDifference | schema_pb2.JensenShannonDivergence,
    kind: tuple[str, str], distance: float, side: Side, between: tuple[str, str], found: Found, value: str = "",
) -> None:  # fmt: skip
    type, words = kind
    found.measurements.append(Measurement(side, type, distance, limit.threshold))
    if distance <= limit.threshold:
        return
    here, there = between
    most = f" {value!r} differs most." if value else ""
    found.add(
        f"COMPARATOR_{type}_HIGH", f"{here.capitalize()} differ from {there}",
        f"The {words} between {here} and {there} is {digits(distance)}, above {digits(limit.threshold)}.{most}",
        [value] if value else (), side,
    )  # fmt: skip
    limit.threshold = distance
