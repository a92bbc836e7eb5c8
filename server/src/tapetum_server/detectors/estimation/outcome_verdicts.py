"""What versions of a model will turn out to be by an outcome regression, and which of them is worse, and where."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from tapetum_server.detectors.estimation import cbpe
from tapetum_server.detectors.estimation.calibrating import AS_IT_IS, Calibrator, calibrator
from tapetum_server.detectors.estimation.cbpe import BAND, SHARES
from tapetum_server.detectors.estimation.chunk_cells import ChunkCells
from tapetum_server.detectors.estimation.outcome_regression import (
    OutcomeModel,
    OutcomeRows,
    chances_of,
    targeted,
    trees,
)
from tapetum_server.detectors.estimation.sampling import Spread, spreads
from tapetum_server.detectors.estimation.trust import MIN_ROWS, Doubt, doubts_of_outcomes, doubts_of_size
from tapetum_server.detectors.performance.costs import CostMatrix
from tapetum_server.detectors.performance.counts import Floats, score_counts
from tapetum_server.detectors.slices import ErrorCounts, worst_slices

LEAST_GAP = 0.02
"""Accuracy by which a version must differ to be called worse or better: less may be what trees cannot learn."""
LEAST_ROWS = 32
"""Of a slice."""
LITERALS = 2
SHOWN_SLICES = 3
MAX_JUDGED = 20
"""Versions, those with the most rows, that are held against others."""

Verdict = Literal["worse", "worse in part", "better", "as expected", "unknown"]
Because = Literal["earlier", "scores"]


@dataclass(frozen=True, slots=True)
class Expected:
    """A metric as it is expected, with its band."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class ExpectedSlice:
    """Rows of a version that it will be wrong about more often than what it is held against."""

    literals: tuple[tuple[int, int], ...]
    rows: int
    value: float
    """Expected accuracy."""
    other: float
    """Of what it is held against, on the same rows."""
    band: float
    """Of the difference."""


@dataclass(frozen=True, slots=True)
class ExpectedVersion:
    """One version by what its rows will turn out to be."""

    version: int
    rows: int
    metrics: Mapping[str, Expected]
    promised: float
    """Accuracy by its own scores, calibrated where another version's labels say how."""
    attainable: float
    """Accuracy that the outcome regression's own calls of the same rows would have."""
    earlier: float
    """Accuracy that the calls of the version it is held against would have, of the same rows; NaN without one."""
    verdict: Verdict
    because: tuple[Because, ...]
    band: float
    """Of the difference to the earlier version, or else to what is attainable."""
    slices: tuple[ExpectedSlice, ...]
    labelled: int
    expected: float
    """Accuracy expected of the labelled rows alone."""
    realized: float
    """What it was of these; NaN without any."""
    doubts: tuple[Doubt, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Reference:
    """The version that others are held against: how it calls rows, learned from its own, and what its scores mean."""

    version: int
    calls: object
    curve: Calibrator


def reference_of(rows: OutcomeRows, version: int, categorical: Sequence[bool], *, seed: int = 0) -> Reference:
    """What the rows of a version say about how it calls others; some of them have labels."""
    own = rows.those(rows.versions == version)
    known = own.those(own.known)
    curve = calibrator(score_counts(known.scores, known.labels), seed=seed) if known.total else AS_IT_IS
    return Reference(version, trees(own.features, own.called, categorical, seed=seed), curve)


def expected_metrics(
    model: OutcomeModel, rows: OutcomeRows, chances: Floats, costs: CostMatrix | None = None, *, seed: int = 0
) -> dict[str, Expected]:
    """What the metrics of some rows will be, once their labels come; the band holds the chance of these labels, which
    rows they are, and how many labels were learned from."""
    order = np.argsort(rows.scores, kind="stable")
    one = np.ones(rows.total)
    cells = ChunkCells("", rows.scores[order], rows.called[order], one, chances[order], one)
    values, spread = cbpe.realized(cells, costs), spreads(cells, costs, seed=seed)
    inflated = math.sqrt(1 + rows.total / model.rows)
    return {
        name: _banded(name, values[name], spread[name], rows.total, inflated)
        for name in cbpe.METRICS if name in spread
    }  # fmt: skip


def _banded(name: str, value: float, spread: Spread, rows: int, inflated: float) -> Expected:
    reach = BAND * spread.error(rows) * inflated
    if name in SHARES:
        return Expected(value, max(value - reach, 0.0), min(value + reach, 1.0))
    return Expected(value, value - reach, value + reach)


def chances_of_version(
    model: OutcomeModel, rows: OutcomeRows, reference: Reference | None, categorical: Sequence[bool], *, seed: int = 0
) -> Floats:
    """Of a positive label, for each row of one version: targeted at its calls, and at those of what it is against."""
    known = model.learned.features
    learned = [chances_of(trees(rows.features, rows.called, categorical, seed=seed), known)]
    here = [rows.called]
    if reference is not None:
        learned.append(chances_of(reference.calls, known))
        here.append(chances_of(reference.calls, rows.features))
    return targeted(model, learned, model.chances(rows), here)


def judge(
    model: OutcomeModel, rows: OutcomeRows, chances: Floats, version: int, reference: Reference | None,
    sizes: Sequence[int], names: Sequence[str], costs: CostMatrix | None = None,
) -> ExpectedVersion:  # fmt: skip
    """A version by its rows, their chances (see `chances_of_version`), and what is known of another version.

    It is worse where the other would be right more often on the same rows, or where it is right less often than both
    its own scores promise and what the features allow: scores that are too sure of themselves do not make a call wrong.
    """
    against = reference if reference is not None and reference.version != version else None
    right = np.where(rows.called == 1, chances, 1 - chances)
    best = (chances > 0.5).astype(np.float64)
    value = float(right.mean())
    curve = against.curve if against is not None else AS_IT_IS
    said = curve(rows.scores)
    promised = np.where(rows.called == 1, said, 1 - said)
    to_best = _Gap.of_calls(best, rows.called, chances)
    to_promise = _Gap(promised - right, np.ones(rows.total), chances)
    doubts = [
        *doubts_of_size(rows.total), *doubts_of_outcomes(model.outside(rows), names),
        *_contradicted(model, rows, right),
    ]  # fmt: skip
    other = _Gap.of_calls(chances_of(against.calls, rows.features), rows.called, chances) if against else None
    because: list[Because] = []
    if other is not None and other.clear(model):
        because.append("earlier")
    if to_promise.clear(model) and to_best.clear(model):
        because.append("scores")
    told = other if other is not None else to_best
    slices = _slices(model, rows, right, told, sizes)
    verdict: Verdict = "as expected"
    if because:
        verdict = "worse"
    elif other is not None and other.clear(model, better=True):
        verdict = "better"
    elif slices and (other is not None or to_promise.clear(model)):
        verdict = "worse in part"
    if doubts:
        verdict, because = "unknown", []
    known = rows.known
    return ExpectedVersion(
        version, rows.total, expected_metrics(model, rows, chances, costs), float(promised.mean()),
        value + float(to_best.each.mean()), value + float(other.each.mean()) if other is not None else math.nan,
        verdict, tuple(because), told.band(model, model.rows),
        slices if verdict in ("worse", "worse in part") else (), int(known.sum()),
        float(right[known].mean()) if known.any() else math.nan,
        float(np.mean(rows.called[known] == rows.labels[known])) if known.any() else math.nan, tuple(doubts),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Gap:
    """By how much less often calls will be right than something else's, row by row."""

    each: Floats
    weights: Floats
    """How much a row's label decides about it, squared."""
    chances: Floats

    @staticmethod
    def of_calls(others: Floats, called: Floats, chances: Floats) -> _Gap:
        apart = others - called
        return _Gap(apart * (2 * chances - 1), 4 * apart**2, chances)

    def those(self, which: Floats) -> _Gap:
        return _Gap(self.each[which], self.weights[which], self.chances[which])

    def band(self, model: OutcomeModel, learned: float) -> float:
        """Which rows they are, the chance of their labels, and of the labels that were learned from."""
        rows = len(self.each)
        own = float(np.mean(self.weights * self.chances * (1 - self.chances)))
        return BAND * math.sqrt(
            float(self.each.var()) / rows + own / rows + float(self.weights.mean()) * model.noise / max(learned, 1.0)
        )

    def clear(self, model: OutcomeModel, *, better: bool = False, learned: float | None = None) -> bool:
        mean = float(self.each.mean()) * (-1 if better else 1)
        return mean > max(LEAST_GAP, self.band(model, model.rows if learned is None else learned))


def _contradicted(model: OutcomeModel, rows: OutcomeRows, right: Floats) -> list[Doubt]:
    """Whether labels that have come say that what comes true is not what it was."""
    known = rows.known
    count = int(known.sum())
    if count < MIN_ROWS:
        return []
    expected, was = float(right[known].mean()), float(np.mean(rows.called[known] == rows.labels[known]))
    band = BAND * math.sqrt(expected * (1 - expected) * (1 / count + 1 / model.rows))
    if abs(was - expected) <= max(band, LEAST_GAP):
        return []
    return [
        Doubt(
            "labels_contradict",
            f"Of {count:,} rows whose label has come {was:.1%} were right, where {expected:.1%} was expected: what "
            "comes true has changed, or hangs on what features do not say.",
        )
    ]


def _slices(
    model: OutcomeModel, rows: OutcomeRows, right: Floats, gap: _Gap, sizes: Sequence[int]
) -> tuple[ExpectedSlice, ...]:
    """Where the gap is widest, told by what features have in common."""
    if not sizes or rows.total < MIN_ROWS:
        return ()
    lost = np.maximum(gap.each, 0.0)
    # As labels will say it, yes or no: chances hardly vary, and any half of a slice would be told as the worse one.
    counts = ErrorCounts(rows.codes, np.ones(rows.total), lost, lost)
    found: list[ExpectedSlice] = []
    told = np.zeros(rows.total, bool)
    # What is lost there counts, not how bad a corner of it is.
    for one in sorted(worst_slices(counts, sizes, top=30, literals=LITERALS)[0], key=lambda one: -one.excess):
        inside = np.all([rows.codes[:, k] == code for k, code in one.literals], axis=0)
        # Without the slices that are told already: what is worse for holding their rows is no other cause.
        rest = gap.those(inside & ~told)
        seen = float(np.all([model.learned.codes[:, k] == code for k, code in one.literals], axis=0).sum())
        # The rows learned from that lie in the slice decide about it, whatever else there is.
        if len(rest.each) >= LEAST_ROWS and rest.clear(model, learned=seen):
            part = gap.those(inside)
            value = float(right[inside].mean())
            told |= inside
            found.append(
                ExpectedSlice(
                    one.literals, int(inside.sum()), value, value + float(part.each.mean()), part.band(model, seen)
                )
            )
    return tuple(found[:SHOWN_SLICES])
