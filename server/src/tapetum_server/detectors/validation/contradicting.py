"""What in a schema no data at all could meet, whatever it is held against."""

from __future__ import annotations

from collections.abc import Iterator

from tensorflow_metadata.proto.v0 import schema_pb2

from tapetum_server.detectors.validation.contradictions import check_feature_itself
from tapetum_server.detectors.validation.described import Described
from tapetum_server.detectors.validation.domains import Domains
from tapetum_server.detectors.validation.findings import Found
from tapetum_server.detectors.validation.paths import path_text

_TYPES = ("INVALID_SCHEMA_SPECIFICATION", "INVALID_DOMAIN_SPECIFICATION", "DOMAIN_INVALID_FOR_TYPE")


def contradictions(schema: schema_pb2.Schema) -> Iterator[str]:
    """Each by its feature, in words. What a schema leaves open, as a type, is none."""
    copy = schema_pb2.Schema()
    copy.CopyFrom(schema)
    described, domains = Described(copy), Domains(copy, copied=True)
    for path in described.twice():
        yield f"feature {path_text(path)!r} is described twice"
    for path, feature in described.features.items():
        found = Found()
        check_feature_itself(feature, domains, found)
        for reason in found.reasons:
            if reason.type in _TYPES and feature.name:
                yield f"feature {path_text(path)!r}: {reason.description.rstrip('.')}"
    limits = schema.dataset_constraints
    low, high = limits.min_examples_count, limits.max_examples_count
    if limits.HasField("max_examples_count") and low > high:
        yield f"dataset_constraints: min_examples_count is {low}, above max_examples_count, which is {high}"
