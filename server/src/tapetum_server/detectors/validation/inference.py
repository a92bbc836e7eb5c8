"""A schema from statistics: what is true of the data, and likely to stay so."""

from __future__ import annotations

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from tapetum_server.detectors.validation.domains import Domains
from tapetum_server.detectors.validation.numbers import whole_number
from tapetum_server.detectors.validation.paths import path_text
from tapetum_server.detectors.validation.presence import set_value_count
from tapetum_server.detectors.validation.texts import bool_domain, looks_boolean
from tapetum_server.detectors.validation.view import DatasetView, FeatureView, Types

MAX_DOMAIN = 100
"""Texts with more different values are no categories."""


def infer_schema(
    statistics: statistics_pb2.DatasetFeatureStatistics, *, shapes: bool = True, max_domain: int = MAX_DOMAIN
) -> schema_pb2.Schema:
    """The schema that these statistics meet: types, presence, shapes or numbers of values, and domains of few texts."""
    data = statistics_pb2.DatasetFeatureStatistics()
    data.CopyFrom(statistics)
    # Features made of others have counts of their parts only: nothing can be inferred from those.
    kept = [feature for feature in data.features if feature.WhichOneof("stats")]
    del data.features[:]
    data.features.extend(kept)
    view = DatasetView(data)
    schema = schema_pb2.Schema()
    domains = Domains(schema, copied=False)
    for root in view.roots:
        add_feature(schema.feature, root, domains, shapes=shapes, max_domain=max_domain)
    return schema


def add_feature(
    to: list[schema_pb2.Feature], view: FeatureView, domains: Domains, *, shapes: bool, max_domain: int
) -> schema_pb2.Feature:
    """Add what these statistics say of a feature, and of those below it."""
    feature = schema_pb2.Feature(name=view.path[-1], type=view.feature_type)
    _describe_presence(feature, view, shapes)
    if view.data.HasField("validation_derived_source"):
        mark_derived(feature, view)
    if not take_semantic_domain(feature, view):
        _describe_values(feature, view, domains, max_domain)
    for child in view.dataset.children.get(view.path, ()):
        add_feature(feature.struct_domain.feature, child, domains, shapes=shapes, max_domain=max_domain)
    to.append(feature)
    return to[-1]


def take_semantic_domain(feature: schema_pb2.Feature, view: FeatureView) -> bool:
    """Take over the domain that a statistic named `domain_info` tells (`mid_domain {}`), where there is none yet."""
    told = [statistic.str for statistic in view.data.custom_stats if statistic.name == "domain_info"]
    if len(told) != 1 or not told[0] or feature.WhichOneof("domain_info"):
        return False
    alone = schema_pb2.Feature()
    try:
        text_format.Parse(told[0], alone)
    except text_format.ParseError:
        return False
    fields = [field for field, _value in alone.ListFields()]
    if len(fields) != 1 or fields[0].containing_oneof is None or fields[0].containing_oneof.name != "domain_info":
        return False
    feature.MergeFrom(alone)
    return True


def mark_derived(feature: schema_pb2.Feature, view: FeatureView) -> None:
    """Say that the feature was made of others for the validation, and how."""
    feature.lifecycle_stage = schema_pb2.VALIDATION_DERIVED
    feature.validation_derived_source.CopyFrom(view.data.validation_derived_source)


def _describe_presence(feature: schema_pb2.Feature, view: FeatureView, shapes: bool) -> None:
    feature.presence.min_count = 1 if view.present >= 1 else 0
    if view.present <= 0:
        return
    if view.missing == 0:
        feature.presence.min_fraction = 1
    if shapes and view.feature_type != schema_pb2.STRUCT and not any(view.missing_by_level):
        lengths = view.lengths_by_level
        if all(fewest == most > 0 for fewest, most in lengths):
            feature.shape.dim.extend([schema_pb2.FixedShape.Dim(size=most) for _fewest, most in lengths])
    if not feature.HasField("shape"):
        set_value_count(feature, view)


def _describe_values(feature: schema_pb2.Feature, view: FeatureView, domains: Domains, max_domain: int) -> None:
    values = view.counts
    if view.broken_texts or view.type == Types.BYTES:
        return
    if looks_boolean(view):
        feature.bool_domain.CopyFrom(bool_domain(view))
    elif view.type == Types.STRING and values and all(whole_number(value) is not None for value in values):
        feature.int_domain.SetInParent()
    elif 0 < len(values) <= max_domain:
        domain = domains.add(path_text(view.path))
        domain.value.extend(values)
        feature.domain = domain.name
