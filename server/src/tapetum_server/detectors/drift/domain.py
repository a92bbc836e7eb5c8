"""Drift that a model can see: how well a classifier tells rows of the window from rows of the baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tapetum_server.detectors.drift.vectors import Vectors

FOLDS = 3
MIN_TELLING = 0.02
"""So much of the area goes where a column is shuffled that tells something; less is noise."""


class MissingExtra(RuntimeError):
    """A package that only some installations have is not there."""


@dataclass(frozen=True, slots=True)
class DomainDrift:
    """Whether the two sides can be told apart row by row."""

    auc: float
    """Of rows that the classifier has not seen: 0.5 cannot tell them, 1 always can."""
    p: float
    """How likely so large an area is where there is nothing to tell (Mann and Whitney's test)."""
    telling: tuple[tuple[int, float], ...]
    """Columns without which it tells worse, and by how much of the area, the most telling first."""


def domain_drift(baseline: Vectors, window: Vectors, *, linear: bool = False, seed: int = 0) -> DomainDrift:
    """Cross-validated area under the curve of a classifier: boosted trees, or logistic regression where `linear`.

    NaN are values of their own to the trees. Raises `MissingExtra` where scikit-learn is not installed.
    """
    try:
        from sklearn.model_selection import StratifiedKFold
        from threadpoolctl import threadpool_limits  # which scikit-learn brings
    except ImportError as error:
        raise MissingExtra("a domain classifier takes scikit-learn, which is not installed") from error
    rows, side = np.concatenate([baseline, window]), np.repeat([0, 1], [len(baseline), len(window)])
    scores = np.zeros(len(rows))
    drops = np.zeros(rows.shape[1])
    random = np.random.default_rng(seed)
    folds = list(StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(rows, side))
    # One thread: so little work is done sooner than several, on cores that others use, have waited for one another.
    with threadpool_limits(1):
        for number, (train, test) in enumerate(folds):
            model = _classifier(linear, seed)
            # A column of which the fold knows no value says nothing, and scikit-learn fails on it.
            seen = np.where(np.isfinite(rows[train]).any(axis=0), rows, 0)
            model.fit(seen[train], side[train])
            scores[test] = _ranks(model.predict_proba(seen[test])[:, 1])
            if number == 0 and not linear:
                drops = _drops(model, seen[test], side[test], random)
    auc = _auc(scores, side)
    deviation = np.sqrt((len(rows) + 1) / (12 * len(baseline) * len(window)))
    from scipy.special import ndtr

    telling = [(int(n), float(drops[n])) for n in np.argsort(-drops)[:5] if drops[n] > MIN_TELLING]
    return DomainDrift(auc, float(ndtr(-(auc - 0.5) / deviation)), tuple(telling))


def _classifier(linear: bool, seed: int) -> Any:
    if linear:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=200))
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(max_iter=50, max_leaf_nodes=15, early_stopping=False, random_state=seed)


def _drops(model: Any, rows: Vectors, side: Vectors, random: np.random.Generator) -> Vectors:
    """How much of the area is lost where a column is shuffled."""
    whole = _auc(model.predict_proba(rows)[:, 1], side)
    drops = np.zeros(rows.shape[1])
    for n in range(rows.shape[1]):
        shuffled = rows.copy()
        shuffled[:, n] = random.permutation(shuffled[:, n])
        drops[n] = whole - _auc(model.predict_proba(shuffled)[:, 1], side)
    return drops


def _ranks(scores: Vectors) -> Vectors:
    """As shares of the largest rank, ties in the middle, so that folds with other models compare."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(scores)) / len(scores)


def _auc(scores: Vectors, side: Vectors) -> float:
    ranks = _ranks(scores) * len(scores)
    positive = int(side.sum())
    negative = len(side) - positive
    return float((ranks[side == 1].sum() - positive * (positive + 1) / 2) / (positive * negative))
