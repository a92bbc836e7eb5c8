"""Drift of vectors: embeddings as they are, and texts as hashed n-grams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float64]
"""One row per vector."""
FOURIER = 512
"""Random Fourier features that stand for the Gaussian kernel."""
PERMUTATIONS = 200
DIMENSIONS = 1_024
"""Buckets that n-grams of texts are hashed into."""
N_GRAM = 3
MAX_CHARACTERS = 2_000
"""A longer text is read up to here."""


@dataclass(frozen=True, slots=True)
class VectorDrift:
    """How far two clouds of vectors lie apart."""

    centroid_distance: float
    """Between the means, in the root mean square distance of the baseline's vectors from theirs."""
    cosine_distance: float
    """One less the cosine between the means."""
    mmd: float
    p: float
    """Of MMD, by permutation."""


def vector_drift(baseline: Vectors, window: Vectors, seed: int = 0) -> VectorDrift:
    """Centroid distances, and maximum mean discrepancy by random Fourier features with a p-value by permutation.

    Deterministic: the features, and the permutations, come from `seed`.
    """
    random = np.random.default_rng(seed)
    b, w = baseline.mean(axis=0), window.mean(axis=0)
    spread = float(np.sqrt(np.mean(np.sum((baseline - b) ** 2, axis=1))))
    apart = float(np.linalg.norm(w - b))
    norms = float(np.linalg.norm(b) * np.linalg.norm(w))
    value, p = _mmd(baseline, window, random)
    return VectorDrift(
        centroid_distance=apart / spread if spread else float("inf") if apart else 0.0,
        cosine_distance=1 - float(b @ w) / norms if norms else 0.0,
        mmd=value,
        p=p,
    )


def _mmd(baseline: Vectors, window: Vectors, random: np.random.Generator) -> tuple[float, float]:
    both = np.concatenate([baseline, window])
    pairs = random.integers(0, len(both), (2, 2_000))
    distances = np.linalg.norm(both[pairs[0]] - both[pairs[1]], axis=1)
    width = float(np.median(distances[distances > 0])) if distances.any() else 0.0
    if not width:
        return 0.0, 1.0
    angles = both @ (random.standard_normal((both.shape[1], FOURIER)) / width)
    features = np.concatenate([np.cos(angles), np.sin(angles)], axis=1) / np.sqrt(FOURIER)
    n, m = len(baseline), len(window)
    total = features.sum(axis=0)
    sums = [features[:n].sum(axis=0)]
    sums += [features[random.permutation(len(both))[:n]].sum(axis=0) for _ in range(PERMUTATIONS)]
    of_baseline = np.array(sums)
    squared = np.sum((of_baseline / n - (total - of_baseline) / m) ** 2, axis=1)
    p = (1 + int(np.sum(squared[1:] >= squared[0]))) / (1 + PERMUTATIONS)
    return float(np.sqrt(squared[0])), p


def hashed_ngrams(texts: Sequence[str]) -> Vectors:
    """Texts as shares of their n-grams of characters, in lower case, hashed into `DIMENSIONS` buckets."""
    vectors = np.zeros((len(texts), DIMENSIONS))
    for row, text in enumerate(texts):
        padded = f" {' '.join(text[:MAX_CHARACTERS].lower().split())} ".encode()
        for at in range(max(1, len(padded) - N_GRAM + 1)):
            vectors[row, crc32(padded[at : at + N_GRAM]) % DIMENSIONS] += 1
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norms, norms, 1)
