"""Estimates that look at rows one by one: of several classes, and of predicted numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tapetum_server.analysis.performance.estimated import (
    LEAST_EFFECTIVE,
    EstimatedChunk,
    EstimateQuestion,
    EstimateReport,
    check_labels,
    none_where_empty,
    thin_support,
)
from tapetum_server.detectors.estimation import dle, multiclass
from tapetum_server.detectors.estimation.shift import shift_weights
from tapetum_server.detectors.estimation.trust import (
    OUTSIDE_SHARE,
    Doubt,
    doubts_of_baseline,
    doubts_of_ordered_values,
    doubts_of_size,
)
from tapetum_server.detectors.performance.counts import Floats
from tapetum_server.query.class_scores import class_scores
from tapetum_server.query.coded_rows import Coding, codings, in_frame
from tapetum_server.query.estimates import Chunks, class_rows, regression_rows, values_of
from tapetum_server.query.frames import Frame
from tapetum_server.query.reader import Reader


async def estimate_multiclass(
    reader: Reader, baseline: Frame, window: Frame, question: EstimateQuestion
) -> EstimateReport:
    """CBPE of each class against the others. Raises `QueryError`."""
    baseline, scores = await class_scores(reader, baseline, question.score)
    window, _ = await class_scores(reader, window, question.score)
    used = await codings(reader, baseline, question.features) if question.weighted else []
    learned = await class_rows(reader, baseline, scores, question.label, question.prediction, question.chunks, used)
    check_labels([chunk.labels is not None for chunk in learned], question.label)

    async def rows(frame: Frame, chunks: Chunks) -> list[multiclass.ClassRows]:
        return await class_rows(
            reader, frame, scores, _label_of(frame, question), question.prediction, chunks, in_frame(used, frame)
        )  # fmt: skip

    asked = await rows(window, question.chunks)
    notes: list[str] = []
    doubts: list[Doubt] = []
    weights = _weights([c.codes for c in learned], [c.codes for c in asked], used, notes, doubts)
    fitted = await asyncio.to_thread(multiclass.fit, learned, seed=question.seed, weights=weights)
    # Of each row the highest score: what is said of the class that is called.
    doubts += doubts_of_ordered_values([c.scores.max(1) for c in learned], "baseline", "scores")
    doubts += doubts_of_ordered_values([c.scores.max(1) for c in asked], "window", "scores")
    if not question.weighted:
        doubts += doubts_of_baseline([multiclass.estimate(fitted, chunk) for chunk in learned])
    everything = np.concatenate([chunk.scores for chunk in learned])
    low, high = everything.min(0), everything.max(0)

    def estimated(chunks: Sequence[multiclass.ClassRows]) -> tuple[EstimatedChunk, ...]:
        return tuple(
            EstimatedChunk(
                chunk.key, chunk.total, multiclass.estimate(fitted, chunk),
                (*doubts_of_size(chunk.total), *_beyond(chunk.scores, low, high, "scores")),
            )
            for chunk in chunks
        )  # fmt: skip

    others = [(await class_scores(reader, frame, question.score))[0] for frame, _ in question.also]
    also = tuple(
        [estimated(await none_where_empty(rows(frame, each))) for frame, (_, each) in zip(others, question.also)]
    )
    calibrated = any(len(curve.scores) for curve in fitted.calibrators)
    total = sum(chunk.total for chunk in learned)
    return EstimateReport(
        _method("CBPE", question), calibrated, total, estimated(asked), tuple(doubts), tuple(notes), also
    )


async def estimate_regression(
    reader: Reader, baseline: Frame, window: Frame, question: EstimateQuestion
) -> EstimateReport:
    """DLE. Raises `QueryError`, and `dle.MissingExtra` where scikit-learn is not there."""
    features = question.features or tuple(
        column.name for column in baseline.columns
        if column.kind in ("numeric", "boolean", "categorical") and column.name not in (question.label, question.score)
    )  # fmt: skip
    texts = [name for name in features if baseline.column(name).kind == "categorical"]
    values = await values_of(reader, baseline, texts)
    used = await codings(reader, baseline, features) if question.weighted else []

    async def rows(frame: Frame, chunks: Chunks) -> list[dle.RegressionRows]:
        return await regression_rows(
            reader, frame, features, question.score, _label_of(frame, question), chunks, values, in_frame(used, frame)
        )  # fmt: skip

    learned = await rows(baseline, question.chunks)
    check_labels([chunk.labels is not None for chunk in learned], question.label)
    asked = await rows(window, question.chunks)
    notes: list[str] = []
    doubts: list[Doubt] = []
    weights = _weights([c.codes for c in learned], [c.codes for c in asked], used, notes, doubts)
    categorical = [name in values for name in features]
    fitted = await asyncio.to_thread(dle.fit, learned, categorical, seed=question.seed, weights=weights)
    everything = np.concatenate([chunk.predictions for chunk in learned])
    doubts += doubts_of_ordered_values([chunk.predictions for chunk in learned], "baseline", "predictions")
    doubts += doubts_of_ordered_values([chunk.predictions for chunk in asked], "window", "predictions")
    if not question.weighted:
        own = await asyncio.to_thread(lambda: [dle.estimate(fitted, chunk) for chunk in learned])
        doubts += doubts_of_baseline(own, "mae")
    low, high = np.asarray([everything.min()]), np.asarray([everything.max()])

    def estimated(chunks: Sequence[dle.RegressionRows]) -> tuple[EstimatedChunk, ...]:
        return tuple(
            EstimatedChunk(
                chunk.key, chunk.total, dle.estimate(fitted, chunk),
                (*doubts_of_size(chunk.total), *_beyond(chunk.predictions[:, None], low, high, "predictions")),
            )
            for chunk in chunks
        )  # fmt: skip

    also = tuple(
        [await asyncio.to_thread(estimated, await none_where_empty(rows(frame, each))) for frame, each in question.also]
    )
    chunks = await asyncio.to_thread(estimated, asked)
    return EstimateReport(_method("DLE", question), False, len(everything), chunks, tuple(doubts), tuple(notes), also)


def _method(name: str, question: EstimateQuestion) -> str:
    return f"{name}, importance-weighted" if question.weighted else name


def _label_of(window: Frame, question: EstimateQuestion) -> str:
    return question.label if any(column.name == question.label for column in window.columns) else ""


def _weights(
    baseline: Sequence[npt.NDArray[np.int64] | None], window: Sequence[npt.NDArray[np.int64] | None],
    used: Sequence[Coding], notes: list[str], doubts: list[Doubt],
) -> Floats | None:  # fmt: skip
    """Of each row of the baseline, where features may have shifted."""
    if not used:
        return None
    old = np.concatenate([codes for codes in baseline if codes is not None])
    new = np.concatenate([codes for codes in window if codes is not None])
    weights = shift_weights(old, np.ones(len(old)), new, np.ones(len(new)), [coding.size for coding in used])
    notes.append(f"Weights leave the baseline worth {weights.effective_share:.0%} of its rows.")
    if weights.effective_share < LEAST_EFFECTIVE:
        doubts.append(thin_support())
    return weights.rows


def _beyond(values: Floats, low: Floats, high: Floats, what: str) -> tuple[Doubt, ...]:
    """Whether rows lie where the baseline has none, in any column."""
    share = float(np.mean(((values < low) | (values > high)).any(1)))
    if share <= OUTSIDE_SHARE:
        return ()
    between = f"{low[0]:.4g} or above {high[0]:.4g}" if len(low) == 1 else "the lowest or above the highest of a class"
    return (
        Doubt("outside_support", f"{share:.1%} of the {what} lie below {between}, where the baseline has none."),
    )  # fmt: skip
