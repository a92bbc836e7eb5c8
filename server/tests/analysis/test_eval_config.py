"""TFMA's EvalConfig as people write it: both of its forms, and what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tapetum_server.analysis.performance.eval_config import Bound, ConfigError, read_config
from tapetum_server.analysis.performance.evaluation import violated
from tapetum_server.analysis.performance.metric_names import metric_name
from tapetum_server.analysis.performance.text_format import TextFormatError, parse_text
from tapetum_server.query.slicing import SliceSpec

TEXT = r"""
# Comments are skipped.
model_specs { name: "candidate" label_key: "label" prediction_key: "score" }
model_specs { name: "baseline" is_baseline: true label_key: "label" prediction_key: "score" }
slicing_specs {}
slicing_specs { feature_keys: ["city", 'shift'] }
slicing_specs { feature_values { key: "city" value: "Zürich\t\"1\"" } }
slicing_specs < slice_keys_sql: "SELECT STRUCT(city) FROM example.city, example.age WHERE age > 50" >
cross_slicing_specs { baseline_spec {} slicing_specs { feature_keys: "city" } }
metrics_specs {
  metrics {
    class_name: "AUC"
    threshold {
      value_threshold { lower_bound { value: 0.6 } upper_bound { value: 1.0 } }
      change_threshold { direction: HIGHER_IS_BETTER absolute { value: -1e-2 } }
    }
    per_slice_thresholds {
      slicing_specs { feature_keys: "city" feature_keys: "shift" }
      threshold { value_threshold { lower_bound { value: .5 } } }
    }
  }
  metrics { class_name: "BinaryAccuracy" config: "\"threshold\": 0.7" }
  thresholds { key: "binary_accuracy" value { value_threshold { lower_bound { value: 0.8 } } } }
}
options {
  compute_confidence_intervals { value: true } confidence_intervals { method: JACKKNIFE }
  min_slice_size { value: 10 } disabled_outputs { values: "eval_config.json" }
}
"""
CITIES = SliceSpec(("city", "shift"))


@pytest.mark.covers("eval-config-text", "eval-config-slices", "eval-config-thresholds")
def test_a_configuration_in_text_format_says_everything() -> None:
    config = read_config(TEXT)
    assert (config.label, config.prediction, config.intervals, config.min_slice_size) == (
        "label",
        "score",
        "jackknife",
        10,
    )
    assert config.specs == (
        SliceSpec(), CITIES, SliceSpec(values=(("city", 'Zürich\t"1"'),)), SliceSpec(("city",), condition="age > 50"),
        SliceSpec(("city",)),
    )  # fmt: skip
    assert config.crosses == ((SliceSpec(), SliceSpec(("city",))),)
    auc, accuracy = config.metrics
    assert [each.bound for each in auc.bounds] == [
        Bound(lower=0.6, upper=1.0), Bound(absolute=-0.01, direction="higher"), Bound(lower=0.5),
    ]  # fmt: skip
    assert [each.spec for each in auc.bounds] == [SliceSpec(), SliceSpec(), CITIES]
    assert (accuracy.options, accuracy.bounds[0].bound) == ({"threshold": 0.7}, Bound(lower=0.8))
    assert config.not_read == ("options.disabled_outputs",)


@pytest.mark.covers("eval-config-json")
def test_the_configuration_of_a_real_run_is_read() -> None:
    """As TFMA 0.47.1 writes eval_config.json: an EvalRun in protojson."""
    text = (Path(__file__).parents[1] / "data" / "tfma_eval_config.json").read_text(encoding="utf-8")
    config = read_config(text)
    assert config.specs == (SliceSpec(), SliceSpec(("company",)), SliceSpec(("company", "payment")))
    assert [metric.name for metric in config.metrics][:3] == ["example_count", "binary_accuracy", "auc"]
    assert config.metrics[1].bounds[0].bound == Bound(lower=0.99)
    assert config.metrics[1].bounds[0].spec == SliceSpec(("company",))
    assert (config.intervals, config.min_slice_size) == ("jackknife", 10)


def spec(**metric: object) -> str:
    return json.dumps(
        {"modelSpecs": [{"labelKey": "l", "predictionKey": "p"}], "metricsSpecs": [{"metrics": [metric]}]}
    )


@pytest.mark.covers("eval-config-errors")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (spec(className="BinaryAcuracy"), "there is no metric 'BinaryAcuracy'"),
        (spec(className="AUC", threshold={"valueThreshold": {}}), "neither value_threshold nor change_threshold"),
        (spec(className="AUC", threshold={"valueThreshold": {"lowerBound": "high"}}), "'high' is no number"),
        (spec(className="AUC", threshold={"changeThreshold": {"absolute": 1}}), "HIGHER_IS_BETTER or LOWER_IS_BETTER"),
        (spec(className="AUC", config="{broken"), "config: is no JSON"),
        ('{"modelSpecs": [{"labelKey": "l"}]}', "label_key and prediction_key"),
        ('{"modelSpecs": [{"labelKey": "l", "predictionKey": "p"}]}', "no metric is asked for"),
        ("{ not json", "is no JSON"),
        ('model_specs { label_key "l" }', "line 1"),
        ('model_specs {\n  label_key: "l', "line 2"),
        ("x { " * 80, "more than 50 deep"),
        (TEXT.replace("STRUCT(city)", "city"), "SELECT STRUCT(column, …)"),
        (TEXT.replace("JACKKNIFE", "GUESS"), "neither POISSON_BOOTSTRAP nor JACKKNIFE"),
    ],
)
def test_what_is_wrong_with_a_configuration_is_named(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said.replace("(", r"\(").replace(")", r"\)")):
        read_config(text)


def test_an_unknown_metric_has_its_nearest_names_as_a_hint() -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(spec(className="BinaryAcuracy"))
    assert "binary_accuracy" in caught.value.hint


@pytest.mark.parametrize(
    ("class_name", "name"),
    [
        ("AUC", "auc"), ("AUCPrecisionRecall", "auc_precision_recall"), ("BinaryCrossEntropy", "binary_crossentropy"),
        ("F1Score", "f1_score"), ("NPV", "npv"), ("TP", "true_positives"), ("MeanSquaredError", "mean_squared_error"),
        ("MatthewsCorrelationCoefficient", "matthews_correlation_coefficient"), ("precision", "precision"),
        ("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy"), ("fall_out", "fall_out"),
        ("RecallAtFalsePositiveRate", "recall_at_false_positive_rate"), ("ConfusionMatrixPlot", "confusion_matrix_plot"),
    ],
)  # fmt: skip
def test_class_names_of_tfma_are_known(class_name: str, name: str) -> None:
    assert metric_name(class_name) == name


@pytest.mark.covers("eval-config-change-thresholds")
@pytest.mark.parametrize(
    ("bound", "value", "baseline", "broken"),
    [
        (Bound(lower=0.5), 0.5, math_nan := float("nan"), False),
        (Bound(lower=0.5), 0.4999, math_nan, True),
        (Bound(upper=0.5), 0.5001, math_nan, True),
        (Bound(lower=0.5), math_nan, 0.9, True),
        (Bound(direction="higher", absolute=0.01), 0.92, 0.90, False),
        (Bound(direction="higher", absolute=0.01), 0.905, 0.90, True),
        (Bound(direction="higher", relative=-0.05), 0.86, 0.90, False),
        (Bound(direction="higher", relative=-0.05), 0.85, 0.90, True),
        (Bound(direction="lower", absolute=0.0), 0.11, 0.10, True),
        (Bound(direction="lower", absolute=0.0), 0.09, 0.10, False),
        (Bound(direction="higher", absolute=-1.0), 0.9, math_nan, True),
    ],
)
def test_a_bound_is_kept_or_not(bound: Bound, value: float, baseline: float, broken: bool) -> None:
    """What has no value keeps no bound: an empty slice must not bless a model."""
    assert bool(violated(bound, value, baseline)) is broken


def test_text_format_reads_what_protocol_buffers_write() -> None:
    parsed = parse_text('a: 1 a: -2.5e3 b { c: "x" "y" d: TRUE_ENUM e: true } f: [1, 2] g: inf; h <i: \'\\x41\\102\'>')
    assert parsed == {
        "a": [1, -2500.0], "b": {"c": "xy", "d": "TRUE_ENUM", "e": True}, "f": [1, 2], "g": float("inf"), "h": {"i": "AB"},
    }  # fmt: skip
    with pytest.raises(TextFormatError, match="line 2: a value is expected"):
        parse_text("a: 1\nb: }")
