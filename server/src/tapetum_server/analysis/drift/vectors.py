"""Drift of embeddings and of texts: how far apart two clouds of vectors lie, and which words tell them apart."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tapetum_server.analysis.drift.answers import DriftTogether, Telling
from tapetum_server.analysis.drift.matrices import embedded
from tapetum_server.analysis.drift.settings import DriftSettings
from tapetum_server.analysis.words import counted
from tapetum_server.detectors.drift.domain import domain_drift
from tapetum_server.detectors.drift.vectors import Vectors, hashed_ngrams, vector_drift
from tapetum_server.detectors.drift.verdict import verdict_of
from tapetum_server.detectors.drift.words import telling_words
from tapetum_server.query.drift_samples import sampled_rows
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import Frame, FrameColumn
from tapetum_server.query.reader import Reader

VECTORS = 2_000
"""Embeddings and texts of either side."""
MIN_AUC = 0.6
MIN_MMD = 0.1


@dataclass(frozen=True, slots=True)
class Frames:
    """Both sides and how many rows they have."""

    baseline: Frame
    window: Frame
    baseline_rows: int
    window_rows: int


async def classified(
    of: str, baseline: Vectors, window: Vectors, names: Sequence[str], settings: DriftSettings
) -> DriftTogether:
    """Whether a classifier tells the sides apart.

    `names` are those of the columns; without them they are mere dimensions, and a linear model does.
    """
    if min(len(baseline), len(window)) < settings.min_rows:
        return unknown("classifier", of, baseline, window, MIN_AUC)
    found = await asyncio.to_thread(domain_drift, baseline, window, linear=not names)
    telling = [Telling(name=names[n], value=drop) for n, drop in found.telling]
    by = f", by {', '.join(one['name'] for one in telling[:3])}" if telling else ""
    return DriftTogether(
        method="classifier", of=of, value=found.auc, threshold=MIN_AUC, p=found.p,
        verdict=verdict_of(found.auc, MIN_AUC, found.p, settings.alpha),
        says=f"a classifier tells rows of the window from those of the baseline with an area of {found.auc:.3f}{by}",
        telling=telling, baseline_rows=len(baseline), window_rows=len(window),
    )  # fmt: skip


async def of_embedding(reader: Reader, frames: Frames, name: str, settings: DriftSettings) -> list[DriftTogether]:
    """Drift of a column of lists of numbers of one length. Raises `QueryError` for another column."""
    b, w = await _values(reader, frames, name, "numeric_list", "lists of numbers")
    baseline, _ = embedded(b)
    window, other = embedded(w, baseline.shape[1])
    note = f"; {counted(other, 'row')} of the window left out, with no vector of {baseline.shape[1]}" if other else ""
    return await _vectors(f"embedding {name}", baseline, window, note, settings)


async def of_text(reader: Reader, frames: Frames, name: str, settings: DriftSettings) -> list[DriftTogether]:
    """Drift of a column of texts, by their n-grams, and the words by which it shows. Raises `QueryError`."""
    b, w = await _values(reader, frames, name, "categorical", "texts")
    before, now = ([text for text in side if text] for side in (b, w))
    baseline, window = await asyncio.to_thread(hashed_ngrams, before), await asyncio.to_thread(hashed_ngrams, now)
    found = await _vectors(f"text {name}", baseline, window, "", settings)
    if found[0]["verdict"] != "not_enough_data":
        words = await asyncio.to_thread(telling_words, before, now)
        found[0]["telling"] = [Telling(name=one.word, value=one.change) for one in words]
        if words:
            listed = ", ".join(f"{one.word!r} {one.baseline_share:.0%} → {one.window_share:.0%}" for one in words[:3])
            found[0]["says"] += f"; words in more or fewer texts: {listed}"
    return found


def _column(frame: Frame, name: str, kind: str, what: str) -> FrameColumn:
    column = frame.column(name)
    if column.kind != kind:
        raise QueryError(f"column {name!r} holds no {what}", code="not_such", hint=f"It holds: {column.kind}.")
    return column


async def _values(reader: Reader, frames: Frames, name: str, kind: str, what: str) -> tuple[list[Any], list[Any]]:
    columns = _column(frames.baseline, name, kind, what), _column(frames.window, name, kind, what)
    (b,) = await sampled_rows(reader, frames.baseline, columns[:1], frames.baseline_rows, VECTORS)
    (w,) = await sampled_rows(reader, frames.window, columns[1:], frames.window_rows, VECTORS)
    return b, w


async def _vectors(
    of: str, baseline: Vectors, window: Vectors, note: str, settings: DriftSettings
) -> list[DriftTogether]:
    if min(len(baseline), len(window)) < settings.min_rows:
        return [unknown("mmd", of, baseline, window, MIN_MMD)]
    found = await asyncio.to_thread(vector_drift, baseline, window)
    answers = [
        DriftTogether(
            method="mmd", of=of, value=found.mmd, threshold=MIN_MMD, p=found.p,
            verdict=verdict_of(found.mmd, MIN_MMD, found.p, settings.alpha),
            says=f"maximum mean discrepancy {found.mmd:.3f}; the centre moved by {found.centroid_distance:.3f} of the"
            f" baseline's spread, cosine distance {found.cosine_distance:.3f}{note}",
            telling=[], baseline_rows=len(baseline), window_rows=len(window),
        )
    ]  # fmt: skip
    if "classifier" in settings.multivariate:
        answers.append(await classified(of, baseline, window, (), settings))
    return answers


def unknown(method: str, of: str, baseline: Vectors, window: Vectors, threshold: float | None) -> DriftTogether:
    """The answer where there are too few rows."""
    return DriftTogether(
        method=method, of=of, value=None, threshold=threshold, p=None, verdict="not_enough_data",
        says=f"too few rows: {len(window):,} held against {len(baseline):,}", telling=[], baseline_rows=len(baseline),
        window_rows=len(window),
    )  # fmt: skip
