"""Numbers that were predicted, from sums over rows: sums of parts of the rows add up."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from tapetum_server.detectors.performance.confusion_metrics import ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorSums:
    """Sums over rows with a label and a prediction, each row times its weight."""

    rows: float
    label: float
    prediction: float
    label_squared: float
    """Of labels less `shift`, as are the two below: so that a large mean takes no digits from a small spread."""
    prediction_squared: float
    product: float
    shifted_label: float
    shifted_prediction: float
    absolute_error: float
    squared_error: float
    absolute_label: float
    relative_error: float
    """|error| / |label|, rows whose label is 0 left out."""
    nonzero: float
    """Rows whose label is not 0."""
    symmetric_error: float
    """2 |error| / (|label| + |prediction|), 0 where both are 0."""
    log_rows: float
    """Rows whose label and prediction are both above -1."""
    squared_log_error: float
    """Of those: (ln(1 + prediction) - ln(1 + label))²."""
    median_absolute_error: float = math.nan
    """NaN for sums of parts."""
    max_error: float = math.nan


_SUMS = [each.name for each in fields(ErrorSums) if each.name not in ("median_absolute_error", "max_error")]
SUM_NAMES: tuple[str, ...] = tuple(_SUMS)
"""The fields that add up."""


def added(parts: Iterable[ErrorSums]) -> ErrorSums:
    """The sums of several parts together."""
    parts = list(parts)
    return ErrorSums(
        **{name: math.fsum(getattr(part, name) for part in parts) for name in _SUMS},
        max_error=max((part.max_error for part in parts), default=math.nan),
    )


def less(whole: ErrorSums, part: ErrorSums) -> ErrorSums:
    """The sums of all rows but those of `part`."""
    return ErrorSums(**{name: getattr(whole, name) - getattr(part, name) for name in _SUMS})


def error_sums(
    labels: npt.ArrayLike, predictions: npt.ArrayLike, weights: npt.ArrayLike | None = None, shift: float = 0.0
) -> ErrorSums:
    """The sums of rows at hand."""
    y, p = np.asarray(labels, np.float64), np.asarray(predictions, np.float64)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, np.float64)
    error, size = np.abs(p - y), np.abs(y)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(size > 0, error / size, 0.0)
        symmetric = np.where(size + np.abs(p) > 0, 2 * error / (size + np.abs(p)), 0.0)
        logs = np.where((y > -1) & (p > -1), (np.log1p(np.maximum(p, -1)) - np.log1p(np.maximum(y, -1))) ** 2, 0.0)
    ys, ps = y - shift, p - shift
    parts = {
        "label": y, "prediction": p, "label_squared": ys**2, "prediction_squared": ps**2, "product": ys * ps,
        "shifted_label": ys, "shifted_prediction": ps, "absolute_error": error, "squared_error": error**2,
        "absolute_label": size, "relative_error": relative, "nonzero": size > 0, "symmetric_error": symmetric,
        "log_rows": (y > -1) & (p > -1), "squared_log_error": logs,
    }  # fmt: skip
    return ErrorSums(
        rows=float(w.sum()),
        **{name: float(w @ each) for name, each in parts.items()},
        median_absolute_error=float(np.median(error)) if len(error) else math.nan,
        max_error=float(error.max()) if len(error) else math.nan,
    )


def label_spread(s: ErrorSums) -> float:
    """The squared distances of labels from their mean, summed."""
    return s.label_squared - s.shifted_label**2 / s.rows if s.rows else math.nan


def r_squared(s: ErrorSums) -> float:
    """The share of the labels' variance that predictions explain; below 0 where their mean would do better."""
    return 1 - ratio(s.squared_error, label_spread(s))


def explained_variance(s: ErrorSums) -> float:
    """As R², with an error that is always the same forgiven."""
    spread = s.squared_error - ratio((s.prediction - s.label) ** 2, s.rows)
    return 1 - ratio(spread, label_spread(s))


def squared_pearson_correlation(s: ErrorSums) -> float:
    """The square of the correlation between labels and predictions. Not R²."""
    together = s.product - ratio(s.shifted_label * s.shifted_prediction, s.rows)
    spread = s.prediction_squared - ratio(s.shifted_prediction**2, s.rows)
    return ratio(together**2, spread * label_spread(s))


REGRESSION_METRICS: Mapping[str, Callable[[ErrorSums], float]] = {
    "example_count": lambda s: s.rows,
    "weighted_example_count": lambda s: s.rows,
    "mean_label": lambda s: ratio(s.label, s.rows),
    "mean_prediction": lambda s: ratio(s.prediction, s.rows),
    "calibration": lambda s: ratio(s.prediction, s.label),
    "mean_absolute_error": lambda s: ratio(s.absolute_error, s.rows),
    "mean_squared_error": lambda s: ratio(s.squared_error, s.rows),
    "root_mean_squared_error": lambda s: math.sqrt(ratio(s.squared_error, s.rows)),
    "median_absolute_error": lambda s: s.median_absolute_error,
    "max_error": lambda s: s.max_error,
    "mean_error": lambda s: ratio(s.prediction - s.label, s.rows),
    "mean_absolute_percentage_error": lambda s: 100 * ratio(s.relative_error, s.nonzero),
    "symmetric_mean_absolute_percentage_error": lambda s: 100 * ratio(s.symmetric_error, s.rows),
    "weighted_absolute_percentage_error": lambda s: 100 * ratio(s.absolute_error, s.absolute_label),
    "mean_squared_logarithmic_error": lambda s: ratio(s.squared_log_error, s.log_rows),
    "r_squared": r_squared,
    "explained_variance": explained_variance,
    "squared_pearson_correlation": squared_pearson_correlation,
}
