"""Which metric a name means: TFMA's and Keras's class names, or Tapetum's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from tapetum_server.detectors.performance.binary import BINARY_METRICS
from tapetum_server.detectors.performance.multiclass import MULTICLASS_METRICS
from tapetum_server.detectors.performance.multilabel import MULTILABEL_METRICS
from tapetum_server.detectors.performance.ranking import RANKING_METRICS
from tapetum_server.detectors.performance.regression import REGRESSION_METRICS

Task = Literal["binary", "multiclass", "multilabel", "regression", "ranking"]

BY_CLASS = ("auc", "average_precision")
"""Metrics of several classes that are the mean over each class against the others."""
METRICS: Mapping[Task, tuple[str, ...]] = {
    "binary": tuple(BINARY_METRICS),
    "multiclass": (*MULTICLASS_METRICS, *BY_CLASS),
    "multilabel": tuple(MULTILABEL_METRICS),
    "regression": tuple(REGRESSION_METRICS),
    "ranking": tuple(RANKING_METRICS),
}
QUERY_STATISTICS = ("total_queries", "total_documents", "min_documents", "max_documents")
"""What TFMA's `QueryStatistics` is."""
PLOTS = {
    "calibration_plot": "calibration",
    "calibration_histogram": "calibration",
    "confusion_matrix_plot": "thresholds",
    "confusion_matrix_at_thresholds": "thresholds",
    "score_distribution_plot": "scores",
    "multi_class_confusion_matrix_plot": "classes",
    "multi_label_confusion_matrix_plot": "classes",
    "multi_class_confusion_matrix_at_thresholds": "classes",
}
"""What is drawn and not a number, and what of a slice it is drawn from."""
_ALIASES = {
    "binary_cross_entropy": "binary_crossentropy",
    "categorical_cross_entropy": "categorical_crossentropy",
    "sparse_categorical_cross_entropy": "sparse_categorical_crossentropy",
    "tp": "true_positives", "fp": "false_positives", "tn": "true_negatives", "fn": "false_negatives",
    "f1score": "f1_score", "roc_auc": "auc", "log_loss": "binary_crossentropy", "ece": "expected_calibration_error",
    "mae": "mean_absolute_error", "mse": "mean_squared_error", "mape": "mean_absolute_percentage_error",
    "rmse": "root_mean_squared_error", "msle": "mean_squared_logarithmic_error", "sensitivity": "recall",
    "balanced_accuracy_score": "balanced_accuracy", "accuracy_score": "accuracy", "brier": "brier_score",
    "map": "mean_average_precision", "mrr": "mean_reciprocal_rank", "reciprocal_rank": "mean_reciprocal_rank",
    "hit_rate_at_k": "hit_rate",
}  # fmt: skip
_ELSEWHERE: Mapping[str, Mapping[str, str]] = {
    "accuracy": {"binary": "binary_accuracy"}, "binary_accuracy": {"multiclass": "accuracy"},
    "precision": {"ranking": "precision_at_k"}, "recall": {"ranking": "recall_at_k"},
    "average_precision": {"ranking": "mean_average_precision"}, "weighted_example_count": {"ranking": "total_queries"},
}  # fmt: skip
TOLD_ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(
        ("boolean_flip_rates", "symmetric_prediction_difference", "model_cosine_similarity"),
        "`tapetum challenge` tells how two models differ on the same rows.",
    ),
    **dict.fromkeys(
        ("mean_attributions", "mean_absolute_attributions", "total_attributions", "total_absolute_attributions"),
        "Attributions that are logged with predictions are compared by `GET /api/v1/models/drift`.",
    ),
}
"""Metrics of TFMA that an evaluation has not, and where they are."""
_WORD = re.compile(r"AUC|MCC|NDCG|MAP|MRR|[A-Z]+(?![a-z0-9])|[A-Z][a-z0-9]*|[a-z0-9]+")
TARGETS = {
    "sensitivity_at_specificity": "specificity", "specificity_at_sensitivity": "sensitivity",
    "precision_at_recall": "recall", "recall_at_precision": "precision",
    "recall_at_false_positive_rate": "false_positive_rate", "threshold_at_recall": "recall",
}  # fmt: skip
"""The name, in a metric's configuration, of the condition under which it is the best."""


def metric_name(class_name: str) -> str:
    """`AUCPrecisionRecall` → `auc_precision_recall`; names that are words already stay."""
    plain = class_name if "_" in class_name else "_".join(word.lower() for word in _WORD.findall(class_name))
    plain = plain.lower()
    return _ALIASES.get(plain, plain)


def for_task(name: str, task: Task) -> str:
    """The name of the metric among those of the task, where it has another there."""
    return _ELSEWHERE.get(name, {}).get(task, name)


def known(name: str) -> bool:
    """Whether any task has this metric or plot."""
    return name in PLOTS or name == "query_statistics" or any(for_task(name, task) in METRICS[task] for task in METRICS)


def similar(name: str) -> list[str]:
    """The names closest to one that is not known."""
    import difflib

    return difflib.get_close_matches(name, {each for names in METRICS.values() for each in names} | PLOTS.keys(), 3)
