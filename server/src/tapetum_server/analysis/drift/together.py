"""Drift that no feature shows by itself: of all of them together, of embeddings, of texts, of attributions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np

from tapetum_server.analysis.drift.answers import DriftTogether
from tapetum_server.analysis.drift.attributions import of_attributions
from tapetum_server.analysis.drift.matrices import coded, filled
from tapetum_server.analysis.drift.pairing import Pair
from tapetum_server.analysis.drift.settings import DriftSettings
from tapetum_server.analysis.drift.vectors import Frames, classified, of_embedding, of_text, unknown
from tapetum_server.detectors.drift.domain import MissingExtra
from tapetum_server.detectors.drift.pca import reconstruction_drift
from tapetum_server.detectors.drift.vectors import Vectors
from tapetum_server.query.drift_samples import sampled_rows
from tapetum_server.query.errors import QueryError
from tapetum_server.query.reader import Reader

SAMPLE = 5_000
"""Rows of either side that a model looks at."""
PCA_CHUNKS = 10


async def drift_together(
    reader: Reader, frames: Frames, pairs: Sequence[Pair], settings: DriftSettings
) -> list[DriftTogether]:
    """What was asked of several features at once. Raises `QueryError` where a package is missing."""
    found: list[DriftTogether] = []
    try:
        # That a label has not come yet tells the sides apart, and is no drift.
        both = [pair for pair in pairs if pair.window is not None and pair.name not in settings.late]
        if settings.multivariate and both:
            found += await _of_rows(reader, frames, both, settings)
        for name in settings.embeddings:
            found += await of_embedding(reader, frames, name, settings)
        for name in settings.texts:
            found += await of_text(reader, frames, name, settings)
    except MissingExtra as error:
        raise QueryError(str(error), code="missing_extra", hint="pip install 'tapetum[analysis]'") from error
    if settings.attributions:
        found.append(await of_attributions(reader, frames.baseline, frames.window, settings))
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
        found.append(await classified("all features", baseline, window, [p.name for p in pairs], settings))
    if "pca" in settings.multivariate:
        found.append(await asyncio.to_thread(_reconstructed, *filled(baseline, window), settings))
    return found


def _reconstructed(baseline: Vectors, window: Vectors, settings: DriftSettings) -> DriftTogether:
    of = "all features"
    if min(len(baseline) // PCA_CHUNKS, len(window)) < settings.min_rows:
        return unknown("pca", of, baseline, window, None)
    found = reconstruction_drift(np.array_split(baseline, PCA_CHUNKS), window)
    drift = not found.lower <= found.error <= found.upper
    limit = found.lower if found.error < found.lower else found.upper
    return DriftTogether(
        method="pca", of=of, value=found.error, threshold=limit, p=None, verdict="drift" if drift else "no_drift",
        says=f"components of the baseline miss a row by {found.error:.3f} deviations, "
        f"{found.baseline_error:.3f} in the baseline ({found.lower:.3f} to {found.upper:.3f} are usual)",
        telling=[], baseline_rows=len(baseline), window_rows=len(window),
    )  # fmt: skip
