"""Domains of images and of natural language, by what the statistics counted of them."""

from __future__ import annotations

from typing import Any

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from tapetum_server.detectors.validation.findings import Found, digits
from tapetum_server.detectors.validation.numbers import single
from tapetum_server.detectors.validation.view import FeatureView

LANGUAGE = "nl_statistics"
IMAGES = "image_format_histogram"
_SMALL_COVERAGE, _SHORT = "Too few tokens are in the vocabulary", "Tokens are too short"


def check_image_domain(feature: schema_pb2.Feature, view: FeatureView, found: Found) -> None:
    """Hold the share of images that can be read, and the size of the largest, against `image_domain`."""
    domain = feature.image_domain
    formats = view.custom(IMAGES)
    if domain.HasField("minimum_supported_image_fraction") and formats is not None:
        counts = [(bucket.label != "UNKNOWN", bucket.sample_count) for bucket in formats.rank_histogram.buckets]
        total = sum(count for _known, count in counts)
        share = single(sum(count for known, count in counts if known) / total) if total else 1.0
        if share < domain.minimum_supported_image_fraction:
            found.add(
                "LOW_SUPPORTED_IMAGE_FRACTION", "Images of unknown formats",
                f"{share:.2%} of the values are images of a known format; at least "
                f"{domain.minimum_supported_image_fraction:.2%} are expected.",
                [digits(share)],
            )  # fmt: skip
            domain.minimum_supported_image_fraction = share
    largest = view.data.bytes_stats.max_num_bytes_int
    if domain.HasField("max_image_byte_size") and largest > domain.max_image_byte_size:
        found.add(
            "MAX_IMAGE_BYTE_SIZE_EXCEEDED", "Images are too large",
            f"The largest image has {largest} bytes; at most {domain.max_image_byte_size} are expected.",
            [str(largest)],
        )  # fmt: skip
        domain.max_image_byte_size = largest


def check_natural_language(feature: schema_pb2.Feature, view: FeatureView, found: Found) -> None:
    """Hold coverage, token lengths, and how often tokens stand in a sequence, against `natural_language_domain`."""
    domain = feature.natural_language_domain
    packed = view.custom(LANGUAGE)
    statistics = statistics_pb2.NaturalLanguageStatistics()
    there = packed is not None and packed.any.Unpack(statistics)
    if packed is not None and not there:
        return
    coverage = domain.coverage
    wanted = coverage.HasField("min_coverage") or coverage.HasField("min_avg_token_length") or domain.token_constraints
    if wanted and not there:
        _not_available(feature, found)
        return
    _check_coverage(coverage, statistics, found)
    if statistics.location_misses > 0:
        found.add(
            "NLP_WRONG_LOCATION", "Sequences in a wrong place",
            f"{digits(statistics.location_misses)} sequences lie outside their place.",
            [digits(statistics.location_misses)],
        )  # fmt: skip
    known = {_token(token): token for token in statistics.token_statistics}
    for limits in domain.token_constraints:
        name: int | str | None = (
            limits.int_value if limits.HasField("int_value")
            else limits.string_value if limits.HasField("string_value") else None
        )  # fmt: skip
        if name is None:
            continue
        if name not in known:
            _not_available(feature, found)
            return
        _check_token(limits, str(name), known[name], found)


def _check_coverage(
    limits: schema_pb2.FeatureCoverageConstraints, statistics: statistics_pb2.NaturalLanguageStatistics, found: Found
) -> None:
    if limits.HasField("min_coverage") and statistics.feature_coverage < limits.min_coverage:
        share = statistics.feature_coverage
        found.add(
            "FEATURE_COVERAGE_TOO_LOW", _SMALL_COVERAGE,
            f"{share:.2%} of the tokens are in the vocabulary; at least {limits.min_coverage:.2%} are expected.",
            [digits(share)],
        )  # fmt: skip
        limits.min_coverage = share
    if limits.HasField("min_avg_token_length") and statistics.avg_token_length < limits.min_avg_token_length:
        length = statistics.avg_token_length
        found.add(
            "FEATURE_COVERAGE_TOO_SHORT_AVG_TOKEN_LENGTH", _SHORT,
            f"Tokens have {digits(length)} characters on average; "
            f"at least {digits(limits.min_avg_token_length)} are expected.",
            [digits(length)],
        )  # fmt: skip
        limits.min_avg_token_length = length


def _check_token(limits: schema_pb2.SequenceValueConstraints, name: str, token: Any, found: Found) -> None:
    share, fewest, most = (
        token.fraction_of_sequences,
        token.per_sequence_min_frequency,
        token.per_sequence_max_frequency,
    )
    for field, type, value, low in (
        ("min_fraction_of_sequences", "SEQUENCE_VALUE_TOO_SMALL_FRACTION", share, True),
        ("max_fraction_of_sequences", "SEQUENCE_VALUE_TOO_LARGE_FRACTION", share, False),
        ("min_per_sequence", "SEQUENCE_VALUE_TOO_FEW_OCCURRENCES", fewest, True),
        ("max_per_sequence", "SEQUENCE_VALUE_TOO_MANY_OCCURRENCES", most, False),
    ):
        limit = getattr(limits, field)
        if not limits.HasField(field) or not (value < limit if low else value > limit):
            continue
        of = "the share of sequences with it" if "fraction" in field else "its number in one sequence"
        found.add(
            type, f"A token is too {'rare' if low else 'frequent'}",
            f"Token {name!r}: {of} is {digits(value)}; at {'least' if low else 'most'} {digits(limit)} is expected.",
            [name],
        )  # fmt: skip
        setattr(limits, field, type_of(limit)(value))


def type_of(limit: float) -> type[float]:
    """Whether a limit counts or measures: messages take no float for an integer."""
    return int if isinstance(limit, int) else float


def _token(token: Any) -> int | str | None:
    kind = token.WhichOneof("token")
    return getattr(token, kind) if kind else None


def _not_available(feature: schema_pb2.Feature, found: Found) -> None:
    found.add(
        "STATS_NOT_AVAILABLE", "Statistics of language are missing",
        "The schema limits tokens or coverage, and the statistics did not count them: it cannot be validated.",
    )  # fmt: skip
    feature.ClearField("natural_language_domain")
