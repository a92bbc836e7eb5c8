"""What is answered about slices of a model's predictions: those that are worst, and those that somebody chose."""

from __future__ import annotations

from typing_extensions import TypedDict

from tapetum_server.analysis.performance.answers import GroupGap, MetricValue
from tapetum_server.analysis.performance.tasks import Question


class SliceMoment(TypedDict):
    """One step of time of a slice."""

    time: str
    rows: int
    """With an answer and a label."""
    error: float | None
    """The share of wrong answers, or how far off numbers are."""


class FoundSlice(TypedDict):
    """Where errors are clearly more frequent than elsewhere."""

    slice: str
    condition: str
    """The same as SQL over the columns: a slice that can be asked for, and changed."""
    features: list[str]
    rows: int
    support: float
    error: float
    lift: float
    excess: float
    """Errors that it has beyond those that as many average rows would have."""
    p: float
    trend: list[SliceMoment]


class WorstSlices(TypedDict):
    """The worst slices, the worst first; `why` says where there can be none."""

    why: str
    measure: str
    """What `error` is: `wrong`, the share of wrong answers, or `absolute`, how far off numbers are."""
    rows: int
    error: float | None
    looked_at: int
    interval_ms: int
    trend: list[SliceMoment]
    """Of all rows."""
    slices: list[FoundSlice]


class ChosenSlice(TypedDict):
    """The rows with some values, or those that meet a condition."""

    slice: str
    condition: str
    """The condition that was asked for; "" for values of columns."""
    rows: int
    labelled: int
    metrics: list[MetricValue]
    p: float | None
    """The chance that the first metric differs so much from that of all other rows by chance alone, corrected for
    the number of slices."""
    better: bool | None
    """Whether it is better there than elsewhere; `null` where the difference may be chance."""
    trend: list[SliceMoment]


class ChosenSlices(TypedDict):
    """Slices by values of columns, by several at once, and by conditions; those with the most rows first."""

    task: Question
    why: str
    measure: str
    metrics: list[str]
    interval_ms: int
    whole: ChosenSlice | None
    slices: list[ChosenSlice]
    more_slices: int
    gaps: list[GroupGap]
    """Between the groups of the slices by columns, of a yes-or-no question: the largest first."""
    columns: list[str]
    """By what rows can be told apart."""
