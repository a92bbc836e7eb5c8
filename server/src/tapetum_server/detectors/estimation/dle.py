"""Direct loss estimation: how large the errors of predicted numbers will be, by a model of the errors of the baseline.

NannyML's idea; the model of the errors is scikit-learn's (the extra `analysis`), so values differ a little from theirs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tapetum_server.detectors.estimation.cbpe import BAND, Estimate, Thresholds, thresholds_of
from tapetum_server.detectors.performance.counts import Floats

METRICS = ("mae", "mape", "mse", "rmse", "msle", "rmsle")
_EPSILON = float(np.finfo(np.float64).eps)
_MAX_CATEGORIES = 255


@dataclass(frozen=True, slots=True)
class RegressionRows:
    """Rows of one chunk."""

    key: str
    features: Floats
    """Rows by features; categories as whole numbers, what is missing as NaN."""
    predictions: Floats
    labels: Floats | None
    """Where all are known."""
    codes: npt.NDArray[np.int64] | None = None
    """Of features that may have shifted."""

    @property
    def total(self) -> int:
        """Rows."""
        return len(self.predictions)


@dataclass(frozen=True, slots=True)
class LossEstimator:
    """Models of the errors of a labelled baseline."""

    models: Mapping[str, Any]
    deviations: Mapping[str, float]
    """By metric, the spread of one row's error."""
    thresholds: Mapping[str, Thresholds]


class MissingExtra(RuntimeError):
    """scikit-learn is not installed."""


def losses(labels: Floats, predictions: Floats) -> dict[str, Floats]:
    """The errors of each row: absolute, relative, squared, and squared logarithmic where logarithms can be had."""
    error = predictions - labels
    found = {"mae": np.abs(error), "mape": np.abs(error) / np.maximum(np.abs(labels), _EPSILON), "mse": error**2}
    if labels.min() > -1 and predictions.min() > -1:
        found["msle"] = (np.log1p(predictions) - np.log1p(labels)) ** 2
    return found


def fit(
    baseline: Sequence[RegressionRows], categorical: Sequence[bool], *, seed: int = 0, weights: Floats | None = None
) -> LossEstimator:
    """Learn from chunks whose labels are known, with weights from each row as much as it weighs.

    Raises `MissingExtra` without scikit-learn.
    """
    try:
        from sklearn.ensemble import HistGradientBoostingRegressor
        from threadpoolctl import threadpool_limits
    except ImportError:
        raise MissingExtra("estimates of regression errors need scikit-learn") from None
    labels = np.concatenate([c.labels for c in baseline if c.labels is not None])
    predictions = np.concatenate([c.predictions for c in baseline])
    inputs = _inputs(np.concatenate([c.features for c in baseline]), predictions)
    by_category = [
        bool(flag) and not np.isnan(inputs[:, k]).all() and np.nanmax(inputs[:, k]) < _MAX_CATEGORIES
        for k, flag in enumerate([*categorical, False])
    ]
    # scikit-learn cuts no bins where nothing is there.
    inputs = np.where(np.isnan(inputs).all(0), 0.0, inputs)
    models = {}
    found = losses(labels, predictions)
    for name, target in found.items():
        model = HistGradientBoostingRegressor(random_state=seed, categorical_features=by_category)
        # One thread: on a busy machine, threads that wait for each other cost many times what they save.
        with threadpool_limits(1):
            models[name] = model.fit(inputs, target, sample_weight=weights)
    each = [realized(chunk) for chunk in baseline]
    names = [name for name in METRICS if _root_of(name) in models]
    deviations = {name: float(target.std()) for name, target in found.items()}
    for root, square in (("rmse", "mse"), ("rmsle", "msle")):
        if square in found:  # the delta method
            deviations[root] = deviations[square] / (2 * math.sqrt(float(found[square].mean())))
    return LossEstimator(
        models, deviations,
        {name: _not_below_zero(thresholds_of([chunk[name] for chunk in each], False)) for name in names},
    )  # fmt: skip


def estimate(fitted: LossEstimator, rows: RegressionRows) -> dict[str, Estimate]:
    """What the errors of a chunk will be."""
    inputs, was, found = _inputs(rows.features, rows.predictions), realized(rows), {}
    from threadpoolctl import threadpool_limits  # comes with scikit-learn, which has fitted the models

    with threadpool_limits(1):
        expected = {name: float(np.mean(model.predict(inputs))) for name, model in fitted.models.items()}
    for name, limits in fitted.thresholds.items():
        value = expected[_root_of(name)]
        value = math.sqrt(max(value, 0.0)) if name.startswith("r") else value
        error = fitted.deviations[name] / math.sqrt(rows.total)
        found[name] = Estimate(
            value, error, max(value - BAND * error, 0.0), value + BAND * error, limits.lower, limits.upper,
            value < limits.lower or value > limits.upper, was[name],
        )  # fmt: skip
    return found


def realized(rows: RegressionRows) -> dict[str, float]:
    """What the errors were; NaN where not all labels are known."""
    if rows.labels is None or not rows.total:
        return dict.fromkeys(METRICS, math.nan)
    found = {name: float(target.mean()) for name, target in losses(rows.labels, rows.predictions).items()}
    found.setdefault("msle", math.nan)
    return found | {"rmse": math.sqrt(found["mse"]), "rmsle": math.sqrt(found["msle"])}


def _inputs(features: Floats, predictions: Floats) -> Floats:
    return np.column_stack([features, predictions])


def _root_of(name: str) -> str:
    return name[1:] if name.startswith("r") else name


def _not_below_zero(limits: Thresholds) -> Thresholds:
    return Thresholds(max(limits.lower, 0.0), limits.upper)
