"""Which columns of both sides are one feature, and which cannot be compared and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tapetum_server.analysis.drift.settings import DriftSettings
from tapetum_server.detectors.drift.methods import Kind
from tapetum_server.query.frames import Frame, FrameColumn

NOT_COMPARED = {
    "time": "times are not compared",
    "numeric_list": "lists of numbers are compared with --embedding",
    "categorical_list": "lists are not compared",
    "other": "columns of this type are not compared",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """One feature on both sides."""

    name: str
    kind: Kind
    baseline: FrameColumn
    window: FrameColumn | None
    """`None` where the window has no such column: all of its values are missing then."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Pairs:
    """What can be compared, and what not."""

    compared: tuple[Pair, ...]
    left_out: tuple[tuple[str, str], ...]
    """Names and reasons."""
    new: tuple[str, ...]
    """Columns that only the window has."""


def pairs_of(baseline: Frame, window: Frame, settings: DriftSettings) -> Pairs:
    """The features of both frames. `QueryError` where one is named that the baseline has not."""
    for name in (*settings.ignore, *settings.categorical):
        baseline.column(name)
    # In the order of the file, whichever they were named in.
    wanted = {baseline.column(name).name for name in settings.features} or {c.name for c in baseline.columns}
    wanted -= {*settings.ignore, *settings.embeddings, *settings.texts, *({settings.time} if settings.time else ())}
    if settings.attributions:
        wanted -= {column.name for column in baseline.columns if column.name.startswith(settings.attributions)}
    known = {column.name: column for column in window.columns}
    compared: list[Pair] = []
    left_out: list[tuple[str, str]] = []
    for column in baseline.columns:
        if column.name in wanted:
            pair = _pair(column, known.get(column.name), settings.categorical)
            if isinstance(pair, str):
                left_out.append((column.name, pair))
            else:
                compared.append(pair)
    explains = settings.attributions or "\0"
    new = [name for name in known if not _has(baseline.columns, name) and not name.startswith(explains)]
    if settings.features:
        new = []
    return Pairs(tuple(compared), tuple(left_out), tuple(new))


def _has(columns: Sequence[FrameColumn], name: str) -> bool:
    return any(column.name == name for column in columns)


def _pair(baseline: FrameColumn, window: FrameColumn | None, categorical: Sequence[str]) -> Pair | str:
    for column in (baseline, window):
        if column is not None and column.kind in NOT_COMPARED:
            return NOT_COMPARED[column.kind]
    kind: Kind = "numeric" if baseline.kind == "numeric" and baseline.name not in categorical else "categorical"
    if window is None:
        return Pair(baseline.name, kind, baseline, None, "the window has no such column")
    if window.kind == baseline.kind:
        return Pair(baseline.name, kind, baseline, window)
    note = f"{baseline.kind} in the baseline, {window.kind} in the window: compared as texts"
    return Pair(baseline.name, "categorical", baseline, window, note)
