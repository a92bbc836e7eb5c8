"""What two versions differ by on requests that both answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tapetum_server.analysis.performance.pairing import Paired
from tapetum_server.analysis.performance.versions import MIN_LABELLED, SEED, challenge
from tapetum_server.detectors.performance.confusion_metrics import f1_score, precision, recall
from tapetum_server.detectors.performance.multiclass import MULTICLASS_METRICS
from tapetum_server.detectors.performance.paired import Difference, mean_difference
from tapetum_server.detectors.performance.paired_cells import (
    ClassFlips,
    PairedCells,
    accuracy_difference,
    class_flips,
    confusion_difference,
    of_binary,
    paired_cells,
)
from tapetum_server.query.frames import Frame
from tapetum_server.query.paired_scores import PairedColumns
from tapetum_server.query.paired_versions import answer_cells, number_errors
from tapetum_server.query.reader import Reader

_AVERAGED = ("balanced_accuracy", "macro_precision", "macro_recall", "macro_f1_score")
_OF_BITS = {"precision": precision, "recall": recall, "f1_score": f1_score}


@dataclass(frozen=True, slots=True)
class OnPairs:
    """Differences by the name of the metric, and who said what."""

    pairs: int = 0
    labelled: int = 0
    differences: Mapping[str, Difference] = field(default_factory=dict)
    flips: ClassFlips | None = None
    apart: float | None = None


async def on_pairs(reader: Reader, paired: Paired) -> OnPairs:
    """Everything that the pairs say."""
    assert paired.frame is not None
    if paired.answers.kind == "number":
        return await _of_numbers(reader, paired.frame)
    found = await answer_cells(reader, paired.frame)
    if not found:
        return OnPairs()
    truth, one, other, rows = zip(*found)
    cells = paired_cells(truth, one, other, rows)
    labelled = int(cells.rows[cells.truth >= 0].sum())
    differences: Mapping[str, Difference] = {}
    if labelled >= MIN_LABELLED:
        if paired.answers.kind == "score":
            columns = PairedColumns("one_score", "other_score", "positive")
            differences = {each.metric: each for each in (await challenge(reader, paired.frame, columns)).differences}
        else:
            differences = _of_classes(cells)
    return OnPairs(int(cells.rows.sum()), labelled, differences, class_flips(cells))


def _of_classes(cells: PairedCells) -> Mapping[str, Difference]:
    found = {"accuracy": accuracy_difference(cells)}
    if cells.classes in (("no", "yes"), ("yes",), ("no",)):
        two = _two_classes(cells)
        return found | {
            name: confusion_difference(two, name, of_binary(of), seed=SEED) for name, of in _OF_BITS.items()
        }
    return found | {name: confusion_difference(cells, name, MULTICLASS_METRICS[name], seed=SEED) for name in _AVERAGED}


def _two_classes(cells: PairedCells) -> PairedCells:
    """The same with both classes, also where one was never said."""
    known = ("no", "yes")
    place = np.asarray([*(known.index(name) for name in cells.classes), -1])
    return PairedCells(known, place[cells.truth], place[cells.champion], place[cells.challenger], cells.rows)


async def _of_numbers(reader: Reader, frame: Frame) -> OnPairs:
    row = await number_errors(reader, frame)
    labelled = int(row["labelled"])
    if not row["pairs"]:
        return OnPairs()
    differences: Mapping[str, Difference] = {}
    if labelled >= MIN_LABELLED:
        name = "mean_absolute_error"
        differences = {
            name: mean_difference(name, row["one_absolute"], row["other_absolute"], row["absolute"], labelled)
        }
    return OnPairs(int(row["pairs"]), labelled, differences, None, float(row["apart"]))
