"""Drift of a model's predictions out of the statistics that are kept of them: without reading the predictions again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tapetum_server.analysis.drift.answers import DriftReport, DriftTogether, Way
from tapetum_server.analysis.drift.chunks import Chunk, chunked, chunks_of_counts
from tapetum_server.analysis.drift.features import feature_of, whole_report
from tapetum_server.analysis.drift.identifiers import without_identifiers
from tapetum_server.analysis.drift.measuring import Result, Values, constant_thresholds, judged, measured
from tapetum_server.analysis.drift.pairing import Pair, Pairs, pairs_of
from tapetum_server.analysis.drift.plans import Sides, counted_sides
from tapetum_server.analysis.drift.report import furthest_first
from tapetum_server.analysis.drift.settings import DriftSettings
from tapetum_server.analysis.drift.state_counts import Features, counts_of, frame_of, sampled, state_sides
from tapetum_server.analysis.feature_statistics.ranges import (
    HOUR_NS,
    Part,
    Plan,
    kept_and_labels_of,
    range_statistics,
)
from tapetum_server.detectors.drift.methods import tell_together
from tapetum_server.detectors.drift.thresholds import VariationThreshold
from tapetum_server.query import drift as query
from tapetum_server.query.drift_groups import Group
from tapetum_server.query.errors import NotFound
from tapetum_server.query.frames import Frame
from tapetum_server.query.labels import has_labels
from tapetum_server.query.prediction_frames import prediction_frame
from tapetum_server.query.reader import Reader
from tapetum_server.signals.feature_statistics import DatasetStatistics

ESTIMATED = ("ks", "wasserstein")
"""Methods over values that kept ranks estimate; the others over values need each of them."""
READ_PART = 4
"""By itself only where windows cover so many times the time whose predictions are read besides."""
MOST_CHUNKS = 400


@dataclass(frozen=True, slots=True)
class Asked:
    """Both sides of a model, and what `now` means where a side has no end."""

    baseline: Part
    window: Part
    now: int


@dataclass(frozen=True, slots=True)
class _Found:
    """Sides of some features with what was found of them."""

    sides: list[Sides]
    results: list[list[Result]]
    chunks: list[list[Chunk]]
    pairs: Pairs
    way: Way


def suits(settings: DriftSettings, *, estimates: bool = False) -> str:
    """Why this cannot be said from what is kept; "" where it can. With `estimates` also methods that it estimates."""
    if settings.slices:
        return "slices are"
    if settings.chunk_size is not None:
        return "chunks of so many predictions are"
    if isinstance(settings.threshold, VariationThreshold):
        return "thresholds from the baseline's own variation are"
    if settings.chunk_period_ns is not None and settings.chunk_period_ns % HOUR_NS:
        return "chunks of other times than hours are"
    for method in settings.chosen:
        if method.over_counts is None and not (estimates and method.name in ESTIMATED):
            return f"{method.name} is"
    return ""


async def states_report(
    reader: Reader, project: str, asked: Asked, settings: DriftSettings, *, by_itself: bool,
    together: Sequence[DriftTogether] = (),
) -> DriftReport | None:  # fmt: skip
    """As `drift_report` says it, but for labels, which come later than windows are counted: they are read as ever.

    `None` where a side has nothing that is kept, or where a feature holds something else than it did; and, where nobody
    asked for it (`by_itself`), where windows cover too little of a side. `together` is what else is known of both.
    Raises `QueryError` for a wrong question.
    """
    settings = settings.checked()
    chunked_by_time = settings.chunk_period_ns is not None
    wanted = tuple(name for name in settings.late if not settings.features or name in settings.features)
    model = asked.window.subject.model
    kept, labelled = await kept_and_labels_of(
        reader, project, [asked.baseline, asked.window], every=chunked_by_time, labels_of=model if wanted else ""
    )
    plans = [one.plan() for one in kept]
    if by_itself and not all(_covers(plan, asked.now) for plan in plans):
        return None
    chunks: dict[int, Plan] = {}
    if settings.chunk_period_ns is not None:
        for begin, start, end in _chunk_times(plans[1], settings.chunk_period_ns, asked.now):
            chunks[begin] = kept[1].within(start, end)
        if len(chunks) > MOST_CHUNKS:
            return None
    both = await range_statistics(reader, project, [*plans, *chunks.values()])
    if both[0] is None or both[1] is None:
        return None
    sides = both[0].statistics, both[1].statistics
    parts = {begin: one.statistics for begin, one in zip(chunks, both[2:]) if one is not None}
    if wanted and labelled is None:
        labelled = await has_labels(reader, project, model)

    def of_states() -> _Found | None:
        return _of_states(*sides, parts, settings)

    def report(told: Sequence[_Found]) -> DriftReport:
        return _report(told, (sides[0].rows, sides[1].rows), together, settings)

    if not labelled:
        return await asyncio.to_thread(lambda: report([found]) if (found := of_states()) else None)
    found = await asyncio.to_thread(of_states)
    if found is None:
        return None
    labels = await _of_labels(reader, project, asked, replace(settings, features=wanted))
    return await asyncio.to_thread(report, [found] if labels is None else [found, labels])


def _covers(plan: Plan, now: int) -> bool:
    read = sum((now if edge.end is None else edge.end) - (edge.start or 0) for edge in plan.edges)
    return bool(plan.windows) and read * READ_PART <= plan.kept_ns


def _chunk_times(plan: Plan, period: int, now: int) -> list[tuple[int, int, int]]:
    """(its name, start, end) of the chunks of the window, cut as chunks of rows are: whole weeks begin on Mondays."""
    start = plan.part.time_range.start
    if start is None:
        start = min((window.start for window in plan.windows), default=now)
    end = plan.part.time_range.end or now
    week, thursday_to_monday = 168 * HOUR_NS, 96 * HOUR_NS
    offset = thursday_to_monday if period % week == 0 else 0
    first = start - (start - offset) % period
    begins = range(first, end, period)
    return [(begin, max(begin, start), min(begin + period, end)) for begin in begins[: MOST_CHUNKS + 1]]


def _of_states(
    baseline: DatasetStatistics, window: DatasetStatistics, chunks: Mapping[int, DatasetStatistics],
    settings: DriftSettings,
) -> _Found | None:  # fmt: skip
    named = tuple(name for name in settings.features if name not in settings.late)
    if settings.features and not named:
        return _Found([], [], [], Pairs((), (), ()), "from states")
    pairs = pairs_of(frame_of(baseline), frame_of(window), replace(settings, features=named, ignore=()))
    if any(pair.note and pair.window is not None for pair in pairs.compared):
        return None
    before, now = ({one.feature: one for one in side.features} for side in (baseline, window))
    untold = [pair.name for pair in pairs.compared if not (_told(before, pair) and _told(now, pair))]
    if untold:
        compared = tuple(pair for pair in pairs.compared if pair.name not in untold)
        left_out = (*pairs.left_out, *((name, "what is kept tells no distribution of it") for name in untold))
        pairs = Pairs(compared, left_out, pairs.new)
    every = state_sides(pairs.compared, before, now, (baseline.rows, window.rows), settings.bins)
    sides, identifiers = without_identifiers(every, settings.features)
    tell_together(side.counted for side in sides)
    values: Values = {}
    if any(method.over_values for method in settings.chosen):
        names = [side.plan.pair.name for side in sides if side.plan.edges is not None]
        values = {name: (sampled(before.get(name)), sampled(now.get(name))) for name in names}
    counted: dict[Group, list[query.Counts]] = {}
    for begin, part in chunks.items():
        of_part = {one.feature: one for one in part.features}
        counted[begin] = [counts_of(side.plan, of_part, part.rows) for side in sides]
    over_counts = tuple(method.name for method in settings.chosen if method.over_counts is not None)
    of_chunks = []
    if counted and over_counts:
        of_chunks = chunks_of_counts(sides, counted, replace(settings, methods=over_counts))
    return _Found(
        sides,
        [measured(side, values, settings) for side in sides],
        of_chunks or [[] for _ in sides],
        Pairs(pairs.compared, (*pairs.left_out, *identifiers), pairs.new),
        "from states",
    )


def _told(features: Features, pair: Pair) -> bool:
    """Whether statistics tell what the bins of a number are made of."""
    one = features.get(pair.name)
    return pair.kind != "numeric" or one is None or one.numeric is None or not one.numeric.spread_untold


async def _of_labels(reader: Reader, project: str, asked: Asked, settings: DriftSettings) -> _Found | None:
    """Labels belong to the time of their predictions and come when they come: they are in no window."""

    async def frame(part: Part) -> Frame:
        found = await prediction_frame(
            reader, project=project, model=part.subject.model, time_range=part.time_range, version=part.subject.version
        )
        return found.only([*settings.features, *([settings.time] if settings.time else [])])

    try:
        baseline, window = await frame(asked.baseline), await frame(asked.window)
    except NotFound:
        return None  # what is kept outlives the predictions
    settings = replace(settings, ignore=())
    pairs = pairs_of(baseline, window, settings)
    rows = await query.row_count(reader, baseline)
    sides = await counted_sides(reader, baseline, window, pairs.compared, settings.bins, rows)
    chunks = (await chunked(reader, baseline, window, sides, {}, settings)).window if settings.chunked else []
    results = [measured(side, {}, settings) for side in sides]
    return _Found(sides, results, chunks or [[] for _ in sides], pairs, "exact")


def _report(
    told: Sequence[_Found], rows: tuple[int, int], together: Sequence[DriftTogether], settings: DriftSettings
) -> DriftReport:
    results = [found for part in told for found in part.results]
    verdicts = iter(judged(results, constant_thresholds(len(results), settings), settings))
    features = [
        feature_of(side, next(verdicts), chunks, settings, part.way)
        for part in told
        for side, chunks in zip(part.sides, part.chunks)
    ]
    features.sort(key=furthest_first)
    left_out = [one for part in told for one in part.pairs.left_out]
    return whole_report(features, left_out, told[0].pairs.new, rows, together, settings)
