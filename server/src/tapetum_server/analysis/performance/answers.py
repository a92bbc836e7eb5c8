"""What is answered about the performance of a model in production."""

from __future__ import annotations

from typing_extensions import TypedDict

from tapetum_server.analysis.performance.tasks import Question


class MetricValue(TypedDict):
    """A metric and its 95 % interval. `null` where it has no value, as a precision without positive calls."""

    name: str
    value: float | None
    lower: float | None
    upper: float | None


class MetricPeriod(TypedDict):
    """Metrics of one step of time, in the order of the whole's."""

    time: str
    rows: int
    labelled: int
    metrics: list[float | None]


class MetricSlice(TypedDict):
    """Metrics of the rows with one value of a column."""

    value: str | None
    rows: int
    labelled: int
    metrics: list[float | None]


class Confusions(TypedDict):
    """Rows by what they were (first index) and were called (second)."""

    classes: list[str]
    matrix: list[list[float]]


class ThresholdTable(TypedDict):
    """What a yes-or-no question would have answered at other thresholds."""

    thresholds: list[float]
    tp: list[float]
    fp: list[float]
    tn: list[float]
    fn: list[float]


class CalibrationBin(TypedDict):
    """Rows with scores from `low` to `high`: what was predicted, and what came."""

    low: float
    high: float
    rows: float
    mean_prediction: float
    mean_label: float


class PerformanceReport(TypedDict):
    """How good predictions were, as far as labels say."""

    task: Question
    why: str
    """Why there are no metrics, or some are missing; "" where nothing is missing."""
    label: str
    prediction: str
    positive: str
    """The label that the score is a probability of; "" for 1."""
    rows: int
    labelled: int
    coverage: float
    metrics: list[MetricValue]
    interval_ms: int
    periods: list[MetricPeriod]
    confusion: Confusions | None
    thresholds: ThresholdTable | None
    calibration: list[CalibrationBin]
    sliced_by: str
    slices: list[MetricSlice]
    """Those with the most rows."""
    more_slices: int
    slice_columns: list[str]
    """By what rows can be told apart."""


class EstimatedMetric(TypedDict):
    """A metric as it is expected, with its band, and between which values it lay in the baseline."""

    name: str
    value: float | None
    lower: float | None
    upper: float | None
    usual_lower: float | None
    usual_upper: float | None
    alert: bool


class EstimatedPeriod(TypedDict):
    """Estimates of one step of time, and reasons not to believe them."""

    time: str
    rows: int
    metrics: list[EstimatedMetric]
    doubts: list[str]


class PerformanceEstimate(TypedDict):
    """What metrics will be once labels come, by what scores meant in a labelled baseline."""

    why: str
    """Why nothing is estimated; "" where something is."""
    method: str
    calibrated: bool
    baseline_rows: int
    interval_ms: int
    periods: list[EstimatedPeriod]
    doubts: list[str]
    notes: list[str]
