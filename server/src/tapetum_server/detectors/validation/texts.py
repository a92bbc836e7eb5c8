"""Domains of texts: the values that may stand there, booleans in all their spellings, and when a domain fits."""

from __future__ import annotations

import math

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from tapetum_server.detectors.validation.domains import Domains
from tapetum_server.detectors.validation.findings import Found, digits
from tapetum_server.detectors.validation.view import FeatureView, Types

TRUE = ("TRUE", "true", "SET", "set", "1", "")
FALSE = ("FALSE", "false", "CLEAR", "clear", "0")
_NOT_BOOLEAN = "Values that are no booleans"
_LISTED = 20


def check_string_domain(feature: schema_pb2.Feature, view: FeatureView, domains: Domains, found: Found) -> None:
    """Hold texts against the feature's domain, which takes in what was unexpected."""
    named = feature.WhichOneof("domain_info") == "domain"
    domain = domains.for_change(feature.domain) if named else feature.string_domain
    if view.broken_texts:
        count = view.data.string_stats.invalid_utf8_count
        found.add("ENUM_TYPE_INVALID_UTF8", "Texts that are no UTF-8", f"{count} values are no UTF-8.", [str(count)])
        feature.ClearField("domain" if named else "string_domain")
        return
    expected = set(domain.value)
    unseen = {value: count for value, count in view.counts.items() if value not in expected}
    total, outside = view.values, sum(unseen.values())
    allowed = 1 - feature.distribution_constraints.min_domain_mass if (
        feature.HasField("distribution_constraints") and feature.distribution_constraints.HasField("min_domain_mass")
    ) else 0.0  # fmt: skip
    if not unseen or (allowed > 0 and not (total and outside / total > allowed)):
        return
    worst = sorted(unseen, key=lambda value: (-unseen[value], value))
    listed = ", ".join(f"{_shown(value)} ({_share(unseen[value], total)})" for value in worst[:_LISTED])
    more = f" and {len(unseen) - _LISTED} more" if len(unseen) > _LISTED else ""
    found.add(
        "ENUM_TYPE_UNEXPECTED_STRING_VALUES", "Values that the domain does not have",
        f"Not among the {len(expected)} values of the domain: {listed}{more}.", worst,
    )  # fmt: skip
    domain.value.extend(sorted(unseen))


def check_bool_domain(feature: schema_pb2.Feature, view: FeatureView, found: Found) -> None:
    """Hold numbers against 0 and 1, texts against the spellings of `bool_domain`."""
    domain = feature.bool_domain
    numbers = view.data.num_stats
    if domain.HasField("true_value") and domain.HasField("false_value") and domain.true_value == domain.false_value:
        found.add(
            "BOOL_TYPE_INVALID_CONFIG", "True and false look alike",
            f"bool_domain writes both true and false as {domain.true_value!r}.", [domain.true_value],
        )  # fmt: skip
        domain.ClearField("false_value")
    if view.type == Types.INT and numbers.min < 0:
        found.add(
            "BOOL_TYPE_SMALL_INT", _NOT_BOOLEAN, f"{digits(numbers.min)} is neither 0 nor 1.", [digits(numbers.min)]
        )
        feature.int_domain.min, feature.int_domain.max = int(numbers.min), int(numbers.max)
    elif view.type == Types.INT and numbers.max > 1:
        found.add(
            "BOOL_TYPE_BIG_INT", _NOT_BOOLEAN, f"{digits(numbers.max)} is neither 0 nor 1.", [digits(numbers.max)]
        )
        feature.int_domain.min, feature.int_domain.max = int(numbers.min), int(numbers.max)
    elif view.type == Types.FLOAT and (odd := _not_boolean(numbers)):
        found.add("BOOL_TYPE_UNEXPECTED_FLOAT", _NOT_BOOLEAN, f"{odd} is neither 0 nor 1.", [odd])
        feature.float_domain.min, feature.float_domain.max = numbers.min, numbers.max
    elif view.type == Types.STRING:
        spelled = [text for text, there in (
            (domain.true_value, domain.HasField("true_value")), (domain.false_value, domain.HasField("false_value")),
        ) if there]  # fmt: skip
        wrong = [value for value in view.counts if value not in spelled]
        if wrong:
            expected = " or ".join(map(repr, spelled)) or "nothing, as bool_domain spells neither true nor false"
            found.add(
                "BOOL_TYPE_UNEXPECTED_STRING",
                _NOT_BOOLEAN,
                f"{_shown(wrong[0])} was found; expected is {expected}.",
                wrong,
            )
            feature.ClearField("bool_domain")


def _not_boolean(numbers: statistics_pb2.NumericStatistics) -> str:
    """A value other than 0 and 1, as far as bounds and buckets tell; else ""."""
    for bound in (numbers.min, numbers.max):
        if bound not in (0, 1):
            return digits(bound)
    for histogram in numbers.histograms:
        if histogram.num_nan > 0:
            return "NaN"
        for bucket in histogram.buckets:
            low, high = bucket.low_value, bucket.high_value
            # Buckets of equal width lie between 0 and 1 also where nothing is; those of quantiles end at values.
            between = histogram.type == statistics_pb2.Histogram.QUANTILES and low > 0 and high < 1
            if bucket.sample_count > 0 and (high < 0 or low > 1 or between):
                return digits(low)
    return ""


def looks_boolean(view: FeatureView) -> bool:
    """Whether data that nothing is known of can be described as booleans."""
    if view.type == Types.INT:
        return bool(view.data.num_stats.min >= 0 and view.data.num_stats.max == 1)
    values = list(view.counts)
    if view.type != Types.STRING or not 1 <= len(values) <= 2:
        return False
    kinds = [value in TRUE for value in values if value in TRUE or value in FALSE]
    return len(kinds) == len(values) and len(set(kinds)) == len(kinds)


def bool_domain(view: FeatureView) -> schema_pb2.BoolDomain:
    """The domain of data that looks boolean."""
    domain = schema_pb2.BoolDomain()
    if view.type != Types.INT:
        for value in view.counts:
            if value in TRUE:
                domain.true_value = value
            else:
                domain.false_value = value
    return domain


def _share(count: float, total: float) -> str:
    if not total:
        return "?"
    percent = 100 * count / total
    return "<1%" if percent < 1 else f"~{math.floor(percent)}%"


def _shown(value: str) -> str:
    return repr(value if len(value) <= 100 else value[:99] + "…")
