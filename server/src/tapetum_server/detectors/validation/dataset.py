"""Whether there are as many examples as a schema expects, by themselves and beside an earlier span or version."""

from __future__ import annotations

from tensorflow_metadata.proto.v0 import schema_pb2

from tapetum_server.detectors.validation.findings import Found, digits
from tapetum_server.detectors.validation.view import DatasetView


def check_dataset(
    limits: schema_pb2.DatasetConstraints, data: DatasetView, previous: DatasetView | None, version: DatasetView | None,
    found: Found,
) -> None:  # fmt: skip
    """Hold the number of examples against the schema's `dataset_constraints`."""
    if limits.HasField("num_examples_drift_comparator") and previous is not None:
        _compare(limits.num_examples_drift_comparator, data.examples, previous.examples, "the previous span", found)
    if limits.HasField("num_examples_version_comparator") and version is not None:
        _compare(limits.num_examples_version_comparator, data.examples, version.examples, "the previous version", found)
    there = digits(data.examples) if data.examples != int(data.examples) else str(int(data.examples))
    if limits.HasField("min_examples_count") and data.examples < limits.min_examples_count:
        found.add(
            "DATASET_LOW_NUM_EXAMPLES", "Too few examples",
            f"There are {there} examples; at least {limits.min_examples_count} are expected.", [there],
        )  # fmt: skip
        limits.min_examples_count = int(data.examples)
    if limits.HasField("max_examples_count") and data.examples > limits.max_examples_count:
        found.add(
            "DATASET_HIGH_NUM_EXAMPLES", "Too many examples",
            f"There are {there} examples; at most {limits.max_examples_count} are expected.", [there],
        )  # fmt: skip
        limits.max_examples_count = int(data.examples)


def _compare(limits: schema_pb2.NumericValueComparator, now: float, before: float, name: str, found: Found) -> None:
    high = limits.HasField("max_fraction_threshold")
    if before == 0:
        if high:
            found.add("COMPARATOR_HIGH_NUM_EXAMPLES", "More examples than before", f"In {name} there are none.")
            limits.ClearField("max_fraction_threshold")
        return
    ratio = now / before
    if high and ratio > limits.max_fraction_threshold:
        found.add(
            "COMPARATOR_HIGH_NUM_EXAMPLES", "More examples than before",
            f"There are {digits(ratio)} times as many examples as in {name}; at most "
            f"{digits(limits.max_fraction_threshold)} are expected.",
            [digits(ratio)],
        )  # fmt: skip
        limits.max_fraction_threshold = ratio
    if limits.HasField("min_fraction_threshold") and ratio < limits.min_fraction_threshold:
        found.add(
            "COMPARATOR_LOW_NUM_EXAMPLES", "Fewer examples than before",
            f"There are {digits(ratio)} times as many examples as in {name}; at least "
            f"{digits(limits.min_fraction_threshold)} are expected.",
            [digits(ratio)],
        )  # fmt: skip
        limits.min_fraction_threshold = ratio
