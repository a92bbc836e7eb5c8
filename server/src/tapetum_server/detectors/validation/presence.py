"""Whether a feature is there often enough, with as many values as it should, in its shape, and as varied."""

from __future__ import annotations

import math

from tensorflow_metadata.proto.v0 import schema_pb2

from tapetum_server.detectors.validation.findings import Found, digits
from tapetum_server.detectors.validation.view import FeatureView

NEARLY_ALL = 0.9999
"""What a presence of all becomes where so few examples lack the feature that the share still rounds to 1."""
_FEW, _MANY, _RARE = "Fewer values than expected", "More values than expected", "Feature is missing too often"
_SHAPE, _NESTING = "Values do not fill the shape", "Nested otherwise than expected"


def check_value_counts(feature: schema_pb2.Feature, view: FeatureView, found: Found) -> None:
    """Hold the number of values per example against `value_count` or, by level of nesting, `value_counts`."""
    lengths = view.lengths_by_level
    if feature.HasField("value_count"):
        if len(lengths) > 1:
            found.add(
                "VALUE_NESTEDNESS_MISMATCH", _NESTING,
                f"value_count describes flat lists, and the values are nested {len(lengths)} levels deep: "
                "describe them with value_counts.",
                [str(len(lengths))],
            )  # fmt: skip
            feature.ClearField("value_count")
            set_value_count(feature, view)
            return
        _check_level(feature.value_count, lengths[0], "", found)
    elif feature.HasField("value_counts"):
        levels = feature.value_counts.value_count
        if len(levels) != len(lengths):
            found.add(
                "VALUE_NESTEDNESS_MISMATCH", _NESTING,
                f"The schema describes {len(levels)} levels of nesting, and the values have {len(lengths)}.",
                [str(len(lengths))],
            )  # fmt: skip
            feature.ClearField("value_counts")
            set_value_count(feature, view)
            return
        for number, (level, length) in enumerate(zip(levels, lengths)):
            _check_level(level, length, f" at level {number}", found)


def _check_level(count: schema_pb2.ValueCount, length: tuple[int, int], where: str, found: Found) -> None:
    fewest, most = length
    if count.HasField("min") and fewest < count.min:
        found.add(
            "FEATURE_TYPE_LOW_NUMBER_VALUES", _FEW,
            f"An example has {fewest} values{where}; at least {count.min} are expected.",
            [str(fewest)],
        )  # fmt: skip
        if fewest:
            count.min = fewest
        else:
            count.ClearField("min")
    if count.HasField("max") and most > count.max:
        found.add(
            "FEATURE_TYPE_HIGH_NUMBER_VALUES", _MANY,
            f"An example has {most} values{where}; at most {count.max} are expected.",
            [str(most)],
        )  # fmt: skip
        count.max = most


def check_shape(feature: schema_pb2.Feature, view: FeatureView, found: Found) -> None:
    """A shape takes the same number of values in every example, and the feature in all of them."""
    if not feature.HasField("shape"):
        return
    expected = math.prod(dimension.size for dimension in feature.shape.dim)
    lengths = view.lengths_by_level
    missing = [count for count in view.missing_by_level if count]
    uneven = [length for length in lengths if length[0] != length[1] or not length[0]]
    if missing or uneven:
        told = f"{digits(missing[0])} examples lack the feature" if missing else (
            f"between {uneven[0][0]} and {uneven[0][1]} values are in an example"
        )  # fmt: skip
        found.add(
            "INVALID_FEATURE_SHAPE", _SHAPE, f"The schema gives the feature a fixed shape, but {told}.",
            [digits(missing[0])] if missing else [str(number) for number in uneven[0]],
        )  # fmt: skip
    elif (actual := math.prod(length[0] for length in lengths)) != expected:
        found.add(
            "INVALID_FEATURE_SHAPE",
            _SHAPE,
            f"Every example has {actual} values, and the shape takes {expected}.",
            [str(actual)],
        )
    else:
        return
    feature.ClearField("shape")


def check_presence(feature: schema_pb2.Feature, view: FeatureView, found: Found) -> None:
    """Hold the number and the share of examples that have the feature against `presence`."""
    if not feature.HasField("presence"):
        return
    presence = feature.presence
    if presence.HasField("min_count") and view.present < presence.min_count:
        found.add(
            "FEATURE_TYPE_LOW_NUMBER_PRESENT", _RARE,
            f"The feature is in {digits(view.present)} examples; at least {presence.min_count} are expected.",
            [digits(view.present)],
        )  # fmt: skip
        presence.min_count = int(view.present)
    share = view.fraction_present
    if not presence.HasField("min_fraction") or share is None:
        return
    if share < presence.min_fraction:
        found.add(
            "FEATURE_TYPE_LOW_FRACTION_PRESENT", _RARE,
            f"The feature is in {share:.4%} of the examples; at least {presence.min_fraction:.4%} are expected.",
            [digits(share)],
        )  # fmt: skip
        presence.min_fraction = share
    if presence.min_fraction == 1 and view.missing:
        found.add(
            "FEATURE_TYPE_LOW_FRACTION_PRESENT", _RARE,
            f"The feature is expected in every example, and {digits(view.missing)} lack it.",
            [digits(view.missing)],
        )  # fmt: skip
        presence.min_fraction = NEARLY_ALL


def check_unique(feature: schema_pb2.Feature, view: FeatureView, found: Found) -> None:
    """Hold the number of different values against `unique_constraints`."""
    if not feature.HasField("unique_constraints"):
        return
    limits, unique = feature.unique_constraints, view.unique
    if unique is None:
        found.add(
            "FEATURE_TYPE_NO_UNIQUE", "Different values are not counted",
            "The schema limits the number of different values, which is counted for texts and categories only.",
        )  # fmt: skip
        feature.ClearField("unique_constraints")
        return
    if limits.HasField("min") and unique < limits.min:
        found.add(
            "FEATURE_TYPE_LOW_UNIQUE", "Too few different values",
            f"There are {unique} different values; at least {limits.min} are expected.", [str(unique)],
        )  # fmt: skip
        limits.min = unique
    if limits.HasField("max") and unique > limits.max:
        found.add(
            "FEATURE_TYPE_HIGH_UNIQUE", "Too many different values",
            f"There are {unique} different values; at most {limits.max} are expected.", [str(unique)],
        )  # fmt: skip
        limits.max = unique


def set_value_count(feature: schema_pb2.Feature, view: FeatureView) -> None:
    """Describe how many values an example has, as they are: exactly, where all have as many, else at least one."""
    lengths = view.lengths_by_level
    if view.nested:
        for length in lengths:
            _set_level(feature.value_counts.value_count.add(), length)
    elif lengths[0][0] > 0:
        _set_level(feature.value_count, lengths[0])


def _set_level(count: schema_pb2.ValueCount, length: tuple[int, int]) -> None:
    fewest, most = length
    if fewest > 0 and fewest == most:
        count.min = count.max = fewest
    elif fewest > 0:
        count.min = 1
