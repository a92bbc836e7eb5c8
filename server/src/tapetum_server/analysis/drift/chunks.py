"""Since when: each chunk of the window against the whole baseline, and thresholds from the baseline's own chunks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tapetum_server.analysis.drift.measuring import PRESENCE, Result, constant_thresholds, measure
from tapetum_server.analysis.drift.plans import SideName, Sides, count_side
from tapetum_server.analysis.drift.settings import DriftSettings
from tapetum_server.detectors.drift.methods import Counted
from tapetum_server.detectors.drift.several import adjusted
from tapetum_server.detectors.drift.thresholds import VariationThreshold
from tapetum_server.detectors.drift.values import SortedValues
from tapetum_server.detectors.drift.verdict import MIN_PRESENCE_CHANGE, presence_change, verdict_of
from tapetum_server.query import drift as query
from tapetum_server.query import drift_groups as groups
from tapetum_server.query.frames import Frame
from tapetum_server.query.reader import Reader
from tapetum_server.query.time_range import format_time

LASTING = 2
"""So many chunks in a row, up to the last, are drift that has begun, even where the window as a whole shows little."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One feature in one chunk."""

    group: groups.Group
    rows: int
    values: int
    results: tuple[Result, ...]
    """None where there are too few values."""


@dataclass(frozen=True, slots=True)
class Chunked:
    """The chunks of every feature, and thresholds where they come from the baseline's chunks."""

    window: list[list[Chunk]]
    """By feature."""
    thresholds: dict[tuple[int, str], float]
    """By feature and method."""


ByGroup = Mapping[groups.Group, SortedValues]


async def chunked(
    reader: Reader, baseline: Frame, window: Frame, sides: Sequence[Sides], whole: Mapping[str, SortedValues],
    settings: DriftSettings,
) -> Chunked:  # fmt: skip
    """Everything about chunks; `whole` are the sorted values of the baseline, where a method takes them."""
    found = await _side(reader, window, "window", sides, whole, settings)
    thresholds: dict[tuple[int, str], float] = {}
    if isinstance(settings.threshold, VariationThreshold):
        own = await _side(reader, baseline, "baseline", sides, whole, settings)
        for n, chunks in enumerate(own):
            for name in settings.methods:
                values = [result.value for chunk in chunks for result in chunk.results if result.method == name]
                limit = settings.threshold.of(values)
                if limit is not None:
                    thresholds[n, name] = limit
    else:
        thresholds = constant_thresholds(len(sides), settings)
    judged = [_judged(chunks, n, thresholds, settings) for n, chunks in enumerate(found)]
    return Chunked(judged, thresholds)


def chunks_of_counts(
    sides: Sequence[Sides], counted: Mapping[groups.Group, Sequence[query.Counts]], settings: DriftSettings
) -> list[list[Chunk]]:
    """By feature, the chunks of a window that were counted elsewhere: each group has the counts of all features."""
    thresholds = constant_thresholds(len(sides), settings)
    return [
        _judged(_measured(side, {group: found[n] for group, found in counted.items()}, {}, {}, settings), n, thresholds,
                settings)
        for n, side in enumerate(sides)
    ]  # fmt: skip


def chunks_by(frame: Frame, settings: DriftSettings) -> groups.By:
    """How the settings cut a frame into chunks."""
    if settings.chunk_size is not None:
        return groups.chunks_of_rows(frame, settings.chunk_size)
    assert settings.time is not None
    assert settings.chunk_period_ns is not None
    return groups.chunks_of_time(frame.column(settings.time), settings.chunk_period_ns)


async def _side(
    reader: Reader, frame: Frame, side: SideName, sides: Sequence[Sides], whole: Mapping[str, SortedValues],
    settings: DriftSettings,
) -> list[list[Chunk]]:  # fmt: skip
    by = chunks_by(frame, settings)
    counted = await count_side(reader, frame, [s.plan for s in sides], side, by)
    chunks: list[list[Chunk]] = []
    for n, s in enumerate(sides):
        sorted_values: ByGroup = {}
        column = s.plan.pair.baseline if side == "baseline" else s.plan.pair.window
        if s.plan.pair.name in whole and column is not None:
            sorted_values = await query.sorted_values(reader, frame, column, by)
        # The maths of many chunks takes seconds: not in the loop that serves everybody.
        of_group = {group: counts[n] for group, counts in counted.items()}
        chunks.append(await asyncio.to_thread(_measured, s, of_group, whole, sorted_values, settings))
    return chunks


def _measured(
    side: Sides, counted: Mapping[groups.Group, query.Counts], whole: Mapping[str, SortedValues],
    sorted_values: ByGroup, settings: DriftSettings,
) -> list[Chunk]:  # fmt: skip
    baseline = side.plan.aligned(side.baseline)
    chunks = []
    for group, counts in counted.items():
        results: list[Result] = []
        late = side.plan.pair.name in settings.late
        if min(counts.presence.rows, side.baseline.presence.rows) >= settings.min_rows and not late:
            moved = presence_change(side.baseline.presence, counts.presence)
            results.append(Result(PRESENCE, moved.change, moved.p, "chi-squared", MIN_PRESENCE_CHANGE))
        if min(counts.presence.values, side.baseline.presence.values) >= settings.min_rows:
            sampled = whole.get(side.plan.pair.name), sorted_values.get(group)
            for method in settings.chosen:
                if side.plan.pair.kind in method.kinds:
                    found = measure(method, Counted(baseline, side.plan.aligned(counts)), sampled)
                    if found is not None:
                        results.append(Result(method.name, found.value, found.p, found.test))
        chunks.append(Chunk(group, counts.presence.rows, counts.presence.values, tuple(results)))
    return chunks


def _judged(
    chunks: Sequence[Chunk], feature: int, thresholds: Mapping[tuple[int, str], float], settings: DriftSettings
) -> list[Chunk]:
    """Chunks with verdicts: the chunks of one feature are one family of tests.

    A threshold from the baseline's own chunks has chance in it already, and is all that is asked.
    """
    flat = [(n, result) for n, chunk in enumerate(chunks) for result in chunk.results]
    done: dict[tuple[int, str], Result] = {}
    for name in dict.fromkeys(result.method for _, result in flat):
        members = [(n, result) for n, result in flat if result.method == name]
        own = name != PRESENCE and isinstance(settings.threshold, VariationThreshold)
        p_values = [0.0 if own else result.p for _, result in members]
        for (n, result), p in zip(members, adjusted(p_values, settings.correction)):
            limit = result.threshold if name == PRESENCE else thresholds.get((feature, name))
            if limit is not None:
                verdict = verdict_of(result.value, limit, p, settings.alpha)
                done[n, name] = replace(result, threshold=limit, p_adjusted=result.p if own else p, verdict=verdict)
    return [
        replace(chunk, results=tuple(done.get((n, result.method), result) for result in chunk.results))
        for n, chunk in enumerate(chunks)
    ]


def chunk_name(group: groups.Group, settings: DriftSettings) -> str:
    """A chunk as people know it: its first row and last, or when it begins."""
    assert isinstance(group, int)
    if settings.chunk_size is None:
        return format_time(group)
    return f"{group * settings.chunk_size}:{(group + 1) * settings.chunk_size - 1}"


async def chunk_times(reader: Reader, frame: Frame, settings: DriftSettings) -> dict[str, tuple[str, str]]:
    """By its name, the first and last time in each chunk of so many rows; none where it is not clear which time."""
    times = [column for column in frame.columns if column.kind == "time"]
    if settings.chunk_size is None or len(times) != 1:
        return {}
    found = await query.group_times(reader, frame, times[0], chunks_by(frame, settings))
    return {
        chunk_name(group, settings): (format_time(first), format_time(last)) for group, (first, last) in found.items()
    }


def since(chunks: Sequence[Chunk]) -> groups.Group:
    """The chunk from which on all chunks drifted, up to the last that can be told; `None` where it does not last.

    One chunk alone is a coincidence or an outage: `LASTING` in a row, or all there are.
    """
    told = [chunk for chunk in chunks if any(result.verdict != "not_enough_data" for result in chunk.results)]
    run = 0
    for chunk in reversed(told):
        if not any(result.verdict == "drift" for result in chunk.results):
            break
        run += 1
    return told[-run].group if run and (run >= LASTING or run == len(told)) else None
