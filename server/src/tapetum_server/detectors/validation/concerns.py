"""Which rows an anomaly is about: a reason over statistics into a condition on one row's value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tensorflow_metadata.proto.v0 import schema_pb2

from tapetum_server.detectors.validation.findings import Reason

What = Literal[
    "every", "present", "missing", "above", "below", "nan", "infinite", "fraction", "outside", "within", "no_number",
    "longer", "shorter",
]  # fmt: skip
"""`every` row there is; rows with the feature (`present`) or without; with a value above or below the bound; not among
the values (`outside`) or among them; with a text that writes no number; with more or fewer values than the bound."""


@dataclass(frozen=True, slots=True)
class Concern:
    """A condition on the value of one feature."""

    what: What
    bound: float = 0.0
    values: tuple[str, ...] = ()


_EVERY, _PRESENT, _MISSING = Concern("every"), Concern("present"), Concern("missing")


def concern_of(reason: Reason, feature: schema_pb2.Feature | None, domain: tuple[str, ...]) -> Concern:
    """The rows that `reason` is about; `domain` has the values of the feature's texts.

    Of what is wrong with a distribution, no row is wrong by itself: all that have the feature.
    """
    type = reason.type
    if type in ("SCHEMA_MISSING_COLUMN", "FEATURE_TYPE_NOT_PRESENT"):
        return _EVERY
    if type in ("FEATURE_TYPE_LOW_FRACTION_PRESENT", "FEATURE_TYPE_LOW_NUMBER_PRESENT"):
        return _MISSING
    if feature is None or type == "SCHEMA_NEW_COLUMN":
        return _PRESENT
    if type == "INVALID_FEATURE_SHAPE":
        return _MISSING if "lack the feature" in reason.description else _PRESENT
    found = _of_values(type, feature, domain)
    if found is not None:
        return found
    if type.startswith("COMPARATOR_") and reason.values:
        return Concern("within", values=reason.values)
    return _PRESENT


def _of_values(type: str, feature: schema_pb2.Feature, domain: tuple[str, ...]) -> Concern | None:
    match type:
        case "INT_TYPE_BIG_INT":
            return Concern("above", float(feature.int_domain.max))
        case "INT_TYPE_SMALL_INT":
            return Concern("below", float(feature.int_domain.min))
        case "FLOAT_TYPE_BIG_FLOAT":
            return Concern("above", feature.float_domain.max)
        case "FLOAT_TYPE_SMALL_FLOAT":
            return Concern("below", feature.float_domain.min)
        case "BOOL_TYPE_BIG_INT":
            return Concern("above", 1.0)
        case "BOOL_TYPE_SMALL_INT":
            return Concern("below", 0.0)
        case "BOOL_TYPE_UNEXPECTED_FLOAT":
            return Concern("outside", values=("0", "1"))
        case "BOOL_TYPE_UNEXPECTED_STRING":
            spelled = (feature.bool_domain.true_value, feature.bool_domain.false_value)
            return Concern("outside", values=tuple(text for text in spelled if text))
        case "FLOAT_TYPE_HAS_NAN":
            return Concern("nan")
        case "FLOAT_TYPE_HAS_INF":
            return Concern("infinite")
        case "ENUM_TYPE_UNEXPECTED_STRING_VALUES":
            return Concern("outside", values=domain)
        case "INT_TYPE_NOT_INT_STRING" | "FLOAT_TYPE_STRING_NOT_FLOAT":
            return Concern("no_number")
        case "UNEXPECTED_DATA_TYPE" if feature.type == schema_pb2.INT:
            return Concern("fraction")
        case "UNEXPECTED_DATA_TYPE" if feature.type == schema_pb2.FLOAT:
            return Concern("no_number")
        case "FEATURE_TYPE_HIGH_NUMBER_VALUES":
            return Concern("longer", float(feature.value_count.max))
        case "FEATURE_TYPE_LOW_NUMBER_VALUES":
            return Concern("shorter", float(feature.value_count.min))
    return None
