"""The report of `tapetum slices`: where errors are clearly more frequent than elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tapetum_server.detectors.slices import MAX_LITERALS, worst_slices
from tapetum_server.query.coded_rows import codings
from tapetum_server.query.frames import Frame
from tapetum_server.query.reader import Reader
from tapetum_server.query.slices import ErrorColumns, error_counts


@dataclass(frozen=True, slots=True)
class ReportedSlice:
    """One slice in words."""

    slice: str
    features: tuple[str, ...]
    rows: int
    support: float
    error: float
    lift: float
    excess: float
    score: float
    p_value: float
    condition: str
    """The same as SQL over the columns."""


@dataclass(frozen=True, slots=True)
class SlicesReport:
    """The worst slices of some rows."""

    rows: int
    error: float
    """Mean error of all rows."""
    looked_at: int
    """Slices with enough rows, out of which the worst were found."""
    features: tuple[str, ...]
    slices: tuple[ReportedSlice, ...]


async def find_worst(
    reader: Reader, frame: Frame, columns: ErrorColumns, *, features: Sequence[str] = (), leave_out: Sequence[str] = (),
    top: int = 10, min_rows: int | None = None, literals: int = MAX_LITERALS,
) -> SlicesReport:  # fmt: skip
    """Search the features, all of them where none is named. Raises `QueryError`."""
    used = await codings(reader, frame.without([columns.label, columns.prediction, *leave_out]), features)
    counts = await error_counts(reader, frame, columns, used)
    found, looked_at = worst_slices(
        counts, [coding.size for coding in used], top=top, min_rows=min_rows, literals=literals
    )
    rows = float(counts.rows.sum())
    return SlicesReport(
        int(rows), float(counts.errors.sum()) / rows, looked_at, tuple(coding.column.name for coding in used),
        tuple(
            ReportedSlice(
                " AND ".join(used[k].said(code) for k, code in each.literals),
                tuple(used[k].column.name for k, _ in each.literals), int(each.rows), each.support, each.error,
                each.lift, each.excess, each.score, each.p_value,
                " AND ".join(used[k].condition(code) for k, code in each.literals),
            )
            for each in found
        ),
    )  # fmt: skip
