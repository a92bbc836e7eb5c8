"""Statistics of any range of time: kept windows added up, and the predictions at its edges that none of them covers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tapetum_server.analysis.feature_statistics.edges import scanned_edge
from tapetum_server.detectors.feature_statistics.adding import added
from tapetum_server.query.edge_rows import Edge, edge_statistics
from tapetum_server.query.kept_windows import Asked, KeptWindows, Subject, Window, cover, kept_windows
from tapetum_server.query.reader import Reader
from tapetum_server.query.state_rows import kept_states, states_of, told_states
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


async def planned(reader: Reader, project: str, parts: Sequence[Part]) -> list[Plan]:
    """What each part is made up of, found in one statement."""
    asked = [
        Asked(one.subject, one.time_range, (one.subject.slice, ALL_ROWS) if one.subject.model else (one.subject.slice,))
        for one in parts
    ]
    return [_plan(part, kept) for part, kept in zip(parts, await kept_windows(reader, project, asked))]


def _plan(part: Part, kept: KeptWindows) -> Plan:
    of_slice = np.asarray([name == part.subject.slice for _, name in kept.names], bool)
    windows = cover(kept.among(of_slice[kept.of]) if len(kept.of) else kept)
    if not part.subject.model:
        return Plan(part, windows, ())
    start, end, version = part.time_range.start, part.time_range.end, part.subject.version
    if not len(kept.of):
        return Plan(part, windows, (Edge(start, end, version),))
    edges = []
    first, newest = int(kept.start.min()), int(kept.end.max())
    if start is not None and start % HOUR_NS and first > start:
        edges.append(Edge(start, min(first, start - start % HOUR_NS + HOUR_NS), version))
    # What has come since the newest window was counted: the hour that lasts, and one that is just over.
    if end is None or newest < end:
        edges.append(Edge(newest, end, version))
    return Plan(part, windows, tuple(edges))


async def range_statistics(reader: Reader, project: str, plans: Sequence[Plan]) -> list[RangeStatistics | None]:
    """Of each plan, `None` where there is nothing. Histograms are not made yet.

    Windows of all plans of one data set or model are read together, and so are their edges.
    """
    tables, places = [], 0
    of_plan: list[list[int]] = [[] for _ in plans]
    rows = [sum(plan.windows.values()) for plan in plans]
    for subject, members in _together(plans).items():
        windows = list(dict.fromkeys(window for n in members for window in plans[n].windows))
        at = {window: places + place for place, window in enumerate(windows)}
        for n in members:
            of_plan[n] += [at[window] for window in plans[n].windows]
        if windows:
            tables.append(await kept_states(reader, project, subject, windows, first=places))
        places += len(windows)
    features = max((len(set(table.column("feature").to_pylist())) for table in tables), default=0)
    scanned = [0 for _ in plans]
    for n, edge in await _edges(reader, project, plans, features):
        of_plan[n].append(places)
        scanned[n] += edge.rows
        tables.append(told_states([edge], places))
        places += 1
    if not tables:
        return [None for _ in plans]
    states = await asyncio.to_thread(states_of, tables)
    found: list[RangeStatistics | None] = []
    for n, plan in enumerate(plans):
        chosen = np.zeros(places, bool)
        chosen[of_plan[n]] = True
        whole = rows[n] + scanned[n]
        if not plan.windows and not scanned[n]:
            found.append(None)
            continue
        statistics = await asyncio.to_thread(added, states, chosen, rows=whole, slice=plan.part.subject.slice)
        found.append(RangeStatistics(statistics, len(plan.windows), scanned[n]))
    return found


def _together(plans: Sequence[Plan]) -> dict[Subject, list[int]]:
    """Plans of one data set or model, whatever versions and slices they are of."""
    found: dict[Subject, list[int]] = {}
    for n, plan in enumerate(plans):
        found.setdefault(replace(plan.part.subject, version=None, slice=ALL_ROWS), []).append(n)
    return found


async def _edges(
    reader: Reader, project: str, plans: Sequence[Plan], features: int
) -> list[tuple[int, DatasetStatistics]]:
    """What is in the edges of each plan, by the plan's place."""
    found: list[tuple[int, DatasetStatistics]] = []
    whole = [n for n, plan in enumerate(plans) if plan.part.subject.slice == ALL_ROWS and plan.windows]
    for model in dict.fromkeys(plans[n].part.subject.model for n in whole):
        asked = [(n, edge) for n in whole if plans[n].part.subject.model == model for edge in plans[n].edges]
        few = None
        if asked:
            few = await edge_statistics(reader, project, model, [edge for _, edge in asked], features=features)
        if few is None:
            found += [
                (n, await scanned_edge(reader, project, plans[n].part.subject, edge)) for n, edge in asked
            ]  # fmt: skip
        else:
            found += [(n, told) for (n, _), told in zip(asked, few)]
    for n in range(len(plans)):
        if n not in whole:
            found += [
                (n, await scanned_edge(reader, project, plans[n].part.subject, edge)) for edge in plans[n].edges
            ]  # fmt: skip
    return found
