"""What is answered about two versions of a model, side by side."""

from __future__ import annotations

from typing_extensions import TypedDict

from tapetum_server.analysis.performance.answers import MetricValue
from tapetum_server.analysis.performance.tasks import Question


class VersionSide(TypedDict):
    """One of the two versions within the range."""

    version: str
    rows: int
    labelled: int
    coverage: float
    p50_ms: float | None
    p95_ms: float | None
    mean_score: float | None
    mean_output: float | None


class MetricComparison(TypedDict):
    """A metric of both, and the challenger's less the champion's."""

    name: str
    champion: MetricValue
    challenger: MetricValue
    difference: float | None
    lower: float | None
    """Ends of the 95 % interval of the difference."""
    upper: float | None
    p: float | None
    """The chance of such a difference, were the two alike; `null` where no test can be made."""
    test: str
    """On the same requests `mcnemar`, `delong`, `paired_t`, `poisson_bootstrap`; on the own ones `welch`, or ""."""
    paired: bool
    better: str
    """`champion` or `challenger` where one is better by more than chance, else ""."""


class Pairing(TypedDict):
    """How requests that both versions answered were found."""

    by: str
    """What names a request in both; "" where nothing does."""
    tried: list[str]
    pairs: int
    labelled: int
    one_in: int
    """Of so many requests one was looked at."""


class FlipTable(TypedDict):
    """What the challenger says to requests, by what the champion said: first index champion, second challenger."""

    classes: list[str]
    matrix: list[list[float]]
    flipped: float
    fixed: float
    """The champion was wrong, and the challenger is right."""
    broken: float
    """The champion was right, and the challenger is wrong."""
    wrong_both: float
    unknown: float
    """Flipped, and no label has come."""


class SliceComparison(TypedDict):
    """The first metric of both on the rows with one value of a column."""

    value: str | None
    champion_rows: int
    challenger_rows: int
    champion: float | None
    challenger: float | None
    difference: float | None
    lower: float | None
    upper: float | None
    better: str


class VersionComparison(TypedDict):
    """Two versions of a model in the same time."""

    verdict: str
    """Which is better and by how much, in a sentence."""
    better: str
    task: Question
    why: str
    """Why there are no metrics; "" where there are."""
    champion: VersionSide
    challenger: VersionSide
    metrics: list[MetricComparison]
    pairing: Pairing
    flips: FlipTable | None
    apart: float | None
    """Of predicted numbers, the mean distance between the two on the same requests."""
    sliced_by: str
    slices: list[SliceComparison]
    more_slices: int
    slice_columns: list[str]


class FlippedRequest(TypedDict):
    """One request that the two answered otherwise."""

    key: str
    champion_id: str
    challenger_id: str
    champion: str
    challenger: str
    champion_score: float | None
    challenger_score: float | None
    label: str
    right: str
    """`champion`, `challenger`, `neither`, or "" where no label has come."""


class FlippedRequests(TypedDict):
    """Some of them, those whose scores lie furthest apart first."""

    by: str
    rows: list[FlippedRequest]
