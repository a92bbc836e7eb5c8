"""One case for each of TFDV's 87 anomaly types: a schema and statistics that give it, as text messages."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Case:
    """What is validated, and all reasons that come of it: `feature` → types, the data set's own under ""."""

    schema: str
    features: str
    found: dict[str, set[str]]
    examples: int = 10
    previous: str = ""
    serving: str = ""
    version_examples: int | None = None
    previous_examples: int = 10
    environment: str | None = None
    precise: bool = False
    custom: str = ""
    stays: bool = False
    """Whether accepting the change does not make it go: what is not the schema's to change."""
    values: tuple[str, ...] = field(default=())
    """Offending values that the reason tells."""


COMMON = "common_stats { num_non_missing: 10 min_num_values: 1 max_num_values: 1 avg_num_values: 1 tot_num_values: 10 }"


def num(kind: str, inside: str = "min: 0 max: 1", common: str = COMMON, name: str = "f") -> str:
    """Statistics of a numeric feature."""
    return f'features {{ name: "{name}" type: {kind} num_stats {{ {common} {inside} }} }}'


def text(values: dict[str, int], kind: str = "STRING", common: str = COMMON, more: str = "", name: str = "f") -> str:
    """Statistics of texts."""
    ranks = " ".join(f'buckets {{ label: "{value}" sample_count: {count} }}' for value, count in values.items())
    inside = f"string_stats {{ {common} unique: {len(values)} rank_histogram {{ {ranks} }} {more} }}"
    return f'features {{ name: "{name}" type: {kind} {inside} }}'


def custom(inside: str, name: str = "f") -> str:
    """Statistics of a feature that others make up."""
    return f'features {{ name: "{name}" type: STRING {inside} }}'


def common(present: int = 10, missing: int = 0, low: int = 1, high: int = 1, levels: str = "") -> str:
    """Counts of presence and of values."""
    counts = f"num_non_missing: {present} num_missing: {missing} min_num_values: {low} max_num_values: {high}"
    return f"common_stats {{ {counts} tot_num_values: {present * high} avg_num_values: {high} {levels} }}"


def feature(inside: str, name: str = "f") -> str:
    """A feature of a schema."""
    return f'feature {{ name: "{name}" {inside} }}'


def only(type: str) -> dict[str, set[str]]:
    """The feature `f` has this reason alone."""
    return {"f": {type}}


def retyped(type: str) -> dict[str, set[str]]:
    """A narrower name stands beside what TFDV says of data of another type."""
    return {"f": {"UNEXPECTED_DATA_TYPE", type}}


LANGUAGE = (
    'custom_stats {{ name: "nl_statistics" any {{ '
    "[type.googleapis.com/tensorflow.metadata.v0.NaturalLanguageStatistics] {{ {} }} }} }}"
)
TOKEN = LANGUAGE.format(
    'token_statistics { string_token: "t" fraction_of_sequences: 0.5 per_sequence_min_frequency: 1 '
    "per_sequence_max_frequency: 3 }"
)
NESTED = common(
    levels="presence_and_valency_stats { num_non_missing: 10 min_num_values: 1 max_num_values: 1 } "
    "presence_and_valency_stats { num_non_missing: 10 min_num_values: 2 max_num_values: 2 }"
)
HISTOGRAM = (
    "min: {0} max: {1} histograms {{ type: STANDARD buckets {{ low_value: {0} high_value: {1} sample_count: 10 }} }}"
)
BYTES = 'features { name: "f" type: BYTES bytes_stats { ' + COMMON + " max_num_bytes_int: 900 } }"
COUNT = "dataset_constraints {{ {} }}"
SPARSE = 'sparse_feature { name: "f" index_feature { name: "i" } value_feature { name: "v" } }'
WEIGHTED = 'weighted_feature { name: "f" feature { step: "v" } weight_feature { step: "w" } }'
INDEXED = 'custom_stats {{ name: "{}" rank_histogram {{ buckets {{ label: "i" sample_count: 2 }} }} }}'


def compared(kind: str) -> str:
    """A feature of texts that is compared with earlier data."""
    return feature(f"type: BYTES drift_comparator {{ {kind} {{ threshold: 0.1 }} }}")


def language(limits: str) -> str:
    """A feature of natural language."""
    return feature(f"type: BYTES natural_language_domain {{ {limits} }}")


def spoken(statistics: str) -> str:
    """Texts with statistics of language."""
    return text({"a": 10})[:-1] + statistics + " }"


CASES: dict[str, Case] = {
    # Booleans
    "BOOL_TYPE_BIG_INT": Case(feature("type: INT bool_domain {}"), num("INT", "max: 7"), only("BOOL_TYPE_BIG_INT"), values=("7",)),
    "BOOL_TYPE_SMALL_INT": Case(feature("type: INT bool_domain {}"), num("INT", "min: -3 max: 1"), only("BOOL_TYPE_SMALL_INT"), values=("-3",)),
    "BOOL_TYPE_UNEXPECTED_STRING": Case(
        feature('type: BYTES bool_domain { true_value: "yes" false_value: "no" }'), text({"yes": 6, "perhaps": 4}),
        only("BOOL_TYPE_UNEXPECTED_STRING"), values=("perhaps",)),
    "BOOL_TYPE_UNEXPECTED_FLOAT": Case(feature("type: FLOAT bool_domain {}"), num("FLOAT", "min: 0 max: 0.5"), only("BOOL_TYPE_UNEXPECTED_FLOAT"), values=("0.5",)),
    "BOOL_TYPE_INVALID_CONFIG": Case(
        feature('type: BYTES bool_domain { true_value: "y" false_value: "y" }'), text({"y": 10}),
        only("BOOL_TYPE_INVALID_CONFIG"), values=("y",)),
    "BOOL_TYPE_BYTES_NOT_INT": Case(
        feature("type: INT bool_domain {}"), BYTES,
        {"f": {"UNEXPECTED_DATA_TYPE", "DOMAIN_INVALID_FOR_TYPE", "BOOL_TYPE_BYTES_NOT_INT"}}, precise=True),
    "BOOL_TYPE_FLOAT_NOT_INT": Case(feature("type: INT bool_domain {}"), num("FLOAT"), retyped("BOOL_TYPE_FLOAT_NOT_INT"), precise=True),
    "BOOL_TYPE_STRING_NOT_INT": Case(
        feature("type: INT bool_domain {}"), text({"1": 10}),
        {"f": {"UNEXPECTED_DATA_TYPE", "BOOL_TYPE_UNEXPECTED_STRING", "BOOL_TYPE_STRING_NOT_INT"}}, precise=True),
    "BOOL_TYPE_BYTES_NOT_STRING": Case(
        feature('type: BYTES bool_domain { true_value: "y" }'), BYTES,
        {"f": {"DOMAIN_INVALID_FOR_TYPE", "BOOL_TYPE_BYTES_NOT_STRING"}}, precise=True),
    "BOOL_TYPE_FLOAT_NOT_STRING": Case(feature('type: BYTES bool_domain { true_value: "y" }'), num("FLOAT"), retyped("BOOL_TYPE_FLOAT_NOT_STRING"), precise=True),
    "BOOL_TYPE_INT_NOT_STRING": Case(feature('type: BYTES bool_domain { true_value: "y" }'), num("INT"), retyped("BOOL_TYPE_INT_NOT_STRING"), precise=True),
    # Texts of a domain
    "ENUM_TYPE_BYTES_NOT_STRING": Case(
        feature('type: BYTES string_domain { value: "a" }'), BYTES,
        {"f": {"DOMAIN_INVALID_FOR_TYPE", "ENUM_TYPE_BYTES_NOT_STRING"}}, precise=True),
    "ENUM_TYPE_FLOAT_NOT_STRING": Case(feature('type: BYTES string_domain { value: "a" }'), num("FLOAT"), retyped("ENUM_TYPE_FLOAT_NOT_STRING"), precise=True),
    "ENUM_TYPE_INT_NOT_STRING": Case(feature('type: BYTES string_domain { value: "a" }'), num("INT"), retyped("ENUM_TYPE_INT_NOT_STRING"), precise=True),
    "ENUM_TYPE_INVALID_UTF8": Case(
        feature('type: BYTES string_domain { value: "a" }'), text({"a": 10}, more="invalid_utf8_count: 4"),
        only("ENUM_TYPE_INVALID_UTF8"), values=("4",)),
    "ENUM_TYPE_UNEXPECTED_STRING_VALUES": Case(
        feature('type: BYTES domain: "d" distribution_constraints { min_domain_mass: 0.8 }')
        + ' string_domain { name: "d" value: "a" }', text({"a": 7, "b": 3}), only("ENUM_TYPE_UNEXPECTED_STRING_VALUES"), values=("b",)),
    # Presence, number of values, shape, number of different values
    "FEATURE_TYPE_HIGH_NUMBER_VALUES": Case(
        feature("type: INT value_count { min: 1 max: 2 }"), num("INT", common=common(high=5)), only("FEATURE_TYPE_HIGH_NUMBER_VALUES"), values=("5",)),
    "FEATURE_TYPE_LOW_NUMBER_VALUES": Case(
        feature("type: INT value_count { min: 2 }"), num("INT", common=common(low=1, high=5)), only("FEATURE_TYPE_LOW_NUMBER_VALUES"), values=("1",)),
    "FEATURE_TYPE_LOW_FRACTION_PRESENT": Case(
        feature("type: INT presence { min_fraction: 0.9 }"), num("INT", common=common(8, 2)), only("FEATURE_TYPE_LOW_FRACTION_PRESENT"), values=("0.8",)),
    "FEATURE_TYPE_LOW_NUMBER_PRESENT": Case(
        feature("type: INT presence { min_count: 9 }"), num("INT", common=common(8, 2)), only("FEATURE_TYPE_LOW_NUMBER_PRESENT"), values=("8",)),
    "FEATURE_TYPE_NOT_PRESENT": Case(
        feature("type: INT presence { min_count: 1 }"), num("INT", common=common(0, 10)), only("FEATURE_TYPE_NOT_PRESENT")),
    "FEATURE_TYPE_NO_VALUES": Case(feature("type: INT"), num("INT", common=common(low=0, high=0)), only("FEATURE_TYPE_NO_VALUES"), precise=True, stays=True),
    "FEATURE_TYPE_UNEXPECTED_REPEATED": Case(
        feature("type: INT value_count { min: 1 max: 1 }"), num("INT", common=common(high=4)),
        {"f": {"FEATURE_TYPE_HIGH_NUMBER_VALUES", "FEATURE_TYPE_UNEXPECTED_REPEATED"}}, precise=True, values=("4",)),
    "FEATURE_TYPE_HIGH_UNIQUE": Case(
        feature("type: BYTES unique_constraints { max: 1 }"), text({"a": 5, "b": 5}), only("FEATURE_TYPE_HIGH_UNIQUE"), values=("2",)),
    "FEATURE_TYPE_LOW_UNIQUE": Case(
        feature("type: BYTES unique_constraints { min: 3 max: 9 }"), text({"a": 5, "b": 5}), only("FEATURE_TYPE_LOW_UNIQUE"), values=("2",)),
    "FEATURE_TYPE_NO_UNIQUE": Case(feature("type: INT unique_constraints { min: 1 max: 9 }"), num("INT"), only("FEATURE_TYPE_NO_UNIQUE")),
    "VALUE_NESTEDNESS_MISMATCH": Case(
        feature("type: INT value_count { min: 1 }"), num("INT", common=NESTED), only("VALUE_NESTEDNESS_MISMATCH"), values=("2",)),
    "INVALID_FEATURE_SHAPE": Case(
        feature("type: INT shape { dim { size: 2 } }"), num("INT"), only("INVALID_FEATURE_SHAPE"), values=("1",)),
    # Floats
    "FLOAT_TYPE_BIG_FLOAT": Case(feature("type: FLOAT float_domain { max: 0.1 }"), num("FLOAT", "max: 0.2"), only("FLOAT_TYPE_BIG_FLOAT"), values=("0.2",)),
    "FLOAT_TYPE_SMALL_FLOAT": Case(feature("type: FLOAT float_domain { min: 0 }"), num("FLOAT", "min: -5"), only("FLOAT_TYPE_SMALL_FLOAT"), values=("-5",)),
    "FLOAT_TYPE_STRING_NOT_FLOAT": Case(feature("type: BYTES float_domain {}"), text({"0.5": 9, "n/a": 1}), only("FLOAT_TYPE_STRING_NOT_FLOAT"), values=("n/a",)),
    "FLOAT_TYPE_HAS_NAN": Case(
        feature("type: FLOAT float_domain { disallow_nan: true }"), num("FLOAT", "histograms { num_nan: 2 }"), only("FLOAT_TYPE_HAS_NAN")),
    "FLOAT_TYPE_HAS_INF": Case(feature("type: FLOAT float_domain { disallow_inf: true }"), num("FLOAT", "max: inf"), only("FLOAT_TYPE_HAS_INF"), values=("inf",)),
    "FLOAT_TYPE_NOT_FLOAT": Case(feature("type: FLOAT float_domain {}"), num("INT"), retyped("FLOAT_TYPE_NOT_FLOAT"), precise=True),
    "FLOAT_TYPE_NON_STRING": Case(feature("type: BYTES float_domain {}"), num("FLOAT"), retyped("FLOAT_TYPE_NON_STRING"), precise=True),
    "FLOAT_TYPE_UNKNOWN_TYPE_NUMBER": Case(feature("type: FLOAT float_domain {}"), num("9"), retyped("FLOAT_TYPE_UNKNOWN_TYPE_NUMBER"), precise=True),
    "EMBEDDING_SHAPE_INVALID": Case(
        feature("type: FLOAT float_domain { is_embedding: true embedding_dim: 8 }"), num("FLOAT", common=common(low=7, high=7)), only("EMBEDDING_SHAPE_INVALID"), values=("7", "7")),
    # Integers
    "INT_TYPE_BIG_INT": Case(feature("type: INT int_domain { max: 5 }"), num("INT", "max: 6"), only("INT_TYPE_BIG_INT"), values=("6",)),
    "INT_TYPE_SMALL_INT": Case(feature("type: INT int_domain { min: 1 }"), num("INT", "min: 0 max: 2"), only("INT_TYPE_SMALL_INT"), values=("0",)),
    "INT_TYPE_NOT_INT_STRING": Case(feature("type: BYTES int_domain {}"), text({"1": 9, "Z": 1}), only("INT_TYPE_NOT_INT_STRING"), values=("Z",)),
    "INT_TYPE_INT_EXPECTED": Case(feature("type: INT int_domain {}"), num("FLOAT"), retyped("INT_TYPE_INT_EXPECTED"), precise=True),
    "INT_TYPE_NOT_STRING": Case(
        feature("type: BYTES int_domain {}"), BYTES, {"f": {"DOMAIN_INVALID_FOR_TYPE", "INT_TYPE_NOT_STRING"}}, precise=True),
    "INT_TYPE_STRING_EXPECTED": Case(feature("type: BYTES int_domain {}"), num("INT"), retyped("INT_TYPE_STRING_EXPECTED"), precise=True),
    "INT_TYPE_UNKNOWN_TYPE_NUMBER": Case(feature("type: INT int_domain {}"), num("9"), retyped("INT_TYPE_UNKNOWN_TYPE_NUMBER"), precise=True),
    # The schema itself, and its columns
    "SCHEMA_MISSING_COLUMN": Case(feature("type: INT presence { min_count: 1 }"), num("INT", name="g"), {"f": {"SCHEMA_MISSING_COLUMN"}, "g": {"SCHEMA_NEW_COLUMN"}}),
    "SCHEMA_NEW_COLUMN": Case("", num("INT"), only("SCHEMA_NEW_COLUMN")),
    "SCHEMA_TRAINING_SERVING_SKEW": Case(
        feature("type: INT skew_comparator { jensen_shannon_divergence { threshold: 0.1 } }"), num("INT"), only("SCHEMA_TRAINING_SERVING_SKEW"),
        serving=text({"1": 10}), precise=True, stays=True, values=("STRING",)),
    "STRING_TYPE_NOW_FLOAT": Case(feature("type: BYTES"), num("FLOAT"), retyped("STRING_TYPE_NOW_FLOAT"), precise=True),
    "STRING_TYPE_NOW_INT": Case(feature("type: BYTES"), num("INT"), retyped("STRING_TYPE_NOW_INT"), precise=True),
    "UNEXPECTED_DATA_TYPE": Case(feature("type: INT"), text({"a": 10}), only("UNEXPECTED_DATA_TYPE"), values=("STRING",)),
    "DOMAIN_INVALID_FOR_TYPE": Case(feature("type: FLOAT int_domain {}"), num("FLOAT"), only("DOMAIN_INVALID_FOR_TYPE"), values=("FLOAT",)),
    "FEATURE_MISSING_NAME": Case("feature { type: INT }", num("INT", name=""), {"": {"FEATURE_MISSING_NAME"}}),
    "FEATURE_MISSING_TYPE": Case(feature('string_domain { value: "a" }'), text({"a": 10}), only("FEATURE_MISSING_TYPE")),
    "INVALID_SCHEMA_SPECIFICATION": Case(feature("type: INT presence { min_fraction: 1.5 }"), num("INT"), only("INVALID_SCHEMA_SPECIFICATION"), values=("1.5",)),
    "INVALID_DOMAIN_SPECIFICATION": Case(feature('type: BYTES domain: "nowhere"'), text({"a": 10}), only("INVALID_DOMAIN_SPECIFICATION"), values=("nowhere",)),
    "SEMANTIC_DOMAIN_UPDATE": Case(
        feature("type: BYTES"), text({"a": 10})[:-1] + 'custom_stats { name: "domain_info" str: "url_domain {}" } }', only("SEMANTIC_DOMAIN_UPDATE"), values=("url_domain",)),
    "STATS_NOT_AVAILABLE": Case(language("coverage { min_coverage: 0.5 }"), text({"a": 10}), only("STATS_NOT_AVAILABLE")),
    # Compared with other data
    "COMPARATOR_CONTROL_DATA_MISSING": Case(compared("infinity_norm"), text({"a": 10}), only("COMPARATOR_CONTROL_DATA_MISSING"), previous=num("INT", name="g")),
    "COMPARATOR_TREATMENT_DATA_MISSING": Case(
        feature("type: BYTES presence { min_count: 1 } drift_comparator { infinity_norm { threshold: 0.1 } }"), "",
        {"f": {"SCHEMA_MISSING_COLUMN", "COMPARATOR_TREATMENT_DATA_MISSING"}}, previous=text({"a": 10}), precise=True),
    "COMPARATOR_L_INFTY_HIGH": Case(compared("infinity_norm"), text({"a": 7, "b": 3}), only("COMPARATOR_L_INFTY_HIGH"), previous=text({"a": 5, "b": 5}), values=("b",)),
    "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH": Case(
        feature("type: INT drift_comparator { jensen_shannon_divergence { threshold: 0.1 } }"), num("INT", HISTOGRAM.format(0, 10)),
        only("COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH"), previous=num("INT", HISTOGRAM.format(5, 15))),
    "COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH": Case(
        compared("normalized_abs_difference"), text({"a": 10}), only("COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH"), previous=text({"a": 20}), values=("a",)),
    "COMPARATOR_LOW_NUM_EXAMPLES": Case(
        COUNT.format("num_examples_drift_comparator { min_fraction_threshold: 0.5 }"), "", {"": {"COMPARATOR_LOW_NUM_EXAMPLES"}}, previous=num("INT"), previous_examples=100, stays=True, values=("0.1",)),
    "COMPARATOR_HIGH_NUM_EXAMPLES": Case(
        COUNT.format("num_examples_version_comparator { max_fraction_threshold: 2 }"), "", {"": {"COMPARATOR_HIGH_NUM_EXAMPLES"}}, version_examples=2, stays=True, values=("5",)),
    "NO_DATA_IN_SPAN": Case("", "", {"": {"NO_DATA_IN_SPAN"}}, examples=0, stays=True),
    "DATASET_LOW_NUM_EXAMPLES": Case(COUNT.format("min_examples_count: 11"), "", {"": {"DATASET_LOW_NUM_EXAMPLES"}}, stays=True, values=("10",)),
    "DATASET_HIGH_NUM_EXAMPLES": Case(COUNT.format("max_examples_count: 9"), "", {"": {"DATASET_HIGH_NUM_EXAMPLES"}}, stays=True, values=("10",)),
    # Features that others make up
    "SPARSE_FEATURE_MISSING_VALUE": Case(SPARSE, custom('custom_stats { name: "missing_value" num: 3 }'), only("SPARSE_FEATURE_MISSING_VALUE"), values=("3",)),
    "SPARSE_FEATURE_MISSING_INDEX": Case(SPARSE, custom(INDEXED.format("missing_index")), only("SPARSE_FEATURE_MISSING_INDEX"), values=("i",)),
    "SPARSE_FEATURE_LENGTH_MISMATCH": Case(SPARSE, custom(INDEXED.format("max_length_diff")), only("SPARSE_FEATURE_LENGTH_MISMATCH"), values=("i",)),
    "SPARSE_FEATURE_NAME_COLLISION": Case(SPARSE + feature("type: INT"), num("INT"), only("SPARSE_FEATURE_NAME_COLLISION")),
    "WEIGHTED_FEATURE_NAME_COLLISION": Case(WEIGHTED + feature("type: INT"), num("INT"), only("WEIGHTED_FEATURE_NAME_COLLISION")),
    "WEIGHTED_FEATURE_MISSING_VALUE": Case(WEIGHTED, custom('custom_stats { name: "missing_value" num: 3 }'), only("WEIGHTED_FEATURE_MISSING_VALUE"), values=("3",), stays=True),
    "WEIGHTED_FEATURE_MISSING_WEIGHT": Case(WEIGHTED, custom('custom_stats { name: "missing_weight" num: 3 }'), only("WEIGHTED_FEATURE_MISSING_WEIGHT"), values=("3",), stays=True),
    "WEIGHTED_FEATURE_LENGTH_MISMATCH": Case(WEIGHTED, custom('custom_stats { name: "max_weight_length_diff" num: 2 }'), only("WEIGHTED_FEATURE_LENGTH_MISMATCH"), stays=True),
    # Sequences, language, images
    "SEQUENCE_VALUE_TOO_FEW_OCCURRENCES": Case(language('token_constraints { string_value: "t" min_per_sequence: 2 }'), spoken(TOKEN), only("SEQUENCE_VALUE_TOO_FEW_OCCURRENCES"), values=("t",)),
    "SEQUENCE_VALUE_TOO_MANY_OCCURRENCES": Case(language('token_constraints { string_value: "t" max_per_sequence: 2 }'), spoken(TOKEN), only("SEQUENCE_VALUE_TOO_MANY_OCCURRENCES"), values=("t",)),
    "SEQUENCE_VALUE_TOO_SMALL_FRACTION": Case(
        language('token_constraints { string_value: "t" min_fraction_of_sequences: 0.75 }'), spoken(TOKEN), only("SEQUENCE_VALUE_TOO_SMALL_FRACTION"), values=("t",)),
    "SEQUENCE_VALUE_TOO_LARGE_FRACTION": Case(
        language('token_constraints { string_value: "t" max_fraction_of_sequences: 0.25 }'), spoken(TOKEN), only("SEQUENCE_VALUE_TOO_LARGE_FRACTION"), values=("t",)),
    "FEATURE_COVERAGE_TOO_LOW": Case(
        language("coverage { min_coverage: 0.9 }"), spoken(LANGUAGE.format("feature_coverage: 0.5 avg_token_length: 9")), only("FEATURE_COVERAGE_TOO_LOW"), values=("0.5",)),
    "FEATURE_COVERAGE_TOO_SHORT_AVG_TOKEN_LENGTH": Case(
        language("coverage { min_avg_token_length: 4 }"), spoken(LANGUAGE.format("feature_coverage: 1 avg_token_length: 3")), only("FEATURE_COVERAGE_TOO_SHORT_AVG_TOKEN_LENGTH"), values=("3",)),
    "NLP_WRONG_LOCATION": Case(language(""), spoken(LANGUAGE.format("location_misses: 2")), only("NLP_WRONG_LOCATION"), values=("2",), stays=True),
    "LOW_SUPPORTED_IMAGE_FRACTION": Case(
        feature("type: BYTES image_domain { minimum_supported_image_fraction: 0.9 }"),
        BYTES[:-1] + 'custom_stats { name: "image_format_histogram" rank_histogram { buckets { label: "PNG" sample_count: 5 } buckets { label: "UNKNOWN" sample_count: 5 } } } }',
        only("LOW_SUPPORTED_IMAGE_FRACTION"), values=("0.5",)),
    "MAX_IMAGE_BYTE_SIZE_EXCEEDED": Case(
        feature("type: BYTES image_domain { max_image_byte_size: 800 }"), BYTES, only("MAX_IMAGE_BYTE_SIZE_EXCEEDED"), values=("900",)),
    # Derived features, and checks of one's own
    "DERIVED_FEATURE_BAD_LIFECYCLE": Case(
        feature('type: INT lifecycle_stage: BETA validation_derived_source { deriver_name: "d" }'), num("INT"), only("DERIVED_FEATURE_BAD_LIFECYCLE")),
    "DERIVED_FEATURE_INVALID_SOURCE": Case(
        feature("type: INT"), num("INT")[:-1] + 'validation_derived_source { deriver_name: "d" } }', only("DERIVED_FEATURE_INVALID_SOURCE")),
    "CUSTOM_VALIDATION": Case(
        feature("type: INT"), num("INT", "num_zeros: 5 max: 25"), only("CUSTOM_VALIDATION"), custom="feature.num_stats.num_zeros < 3 AND feature.num_stats.max > 10", stays=True),
}  # fmt: skip
