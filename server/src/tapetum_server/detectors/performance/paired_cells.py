"""Two models that call rows by classes, on the same rows: counted by what a row is and what each called it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tapetum_server.detectors.performance.counts import Confusion, Floats
from tapetum_server.detectors.performance.intervals import BOOTSTRAP_SAMPLES, around
from tapetum_server.detectors.performance.multiclass import ClassCounts
from tapetum_server.detectors.performance.paired import Difference, PairedCounts, mcnemar_of_counts

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PairedCells:
    """Rows by class, as places in `classes`."""

    classes: tuple[str, ...]
    truth: Places
    """-1 where no label is known."""
    champion: Places
    challenger: Places
    rows: Floats


@dataclass(frozen=True, slots=True)
class ClassFlips:
    """What the challenger calls the rows that the champion called something."""

    classes: tuple[str, ...]
    matrix: Floats
    """By what the champion called a row (first index) and the challenger calls it."""
    flipped: float
    fixed: float
    """Labelled rows that the champion had wrong and the challenger has right."""
    broken: float
    """Labelled rows that the champion had right and the challenger has wrong."""
    wrong_both: float
    """Flipped rows with a label that neither has right."""
    unknown: float
    """Flipped rows without a label."""


def paired_cells(
    truth: Sequence[str], champion: Sequence[str], challenger: Sequence[str], rows: npt.ArrayLike
) -> PairedCells:  # fmt: skip
    """From distinct (class, called, called) and how many rows each is; an unknown class is empty."""
    classes = tuple(sorted({*truth, *champion, *challenger} - {""}))
    place = {name: k for k, name in enumerate(classes)} | {"": -1}
    is_, one, other = (
        np.asarray([place[name] for name in names], np.int64) for names in (truth, champion, challenger)
    )  # fmt: skip
    return PairedCells(classes, is_, one, other, np.asarray(rows, np.float64))


def cells_of_scores(pairs: PairedCounts, threshold: float = 0.5) -> PairedCells:
    """Scores above the threshold are called `1`, the others `0`."""
    truth = np.where(np.isnan(pairs.labels), -1, pairs.labels == 1).astype(np.int64)
    one, other = pairs.champion > threshold, pairs.challenger > threshold
    place = (truth + 1) * 4 + one * 2 + other
    rows = np.bincount(place, pairs.rows, 12).astype(np.float64)
    cell = np.arange(12)
    return PairedCells(("0", "1"), cell // 4 - 1, cell // 2 % 2, cell % 2, rows)


def class_flips(cells: PairedCells) -> ClassFlips:
    """Who called what; needs no labels, but for who was right."""
    size, n = len(cells.classes), cells.rows
    matrix = np.zeros((size, size))
    np.add.at(matrix, (cells.champion, cells.challenger), n)
    known, flipped = cells.truth >= 0, cells.champion != cells.challenger
    right, now = known & (cells.champion == cells.truth), known & (cells.challenger == cells.truth)
    return ClassFlips(
        cells.classes, matrix, float(n[flipped].sum()), float(n[known & ~right & now].sum()),
        float(n[right & ~now].sum()), float(n[flipped & known & ~right & ~now].sum()), float(n[flipped & ~known].sum()),
    )  # fmt: skip


def accuracy_difference(cells: PairedCells) -> Difference:
    """Whether one of the two is right more often (McNemar)."""
    known, n = cells.truth >= 0, cells.rows
    flips = class_flips(cells)
    right = float(n[known & (cells.champion == cells.truth)].sum())
    return mcnemar_of_counts(right, flips.fixed, flips.broken, float(n[known].sum()))


def confusion_difference(
    cells: PairedCells, name: str, metric: Callable[[ClassCounts], float], *, seed: int,
    samples: int = 10 * BOOTSTRAP_SAMPLES,
) -> Difference:  # fmt: skip
    """Whether any metric of a confusion matrix differs: Poisson bootstrap of the rows, the same for both models."""
    from scipy import special

    known = cells.truth >= 0
    truth, n, size = cells.truth[known], cells.rows[known], len(cells.classes)
    called = (cells.champion[known], cells.challenger[known])

    def both(rows: Floats) -> tuple[float, float]:
        found = []
        for each in called:
            matrix = np.bincount(truth * size + each, rows, size * size).reshape(size, size).astype(np.float64)
            found.append(metric(ClassCounts(cells.classes, matrix)))
        return found[0], found[1]

    champion, challenger = both(n)
    draw = np.random.default_rng(seed)
    drawn = [both(draw.poisson(n).astype(np.float64)) for _ in range(samples)]
    apart = challenger - champion
    error = float(np.nanstd([other - one for one, other in drawn], ddof=1))
    interval = around(apart, error, samples - 1, "poisson_bootstrap")
    p = float(2 * special.stdtr(samples - 1, -abs(apart) / error)) if error else 1.0
    return Difference(name, champion, challenger, apart, interval.lower, interval.upper, p, "poisson_bootstrap")


def of_binary(metric: Callable[[Confusion], float]) -> Callable[[ClassCounts], float]:
    """A metric of the four counts, of two classes whose second is the positive one."""

    def of(counts: ClassCounts) -> float:
        (tn, fp), (fn, tp) = counts.matrix.tolist()
        return metric(Confusion(tp, fp, tn, fn))

    return of
