"""Many dimensions as a picture: the plane in which vectors differ most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float64]
"""One row per vector."""


@dataclass(frozen=True, slots=True)
class Plane:
    """Vectors as points of their principal plane."""

    points: Vectors
    """Two columns."""
    explained: tuple[float, float]
    """Of the whole variance, the share along either axis."""


def principal_plane(vectors: Vectors) -> Plane:
    """The first two principal components of all vectors together, by singular value decomposition.

    Deterministic: of an axis and its opposite, the one along which the largest weight is positive.
    """
    if not vectors.size:
        return Plane(np.zeros((len(vectors), 2)), (0.0, 0.0))
    centred = vectors - vectors.mean(axis=0)
    variance = float(np.sum(centred**2))
    if not variance:
        return Plane(np.zeros((len(vectors), 2)), (0.0, 0.0))
    axes = _axes(centred)
    axes *= np.where(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)] < 0, -1, 1)[:, None]
    points = np.zeros((len(vectors), 2))
    points[:, : len(axes)] = centred @ axes.T
    first, second = (float(share) for share in np.sum(points**2, axis=0) / variance)
    return Plane(points, (first, second))


def _axes(centred: Vectors) -> Vectors:
    if min(centred.shape) <= 16:
        return np.asarray(np.linalg.svd(centred, full_matrices=False)[2][:2])
    # A few of many components: Lanczos' method finds them without the others.
    from scipy.sparse.linalg import svds

    start = np.random.default_rng(0).standard_normal(min(centred.shape))
    _, sizes, axes = svds(centred, k=2, v0=start)
    return np.asarray(axes[np.argsort(-sizes)])
