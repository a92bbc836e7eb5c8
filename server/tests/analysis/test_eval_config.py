"""TFMA's EvalConfig as people write it: both of its forms, and what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tapetum_server.analysis.performance.config_reading import read_configs
from tapetum_server.analysis.performance.eval_config import Bound, ConfigError, ModelColumns, SliceBound
from tapetum_server.analysis.performance.evaluation import violated
from tapetum_server.analysis.performance.measured import reported_as
from tapetum_server.analysis.performance.metric_names import metric_name
from tapetum_server.analysis.performance.text_format import TextFormatError, parse_text
from tapetum_server.detectors.performance.binarized import Part
from tapetum_server.query.slicing import SliceSpec

TEXT = r"""
# Comments are skipped.
model_specs { name: "candidate" label_key: "label" prediction_key: "score" }
model_specs { name: "baseline" is_baseline: true prediction_key: "old_score" }
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
    (config,) = read_configs(TEXT)
    assert config.model == ModelColumns("candidate", "label", "score", "")
    assert config.baseline == ModelColumns("baseline", "label", "old_score", "")
    assert (config.intervals, config.min_slice_size) == ("jackknife", 10)
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
    (config,) = read_configs(text)
    assert config.specs == (SliceSpec(), SliceSpec(("company",)), SliceSpec(("company", "payment")))
    assert [metric.name for metric in config.metrics][:3] == ["example_count", "binary_accuracy", "auc"]
    assert config.metrics[1].bounds[0].bound == Bound(lower=0.99)
    assert config.metrics[1].bounds[0].spec == SliceSpec(("company",))
    assert (config.intervals, config.min_slice_size) == ("jackknife", 10)


CLASSES = """
model_specs { name: "m" label_key: "kind" prediction_key: "p_*" example_weight_key: "w" }
metrics_specs {
  binarize { class_ids { values: [0, 2] } k_list { values: 2 } top_k_list { values: [1, 3] } }
  aggregate { macro_average: true class_weights { key: 0 value: 1.0 } class_weights { key: 2 value: 0.5 } }
  metrics { class_name: "AUC" }
  per_slice_thresholds { key: "auc" value { thresholds {
    slicing_specs { feature_keys: "city" } threshold { value_threshold { lower_bound { value: 0.5 } } } } } }
  example_weights { weighted: true unweighted: true }
}
metrics_specs {
  aggregate { micro_average: true top_k_list { values: [2] } }
  metrics { class_name: "Precision" }
}
metrics_specs { metrics { class_name: "Recall" config: '"top_k": 2' } metrics { class_name: "Accuracy" } }
metrics_specs { model_names: "other" metrics { class_name: "AUC" } }
metrics_specs {
  query_key: "session" binarize { top_k_list { values: [5, 10] } }
  metrics { class_name: "NDCG" config: '"gain_key": "grade", "top_k_list": [3]' }
  metrics { class_name: "MeanReciprocalRank" }
  metrics { class_name: "QueryStatistics" }
  metrics { class_name: "MinLabelPosition" }
}
"""


@pytest.mark.covers(
    "eval-config-binarize", "eval-config-aggregate", "eval-config-query-key", "eval-config-example-weights"
)
def test_classes_queries_and_weights_are_asked_for_as_tfma_writes_them() -> None:
    (config,) = read_configs(CLASSES)
    assert [reported_as(metric) for metric in config.metrics] == [
        "auc@class=0", "unweighted_auc@class=0", "auc@class=2", "unweighted_auc@class=2", "auc@k=2",
        "unweighted_auc@k=2", "auc@top_k=1", "unweighted_auc@top_k=1", "auc@top_k=3", "unweighted_auc@top_k=3",
        "auc@macro", "unweighted_auc@macro", "precision@micro,top_k=2", "recall@top_k=2", "accuracy", "ndcg@3",
        "mean_reciprocal_rank@5", "mean_reciprocal_rank@10", "total_queries", "total_documents", "min_documents",
        "max_documents", "min_label_position",
    ]  # fmt: skip
    assert config.metrics[10].part == Part("macro", weights=(("0", 1.0), ("2", 0.5)))
    assert all(metric.bounds == (SliceBound(SliceSpec(("city",)), Bound(lower=0.5)),) for metric in config.metrics[:12])
    assert {metric.query for metric in config.metrics[15:]} == {"session"}
    assert config.not_read == ()


SEVERAL = """
model_specs { name: "a" label_key: "l" prediction_key: "p" }
model_specs { name: "b" label_key: "l" prediction_key: "q" example_weight_key: "w" }
model_specs { name: "c" is_baseline: true prediction_key: "o" }
metrics_specs { metrics { class_name: "AUC" } }
metrics_specs { model_names: "b" metrics { class_name: "Precision" } }
"""


@pytest.mark.covers("eval-config-several-models")
def test_each_model_that_is_no_baseline_is_asked_for_what_names_it() -> None:
    """`model_names` as in TFMA: metrics of the models named, of all where none is."""
    a, b = read_configs(SEVERAL)
    assert (a.model, b.model) == (ModelColumns("a", "l", "p", ""), ModelColumns("b", "l", "q", "w"))
    assert [metric.name for metric in a.metrics] == ["auc"]
    assert [metric.name for metric in b.metrics] == ["auc", "precision"]
    assert a.baseline == ModelColumns("c", "l", "o", "")
    assert b.baseline == ModelColumns("c", "l", "o", "w")


def test_a_single_model_without_a_name_is_asked_for_every_metric() -> None:
    """TFMA ignores names where there is one model."""
    (config,) = read_configs(
        'model_specs { label_key: "l" prediction_key: "p" } metrics_specs { metrics { class_name: "AUC" } }'
        'metrics_specs { model_names: "candidate" metrics { class_name: "Precision" } }'
    )
    assert [metric.name for metric in config.metrics] == ["auc", "precision"]


OUTPUTS = """
model_specs {
  label_keys { key: "buy" value: "bought" } label_keys { key: "stay" value: "stayed" }
  prediction_keys { key: "buy" value: "p_buy" } prediction_keys { key: "stay" value: "p_stay" }
  example_weight_key: "w"
}
metrics_specs {
  output_names: ["buy", "stay"]
  output_weights { key: "buy" value: 3 } output_weights { key: "stay" value: 1 }
  metrics { class_name: "AUC" threshold { value_threshold { lower_bound { value: 0.5 } } } }
}
metrics_specs { output_names: "stay" metrics { class_name: "MeanLabel" } }
"""


@pytest.mark.covers("eval-config-outputs")
def test_metrics_of_several_outputs_are_asked_of_each() -> None:
    (config,) = read_configs(OUTPUTS)
    assert config.model.outputs == {
        "buy": ModelColumns("buy", "bought", "p_buy", "w"), "stay": ModelColumns("stay", "stayed", "p_stay", "w"),
    }  # fmt: skip
    assert [reported_as(metric) for metric in config.metrics] == [
        "auc@output=buy", "auc@output=stay", "mean_label@output=stay",
    ]  # fmt: skip
    assert config.metrics[0].output_weights == (("buy", 3.0), ("stay", 1.0))
    assert all(len(metric.bounds) == 1 for metric in config.metrics[:2])
    assert config.not_read == ()


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
        (CLASSES.replace('"MinLabelPosition"', '"AUC"'), "no metric of ranked rows"),
        (CLASSES.replace('"Precision"', '"CohenKappa"'), "no metric of yes or no"),
        (CLASSES.replace('query_key: "session" binarize { top_k_list { values: [5, 10] } }', ""), "NDCG]: ranks rows within"),
        (CLASSES.replace("k_list { values: 2 }", "k_list { values: 0 }"), "k counts classes from 1"),
        (CLASSES.replace("micro_average: true", ""), "says no average"),
        (CLASSES.replace("class_ids { values: [0, 2] } k_list { values: 2 }", 'k_list { values: "x" }'), "no whole numbers"),
        (CLASSES.replace("macro_average: true", "macro_average: true top_k_list { values: 2 }"), "stands beside top_k_list"),
        (SEVERAL.replace('name: "a"', ""), "one without a name"),
        (SEVERAL.replace('name: "b"', 'name: "a"'), "more than one model is named 'a'"),
        (SEVERAL.replace('model_names: "b"', 'model_names: "z"'), "model_names: there is no model 'z'"),
        (SEVERAL.replace('metrics_specs { metrics', 'metrics_specs { model_names: "b" metrics'), "no metric is asked for of model 'a'"),
        (SEVERAL.replace('prediction_key: "q"', ""), "label_key and prediction_key of model 'b'"),
        (SEVERAL.replace('name: "b"', 'name: "b" is_baseline: true'), "more than one model that is a baseline"),
        (OUTPUTS.replace('output_names: ["buy", "stay"]', ""), "do not say of which of its outputs"),
        (OUTPUTS.replace('"buy", "stay"]', '"buy", "leave"]'), "there is no output 'leave'"),
        (OUTPUTS.replace('key: "stay" value: 1', 'key: "leave" value: 1'), "'leave' is none of the spec's output_names"),
        (OUTPUTS.replace("value: 3", "value: -1"), "output_weights: add up to nothing"),
        (OUTPUTS.replace('label_keys {', 'label_key: "l" label_keys {', 1), "label_key stands beside label_keys"),
        (OUTPUTS.replace('label_keys { key: "stay" value: "stayed" }', ""), "label_key and prediction_key"),
        (OUTPUTS + 'model_specs { name: "old" is_baseline: true prediction_keys { key: "buy" value: "o" } }', "the baseline has no output 'stay'"),
        (SEVERAL.replace('model_names: "b"', 'model_names: "b" output_names: "x"'), "there is no output 'x' of model 'b'"),
        ('{"modelSpecs": [{"labelKey": "l"}]}', "label_key and prediction_key"),
        ('{"modelSpecs": [{"labelKey": "l", "predictionKey": "p"}]}', "no metric is asked for"),
        ("{ not json", "is no JSON"),
        ('model_specs { label_key "l" }', "line 1"),
        ('model_specs {\n  label_key: "l', "line 2"),
        ("x { " * 80, "more than 50 deep"),
        (TEXT.replace("STRUCT(city)", "city"), "SELECT STRUCT(column, …)"),
        (TEXT.replace("JACKKNIFE", "GUESS"), "neither POISSON_BOOTSTRAP nor JACKKNIFE"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_configuration_is_named(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said.replace("(", r"\(").replace(")", r"\)").replace("]", r"\]")):
        read_configs(text)


def test_an_unknown_metric_has_its_nearest_names_as_a_hint() -> None:
    with pytest.raises(ConfigError) as caught:
        read_configs(spec(className="BinaryAcuracy"))
    assert "binary_accuracy" in caught.value.hint
    for name, said in (("BooleanFlipRates", "tapetum challenge"), ("MeanAttributions", "/api/v1/models/drift")):
        with pytest.raises(ConfigError) as caught:
            read_configs(spec(className=name))
        assert said in caught.value.hint


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
