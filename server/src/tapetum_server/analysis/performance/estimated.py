"""What is asked of an estimate, and what is estimated."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tapetum_server.detectors.estimation import cbpe
from tapetum_server.detectors.estimation.trust import Doubt
from tapetum_server.detectors.performance.costs import CostMatrix
from tapetum_server.query.errors import QueryError
from tapetum_server.query.estimates import Chunks
from tapetum_server.query.frames import Frame

_Rows = TypeVar("_Rows")
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
    also: tuple[tuple[EstimatedChunk, ...], ...] = ()
    """Of the other rows that were asked about, in their order."""


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
    also: tuple[tuple[Frame, Chunks], ...] = ()
    """Other rows, or the same ones in other chunks, that are estimated by what is learned once."""
    seed: int = 0


def thin_support() -> Doubt:
    """Weights leave hardly anything to learn from."""
    return Doubt(
        "thin_support", "Hardly any rows of the baseline are like the window's: weights rest on a few of them."
    )


def check_labels(known: Sequence[bool], label: str) -> None:
    """Raises `QueryError` for a baseline without all its labels."""
    if not all(known):
        raise QueryError(
            f"the baseline has rows without a label in {label!r}",
            code="unlabelled_baseline",
            field=label,
            hint="A baseline is what estimates are learned from: every row of it needs its label.",
        )


async def none_where_empty(rows: Awaitable[list[_Rows]]) -> list[_Rows]:
    """The chunks of rows; none, and no error, where there is no row that can be used."""
    try:
        return await rows
    except QueryError as error:
        if error.code != "no_rows":
            raise
        return []
