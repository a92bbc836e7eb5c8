"""What versions of a model will turn out to be, by what came true of rows like theirs: of live models and of files."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tapetum_server.analysis.performance.estimated import EstimateQuestion
from tapetum_server.detectors.estimation import outcome_regression
from tapetum_server.detectors.estimation.outcome_regression import (
    MAX_CATEGORIES,
    MIN_LABELLED,
    MIN_OF_EACH,
    OutcomeRows,
    Quality,
)
from tapetum_server.detectors.estimation.outcome_verdicts import (
    MAX_JUDGED,
    Expected,
    ExpectedVersion,
    chances_of_version,
    expected_metrics,
    judge,
    reference_of,
)
from tapetum_server.detectors.estimation.trust import MIN_ROWS, Doubt, doubts_of_quality, doubts_of_size
from tapetum_server.detectors.performance.costs import CostMatrix
from tapetum_server.query.coded_rows import Coding, codings, in_frame
from tapetum_server.query.estimates import Chunks, EstimateColumns, values_of
from tapetum_server.query.frames import Frame
from tapetum_server.query.outcome_rows import FoundRows, RowColumns, joined, outcome_rows
from tapetum_server.query.reader import Reader

METHOD = "Outcome regression"
MAX_LEARNED = 20_000
"""Labelled rows that are learned from."""
MAX_SLICED = 20
"""Features by which slices are told."""


@dataclass(frozen=True, slots=True)
class ExpectedChunk:
    """The rows of one chunk, of all versions."""

    key: str
    rows: int
    metrics: Mapping[str, Expected]
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True)
class OutcomeReport:
    """What is expected of a window by an outcome regression."""

    why: str
    """Why nothing is; "" where something is."""
    learned: int
    """Labelled rows that it was learned from."""
    quality: Quality | None
    reference: str | None
    """The version that others are held against; none where no version has enough labels."""
    versions: tuple[tuple[str, ExpectedVersion], ...]
    chunks: tuple[ExpectedChunk, ...]
    used: tuple[Coding, ...]
    """What the codes of slices mean."""
    doubts: tuple[Doubt, ...]
    notes: tuple[str, ...]


def no_report(why: str, notes: Sequence[str] = ()) -> OutcomeReport:
    """Nothing is estimated, and why."""
    return OutcomeReport(why, 0, None, None, (), (), (), (), tuple(notes))


async def estimate_by_outcome(
    reader: Reader, baseline: Frame | None, window: Frame, question: EstimateQuestion, *, also: Frame | None = None,
    version: str = "", id_column: str = "", chunks_of_learned: Chunks | None = None,
) -> OutcomeReport:  # fmt: skip
    """Learn what comes true from the labelled rows of a baseline, and of `also`, and judge the rows of `window` by it.

    With a column of versions, the version that others are held against is the one with most labels in the baseline, or
    else the first of `also` that has enough; without, the baseline is one and the window another. Raises `QueryError`,
    and `MissingExtra` without scikit-learn.
    """
    first = baseline or also or window
    names, texts, notes = await _features(reader, first, question.features)
    if not names:
        return no_report("There is no feature to learn from.", notes)
    used = await codings(reader, window, names[:MAX_SLICED])
    answers = EstimateColumns(
        question.score, question.label, question.prediction, question.positive, question.threshold
    )  # fmt: skip

    def columns(frame: Frame) -> RowColumns:
        has_label = any(column.name == question.label for column in frame.columns)
        told = answers if has_label else replace(answers, label="")
        return RowColumns(told, names, texts, tuple(in_frame(used, frame)), version, id_column)

    old = [
        await outcome_rows(reader, each, columns(each), chunks_of_learned or question.chunks) if each else None
        for each in (baseline, also)
    ]  # fmt: skip
    new = await outcome_rows(reader, window, columns(window), question.chunks)
    categorical = [name in texts for name in names]
    return await asyncio.to_thread(
        _judged, old, new, names, categorical, used, notes, question.costs, question.seed, version == "",
    )  # fmt: skip


async def _features(
    reader: Reader, frame: Frame, names: Sequence[str]
) -> tuple[tuple[str, ...], dict[str, list[str]], list[str]]:
    """Those that can be learned from, the values of texts among them, and words for what is left out."""
    texts = [name for name in names if frame.column(name).kind == "categorical"]
    values = await values_of(reader, frame, texts)
    many = [name for name in texts if len(values[name]) > MAX_CATEGORIES]
    notes = [
        f"{', '.join(many)}: not learned from, as there are more than {MAX_CATEGORIES} different values."
    ] if many else []  # fmt: skip
    kept = tuple(name for name in names if name not in many)
    return kept, {name: each for name, each in values.items() if name not in many}, notes


def _judged(
    old: Sequence[FoundRows | None], new: FoundRows, names: Sequence[str], categorical: Sequence[bool],
    used: Sequence[Coding], notes: Sequence[str], costs: CostMatrix | None, seed: int, files: bool,
) -> OutcomeReport:  # fmt: skip
    """All that takes time, on a thread."""
    versions = list(dict.fromkeys(name for found in (*old, new) if found for name in found.versions))
    parts = [_of_versions(found, versions) if found else None for found in old]
    known = [part.those(part.known) if part else None for part in parts]
    rows = _of_versions(new, versions)
    if files:
        # No row of a file is one of the other's, whatever its place.
        rows = replace(rows, versions=np.ones(rows.total, np.int64), keys=-1 - rows.keys)
    everything = joined([part for part in known if part], len(names), len(used))
    # Times may overlap, and then a row is in both.
    learned = everything.those(np.sort(np.unique(everything.keys, return_index=True)[1]))
    if learned.total > MAX_LEARNED:
        learned = learned.those(np.sort(np.random.default_rng(seed).permutation(learned.total)[:MAX_LEARNED]))
    positive = int(learned.labels.sum())
    if learned.total < MIN_LABELLED or min(positive, learned.total - positive) < MIN_OF_EACH:
        return no_report(
            f"{learned.total:,} labels have come, {positive:,} of them positive: what comes true is learned from at "
            f"least {MIN_LABELLED}, with {MIN_OF_EACH} of each kind.",
            notes,
        )  # fmt: skip
    if not rows.total:
        return no_report("No prediction has a score that is a probability.", notes)
    model = outcome_regression.fit(learned, categorical, seed=seed)
    quality = model.quality
    doubts = doubts_of_quality(quality.auc, quality.auc_error, quality.calibration_error, quality.by_chance)
    place = 0 if files else _reference(known, len(versions))
    reference = None
    if place is not None:
        own = joined([part.those(part.versions == place) for part in (learned, rows)])
        reference = reference_of(own, place, categorical, seed=seed)
    sizes = [coding.size for coding in used]
    places, counts = np.unique(rows.versions, return_counts=True)
    chances, found = model.chances(rows), []
    for version in places[np.argsort(-counts, kind="stable")[:MAX_JUDGED]].tolist():
        inside = rows.versions == version
        own = rows.those(inside)
        chances[inside] = chances_of_version(model, own, reference, categorical, seed=seed)
        found.append(judge(model, own, chances[inside], version, reference, sizes, names, costs))
    if doubts:
        found = [replace(one, verdict="unknown", because=(), slices=()) for one in found]
    chunks = tuple(
        ExpectedChunk(
            key, int(inside.sum()), expected_metrics(model, rows.those(inside), chances[inside], costs, seed=seed),
            tuple(doubts_of_size(float(inside.sum()))),
        )
        for number, key in enumerate(new.chunks)
        for inside in (rows.chunks == number,)
    )  # fmt: skip
    told = ["" if files else versions[one.version] for one in found]
    return OutcomeReport(
        "", learned.total, quality, None if place is None else "" if files else versions[place],
        tuple(zip(told, found)), chunks, tuple(used), tuple(doubts), tuple(notes),
    )  # fmt: skip


def _reference(known: Sequence[OutcomeRows | None], versions: int) -> int | None:
    """The version with most labels in the baseline; else, of the other rows, the first that has enough."""
    baseline, also = (np.bincount(part.versions, minlength=versions) if part else np.zeros(1) for part in known)
    if baseline.max(initial=0) >= MIN_ROWS:
        return int(np.argmax(baseline))
    # Versions are numbered as they come.
    return int(np.argmax(also >= MIN_ROWS)) if also.max(initial=0) >= MIN_ROWS else None


def _of_versions(found: FoundRows, versions: Sequence[str]) -> OutcomeRows:
    """The same rows by the places of their versions among all."""
    places = np.asarray([versions.index(name) for name in found.versions], np.int64)
    return replace(found.rows, versions=places[found.rows.versions] if len(places) else found.rows.versions)
