"""What is wrong with a feature of a schema by itself, before any data is looked at."""

from __future__ import annotations

from collections.abc import Iterable

from tensorflow_metadata.proto.v0 import schema_pb2

from tapetum_server.detectors.validation.domains import Domains
from tapetum_server.detectors.validation.findings import Found

_INACTIVE = {
    schema_pb2.PLANNED, schema_pb2.ALPHA, schema_pb2.DEPRECATED, schema_pb2.DEBUG_ONLY, schema_pb2.DISABLED,
}  # fmt: skip
_ANY = {schema_pb2.INT, schema_pb2.FLOAT, schema_pb2.BYTES, schema_pb2.STRUCT}
_TYPES_OF_DOMAIN = {
    "domain": {schema_pb2.BYTES},
    "string_domain": {schema_pb2.BYTES},
    "bool_domain": {schema_pb2.INT, schema_pb2.BYTES, schema_pb2.FLOAT},
    "int_domain": {schema_pb2.INT, schema_pb2.BYTES},
    "float_domain": {schema_pb2.FLOAT, schema_pb2.BYTES},
    "struct_domain": {schema_pb2.STRUCT},
    "natural_language_domain": {schema_pb2.BYTES, schema_pb2.INT},
    "image_domain": {schema_pb2.BYTES},
    "mid_domain": {schema_pb2.BYTES},
    "url_domain": {schema_pb2.BYTES},
    "time_domain": {schema_pb2.INT, schema_pb2.BYTES},
}
_VALUES_OF_TEXTS = ("domain", "string_domain")
"""Domains of which a share of the values may lie outside."""
CONTRADICTION = "Schema contradicts itself"


def active(of: schema_pb2.Feature | schema_pb2.SparseFeature | schema_pb2.WeightedFeature) -> bool:
    """Whether its stage of life is one that is validated."""
    if not isinstance(of, schema_pb2.WeightedFeature) and of.deprecated:
        return False
    return of.lifecycle_stage not in _INACTIVE


def deprecate(of: schema_pb2.Feature | schema_pb2.SparseFeature | schema_pb2.WeightedFeature) -> None:
    """What accepting data without the feature makes of it."""
    of.lifecycle_stage = schema_pb2.DEPRECATED


def check_feature_itself(feature: schema_pb2.Feature, domains: Domains, found: Found) -> None:
    """Note every contradiction, and leave the feature without it; deprecated where nothing can be made of it."""
    if not active(feature):
        return
    if not feature.HasField("name"):
        found.add("FEATURE_MISSING_NAME", "Feature without a name", "A feature of the schema has no name: give it one.")
        deprecate(feature)
        return
    if not feature.HasField("type"):
        texts = feature.WhichOneof("domain_info") in _VALUES_OF_TEXTS
        what = "its domain takes it for BYTES" if texts else "without one it cannot be validated"
        found.add("FEATURE_MISSING_TYPE", "Feature without a type", f"The schema gives the feature no type: {what}.")
        if not texts:
            deprecate(feature)
            return
        feature.type = schema_pb2.BYTES
    _check_counts(feature, found)
    _check_domain(feature, domains, found)


def _check_counts(feature: schema_pb2.Feature, found: Found) -> None:
    fraction = feature.presence.min_fraction
    if fraction < 0:
        feature.presence.ClearField("min_fraction")
        _invalid(found, f"presence.min_fraction is {fraction:g}: a share cannot be negative.", [fraction])
    elif fraction > 1:
        feature.presence.min_fraction = 1
        _invalid(found, f"presence.min_fraction is {fraction:g}: a share cannot be above 1.", [fraction])
    if feature.HasField("value_count"):
        _check_value_count(feature.value_count, "value_count", found)
    for level, count in enumerate(feature.value_counts.value_count if feature.HasField("value_counts") else ()):
        _check_value_count(count, f"value_counts at level {level}", found)
    wrong = [dimension.size for dimension in feature.shape.dim if dimension.size <= 0]
    if wrong:
        feature.ClearField("shape")
        _invalid(found, f"shape has a dimension of {wrong[0]}: each takes a positive number.", wrong)


def _check_value_count(count: schema_pb2.ValueCount, name: str, found: Found) -> None:
    if count.min < 0:
        _invalid(found, f"{name}.min is {count.min}: it cannot be negative.", [count.min])
        count.ClearField("min")
    if count.HasField("max") and count.max < count.min:
        _invalid(found, f"{name}.max is {count.max}, below its min of {count.min}.", [count.min, count.max])
        count.max = count.min


def _check_domain(feature: schema_pb2.Feature, domains: Domains, found: Found) -> None:
    kind = feature.WhichOneof("domain_info")
    if feature.type not in _TYPES_OF_DOMAIN.get(kind or "", _ANY):
        type_name = schema_pb2.FeatureType.Name(feature.type)
        found.add(
            "DOMAIN_INVALID_FOR_TYPE", "Domain does not fit the type",
            f"A {kind} cannot describe values of type {type_name}.",
            [type_name],
        )  # fmt: skip
        feature.ClearField(kind)
        kind = None
    if kind == "domain" and domains.get(feature.domain) is None:
        found.add(
            "INVALID_DOMAIN_SPECIFICATION", "Domain is not in the schema",
            f"The feature's values are those of the string domain {feature.domain!r}, which the schema does not have.",
            [feature.domain],
        )  # fmt: skip
        feature.ClearField("domain")
    elif kind is not None and kind not in _TYPES_OF_DOMAIN:
        found.add(
            "INVALID_DOMAIN_SPECIFICATION",
            "Domain cannot be validated",
            f"Nothing can be validated against a {kind}.",
            [kind],
        )
        feature.ClearField(kind)
    elif kind in ("int_domain", "float_domain"):
        _check_range(feature.int_domain if kind == "int_domain" else feature.float_domain, kind, found)
    if kind not in _VALUES_OF_TEXTS and feature.HasField("distribution_constraints"):
        feature.ClearField("distribution_constraints")
        _invalid(
            found, f"distribution_constraints need a domain of strings; the feature has {kind or 'no domain'}.", []
        )


def _check_range(domain: schema_pb2.IntDomain | schema_pb2.FloatDomain, kind: str, found: Found) -> None:
    """TFDV does not look at this; no data at all could meet such a domain."""
    if domain.HasField("min") and domain.HasField("max") and domain.min > domain.max:
        found.add(
            "INVALID_DOMAIN_SPECIFICATION", "Empty domain",
            f"{kind}.min is {domain.min:g}, above its max of {domain.max:g}: no value can lie in it.",
            [f"{domain.min:g}", f"{domain.max:g}"],
        )  # fmt: skip
        domain.ClearField("min")
        domain.ClearField("max")


def _invalid(found: Found, description: str, values: Iterable[float]) -> None:
    found.add("INVALID_SCHEMA_SPECIFICATION", CONTRADICTION, description, [f"{value:g}" for value in values])
