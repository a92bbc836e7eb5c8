"""Where an estimate should not be believed, and why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tapetum_server.detectors.estimation.cbpe import BAND, Estimate, Estimator
from tapetum_server.detectors.estimation.chunk_cells import ChunkCells, together
from tapetum_server.detectors.performance.counts import Floats

Code = Literal[
    "outside_support", "thin_support", "ordered_chunks", "baseline_contradicts", "few_rows", "uninformative",
    "uncalibrated", "labels_contradict",
]  # fmt: skip

OUTSIDE_SHARE = 0.01
"""Share of rows beyond the baseline's lowest and highest score that is too many."""
THIN_SHARE = 0.1
"""Share of rows at scores of which the baseline has hardly any."""
THIN_ROWS = 10
"""Rows of the baseline in a fiftieth of the scores, below which its calibration there is a guess."""
MIN_ROWS = 100
ORDERED_RATIO = 20.0
"""Between chunks, the mean score varies by about 1 times what chance gives; drift makes it a few times that."""
ORDERED_SHARE = 0.5
"""Share of the variance of scores that lies between chunks, above which they are sorted by it."""
OUTSIDE_FEATURE_SHARE = 0.05
"""Share of rows in which a feature lies outside of what outcomes were learned from that is too many."""
TELLING_ERRORS = 3.0
"""Standard errors by which the area under the ROC curve of an outcome regression must lie above a half."""
CALIBRATION_SLACK = 0.02
"""Calibration error that is allowed beyond twice what chance gives."""
CONTRADICTED_SHARE = 0.2
"""Share of the baseline's own chunks whose metric lies outside of the estimate's band."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason not to believe an estimate."""

    code: Code
    message: str


def doubts_of_chunk(fitted: Estimator, baseline: ChunkCells, cells: ChunkCells) -> list[Doubt]:
    """What is wrong with one chunk."""
    found = doubts_of_size(cells.total)
    outside = (cells.scores < fitted.lowest_score) | (cells.scores > fitted.highest_score)
    share = float(cells.rows[outside].sum()) / cells.total if cells.total else 0.0
    if share > OUTSIDE_SHARE:
        found.append(
            Doubt(
                "outside_support",
                f"{share:.1%} of the rows score below {fitted.lowest_score:.4g} or above {fitted.highest_score:.4g}, "
                "where the baseline has no label to learn from.",
            )
        )
    thin = _thin_share(fitted, baseline, cells)
    if thin > THIN_SHARE:
        found.append(
            Doubt(
                "thin_support",
                f"{thin:.1%} of the rows have scores of which the baseline has fewer than {THIN_ROWS} rows.",
            )
        )
    return found


def doubts_of_size(rows: float) -> list[Doubt]:
    """Whether a chunk has too few rows."""
    if rows >= MIN_ROWS:
        return []
    return [Doubt("few_rows", f"{rows:g} rows are too few for an estimate; {MIN_ROWS} are asked for.")]


def doubts_of_order(chunks: Sequence[ChunkCells], which: str) -> list[Doubt]:
    """Whether rows stand in an order that has to do with their score: chunks are then no samples of the same thing."""
    chunks = [chunk for chunk in chunks if chunk.total]
    if len(chunks) < 4:
        return []
    whole = together(list(chunks))
    variance = float(whole.rows @ (whole.scores - whole.mean_score()) ** 2) / whole.total
    return _sorted(
        [chunk.total for chunk in chunks], [chunk.mean_score() for chunk in chunks], variance, which, "scores"
    )


def doubts_of_ordered_values(chunks: Sequence[Floats], which: str, what: str) -> list[Doubt]:
    """The same, of `what` row by row."""
    chunks = [chunk for chunk in chunks if len(chunk)]
    if len(chunks) < 4:
        return []
    means = [float(chunk.mean()) for chunk in chunks]
    return _sorted([len(chunk) for chunk in chunks], means, float(np.concatenate(chunks).var()), which, what)


def _sorted(rows: Sequence[float], means: Sequence[float], variance: float, which: str, what: str) -> list[Doubt]:
    total = sum(rows)
    mean = sum(n * each for n, each in zip(rows, means)) / total
    between = sum(n * (each - mean) ** 2 for n, each in zip(rows, means)) / total
    by_chance = variance * (len(rows) - 1) / total
    if not variance or between / variance < ORDERED_SHARE or between / by_chance < ORDERED_RATIO:
        return []
    return [
        Doubt(
            "ordered_chunks",
            f"The rows of the {which} are sorted: {between / variance:.0%} of the variance of {what} lies between "
            "chunks. Chunks by time, or rows in their order of arrival, give estimates that can be compared.",
        )
    ]


def doubts_of_baseline(estimates: Sequence[Mapping[str, Estimate]], metric: str = "accuracy") -> list[Doubt]:
    """Whether labels of the baseline's own chunks contradict what would have been estimated of them."""
    told = [each[metric] for each in estimates if not math.isnan(each[metric].realized)]
    apart = [e for e in told if abs(e.realized - e.value) > BAND * e.sampling_error]
    if len(told) < 4 or len(apart) / len(told) <= CONTRADICTED_SHARE:
        return []
    return [
        Doubt(
            "baseline_contradicts",
            f"In {len(apart)} of the baseline's own {len(told)} chunks the {metric} lay outside of the band of its "
            "estimate: rows are ordered by something that the score does not know, or what scores mean changed.",
        )
    ]


def doubts_of_outcomes(outside: Floats, names: Sequence[str]) -> list[Doubt]:
    """Whether features lie where no outcome was learned from; `outside` has each one's share of rows."""
    worst = int(np.argmax(outside)) if len(outside) else -1
    if worst < 0 or outside[worst] <= OUTSIDE_FEATURE_SHARE:
        return []
    return [
        Doubt(
            "outside_support",
            f"In {outside[worst]:.1%} of the rows {names[worst]} lies outside of what it was where labels are known.",
        )
    ]


def doubts_of_quality(auc: float, auc_error: float, calibration_error: float, by_chance: float) -> list[Doubt]:
    """Whether features tell what comes true, on rows that were kept out of the learning."""
    if auc <= 0.5 + TELLING_ERRORS * auc_error:
        return [
            Doubt(
                "uninformative",
                "Features do not tell what comes true: the area under the ROC curve of held-out labels is "
                f"{auc:.2f}, no better than chance.",
            )
        ]
    if calibration_error > 2 * by_chance + CALIBRATION_SLACK:
        return [
            Doubt(
                "uncalibrated",
                f"Chances learned from features are off by {calibration_error:.1%} on held-out labels.",
            )
        ]
    return []


def _thin_share(fitted: Estimator, baseline: ChunkCells, cells: ChunkCells, bins: int = 50) -> float:
    if fitted.highest_score <= fitted.lowest_score:
        return 0.0
    edges: Floats = np.linspace(fitted.lowest_score, fitted.highest_score, bins + 1)
    had = np.histogram(baseline.scores, edges, weights=baseline.rows)[0]
    has = np.histogram(cells.scores, edges, weights=cells.rows)[0]
    return float(has[had < THIN_ROWS].sum()) / cells.total if cells.total else 0.0
