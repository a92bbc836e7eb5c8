"""Sparse and weighted features, which other features make up: whether their parts fit together."""

from __future__ import annotations

from tensorflow_metadata.proto.v0 import schema_pb2

from tapetum_server.detectors.validation.findings import Found, digits
from tapetum_server.detectors.validation.view import FeatureView

_VALUE = "Value feature is missing"


def check_sparse(feature: schema_pb2.SparseFeature, view: FeatureView, found: Found) -> None:
    """What the statistics counted of the parts of a sparse feature."""
    for statistic in view.data.custom_stats:
        if statistic.name == "missing_value" and statistic.num:
            found.add(
                "SPARSE_FEATURE_MISSING_VALUE", _VALUE,
                f"{digits(statistic.num)} examples have indices and no {feature.value_feature.name or 'values'}.",
                [digits(statistic.num)],
            )  # fmt: skip
        for bucket in statistic.rank_histogram.buckets:
            if not bucket.sample_count:
                continue
            if statistic.name == "missing_index":
                found.add(
                    "SPARSE_FEATURE_MISSING_INDEX", "Index feature is missing",
                    f"{digits(bucket.sample_count)} examples have values and no index {bucket.label!r}.",
                    [bucket.label],
                )  # fmt: skip
            elif statistic.name in ("max_length_diff", "min_length_diff"):
                found.add(
                    "SPARSE_FEATURE_LENGTH_MISMATCH", "Values and indices differ in number",
                    f"Index {bucket.label!r} and the values differ in length by {digits(bucket.sample_count)} "
                    f"({statistic.name}).",
                    [bucket.label],
                )  # fmt: skip


def check_weighted(feature: schema_pb2.WeightedFeature, view: FeatureView, found: Found) -> None:
    """What the statistics counted of the parts of a weighted feature."""
    counts = {statistic.name: statistic.num for statistic in view.data.custom_stats if statistic.num}
    if (missing := counts.get("missing_value")) is not None:
        found.add(
            "WEIGHTED_FEATURE_MISSING_VALUE", _VALUE, f"{digits(missing)} examples have weights and no values.",
            [digits(missing)],
        )  # fmt: skip
    if (missing := counts.get("missing_weight")) is not None:
        found.add(
            "WEIGHTED_FEATURE_MISSING_WEIGHT", "Weight feature is missing",
            f"{digits(missing)} examples have values and no weights.", [digits(missing)],
        )  # fmt: skip
    fewest, most = counts.get("min_weight_length_diff", 0), counts.get("max_weight_length_diff", 0)
    if fewest or most:
        found.add(
            "WEIGHTED_FEATURE_LENGTH_MISMATCH", "Values and weights differ in number",
            f"Weights and values differ in length by {digits(fewest)} to {digits(most)}.",
            [digits(fewest), digits(most)],
        )  # fmt: skip
