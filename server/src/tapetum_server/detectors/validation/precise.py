"""Names that TFDV's list has and its code does not give any more, each narrower than what is said instead.

They come on request, beside the others: by default a validation says what TFDV says.
"""

from __future__ import annotations

from tensorflow_metadata.proto.v0 import schema_pb2

from tapetum_server.detectors.validation.findings import Found
from tapetum_server.detectors.validation.view import FeatureView, Types

_BOOLEANS = {
    (schema_pb2.INT, Types.BYTES): "BOOL_TYPE_BYTES_NOT_INT",
    (schema_pb2.INT, Types.FLOAT): "BOOL_TYPE_FLOAT_NOT_INT",
    (schema_pb2.INT, Types.STRING): "BOOL_TYPE_STRING_NOT_INT",
    (schema_pb2.BYTES, Types.BYTES): "BOOL_TYPE_BYTES_NOT_STRING",
    (schema_pb2.BYTES, Types.FLOAT): "BOOL_TYPE_FLOAT_NOT_STRING",
    (schema_pb2.BYTES, Types.INT): "BOOL_TYPE_INT_NOT_STRING",
}
_TEXTS = {
    Types.BYTES: "ENUM_TYPE_BYTES_NOT_STRING", Types.FLOAT: "ENUM_TYPE_FLOAT_NOT_STRING",
    Types.INT: "ENUM_TYPE_INT_NOT_STRING",
}  # fmt: skip
_PLAIN_TEXTS = {Types.FLOAT: "STRING_TYPE_NOW_FLOAT", Types.INT: "STRING_TYPE_NOW_INT"}
_INTEGER_TEXTS = {
    Types.BYTES: "INT_TYPE_NOT_STRING", Types.STRUCT: "INT_TYPE_NOT_STRING", Types.INT: "INT_TYPE_STRING_EXPECTED",
    Types.FLOAT: "INT_TYPE_STRING_EXPECTED",
}  # fmt: skip


def check_precisely(feature: schema_pb2.Feature, view: FeatureView, serving: FeatureView | None, found: Found) -> None:
    """Name what the data are instead of what `feature` (as the schema has it) expects."""
    name = _type_name(feature, view)
    if name:
        expected = schema_pb2.FeatureType.Name(feature.type)
        domain = (feature.WhichOneof("domain_info") or "no domain").replace("_", " ")
        found.add(
            name, "Data of another type",
            f"The data are {view.type_name}, and the schema has {expected} with {domain}.",
            [view.type_name],
        )  # fmt: skip
    most = max(length[1] for length in view.lengths_by_level)
    if most == 0:
        found.add("FEATURE_TYPE_NO_VALUES", "Empty lists", "Wherever the feature is, its list of values is empty.")
    single = (
        feature.HasField("shape") and all(dim.size == 1 for dim in feature.shape.dim)
    ) or feature.value_count.max == 1
    if single and most > 1:
        found.add(
            "FEATURE_TYPE_UNEXPECTED_REPEATED", "Several values instead of one",
            f"One value is expected, and an example has {most}.", [str(most)],
        )  # fmt: skip
    if serving is not None and feature.HasField("skew_comparator") and serving.feature_type != view.feature_type:
        found.add(
            "SCHEMA_TRAINING_SERVING_SKEW", "Another type in serving",
            f"The training data have {view.type_name}, and the serving data {serving.type_name}.", [serving.type_name],
        )  # fmt: skip


def check_missing_precisely(feature: schema_pb2.Feature, in_control: bool, found: Found) -> None:
    """A feature that the current data lack, and that should have been compared with data that have it."""
    if in_control and (feature.HasField("drift_comparator") or feature.HasField("skew_comparator")):
        found.add(
            "COMPARATOR_TREATMENT_DATA_MISSING", "Nothing to compare",
            "The data that it would be compared with have the feature, and the current data do not.",
        )  # fmt: skip


def _type_name(feature: schema_pb2.Feature, view: FeatureView) -> str:
    domain = feature.WhichOneof("domain_info")
    known = view.type in Types.Type.values()
    texts = feature.type == schema_pb2.BYTES
    if domain == "bool_domain":
        return _BOOLEANS.get((feature.type, view.type), "")
    if domain in ("domain", "string_domain"):
        return _TEXTS.get(view.type, "")
    if domain == "int_domain":
        if not known:
            return "INT_TYPE_UNKNOWN_TYPE_NUMBER"
        return _INTEGER_TEXTS.get(view.type, "") if texts else "" if view.type == Types.INT else "INT_TYPE_INT_EXPECTED"
    if domain == "float_domain":
        if not known:
            return "FLOAT_TYPE_UNKNOWN_TYPE_NUMBER"
        if texts:
            return "" if view.type == Types.STRING else "FLOAT_TYPE_NON_STRING"
        return "" if view.type == Types.FLOAT else "FLOAT_TYPE_NOT_FLOAT"
    return _PLAIN_TEXTS.get(view.type, "") if texts and domain is None else ""
