"""Statistics of any range of time: kept windows added up, and the predictions at its edges that none of them covers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tapetum_server.analysis.feature_statistics.edges import scanned_edge
from tapetum_server.detectors.feature_statistics.adding import added
from tapetum_server.detectors.feature_statistics.packed import Packed, feature_count, states_of
from tapetum_server.query.edge_rows import Edge, edge_statistics
from tapetum_server.query.kept_windows import Asked, KeptWindows, Subject, Window, cover, windows_and_labels
from tapetum_server.query.reader import Reader
from tapetum_server.query.state_rows import kept_states, told_state
from tapetum_server.query.time_range import TimeRange
from tapetum_server.signals.feature_statistics import ALL_ROWS, DatasetStatistics

HOUR_NS = 3_600 * 10**9


@dataclass(frozen=True, slots=True)
class Part:
    """Whose statistics are asked for, and of what time."""

    subject: Subject
    time_range: TimeRange


@dataclass(frozen=True, slots=True)
class Plan:
    """What a part is made up of."""

    part: Part
    windows: Mapping[Window, int]
    """With their rows."""
    edges: tuple[Edge, ...]
    """Times that no window covers: what is in them is read from the predictions."""

    @property
    def kept_ns(self) -> int:
        """How much time the windows cover."""
        return sum(end - start for start, end in {(one.start, one.end) for one in self.windows})


@dataclass(frozen=True, slots=True)
class RangeStatistics:
    """The statistics of a part, and where they come from."""

    statistics: DatasetStatistics
    windows: int
    scanned_rows: int


@dataclass(frozen=True, slots=True)
class Kept:
    """The windows that there are of a part."""

    part: Part
    windows: KeptWindows

    def plan(self) -> Plan:
        """Of the whole part."""
        return _plan(self.part, self.windows, self.windows)

    def within(self, start: int, end: int) -> Plan:
        """Of the time between these moments alone."""
        inside = self.windows.among((self.windows.start >= start) & (self.windows.end <= end))
        return _plan(replace(self.part, time_range=TimeRange(start, end)), inside, self.windows)


async def kept_of(reader: Reader, project: str, parts: Sequence[Part], *, every: bool = False) -> list[Kept]:
    """The windows that there are of each part to make it of, or `every` one, of which times within it are made too."""
    return (await kept_and_labels_of(reader, project, parts, every=every))[0]


async def kept_and_labels_of(
    reader: Reader, project: str, parts: Sequence[Part], *, every: bool = False, labels_of: str = ""
) -> tuple[list[Kept], bool | None]:
    """The same, and whether there are labels of the model `labels_of`; `None` where that was not to be learned."""
    asked = [
        Asked(one.subject, one.time_range, (one.subject.slice, ALL_ROWS) if one.subject.model else (one.subject.slice,))
        for one in parts
    ]
    windows, labelled = await windows_and_labels(reader, project, asked, every=every, labels_of=labels_of)
    return [Kept(part, of_part) for part, of_part in zip(parts, windows)], labelled


def _plan(part: Part, kept: KeptWindows, around: KeptWindows) -> Plan:
    """Of what is kept within the part's time; `around` is more, which says how far was counted."""
    of_slice = np.asarray([name == part.subject.slice for _, name in kept.names], bool)
    windows = cover(kept.among(of_slice[kept.of]) if len(kept.of) else kept)
    if not part.subject.model:
        return Plan(part, windows, ())
    start, end, version = part.time_range.start, part.time_range.end, part.subject.version
    if not len(around.of):
        return Plan(part, windows, (Edge(start, end, version),))
    edges = []
    begun = start
    if start is not None and start % HOUR_NS:
        first = int(kept.start.min()) if len(kept.of) else start - start % HOUR_NS + HOUR_NS
        begun = min(first, start - start % HOUR_NS + HOUR_NS, *([end] if end is not None else []))
        if begun > start:
            edges.append(Edge(start, begun, version))
    # What has come since the newest window was counted: the hour that lasts, and one that is just over.
    newest = int(around.end.max())
    if begun is not None:
        newest = max(newest, begun)
    if end is None or newest < end:
        edges.append(Edge(newest, end, version))
    return Plan(part, windows, tuple(edges))


async def range_statistics(reader: Reader, project: str, plans: Sequence[Plan]) -> list[RangeStatistics | None]:
    """Of each plan, `None` where there is nothing. Histograms are not made yet.

    Windows of all plans of one data set or model are read together, and so are their edges.
    """
    told: list[Packed] = []
    places = 0
    of_plan: list[list[int]] = [[] for _ in plans]
    for subject, members in _together(plans).items():
        windows = list(dict.fromkeys(window for n in members for window in plans[n].windows))
        at = {window: places + place for place, window in enumerate(windows)}
        for n in members:
            of_plan[n] += [at[window] for window in plans[n].windows]
        if windows:
            told += await kept_states(reader, project, subject, windows, first=places)
        places += len(windows)
    features = feature_count(told) if any(plan.edges for plan in plans) else 0
    scanned = [0 for _ in plans]
    for members, edge in await _edges(reader, project, plans, features):
        for n in members:
            of_plan[n].append(places)
            scanned[n] += edge.rows
        told.append(told_state(edge, places))
        places += 1
    if not told:
        return [None for _ in plans]
    return await asyncio.to_thread(_added, told, plans, of_plan, scanned)


def _added(
    told: Sequence[Packed], plans: Sequence[Plan], of_plan: Sequence[Sequence[int]], scanned: Sequence[int]
) -> list[RangeStatistics | None]:
    """Of each plan; `of_plan` are its windows and edges."""
    states = states_of(told)
    places = 1 + max((place for members in of_plan for place in members), default=0)
    found: list[RangeStatistics | None] = []
    for plan, members, read in zip(plans, of_plan, scanned):
        if not plan.windows and not read:
            found.append(None)
            continue
        chosen = np.zeros(places, bool)
        chosen[list(members)] = True
        rows = sum(plan.windows.values()) + read
        statistics = added(states, chosen, rows=rows, slice=plan.part.subject.slice)
        found.append(RangeStatistics(statistics, len(plan.windows), read))
    return found


def _together(plans: Sequence[Plan]) -> dict[Subject, list[int]]:
    """Plans of one data set or model, whatever versions and slices they are of."""
    found: dict[Subject, list[int]] = {}
    for n, plan in enumerate(plans):
        found.setdefault(replace(plan.part.subject, version=None, slice=ALL_ROWS), []).append(n)
    return found


async def _edges(
    reader: Reader, project: str, plans: Sequence[Plan], features: int
) -> list[tuple[list[int], DatasetStatistics]]:
    """What is in each edge, and in which plans it is."""
    among: dict[tuple[Subject, Edge], list[int]] = {}
    for n, plan in enumerate(plans):
        for edge in plan.edges:
            among.setdefault((replace(plan.part.subject, version=edge.version), edge), []).append(n)
    told: dict[tuple[Subject, Edge], DatasetStatistics] = {}
    # Where no window is kept of the time, the edge is all of it.
    few = [one for one, members in among.items() if one[0].slice == ALL_ROWS and plans[members[0]].windows]
    for model in dict.fromkeys(subject.model for subject, _ in few):
        asked = [one for one in few if one[0].model == model]
        found = await edge_statistics(reader, project, model, [edge for _, edge in asked], features=features)
        told |= dict(zip(asked, found or ()))
    for one in among:
        if one not in told:
            told[one] = await scanned_edge(reader, project, *one)
    return [(members, told[one]) for one, members in among.items()]
