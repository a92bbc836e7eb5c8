"""Drift that no feature shows by itself: of all of them together, of embeddings, of texts, of attributions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tapetum_server.analysis.drift.answers import DriftTogether, Telling
from tapetum_server.analysis.drift.matrices import coded, embedded, filled
from tapetum_server.analysis.drift.pairing import Pair
from tapetum_server.analysis.drift.settings import DriftSettings
from tapetum_server.analysis.words import counted
from tapetum_server.detectors.drift.attribution import ndcg
from tapetum_server.detectors.drift.counts import shares
from tapetum_server.detectors.drift.domain import MissingExtra, domain_drift
from tapetum_server.detectors.drift.pca import reconstruction_drift
from tapetum_server.detectors.drift.vectors import Vectors, hashed_ngrams, vector_drift
from tapetum_server.detectors.drift.verdict import Verdict, verdict_of
from tapetum_server.query.drift_samples import mean_sizes, sampled_rows
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import Frame, FrameColumn
from tapetum_server.query.reader import Reader

SAMPLE = 5_000
"""Rows of either side that a model looks at."""
VECTORS = 2_000
"""Embeddings and texts of either side."""
PCA_CHUNKS = 10
MIN_AUC = 0.6
MIN_MMD = 0.1
MIN_NDCG_LOSS = 0.1


@dataclass(frozen=True, slots=True)
class Frames:
    """Both sides and how many rows they have."""

    baseline: Frame
    window: Frame
    baseline_rows: int
    window_rows: int


async def drift_together(
    reader: Reader, frames: Frames, pairs: Sequence[Pair], settings: DriftSettings
) -> list[DriftTogether]:
    """What was asked of several features at once. Raises `QueryError` where a package is missing."""
    found: list[DriftTogether] = []
    try:
        both = [pair for pair in pairs if pair.window is not None]
        if settings.multivariate and both:
            found += await _of_rows(reader, frames, both, settings)
        for name in settings.embeddings:
            found += await _of_embedding(reader, frames, name, settings)
        for name in settings.texts:
            found += await _of_text(reader, frames, name, settings)
    except MissingExtra as error:
        raise QueryError(str(error), code="missing_extra", hint="pip install 'tapetum[analysis]'") from error
    if settings.attributions:
        found.append(await _of_attributions(reader, frames, settings))
    return found


async def _of_rows(
    reader: Reader, frames: Frames, pairs: Sequence[Pair], settings: DriftSettings
) -> list[DriftTogether]:
    columns = [pair.baseline for pair in pairs], [pair.window for pair in pairs if pair.window is not None]
    b = await sampled_rows(reader, frames.baseline, columns[0], frames.baseline_rows, SAMPLE)
    w = await sampled_rows(reader, frames.window, columns[1], frames.window_rows, SAMPLE)
    baseline, window = coded(pairs, b, w)
    found = []
    if "classifier" in settings.multivariate:
        found.append(await _classified("all features", baseline, window, [p.name for p in pairs], settings))
    if "pca" in settings.multivariate:
        found.append(await asyncio.to_thread(_reconstructed, *filled(baseline, window), settings))
    return found


async def _classified(
    of: str, baseline: Vectors, window: Vectors, names: Sequence[str], settings: DriftSettings
) -> DriftTogether:
    """`names` are those of the columns; without them they are mere dimensions, and a linear model does."""
    if min(len(baseline), len(window)) < settings.min_rows:
        return _unknown("classifier", of, baseline, window, MIN_AUC)
    found = await asyncio.to_thread(domain_drift, baseline, window, linear=not names)
    telling = [Telling(name=names[n], value=drop) for n, drop in found.telling]
    by = f", by {', '.join(one['name'] for one in telling[:3])}" if telling else ""
    return DriftTogether(
        method="classifier", of=of, value=found.auc, threshold=MIN_AUC, p=found.p,
        verdict=verdict_of(found.auc, MIN_AUC, found.p, settings.alpha),
        says=f"a classifier tells rows of the window from those of the baseline with an area of {found.auc:.3f}{by}",
        telling=telling, baseline_rows=len(baseline), window_rows=len(window),
    )  # fmt: skip


def _reconstructed(baseline: Vectors, window: Vectors, settings: DriftSettings) -> DriftTogether:
    of = "all features"
    if min(len(baseline) // PCA_CHUNKS, len(window)) < settings.min_rows:
        return _unknown("pca", of, baseline, window, None)
    found = reconstruction_drift(np.array_split(baseline, PCA_CHUNKS), window)
    drift = not found.lower <= found.error <= found.upper
    limit = found.lower if found.error < found.lower else found.upper
    return DriftTogether(
        method="pca", of=of, value=found.error, threshold=limit, p=None, verdict="drift" if drift else "no_drift",
        says=f"components of the baseline miss a row by {found.error:.3f} deviations, "
        f"{found.baseline_error:.3f} in the baseline ({found.lower:.3f} to {found.upper:.3f} are usual)",
        telling=[], baseline_rows=len(baseline), window_rows=len(window),
    )  # fmt: skip


def _column(frame: Frame, name: str, kind: str, what: str) -> FrameColumn:
    column = frame.column(name)
    if column.kind != kind:
        raise QueryError(f"column {name!r} holds no {what}", code="not_such", hint=f"It holds: {column.kind}.")
    return column


async def _of_embedding(reader: Reader, frames: Frames, name: str, settings: DriftSettings) -> list[DriftTogether]:
    b, w = await _values(reader, frames, name, "numeric_list", "lists of numbers")
    baseline, _ = embedded(b)
    window, other = embedded(w, baseline.shape[1])
    note = f"; {counted(other, 'row')} of the window left out, with no vector of {baseline.shape[1]}" if other else ""
    return await _vectors(f"embedding {name}", baseline, window, note, settings)


async def _of_text(reader: Reader, frames: Frames, name: str, settings: DriftSettings) -> list[DriftTogether]:
    b, w = await _values(reader, frames, name, "categorical", "texts")
    baseline = await asyncio.to_thread(hashed_ngrams, [text for text in b if text])
    window = await asyncio.to_thread(hashed_ngrams, [text for text in w if text])
    return await _vectors(f"text {name}", baseline, window, "", settings)


async def _values(reader: Reader, frames: Frames, name: str, kind: str, what: str) -> tuple[list[Any], list[Any]]:
    columns = _column(frames.baseline, name, kind, what), _column(frames.window, name, kind, what)
    (b,) = await sampled_rows(reader, frames.baseline, columns[:1], frames.baseline_rows, VECTORS)
    (w,) = await sampled_rows(reader, frames.window, columns[1:], frames.window_rows, VECTORS)
    return b, w


async def _vectors(
    of: str, baseline: Vectors, window: Vectors, note: str, settings: DriftSettings
) -> list[DriftTogether]:
    if min(len(baseline), len(window)) < settings.min_rows:
        return [_unknown("mmd", of, baseline, window, MIN_MMD)]
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
        answers.append(await _classified(of, baseline, window, (), settings))
    return answers


async def _of_attributions(reader: Reader, frames: Frames, settings: DriftSettings) -> DriftTogether:
    prefix = settings.attributions
    names = [c.name for c in frames.baseline.columns if c.name.startswith(prefix) and c.kind == "numeric"]
    if len(names) < 2:
        raise QueryError(
            f"fewer than two columns of numbers begin with {prefix!r}", code="no_attributions",
            hint="Attributions are columns of one prefix and the feature's name, such as shap_income.",
        )  # fmt: skip
    b, w = [
        await mean_sizes(reader, frame, [frame.column(name) for name in names])
        for frame in (frames.baseline, frames.window)
    ]
    before, now = (shares([mean for mean, _ in side]) for side in (b, w))
    rows = min(n for _, n in b), min(n for _, n in w)
    value = 1 - ndcg([float(x) for x in before], [float(x) for x in now])
    moved = sorted(zip(names, now - before), key=lambda one: -abs(one[1]))[:5]
    verdict: Verdict = "not_enough_data" if min(rows) < settings.min_rows else "no_drift"
    if verdict == "no_drift" and value > MIN_NDCG_LOSS:
        verdict = "drift"
    telling = [Telling(name=name.removeprefix(prefix), value=float(change)) for name, change in moved]
    listed = ", ".join(f"{one['name']} {one['value']:+.1%}" for one in telling[:3])
    return DriftTogether(
        method="ndcg", of=f"attributions {prefix}", value=value, threshold=MIN_NDCG_LOSS, p=None, verdict=verdict,
        says=f"the ranking of what matters lost {value:.3f} of its gain; shares moved most: {listed}",
        telling=telling, baseline_rows=rows[0], window_rows=rows[1],
    )  # fmt: skip


def _unknown(method: str, of: str, baseline: Vectors, window: Vectors, threshold: float | None) -> DriftTogether:
    return DriftTogether(
        method=method, of=of, value=None, threshold=threshold, p=None, verdict="not_enough_data",
        says=f"too few rows: {len(window):,} held against {len(baseline):,}", telling=[], baseline_rows=len(baseline),
        window_rows=len(window),
    )  # fmt: skip
