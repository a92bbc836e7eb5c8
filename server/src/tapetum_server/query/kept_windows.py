"""Which windows of statistics there are, and which of them make up a time: each row once, in as few as can be."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tapetum_server.query.labels import any_label
from tapetum_server.query.reader import Reader
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange
from tapetum_server.query.window_days import (
    DAY_NS,
    EVERY_DAY,
    LONG,
    Days,
    days_of,
    ends_of,
    together,
    uncovered,
    without,
)
from tapetum_server.signals.feature_statistics import ALL_ROWS

Places = NDArray[np.int64]
_WHOSE = "dataset", "model", "version", "slice"
_COLUMNS = "window_start", "window_end", "rows", "said", "window_key"
_MOST_STRETCHES = 4
"""Of days. Of more, all that lies between is read too, which costs less than to say them."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose statistics: of a data set, or of a model, in one version or in all."""

    dataset: str = ""
    model: str = ""
    version: str | None = None
    slice: str = ALL_ROWS


class Window(NamedTuple):
    """What is kept under one version, slice and time, in nanoseconds since 1970; a data set mostly has none."""

    version: str
    slice: str
    start: int
    end: int
    key: int
    """What its rows are found by in the table of statistics."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose windows, of what time. Without `slices` those of every slice."""

    subject: Subject
    time_range: TimeRange
    slices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeptWindows:
    """Windows in columns: a year of hours is thousands of them."""

    names: tuple[tuple[str, str], ...]
    """Versions and slices."""
    of: Places
    """Whose each is, as a place in `names`."""
    start: Places
    end: Places
    rows: Places
    keys: NDArray[np.uint64]

    def among(self, kept: NDArray[np.bool_]) -> KeptWindows:
        """Those for which `kept` holds."""
        return KeptWindows(
            self.names, self.of[kept], self.start[kept], self.end[kept], self.rows[kept], self.keys[kept]
        )

    def listed(self) -> dict[Window, int]:
        """Each with its rows."""
        found = {}
        columns = (self.of, self.start, self.end, self.keys, self.rows)
        for of, start, end, key, rows in zip(*(column.tolist() for column in columns)):
            version, slice_ = self.names[of]
            found[Window(version, slice_, start, end, key)] = rows
        return found


async def kept_windows(
    reader: Reader, project: str, asked: Sequence[Asked], *, every: bool = False
) -> list[KeptWindows]:
    """For each question the windows that lie in its time, as far as its time can be made of them; or `every` one.

    In one statement for all, and a second where a time has days that no window of a day or more covers.
    """
    return (await windows_and_labels(reader, project, asked, every=every))[0]


async def windows_and_labels(
    reader: Reader, project: str, asked: Sequence[Asked], *, every: bool = False, labels_of: str = ""
) -> tuple[list[KeptWindows], bool | None]:
    """The same, and whether there are labels of the model `labels_of`; `None` where nothing was found to say it beside.

    A statement of its own takes three times as long as saying it beside these.
    """
    days = [ends_of(one.time_range) if _of_one(one) and not every else [_days_of(one)] for one in asked]
    table = await reader.table(*windows_statement(project, asked, days, labels_of=labels_of))
    labelled = bool(table.column("labelled")[0].is_valid) if labels_of and len(table) else None
    found = _listed(table, asked)
    more = [_missing(one, windows, seen) for one, windows, seen in zip(asked, found, days)]
    if any(more):
        days = [together([*seen, *missing]) for seen, missing in zip(days, more)]
        found = _listed(await reader.table(*windows_statement(project, asked, days)), asked)
    return found, labelled


def _of_one(asked: Asked) -> bool:
    """Of one version, so that what it has is soon said; windows of several come and go with them."""
    return bool(asked.subject.model and asked.subject.version is not None and asked.slices)


def _days_of(asked: Asked) -> tuple[int, int]:
    """Of a data set all windows are looked at: mostly there is one, without time."""
    return days_of(asked.time_range) if asked.subject.model else EVERY_DAY


def _missing(asked: Asked, windows: KeptWindows, seen: Days) -> Days:
    """Days whose shorter windows may be needed too, and were not looked at."""
    unseen = without([_days_of(asked)], seen)
    if not unseen:
        return []
    long = windows.among(windows.end - windows.start >= DAY_NS)
    found: Days = []
    for slice_ in asked.slices:
        own = long.among(np.asarray([name == slice_ for _, name in long.names], bool)[long.of])
        outer = _within_no_other(own)
        if (outer.start[1:] < outer.end[:-1]).any():
            return unseen  # they lie across each other: shorter ones may take the place of one
        found += uncovered(outer.start, outer.end, asked.time_range)
    return without(together(found), seen)


def _listed(table: pa.Table, asked: Sequence[Asked]) -> list[KeptWindows]:
    alike = _alike(asked)
    (datasets, dataset), (models, model), (versions, version), (slices, slice_) = (
        ([alike[name]], np.zeros(len(table), np.int64)) if name in alike else _coded(table.column(name))
        for name in _WHOSE
    )
    pairs, of = np.unique(version * max(1, len(slices)) + slice_, return_inverse=True)
    names = tuple((versions[pair // len(slices)], slices[pair % len(slices)]) for pair in pairs.tolist())
    start, end = (_numbers(table.column(name)).view(np.int64) for name in ("window_start", "window_end"))
    rows, said, keys = (_numbers(table.column(name)) for name in ("rows", "said", "window_key"))
    # What was told again stands beside what it replaces until the engine has merged the two.
    order = np.lexsort((said, model, dataset, -end, start, of))
    same = np.all([np.diff(column[order]) == 0 for column in (of, start, end, dataset, model)], axis=0)
    last = order[np.append(~same, True)] if len(order) else order
    windows = KeptWindows(
        names, of[last], start[last], end[last], rows[last].astype(np.int64), keys[last].astype(np.uint64)
    )
    found = []
    for one in asked:
        named = [_is_asked(one, *name) for name in names]
        within = np.asarray(named, bool)[windows.of] if names else np.zeros(0, bool)
        within &= np.asarray([name == one.subject.dataset for name in datasets], bool)[dataset[last]]
        within &= np.asarray([name == one.subject.model for name in models], bool)[model[last]]
        # A data set without time lies in every time.
        if one.subject.model and one.time_range.start is not None:
            within &= windows.start >= one.time_range.start
        if one.subject.model and one.time_range.end is not None:
            within &= windows.end <= one.time_range.end
        found.append(windows.among(within))
    return found


def _alike(asked: Sequence[Asked]) -> dict[str, str]:
    """What all windows that are asked for have in common, of `_WHOSE`: the engine need not say it of each."""
    told: dict[str, set[str | None]] = {
        "dataset": {one.subject.dataset for one in asked},
        "model": {one.subject.model for one in asked},
        "version": {one.subject.version for one in asked},
        "slice": {name for one in asked for name in one.slices or (None,)},
    }
    return {name: one for name, (one, *others) in told.items() if one is not None and not others}


def _is_asked(asked: Asked, version: str, slice_: str) -> bool:
    return asked.subject.version in (None, version) and (not asked.slices or slice_ in asked.slices)


def windows_statement(
    project: str, asked: Sequence[Asked], days: Sequence[Days], *, labels_of: str = ""
) -> Statement:  # fmt: skip
    """Of windows that may be one of some question: whose, start, end, rows and key.

    All of a day or more, of any time, and the shorter ones that begin in the `days` of their question. With `labels_of`
    also whether there are labels of that model. What questions have in common is said once, and days are numbers: the
    engine takes longer to read so short a statement than to answer it, and half a millisecond for each two columns.
    """
    parameters = Parameters()
    of_subject: dict[str, Days] = {}
    for one, shorter in zip(asked, days):
        of_subject.setdefault(_whose(project, one, parameters), []).extend(shorter)
    found = [subject + _in_days(together(shorter)) for subject, shorter in of_subject.items()]
    where = found[0] if len(found) == 1 else " OR ".join(f"({condition})" for condition in found)
    columns = [*(name for name in _WHOSE if name not in _alike(asked)), *_COLUMNS]
    if labels_of:
        columns.append(f"({any_label(project, labels_of, parameters)}) AS labelled")
    sql = f"""SELECT {", ".join(columns)}
FROM feature_windows
WHERE {where}
SETTINGS max_threads = 1, optimize_move_to_prewhere = 0, output_format_arrow_low_cardinality_as_dictionary = 1"""
    return Statement(sql, parameters.values)


def _in_days(days: Days) -> str:
    """As a further condition."""
    if days == [EVERY_DAY]:
        return ""
    longer = [one for one in days if one[0] < one[1]]
    if len(longer) > _MOST_STRETCHES:
        days = longer = [(days[0][0], days[-1][1])]
    single = [first for first, last in days if first == last]
    of_any = f"day IN ({', '.join(map(str, (LONG, *single)))})"
    between = [f"day BETWEEN {first} AND {last}" for first, last in longer]
    return f" AND ({' OR '.join((of_any, *between))})" if between else f" AND {of_any}"


def _whose(project: str, asked: Asked, parameters: Parameters) -> str:
    """As one condition, which the engine reads sooner than one for each column."""
    subject = asked.subject
    columns, whose = ["project", "dataset", "model"], [project, subject.dataset, subject.model]
    if subject.version is not None:
        columns.append("version")
        whose.append(subject.version)
    slices = [[name] for name in dict.fromkeys(asked.slices)]
    if slices:
        columns.append("slice")
    each = [", ".join(parameters.text(value) for value in (*whose, *of_slice)) for of_slice in slices or [[]]]
    return f"({', '.join(columns)}) IN ({', '.join(f'({values})' for values in each)})"


def subject_conditions(subject: Subject, parameters: Parameters) -> list[str]:
    """Of the tables of statistics and of windows: that a row is the subject's, of any slice."""
    found = [f"dataset = {parameters.text(subject.dataset)}", f"model = {parameters.text(subject.model)}"]
    if subject.version is not None:
        found.append(f"version = {parameters.text(subject.version)}")
    return found


def cover(windows: KeptWindows, longest: int | None = None) -> dict[Window, int]:
    """The longest windows that do not overlap, per version and slice; with `longest`, none of more nanoseconds."""
    if longest is not None:
        windows = windows.among(windows.end - windows.start <= longest)
    outer = _within_no_other(windows)
    chosen = _longest_first(outer)
    # Where two lie across each other one of them gives way, and to shorter ones in its place.
    return outer.listed() if len(chosen) == len(outer.of) else _longest_first(windows)


def _within_no_other(windows: KeptWindows) -> KeptWindows:
    """They stand by whose they are and by their start, the longer first."""
    kept = np.ones(len(windows.of), bool)
    begins = np.flatnonzero(np.diff(windows.of, prepend=-1)).tolist()
    for begin, stop in pairwise([*begins, len(kept)]):
        ends = windows.end[begin:stop]
        kept[begin + 1 : stop] = ends[1:] > np.maximum.accumulate(ends)[:-1]
    return windows.among(kept)


def _longest_first(windows: KeptWindows) -> dict[Window, int]:
    taken: dict[tuple[str, str], list[tuple[int, int]]] = {}
    chosen: dict[Window, int] = {}
    for window, rows in sorted(windows.listed().items(), key=lambda one: (one[0].start - one[0].end, one[0])):
        among = taken.setdefault((window.version, window.slice), [])
        place = bisect_left(among, (window.start, window.end))
        before_it_ends = place == 0 or among[place - 1][1] <= window.start
        begins_after = place == len(among) or among[place][0] >= window.end
        # What has no time is one window.
        if not among if window.start == window.end else before_it_ends and begins_after:
            among.insert(place, (window.start, window.end))
            chosen[window] = rows
    return chosen


def _coded(column: pa.ChunkedArray) -> tuple[list[str], Places]:
    """The texts that there are, and by row which of them it is."""
    one = column.combine_chunks()
    coded = one if pa.types.is_dictionary(one.type) else one.dictionary_encode()
    return coded.dictionary.to_pylist(), _numbers(coded.indices).astype(np.int64)


def _numbers(column: pa.ChunkedArray | pa.Array) -> NDArray[Any]:
    return np.asarray(column.to_numpy())
