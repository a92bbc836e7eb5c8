"""The report of `tapetum estimate`: what metrics will be, chunk by chunk, and whether to believe it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from tapetum_server.detectors.estimation import cbpe, dle, multiclass
from tapetum_server.detectors.estimation.calibrating import isotonic
from tapetum_server.detectors.estimation.chunk_cells import ChunkCells, together
from tapetum_server.detectors.estimation.shift import shift_weights
from tapetum_server.detectors.estimation.trust import Doubt, doubts_of_baseline, doubts_of_chunk, doubts_of_order
from tapetum_server.detectors.performance.costs import CostMatrix
from tapetum_server.detectors.performance.counts import score_counts
from tapetum_server.query.class_scores import class_scores
from tapetum_server.query.coded_rows import coded_rows, codings
from tapetum_server.query.errors import QueryError
from tapetum_server.query.estimates import (
    Chunks,
    EstimateColumns,
    chunk_cells,
    class_rows,
    regression_rows,
    values_of,
)
from tapetum_server.query.frames import Frame
from tapetum_server.query.reader import Reader

Task = Literal["binary", "multiclass", "regression"]
LEAST_EFFECTIVE = 0.1
"""Share of the baseline's rows that weights must leave it worth."""


@dataclass(frozen=True, slots=True)
class EstimatedChunk:
    """One chunk with its estimates, and reasons not to believe them."""

    key: str
    rows: int
    metrics: Mapping[str, cbpe.Estimate]
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True)
class EstimateReport:
    """What is estimated of a window by what was learned from a baseline."""

    method: str
    calibrated: bool
    baseline_rows: int
    chunks: tuple[EstimatedChunk, ...]
    doubts: tuple[Doubt, ...]
    """Of all chunks alike."""
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateQuestion:
    """What is estimated, from which columns."""

    label: str
    score: str
    prediction: str = ""
    positive: str = ""
    threshold: float = 0.5
    chunks: Chunks
    costs: CostMatrix | None = None
    features: tuple[str, ...] = ()
    """Of DLE, what the errors may depend on; of the weighted variant, what may have shifted."""
    weighted: bool = False
    seed: int = 0


async def estimate(
    reader: Reader, baseline: Frame, window: Frame, question: EstimateQuestion, task: Task
) -> EstimateReport:
    """Raises `QueryError`, and `dle.MissingExtra` where scikit-learn is not there."""
    if task == "regression":
        return await _regression(reader, baseline, window, question)
    if task == "multiclass":
        return await _multiclass(reader, baseline, window, question)
    columns = EstimateColumns(
        question.score, question.label, question.prediction, question.positive, question.threshold
    )
    learned, left_out = await chunk_cells(reader, baseline, columns, question.chunks)
    _check_labels([chunk.has_labels for chunk in learned], question.label)
    has_label = any(column.name == question.label for column in window.columns)
    told = columns if has_label else replace(columns, label="")
    asked, also = await chunk_cells(reader, window, told, question.chunks)
    whole = together(learned)
    if not whole.counts.positive or not whole.counts.negative:
        raise QueryError(
            f"the baseline's {question.label!r} has labels of one kind only: nothing can be learned from it"
        )
    notes = (
        [f"{left_out + also:,} rows are left out: their {question.score!r} is no probability."]
        if left_out + also
        else []
    )
    doubts: list[Doubt] = []
    if question.weighted:
        fitted = await _weighted(reader, baseline, window, question, learned, whole, notes, doubts)
    else:
        fitted = cbpe.fit(learned, costs=question.costs, seed=question.seed)
    doubts += doubts_of_order(learned, "baseline") + doubts_of_order(asked, "window")
    if not question.weighted:
        doubts += doubts_of_baseline([cbpe.estimate(fitted, chunk) for chunk in learned])
    chunks = tuple(
        EstimatedChunk(
            chunk.key, int(chunk.total), cbpe.estimate(fitted, chunk), tuple(doubts_of_chunk(fitted, whole, chunk))
        )
        for chunk in asked
    )
    method = "CBPE, importance-weighted" if question.weighted else "CBPE"
    return EstimateReport(method, fitted.calibrated, int(whole.total), chunks, tuple(doubts), tuple(notes))


async def _weighted(
    reader: Reader, baseline: Frame, window: Frame, question: EstimateQuestion, learned: Sequence[ChunkCells],
    whole: ChunkCells, notes: list[str], doubts: list[Doubt],
) -> cbpe.Estimator:  # fmt: skip
    """Calibrate on the baseline's rows weighted so that its features are mixed as the window's are."""
    used = await codings(reader, baseline, question.features)
    old = await coded_rows(
        reader, baseline, used, label=question.label, score=question.score, positive=question.positive
    )
    new = await coded_rows(reader, window, used)
    weights = shift_weights(old.codes, old.rows, new.codes, new.rows, [coding.size for coding in used])
    counts = score_counts(
        old.scores, old.positives * weights.rows, (old.rows - old.positives) * weights.rows
    )  # fmt: skip
    notes.append(f"Weights leave the baseline worth {weights.effective_share:.0%} of its rows.")
    if weights.effective_share < LEAST_EFFECTIVE:
        doubts.append(
            Doubt(
                "thin_support", "Hardly any rows of the baseline are like the window's: weights rest on a few of them."
            )
        )
    return cbpe.fitted_with(isotonic(counts), learned, whole, question.costs, question.seed)


async def _multiclass(reader: Reader, baseline: Frame, window: Frame, question: EstimateQuestion) -> EstimateReport:
    baseline, scores = await class_scores(reader, baseline, question.score)
    window, _ = await class_scores(reader, window, question.score)
    learned = await class_rows(reader, baseline, scores, question.label, question.prediction, question.chunks)
    _check_labels([chunk.labels is not None for chunk in learned], question.label)
    has_label = any(column.name == question.label for column in window.columns)
    asked = await class_rows(
        reader, window, scores, question.label if has_label else "", question.prediction, question.chunks
    )
    fitted = multiclass.fit(learned, seed=question.seed)
    chunks = tuple(EstimatedChunk(chunk.key, chunk.total, multiclass.estimate(fitted, chunk)) for chunk in asked)
    calibrated = any(len(curve.scores) for curve in fitted.calibrators)
    return EstimateReport("CBPE", calibrated, sum(chunk.total for chunk in learned), chunks, (), ())


async def _regression(reader: Reader, baseline: Frame, window: Frame, question: EstimateQuestion) -> EstimateReport:
    features = question.features or tuple(
        column.name for column in baseline.columns
        if column.kind in ("numeric", "boolean", "categorical") and column.name not in (question.label, question.score)
    )  # fmt: skip
    texts = [name for name in features if baseline.column(name).kind == "categorical"]
    values = await values_of(reader, baseline, texts)
    learned = await regression_rows(reader, baseline, features, question.score, question.label, question.chunks, values)
    _check_labels([chunk.labels is not None for chunk in learned], question.label)
    has_label = any(column.name == question.label for column in window.columns)
    asked = await regression_rows(
        reader, window, features, question.score, question.label if has_label else "", question.chunks, values
    )
    fitted = dle.fit(learned, [name in values for name in features], seed=question.seed)
    everything = np.concatenate([chunk.predictions for chunk in learned])
    low, high = float(everything.min()), float(everything.max())
    chunks = tuple(
        EstimatedChunk(chunk.key, chunk.total, dle.estimate(fitted, chunk), _beyond(chunk.predictions, low, high))
        for chunk in asked
    )
    return EstimateReport("DLE", False, len(everything), chunks, (), ())


def _beyond(predictions: np.ndarray, low: float, high: float) -> tuple[Doubt, ...]:
    share = float(np.mean((predictions < low) | (predictions > high)))
    if share <= 0.01:
        return ()
    return (
        Doubt(
            "outside_support",
            f"{share:.1%} of the predictions lie below {low:.4g} or above {high:.4g}, where the baseline has none.",
        ),
    )


def _check_labels(known: Sequence[bool], label: str) -> None:
    if not all(known):
        raise QueryError(
            f"the baseline has rows without a label in {label!r}",
            code="unlabelled_baseline",
            field=label,
            hint="A baseline is what estimates are learned from: every row of it needs its label.",
        )
