"""All checks of one feature, in TFDV's order. Each leaves the feature as it would be, were the data right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tensorflow_metadata.proto.v0 import schema_pb2

from tapetum_server.detectors.validation.comparators import check_comparator
from tapetum_server.detectors.validation.contradictions import active, check_feature_itself, deprecate
from tapetum_server.detectors.validation.domains import Domains
from tapetum_server.detectors.validation.findings import Found, Side
from tapetum_server.detectors.validation.inference import mark_derived, take_semantic_domain
from tapetum_server.detectors.validation.media import check_image_domain, check_natural_language
from tapetum_server.detectors.validation.numbers import check_embedding, check_float_domain, check_int_domain
from tapetum_server.detectors.validation.paths import path_text
from tapetum_server.detectors.validation.precise import check_precisely
from tapetum_server.detectors.validation.presence import check_presence, check_shape, check_unique, check_value_counts
from tapetum_server.detectors.validation.texts import check_bool_domain, check_string_domain
from tapetum_server.detectors.validation.view import DatasetView, FeatureView, Types

_FOR_RAW_BYTES = (None, "natural_language_domain", "image_domain", "url_domain")
NEW, GONE = "Not in the schema", "Feature is missing"


@dataclass(frozen=True, slots=True)
class Context:
    """What a feature's data are held against, beside the feature's description."""

    environment: str | None = None
    default_environments: Sequence[str] = ()
    previous: DatasetView | None = None
    serving: DatasetView | None = None
    precise: bool = False
    training: DatasetView | None = None
    """What skew is measured from where the data are what the model is asked."""


def check_feature(
    feature: schema_pb2.Feature, view: FeatureView, domains: Domains, context: Context, found: Found
) -> None:
    """Note all that is wrong with the data, and change `feature` and its domain so that they would be right."""
    as_given = schema_pb2.Feature()
    as_given.CopyFrom(feature)
    check_feature_itself(feature, domains, found)
    if not active(feature):
        return
    if view.present == 0:
        if required(feature, context):
            found.add("FEATURE_TYPE_NOT_PRESENT", GONE, "No example has the feature.")
            deprecate(feature)
        return
    _check_environment(feature, view, context, found)
    check_value_counts(feature, view, found)
    check_shape(feature, view, found)
    check_presence(feature, view, found)
    _check_values(feature, view, domains, found)
    check_unique(feature, view, found)
    sides: tuple[tuple[str, DatasetView | None, Side], ...] = (
        ("drift_comparator", context.previous, "drift"), ("skew_comparator", context.serving, "skew"),
    )  # fmt: skip
    for comparator, control, side in sides:
        if feature.HasField(comparator):
            check_comparator(getattr(feature, comparator), view, control, side, found)
    if feature.HasField("skew_comparator"):
        check_comparator(feature.skew_comparator, view, context.training, "skew", found, serving=True)
    _check_derived(feature, view, found)
    if context.precise:
        serving = context.serving.features.get(view.path) if context.serving else None
        check_precisely(as_given, view, serving, found)


def in_environment(feature: schema_pb2.Feature, context: Context) -> bool:
    """Whether the feature belongs to the environment that is validated; without one, every feature does."""
    name = context.environment
    if name is None or name in feature.in_environment:
        return True
    return name not in feature.not_in_environment and name in context.default_environments


def required(feature: schema_pb2.Feature, context: Context) -> bool:
    """Whether data without the feature are wrong."""
    presence = feature.presence
    wanted = presence.min_count > 0 or presence.min_fraction > 0
    return wanted and active(feature) and in_environment(feature, context)


def _check_environment(feature: schema_pb2.Feature, view: FeatureView, context: Context, found: Found) -> None:
    if in_environment(feature, context) or context.environment is None:
        return
    name = context.environment
    kept = [other for other in feature.not_in_environment if other != name]
    del feature.not_in_environment[:]
    feature.not_in_environment.extend(kept)
    if not in_environment(feature, context):
        feature.in_environment.append(name)
    found.add(
        "SCHEMA_NEW_COLUMN", "Not in this environment",
        f"The schema keeps {path_text(view.path)} out of the environment {name}, and the data have it.", [name],
    )  # fmt: skip


def _check_values(feature: schema_pb2.Feature, view: FeatureView, domains: Domains, found: Found) -> None:
    if view.feature_type != feature.type:
        deprecate(feature)
        expected = schema_pb2.FeatureType.Name(feature.type)
        found.add(
            "UNEXPECTED_DATA_TYPE", "Data of another type", f"The data are {view.type_name}; {expected} is expected.",
            [view.type_name],
        )  # fmt: skip
    domain = feature.WhichOneof("domain_info")
    if view.type == Types.BYTES and domain not in _FOR_RAW_BYTES:
        found.add(
            "DOMAIN_INVALID_FOR_TYPE", "Domain does not fit the data",
            f"The data are bytes that nobody has read as texts, which a {domain} cannot describe.", ["BYTES"],
        )  # fmt: skip
        feature.ClearField(domain)
        return
    match domain:
        case "domain" | "string_domain":
            check_string_domain(feature, view, domains, found)
        case "bool_domain":
            check_bool_domain(feature, view, found)
        case "int_domain":
            check_int_domain(feature, view, found)
        case "float_domain":
            check_float_domain(feature, view, found)
            check_embedding(feature, view, found)
        case "image_domain":
            check_image_domain(feature, view, found)
        case "natural_language_domain":
            check_natural_language(feature, view, found)
        case None if take_semantic_domain(feature, view):
            taken = feature.WhichOneof("domain_info") or ""
            found.add(
                "SEMANTIC_DOMAIN_UPDATE",
                "Meaning of the values found",
                f"The values look like those of a {taken}.",
                [taken],
            )


def _check_derived(feature: schema_pb2.Feature, view: FeatureView, found: Found) -> None:
    if view.data.HasField("validation_derived_source") and not feature.HasField("validation_derived_source"):
        mark_derived(feature, view)
        found.add(
            "DERIVED_FEATURE_INVALID_SOURCE", "Source of a derived feature is missing",
            "The statistics were derived from other features, and the schema does not say from which.",
        )  # fmt: skip
    if (
        feature.HasField("validation_derived_source")
        and feature.lifecycle_stage != schema_pb2.VALIDATION_DERIVED
        and active(feature)
    ):
        feature.lifecycle_stage = schema_pb2.VALIDATION_DERIVED
        found.add(
            "DERIVED_FEATURE_BAD_LIFECYCLE", "Stage of a derived feature is wrong",
            "A feature with a validation_derived_source has the stage VALIDATION_DERIVED.",
        )  # fmt: skip
