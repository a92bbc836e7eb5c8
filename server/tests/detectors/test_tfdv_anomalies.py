"""Each of TFDV's anomaly types on a case of its own, and what accepting the change makes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from anomaly_cases import CASES, Case
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from tapetum_server.detectors.validation.custom import CustomCheck
from tapetum_server.detectors.validation.findings import Validation
from tapetum_server.detectors.validation.paths import path_of, path_text
from tapetum_server.detectors.validation.validator import Against, update_schema, validate

Data = statistics_pb2.DatasetFeatureStatistics


def data(features: str, examples: int) -> Data:
    return text_format.Parse(f"num_examples: {examples} {features}", Data())


def against(case: Case) -> Against:
    return Against(
        environment=case.environment,
        previous=data(case.previous, case.previous_examples) if case.previous else None,
        serving=data(case.serving, 10) if case.serving else None,
        version=data("", case.version_examples) if case.version_examples is not None else None,
        precise=case.precise,
        custom=(CustomCheck(path=("f",), expression=case.custom),) if case.custom else (),
    )


def types(found: Validation) -> dict[str, set[str]]:
    by_feature = {path_text(one.path).strip("'"): {reason.type for reason in one.reasons} for one in found.anomalies}
    return {**by_feature, **({"": {reason.type for reason in found.dataset}} if found.dataset else {})}


@pytest.mark.covers(
    "BOOL_TYPE_BIG_INT",
    "BOOL_TYPE_SMALL_INT",
    "BOOL_TYPE_UNEXPECTED_STRING",
    "BOOL_TYPE_UNEXPECTED_FLOAT",
    "BOOL_TYPE_INVALID_CONFIG",
    "BOOL_TYPE_BYTES_NOT_INT",
    "BOOL_TYPE_FLOAT_NOT_INT",
    "BOOL_TYPE_STRING_NOT_INT",
    "BOOL_TYPE_BYTES_NOT_STRING",
    "BOOL_TYPE_FLOAT_NOT_STRING",
    "BOOL_TYPE_INT_NOT_STRING",
    "ENUM_TYPE_BYTES_NOT_STRING",
    "ENUM_TYPE_FLOAT_NOT_STRING",
    "ENUM_TYPE_INT_NOT_STRING",
    "ENUM_TYPE_INVALID_UTF8",
    "ENUM_TYPE_UNEXPECTED_STRING_VALUES",
    "FEATURE_TYPE_HIGH_NUMBER_VALUES",
    "FEATURE_TYPE_LOW_NUMBER_VALUES",
    "FEATURE_TYPE_LOW_FRACTION_PRESENT",
    "FEATURE_TYPE_LOW_NUMBER_PRESENT",
    "FEATURE_TYPE_NOT_PRESENT",
    "FEATURE_TYPE_NO_VALUES",
    "FEATURE_TYPE_UNEXPECTED_REPEATED",
    "FEATURE_TYPE_HIGH_UNIQUE",
    "FEATURE_TYPE_LOW_UNIQUE",
    "FEATURE_TYPE_NO_UNIQUE",
    "VALUE_NESTEDNESS_MISMATCH",
    "INVALID_FEATURE_SHAPE",
    "FLOAT_TYPE_BIG_FLOAT",
    "FLOAT_TYPE_SMALL_FLOAT",
    "FLOAT_TYPE_STRING_NOT_FLOAT",
    "FLOAT_TYPE_HAS_NAN",
    "FLOAT_TYPE_HAS_INF",
    "FLOAT_TYPE_NOT_FLOAT",
    "FLOAT_TYPE_NON_STRING",
    "FLOAT_TYPE_UNKNOWN_TYPE_NUMBER",
    "EMBEDDING_SHAPE_INVALID",
    "INT_TYPE_BIG_INT",
    "INT_TYPE_SMALL_INT",
    "INT_TYPE_NOT_INT_STRING",
    "INT_TYPE_INT_EXPECTED",
    "INT_TYPE_NOT_STRING",
    "INT_TYPE_STRING_EXPECTED",
    "INT_TYPE_UNKNOWN_TYPE_NUMBER",
    "SCHEMA_MISSING_COLUMN",
    "SCHEMA_NEW_COLUMN",
    "SCHEMA_TRAINING_SERVING_SKEW",
    "STRING_TYPE_NOW_FLOAT",
    "STRING_TYPE_NOW_INT",
    "UNEXPECTED_DATA_TYPE",
    "DOMAIN_INVALID_FOR_TYPE",
    "FEATURE_MISSING_NAME",
    "FEATURE_MISSING_TYPE",
    "INVALID_SCHEMA_SPECIFICATION",
    "INVALID_DOMAIN_SPECIFICATION",
    "SEMANTIC_DOMAIN_UPDATE",
    "STATS_NOT_AVAILABLE",
    "COMPARATOR_CONTROL_DATA_MISSING",
    "COMPARATOR_TREATMENT_DATA_MISSING",
    "COMPARATOR_L_INFTY_HIGH",
    "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH",
    "COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH",
    "COMPARATOR_LOW_NUM_EXAMPLES",
    "COMPARATOR_HIGH_NUM_EXAMPLES",
    "NO_DATA_IN_SPAN",
    "DATASET_LOW_NUM_EXAMPLES",
    "DATASET_HIGH_NUM_EXAMPLES",
    "SPARSE_FEATURE_MISSING_VALUE",
    "SPARSE_FEATURE_MISSING_INDEX",
    "SPARSE_FEATURE_LENGTH_MISMATCH",
    "SPARSE_FEATURE_NAME_COLLISION",
    "WEIGHTED_FEATURE_NAME_COLLISION",
    "WEIGHTED_FEATURE_MISSING_VALUE",
    "WEIGHTED_FEATURE_MISSING_WEIGHT",
    "WEIGHTED_FEATURE_LENGTH_MISMATCH",
    "SEQUENCE_VALUE_TOO_FEW_OCCURRENCES",
    "SEQUENCE_VALUE_TOO_MANY_OCCURRENCES",
    "SEQUENCE_VALUE_TOO_SMALL_FRACTION",
    "SEQUENCE_VALUE_TOO_LARGE_FRACTION",
    "FEATURE_COVERAGE_TOO_LOW",
    "FEATURE_COVERAGE_TOO_SHORT_AVG_TOKEN_LENGTH",
    "NLP_WRONG_LOCATION",
    "LOW_SUPPORTED_IMAGE_FRACTION",
    "MAX_IMAGE_BYTE_SIZE_EXCEEDED",
    "DERIVED_FEATURE_BAD_LIFECYCLE",
    "DERIVED_FEATURE_INVALID_SOURCE",
    "CUSTOM_VALIDATION",
)
@pytest.mark.parametrize("type", CASES)
def test_every_anomaly_type_is_found_where_its_subject_is(type: str) -> None:
    """This type and no other, with the values that offend; and the schema that takes the change in finds it no more."""
    case = CASES[type]
    schema = text_format.Parse(case.schema, schema_pb2.Schema())
    before = schema.SerializeToString(deterministic=True)
    statistics = data(case.features, case.examples)
    found = validate(statistics, schema, against(case))
    assert types(found) == case.found
    assert schema.SerializeToString(deterministic=True) == before, "validating changes no schema"
    reasons = [reason for one in found.anomalies for reason in one.reasons] + list(found.dataset)
    reason = next(reason for reason in reasons if reason.type == type)
    assert reason.short
    assert reason.description
    assert reason.severity == "ERROR"
    if case.values:
        assert reason.values == case.values
    accepted = update_schema(schema, statistics, against=against(case))
    again = {name for names in types(validate(statistics, accepted, against(case))).values() for name in names}
    assert (type in again) == case.stays


def test_the_table_has_every_type_of_tfdv() -> None:
    """All names of its list, apart from the two that stand for no type: 87."""
    assert set(CASES) == set(anomalies_pb2.AnomalyInfo.Type.keys()) - {"UNKNOWN_TYPE", "MULTIPLE_REASONS"}
    assert len(CASES) == 87


@pytest.mark.parametrize("type", [type for type, case in CASES.items() if case.precise])
def test_names_that_tfdv_gave_up_come_on_request_only(type: str) -> None:
    """By default a validation says what TFDV says."""
    case = replace(CASES[type], precise=False)
    schema = text_format.Parse(case.schema, schema_pb2.Schema())
    found = validate(data(case.features, case.examples), schema, against(case))
    assert types(found) == {path: rest for path, names in case.found.items() if (rest := names - {type})}


def test_a_severity_of_ones_own_stands_for_that_type_alone() -> None:
    case = CASES["FLOAT_TYPE_BIG_FLOAT"]
    schema = text_format.Parse(case.schema, schema_pb2.Schema())
    both = data(case.features + CASES["INT_TYPE_BIG_INT"].features.replace('"f"', '"g"'), 10)
    found = validate(both, schema, Against(severities={"FLOAT_TYPE_BIG_FLOAT": "WARNING"}))
    assert {one.path: one.severity for one in found.anomalies} == {("f",): "WARNING", ("g",): "ERROR"}
    assert found.severity == "ERROR"


@pytest.mark.parametrize("path", [("a",), ("a", "b"), ("a.b", "c"), ("it's", "(x)"), ("a(b",)])
def test_a_written_path_is_read_as_it_was(path: tuple[str, ...]) -> None:
    assert path_of(path_text(path)) == path
