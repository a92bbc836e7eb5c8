"""What a drift report consists of, for the command line, the API and programs."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from tapetum_server.analysis.drift.moved import Bar, Moved
from tapetum_server.detectors.drift.methods import Kind
from tapetum_server.detectors.drift.verdict import Verdict


class DriftResult(TypedDict):
    """What one method found. `test` is where the p-value comes from, if there is one; `p_adjusted` minds the others."""

    method: str
    value: float
    threshold: float | None
    p: float | None
    p_adjusted: float | None
    test: str
    verdict: Verdict


class Effect(TypedDict):
    """How large the change is, apart from how many rows there are: `cohens_d` or `cramers_v`."""

    name: str
    value: float


class DriftSide(TypedDict):
    """One side of a feature. Moments are those of the finite values."""

    rows: int
    values: int
    missing: int
    nan: int
    infinite: int
    mean: float | None
    std: float | None
    min: float | None
    max: float | None


class DriftChunk(TypedDict):
    """One feature in one chunk of the window, against the whole baseline.

    `first` and `last` are the times of the rows of a chunk of so many, where rows have one time.
    """

    chunk: str
    first: str | None
    last: str | None
    rows: int
    values: int
    results: list[DriftResult]


class DriftSlice(TypedDict):
    """One feature among the rows with one value of a column."""

    column: str
    value: str
    baseline_rows: int
    window_rows: int
    result: DriftResult


Way = Literal["exact", "from states"]
"""Whether every value was read, or what is kept of the values in windows."""


class DriftFeature(TypedDict):
    """One feature. `score` is its largest value in thresholds, times its importance; features are ranked by it.

    `way` is how its numbers came. Where there are more values than are counted one by one, `others_than` are those that
    are, and `(other values)` are the others.
    """

    name: str
    kind: Kind
    way: Way
    of_text: str
    """The column of texts that this describes; "" for a column itself."""
    verdict: Verdict
    note: str
    importance: float
    score: float
    results: list[DriftResult]
    effect: Effect | None
    baseline: DriftSide
    window: DriftSide
    bars: list[Bar]
    moved: list[Moved]
    others_than: list[str]
    since: str | None
    chunks: list[DriftChunk]
    slices: list[DriftSlice]


class Telling(TypedDict):
    """A feature that tells the two sides apart, or an attribution whose share changed, and by how much."""

    name: str
    value: float


class DriftTogether(TypedDict):
    """Drift of several features at once: of all, of an embedding, a text, or attributions. `says` is it in words."""

    method: str
    of: str
    value: float | None
    threshold: float | None
    p: float | None
    verdict: Verdict
    says: str
    telling: list[Telling]
    baseline_rows: int
    window_rows: int


class NotCompared(TypedDict):
    """A column that says nothing about drift, and why."""

    name: str
    reason: str


class DriftReport(TypedDict):
    """What is said of a window, held against a baseline."""

    verdict: Verdict
    drifted: int
    compared: int
    not_enough_data: int
    drifted_share: float
    baseline_rows: int
    window_rows: int
    alpha: float
    correction: str
    features: list[DriftFeature]
    together: list[DriftTogether]
    not_compared: list[NotCompared]
    new_columns: list[str]
