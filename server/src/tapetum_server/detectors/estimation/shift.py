"""Covariate shift: weights that make the baseline look like the window, so that its labels count where the window is.

CBPE supposes that a score means the same in both. Where the mix of rows moved, a score of 0.7 may stand for other
rows than before. The chance that a row is the window's, by a logistic regression over one-hot features, gives each row
of the baseline its weight (as in M-CBPE and PAPE); the calibration is then fitted with them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tapetum_server.detectors.performance.counts import Floats

Codes = npt.NDArray[np.int64]
MAX_WEIGHT = 20.0
"""No row of the baseline stands for more than this many: a few rows would decide everything."""
_RIDGE = 1.0
_STEPS = 25


@dataclass(frozen=True, slots=True)
class Weights:
    """Of each row of the baseline; their mean is 1."""

    rows: Floats
    effective_share: float
    """How many rows they are worth, as a share of all (Kish): near 0, the baseline says little about the window."""


def shift_weights(
    baseline: Codes, baseline_rows: Floats, window: Codes, window_rows: Floats, sizes: list[int]
) -> Weights:
    """Weights of coded rows: a column per feature with codes below `sizes[k]`, and how often each row stands."""
    offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    places = np.concatenate([baseline, window]) + offsets
    target = np.concatenate([np.zeros(len(baseline)), np.ones(len(window))])
    total_b, total_w = float(baseline_rows.sum()), float(window_rows.sum())
    # Both sides weigh the same, so that the odds are the ratio of densities.
    weights = np.concatenate([baseline_rows / total_b, window_rows / total_w]) * (total_b + total_w) / 2
    odds = np.exp(np.clip(_logits(places, target, weights, int(sum(sizes)))[: len(baseline)], -10, 10))
    odds = np.minimum(odds, MAX_WEIGHT)
    odds /= float(odds @ baseline_rows) / total_b
    effective = float(odds @ baseline_rows) ** 2 / float((odds**2) @ baseline_rows) / total_b
    return Weights(odds, effective)


def _logits(places: Codes, target: Floats, weights: Floats, width: int) -> Floats:
    """Of a logistic regression with a little ridge, by Newton's steps over the one-hot columns."""
    beta = np.zeros(width + 1)
    for _ in range(_STEPS):
        logits = beta[-1] + beta[places].sum(1)
        chance = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
        residual, curvature = weights * (target - chance), weights * chance * (1 - chance) + 1e-12
        gradient = np.zeros(width + 1)
        hessian = np.zeros((width + 1, width + 1))
        gradient[-1], hessian[-1, -1] = residual.sum(), curvature.sum()
        for a in range(places.shape[1]):
            np.add.at(gradient, places[:, a], residual)
            edge = np.bincount(places[:, a], curvature, width + 1)
            hessian[-1, :] += edge
            hessian[:, -1] += edge
            for b in range(places.shape[1]):
                pair = places[:, a] * (width + 1) + places[:, b]
                hessian += np.bincount(pair, curvature, (width + 1) ** 2).reshape(width + 1, width + 1)
        gradient -= _RIDGE * beta
        hessian[np.diag_indices(width + 1)] += _RIDGE
        step = np.linalg.solve(hessian, gradient)
        beta += step
        if np.abs(step).max() < 1e-6:
            break
    final: Floats = beta[-1] + beta[places].sum(1)
    return final
