"""The report of `tapetum estimate`: what metrics will be, chunk by chunk, and whether to believe it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from tapetum_server.analysis.performance.estimated import (
    LEAST_EFFECTIVE,
    EstimatedChunk,
    EstimateQuestion,
    EstimateReport,
    check_labels,
    none_where_empty,
    thin_support,
)
from tapetum_server.analysis.performance.estimating_rows import estimate_multiclass, estimate_regression
from tapetum_server.detectors.estimation import cbpe
from tapetum_server.detectors.estimation.calibrating import isotonic
from tapetum_server.detectors.estimation.chunk_cells import ChunkCells, together
from tapetum_server.detectors.estimation.shift import shift_weights
from tapetum_server.detectors.estimation.trust import Doubt, doubts_of_baseline, doubts_of_chunk, doubts_of_order
from tapetum_server.detectors.performance.counts import score_counts
from tapetum_server.query.coded_rows import coded_rows, codings, in_frame
from tapetum_server.query.errors import QueryError
from tapetum_server.query.estimates import (
    Chunks,
    EstimateColumns,
    chunk_cells,
)
from tapetum_server.query.frames import Frame
from tapetum_server.query.reader import Reader

Task = Literal["binary", "multiclass", "regression"]


async def estimate(
    reader: Reader, baseline: Frame, window: Frame, question: EstimateQuestion, task: Task
) -> EstimateReport:
    """Raises `QueryError`, and `dle.MissingExtra` where scikit-learn is not there."""
    if task == "regression":
        return await estimate_regression(reader, baseline, window, question)
    if task == "multiclass":
        return await estimate_multiclass(reader, baseline, window, question)
    columns = EstimateColumns(
        question.score, question.label, question.prediction, question.positive, question.threshold
    )
    learned, left_out = await chunk_cells(reader, baseline, columns, question.chunks)
    check_labels([chunk.has_labels for chunk in learned], question.label)
    has_label = any(column.name == question.label for column in window.columns)
    told = columns if has_label else replace(columns, label="")
    asked, also = await chunk_cells(reader, window, told, question.chunks)
    whole = together(learned)
    if not whole.counts.positive or not whole.counts.negative:
        raise QueryError(
            f"the baseline's {question.label!r} has labels of one kind only: nothing can be learned from it",
            code="one_kind_of_label",
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

    def estimated(chunks: Sequence[ChunkCells]) -> tuple[EstimatedChunk, ...]:
        return tuple(
            EstimatedChunk(
                chunk.key, int(chunk.total), cbpe.estimate(fitted, chunk), tuple(doubts_of_chunk(fitted, whole, chunk))
            )
            for chunk in chunks
        )

    async def cells_of(frame: Frame, chunks: Chunks) -> list[ChunkCells]:
        return (await chunk_cells(reader, frame, told, chunks))[0]

    others = tuple([estimated(await none_where_empty(cells_of(frame, each))) for frame, each in question.also])
    method = "CBPE, importance-weighted" if question.weighted else "CBPE"
    return EstimateReport(
        method, fitted.calibrated, int(whole.total), estimated(asked), tuple(doubts), tuple(notes), others
    )


async def _weighted(
    reader: Reader, baseline: Frame, window: Frame, question: EstimateQuestion, learned: Sequence[ChunkCells],
    whole: ChunkCells, notes: list[str], doubts: list[Doubt],
) -> cbpe.Estimator:  # fmt: skip
    """Calibrate on the baseline's rows weighted so that its features are mixed as the window's are."""
    used = await codings(reader, baseline, question.features)
    old = await coded_rows(
        reader, baseline, used, label=question.label, score=question.score, positive=question.positive
    )
    new = await coded_rows(reader, window, in_frame(used, window))
    weights = shift_weights(old.codes, old.rows, new.codes, new.rows, [coding.size for coding in used])
    counts = score_counts(
        old.scores, old.positives * weights.rows, (old.rows - old.positives) * weights.rows
    )  # fmt: skip
    notes.append(f"Weights leave the baseline worth {weights.effective_share:.0%} of its rows.")
    if weights.effective_share < LEAST_EFFECTIVE:
        doubts.append(thin_support())
    return cbpe.fitted_with(isotonic(counts), learned, whole, question.costs, question.seed)
