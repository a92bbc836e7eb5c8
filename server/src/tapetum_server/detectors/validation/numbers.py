"""Domains of numbers: integers and floats, also where they are written as texts."""

from __future__ import annotations

import ctypes
import math
import re

from tensorflow_metadata.proto.v0 import schema_pb2

from tapetum_server.detectors.validation.findings import Found, digits
from tapetum_server.detectors.validation.view import FeatureView, Types

_WHOLE = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
_FLOAT = re.compile(r"\s*[+-]?(\d+\.?\d*(e[+-]?\d+)?|\.\d+(e[+-]?\d+)?|inf|infinity|nan)\s*", re.ASCII | re.IGNORECASE)
INT64 = (-(2**63), 2**63 - 1)
_RANGE, _WRONG = "Values out of range", "Values that are none"


def whole_number(text: str) -> int | None:
    """The 64-bit integer that `text` writes."""
    if not _WHOLE.fullmatch(text):
        return None
    number = int(text)
    return number if INT64[0] <= number <= INT64[1] else None


def float_number(text: str) -> float | None:
    """The number that `text` writes, as a 32-bit float."""
    return single(float(text)) if _FLOAT.fullmatch(text) else None


def single(value: float) -> float:
    """`value` as a schema keeps it: its bounds are 32-bit floats, and 0.1 must not lie below 0.1."""
    return ctypes.c_float(value).value


def check_int_domain(feature: schema_pb2.Feature, view: FeatureView, found: Found) -> None:
    """Hold whole numbers, and texts that should be some, against `int_domain`."""
    domain = feature.int_domain
    if view.type in (Types.STRING, Types.BYTES) or (view.type == Types.INT and view.counts):
        numbers = {text: whole_number(text) for text in view.counts}
        wrong = [text for text, number in numbers.items() if number is None]
        if wrong:
            _not_integers(feature, view, wrong, found)
            return
        known = [number for number in numbers.values() if number is not None]
    elif view.type == Types.INT:
        known = [int(view.data.num_stats.min), int(view.data.num_stats.max)]
        if known[0] < INT64[0] or known[1] > INT64[1]:
            _not_integers(feature, view, [str(n) for n in known if not INT64[0] <= n <= INT64[1]], found)
            return
    else:
        return
    if not known:
        return
    low, high = min(known), max(known)
    if domain.HasField("min") and low < domain.min:
        found.add(
            "INT_TYPE_SMALL_INT", _RANGE, f"The smallest value is {low}; at least {domain.min} is expected.", [str(low)]
        )
        domain.min = low
    if domain.HasField("max") and high > domain.max:
        found.add(
            "INT_TYPE_BIG_INT", _RANGE, f"The largest value is {high}; at most {domain.max} is expected.", [str(high)]
        )
        domain.max = high


def _not_integers(feature: schema_pb2.Feature, view: FeatureView, wrong: list[str], found: Found) -> None:
    if view.type != Types.INT:
        found.add(
            "INT_TYPE_NOT_INT_STRING", _WRONG, f"Texts should write integers, and {wrong[0]!r} writes none.", wrong
        )
    elif feature.int_domain.HasField("min") or feature.int_domain.HasField("max"):
        found.add("DOMAIN_INVALID_FOR_TYPE", _WRONG, f"{wrong[0]} does not fit into 64 bits.", wrong)
    else:
        return
    feature.ClearField("int_domain")


def check_float_domain(feature: schema_pb2.Feature, view: FeatureView, found: Found) -> None:
    """Hold floats, and texts that should be some, against `float_domain`."""
    domain = feature.float_domain
    written = {text: float_number(text) for text in view.counts} if view.type in (Types.STRING, Types.BYTES) else {}
    if domain.disallow_nan and _has_nan(view, written):
        found.add(
            "FLOAT_TYPE_HAS_NAN",
            "NaN among the values",
            "There are NaN values, which the schema does not allow.",
            ["nan"],
        )
        domain.disallow_nan = False
    wrong = [text for text, number in written.items() if number is None]
    if wrong:
        found.add(
            "FLOAT_TYPE_STRING_NOT_FLOAT", _WRONG, f"Texts should write numbers, and {wrong[0]!r} writes none.", wrong
        )
        feature.ClearField("float_domain")
        return
    if view.type == Types.FLOAT:
        low, high = single(view.data.num_stats.min), single(view.data.num_stats.max)
    elif numbers := [number for number in written.values() if number is not None and not math.isnan(number)]:
        low, high = min(numbers), max(numbers)
    else:
        return
    if domain.HasField("min") and low < domain.min:
        found.add(
            "FLOAT_TYPE_SMALL_FLOAT", _RANGE,
            f"The smallest value is {digits(low)}; at least {digits(domain.min)} is expected.", [digits(low)],
        )  # fmt: skip
        domain.min = low
    if domain.HasField("max") and high > domain.max:
        found.add(
            "FLOAT_TYPE_BIG_FLOAT", _RANGE,
            f"The largest value is {digits(high)}; at most {digits(domain.max)} is expected.", [digits(high)],
        )  # fmt: skip
        domain.max = high
    if domain.disallow_inf and (math.isinf(low) or math.isinf(high)):
        infinite = [digits(value) for value in (low, high) if math.isinf(value)]
        found.add(
            "FLOAT_TYPE_HAS_INF", "Infinity among the values",
            "There are infinite values, which the schema does not allow.",
            infinite,
        )  # fmt: skip
        domain.disallow_inf = False


def check_embedding(feature: schema_pb2.Feature, view: FeatureView, found: Found) -> None:
    """An embedding has as many numbers in every example, and as many as the schema says. TFDV does not look."""
    if feature.WhichOneof("domain_info") != "float_domain" or not feature.float_domain.is_embedding:
        return
    domain, lengths = feature.float_domain, view.lengths_by_level
    fewest, most = math.prod(length[0] for length in lengths), math.prod(length[1] for length in lengths)
    if fewest != most:
        told = f"Embeddings have between {fewest} and {most} numbers, not always as many."
    elif domain.HasField("embedding_dim") and domain.embedding_dim != most:
        told = f"Embeddings have {most} numbers; {domain.embedding_dim} are expected."
    else:
        return
    found.add("EMBEDDING_SHAPE_INVALID", "Embedding of another length", told, [str(fewest), str(most)])
    if fewest == most:
        domain.embedding_dim = most
    else:
        domain.ClearField("is_embedding")
        domain.ClearField("embedding_dim")


def _has_nan(view: FeatureView, written: dict[str, float | None]) -> bool:
    if view.type == Types.FLOAT:
        return any(histogram.num_nan > 0 for histogram in view.data.num_stats.histograms)
    return any(number is not None and math.isnan(number) for number in written.values())
