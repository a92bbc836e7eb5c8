"""What is answered about the performance of a model in production."""

from __future__ import annotations

from typing import Literal

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
    values: list[float]
    """What all answers would have been worth; empty where nobody says what one is worth."""
    best: float | None
    """The threshold that would have been worth most."""


class GroupGap(TypedDict):
    """The two groups that a notion of fairness finds furthest apart."""

    notion: str
    metric: str
    highest: str
    lowest: str
    high: float
    low: float
    difference: float
    lower: float
    """Ends of the 95 % interval of the difference."""
    upper: float
    ratio: float | None
    """The lowest by the highest."""
    unequal: bool
    """Whether the four-fifths rule is broken by more than chance."""


class ClassOutcome(TypedDict):
    """One class of several that a prediction may have at once: how often it was called and there."""

    name: str
    tp: float
    fp: float
    tn: float
    fn: float


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
    classes: list[ClassOutcome]
    """Of predictions that are several classes at once, the ones that are there most often."""
    more_classes: int
    ranked_by: str
    """Of rows that are ranked, the column within whose values."""
    thresholds: ThresholdTable | None
    calibration: list[CalibrationBin]
    sliced_by: str
    slices: list[MetricSlice]
    """Those with the most rows."""
    more_slices: int
    gaps: list[GroupGap]
    """Between the slices, of a yes-or-no question."""
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


class EstimatedVersion(TypedDict):
    """One version's headline metric: as estimated of all its rows, and of those whose label came, what it was."""

    version: str
    rows: int
    metric: str
    value: float | None
    lower: float | None
    upper: float | None
    alert: bool
    """Whether it lies outside of what was usual in the baseline."""
    labelled: int
    expected: float | None
    """As estimated of the labelled rows."""
    realised: float | None
    """What it was of these."""
    verdict: Literal["worse", "better", "as estimated", "unknown"]


class ExpectedMetric(TypedDict):
    """A metric by what came true of rows like these, with its band."""

    name: str
    value: float | None
    lower: float | None
    upper: float | None


class ExpectedPeriod(TypedDict):
    """The same of one step of time."""

    time: str
    rows: int
    metrics: list[ExpectedMetric]
    doubts: list[str]


class ExpectedSlice(TypedDict):
    """Where a version will be wrong more often than what it is held against."""

    slice: str
    condition: str
    """The same as SQL over columns."""
    features: list[str]
    rows: int
    value: float
    other: float
    """Of what the version is held against, on the same rows."""
    band: float
    """Of the difference."""


class ExpectedVersion(TypedDict):
    """What one version will turn out to be, before its labels come."""

    version: str
    rows: int
    metrics: list[ExpectedMetric]
    """Accuracy first."""
    promised: float
    """Accuracy by its own scores."""
    attainable: float
    """Accuracy that the outcome regression's own calls would have on the same rows."""
    earlier: float | None
    """Accuracy that the calls of the version it is held against would have on the same rows."""
    band: float
    """Of the difference to the earlier version, or else to what is attainable."""
    verdict: Literal["worse", "worse in part", "better", "as expected", "unknown"]
    because: list[Literal["earlier", "scores"]]
    """Why it is worse: than the earlier version, or than its scores promise and its features allow."""
    slices: list[ExpectedSlice]
    labelled: int
    expected: float | None
    """Accuracy expected of the labelled rows."""
    realised: float | None
    """What it was of these."""
    doubts: list[str]


class OutcomeEstimate(TypedDict):
    """What versions will turn out to be by an outcome regression: labels that came, learned from features."""

    why: str
    """Why nothing is estimated; "" where something is."""
    method: str
    learned: int
    """Labels that it was learned from."""
    auc: float | None
    """Area under the ROC curve of labels that were kept out of the learning."""
    calibration_error: float | None
    reference: str | None
    """The version that others are held against."""
    periods: list[ExpectedPeriod]
    versions: list[ExpectedVersion]
    """Those with the most rows first."""
    doubts: list[str]
    notes: list[str]


class PerformanceEstimate(TypedDict):
    """What metrics will be once labels come, by what scores meant in a labelled baseline."""

    why: str
    """Why nothing is estimated; "" where something is."""
    method: str
    calibrated: bool
    baseline_rows: int
    interval_ms: int
    periods: list[EstimatedPeriod]
    versions: list[EstimatedVersion]
    """Those with the most rows first."""
    doubts: list[str]
    notes: list[str]
    outcomes: OutcomeEstimate
    """The same by what came true of rows like these, whatever scores say; also where scores cannot be learned from."""
