"""What a part of a picture has in common: values of columns that are more frequent there than elsewhere in it."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import TypedDict

from tapetum_server.analysis.drift.answers import DriftFeature
from tapetum_server.analysis.drift.plans import OTHER
from tapetum_server.analysis.drift.report import drift_report
from tapetum_server.analysis.drift.settings import DriftSettings
from tapetum_server.query.embeddings import with_correctness
from tapetum_server.query.frames import Frame
from tapetum_server.query.reader import Reader

LEAST = 20
"""Predictions on either side without which chance explains everything."""
SHOWN = 12
OF_FEATURE = 3
"""Values of one column."""
MIN_CHANGE = 0.05
"""Of a share: less is nothing that a reader would do anything about."""
_IGNORED = ("prediction_id", "labelled")


class Trait(TypedDict):
    """A value or bin that is more frequent among the selected."""

    column: str
    kind: str
    """`value`, `bin` or `presence`, as in a drift report."""
    what: str
    others_than: list[str]
    """Of `(other values)`: the values that they are others than."""
    selected_share: float
    others_share: float
    p_adjusted: float | None
    """Of the column: how likely such a difference is by chance, minding how many columns were looked at."""


class SelectionReport(TypedDict):
    """What the selected predictions have that the others have not."""

    selected: int
    others: int
    enough: bool
    """Whether there are enough of either to tell."""
    compared: int
    """Columns that were looked at."""
    traits: list[Trait]
    """Those of the columns that differ beyond chance, the most different column first."""


async def selection_report(
    reader: Reader, frame: Frame, selected: Sequence[str], others: Sequence[str]
) -> SelectionReport:
    """The predictions of these ids, held against those of the others, by every column."""
    frame = with_correctness(frame)
    inside, outside = (
        frame.narrowed(f"prediction_id IN {{frame_ids_{name}:Array(String)}}", {f"frame_ids_{name}": list(ids)})
        for name, ids in (("selected", selected), ("others", others))
    )
    report = await drift_report(reader, outside, inside, DriftSettings(ignore=_IGNORED, min_rows=LEAST))
    rows = report["window_rows"], report["baseline_rows"]
    return SelectionReport(
        selected=rows[0],
        others=rows[1],
        enough=min(rows) >= LEAST,
        compared=report["compared"],
        traits=[trait for feature in report["features"] for trait in _traits(feature)][:SHOWN],
    )


def _traits(feature: DriftFeature) -> list[Trait]:
    if feature["verdict"] != "drift":
        return []
    telling = [result for result in feature["results"] if result["verdict"] == "drift"]
    return [
        Trait(
            column=feature["name"], kind=one["kind"], what=one["what"],
            others_than=feature["others_than"] if one["what"] == OTHER else [], selected_share=one["window_share"],
            others_share=one["baseline_share"], p_adjusted=telling[0]["p_adjusted"] if telling else None,
        )
        for one in [one for one in feature["moved"] if one["change"] >= MIN_CHANGE][:OF_FEATURE]
    ]  # fmt: skip
