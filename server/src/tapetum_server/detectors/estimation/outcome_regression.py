"""What came true, learned from features: the chance of a positive label whatever model scores the row.

An outcome regression over the labelled predictions of a baseline, put in the place of labels that have not come: the
direct method of off-policy evaluation (Dudík, Langford and Li 2011, "Doubly robust policy evaluation and learning",
section 2: learn what follows from what is known, then value another policy's choices by it). The choices are the calls
of a version of a model. As it asks no score, it sees a model that turned bad; as it is learned from old labels, it does
not see a world that changed. Every row that is learned from is judged by models that have not seen its label
(cross-fitting; Chernozhukov et al. 2018). Before a version is judged, chances are moved so that on the labelled rows,
where it would have called yes and where no, they add up to what came (targeted maximum likelihood; van der Laan and
Rubin 2006): else calls that know more than the trees would be told as less often right than they are.

Trees are scikit-learn's (the extra `analysis`), as they are of `dle`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tapetum_server.detectors.estimation.calibrating import (
    AS_IT_IS,
    ECE_BINS,
    Calibrator,
    calibrator,
    equal_count_error,
    isotonic,
)
from tapetum_server.detectors.estimation.dle import MissingExtra
from tapetum_server.detectors.performance.counts import Floats, score_counts
from tapetum_server.detectors.performance.curves import roc_auc

FOLDS = 5
MIN_LABELLED = 200
MIN_OF_EACH = 20
"""Positive and negative labels that are needed."""
MAX_CATEGORIES = 255
"""Values of a category that trees tell apart; a feature with more is an id or a text, and left out."""
_FEW = 2_000
"""Labelled rows below which trees stay small: with more freedom they learn what is chance."""
_STEPS = 25
_NEVER = 1e-4
"""No label is more certain than this."""
_MARGIN = 0.1
"""By how much of its range a number may lie beyond what was learned from."""

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class OutcomeRows:
    """Rows in any order."""

    features: Floats
    """Rows by features; categories as whole numbers, -1 for one that is not known, what is missing as NaN."""
    scores: Floats
    called: Floats
    """1 where called positive, else 0."""
    labels: Floats
    """1, 0, and NaN where no label is known."""
    versions: Places
    """Place of the version in a list that the caller keeps."""
    chunks: Places
    """Place of the chunk, likewise."""
    keys: Places
    """Of each row a number of its own, the same wherever the row is met."""
    codes: Places
    """Of the features by which slices are told."""

    @property
    def total(self) -> int:
        """Rows."""
        return len(self.scores)

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Which labels are known."""
        known: npt.NDArray[np.bool_] = np.isfinite(self.labels)
        return known

    def those(self, which: npt.NDArray[Any]) -> OutcomeRows:
        """The rows of a mask, or at places."""
        return OutcomeRows(*(getattr(self, name)[which] for name in OutcomeRows.__slots__))


@dataclass(frozen=True, slots=True)
class Quality:
    """How well the outcomes of rows that were kept out are told."""

    auc: float
    auc_error: float
    """Standard error of the area, were there nothing to tell (Mann-Whitney)."""
    calibration_error: float
    by_chance: float
    """The calibration error that chances which are right would show over as many rows."""


@dataclass(frozen=True, slots=True)
class OutcomeModel:
    """Chances of a positive label, by features."""

    models: tuple[Any, ...]
    curve: Calibrator
    learned: OutcomeRows
    """What it was learned from, by ascending keys."""
    held_out: Floats
    """Chances of these by models that have not seen them."""
    noise: float
    """Mean variance of a label where its chance is known."""
    quality: Quality
    lowest: Floats
    highest: Floats
    """Between which numbers each feature lay, with a margin; NaN for categories and what was never there."""

    @property
    def rows(self) -> int:
        """How many labelled rows it was learned from."""
        return self.learned.total

    def chances(self, rows: OutcomeRows) -> Floats:
        """Of a positive label, for each row; of a row that was learned from, by the models that have not seen it."""
        each = np.column_stack([chances_of(model, rows.features) for model in self.models])
        keys = self.learned.keys
        place = np.minimum(np.searchsorted(keys, rows.keys), len(keys) - 1)
        seen = keys[place] == rows.keys
        own = each[np.arange(rows.total), rows.keys % FOLDS]
        return self.curve(np.where(seen, own, each.mean(1)))

    def outside(self, rows: OutcomeRows) -> Floats:
        """Of each feature, the share of rows where it lies outside of what was learned from."""
        with np.errstate(invalid="ignore"):
            beyond = (rows.features < self.lowest) | (rows.features > self.highest)
            unknown = np.isnan(self.lowest) & (rows.features == -1)
        return np.asarray((beyond | unknown).mean(0), np.float64)


def fit(rows: OutcomeRows, categorical: Sequence[bool], *, seed: int = 0) -> OutcomeModel:
    """Learn from rows whose labels are known, of at least one positive and one negative in every fold's rest.

    Raises `MissingExtra` without scikit-learn.
    """
    rows = rows.those(np.argsort(rows.keys, kind="stable"))
    folds, labels = rows.keys % FOLDS, rows.labels
    models = [trees(rows.features[folds != k], labels[folds != k], categorical, seed=seed) for k in range(FOLDS)]
    raw = np.empty(rows.total)
    for k, model in enumerate(models):
        raw[folds == k] = chances_of(model, rows.features[folds == k])
    curve = calibrator(score_counts(raw, labels), seed=seed)
    chances = raw if curve is AS_IT_IS else np.empty(rows.total)
    if curve is not AS_IT_IS:
        for k in range(FOLDS):
            chances[folds == k] = isotonic(score_counts(raw[folds != k], labels[folds != k]))(raw[folds == k])
    numbers = np.where(np.asarray(categorical, bool), np.nan, rows.features)
    there = ~np.isnan(numbers).all(0)
    low, high = np.full(numbers.shape[1], np.nan), np.full(numbers.shape[1], np.nan)
    low[there], high[there] = np.nanmin(numbers[:, there], 0), np.nanmax(numbers[:, there], 0)
    margin = _MARGIN * (high - low)
    return OutcomeModel(
        tuple(models), curve, rows, chances, float(np.mean(chances * (1 - chances))),
        _quality(labels, chances), low - margin, high + margin,
    )  # fmt: skip


def trees(features: Floats, labels: Floats, categorical: Sequence[bool], *, seed: int) -> Any:
    """Boosted trees for yes or no; where all rows say the same, that share. Raises `MissingExtra`."""
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits
    except ImportError:
        raise MissingExtra("estimates from outcomes need scikit-learn") from None
    if labels.min() == labels.max():
        return float(labels[0])
    # scikit-learn cuts no bins where nothing is there.
    features = np.where(np.isnan(features).all(0), 0.0, features)
    few = len(labels) < _FEW
    by_category = [
        bool(flag) and bool((features[:, k] >= 0).any()) for k, flag in enumerate(categorical)
    ]  # fmt: skip
    model = HistGradientBoostingClassifier(
        random_state=seed, categorical_features=by_category, max_leaf_nodes=4 if few else 8,
        max_iter=50 if few else 100, early_stopping=False,
    )  # fmt: skip
    # One thread: on a busy machine, threads that wait for each other cost many times what they save.
    with threadpool_limits(1):
        return model.fit(features, labels)


def targeted(model: OutcomeModel, learned: Sequence[Floats], chances: Floats, here: Sequence[Floats]) -> Floats:
    """Chances, moved along how calls are made: `learned` and `here` say in as many ways which rows are called yes.

    A logistic regression with the chances as its offset and a little ridge, by Newton's steps.
    """
    covariates = np.column_stack([np.ones(model.rows), *learned])
    offset, labels = _logit(model.held_out), model.learned.labels
    beta = np.zeros(covariates.shape[1])
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-(offset + covariates @ beta)))
        gradient = covariates.T @ (labels - p) - beta
        hessian = (covariates * (p * (1 - p))[:, None]).T @ covariates + np.eye(len(beta))
        step = np.linalg.solve(hessian, gradient)
        beta += step
        if np.abs(step).max() < 1e-8:
            break
    moved = _logit(chances) + np.column_stack([np.ones(len(chances)), *here]) @ beta
    return np.asarray(1 / (1 + np.exp(-moved)), np.float64)


def _logit(chances: Floats) -> Floats:
    inner = np.clip(chances, _NEVER, 1 - _NEVER)
    return np.asarray(np.log(inner / (1 - inner)), np.float64)


def chances_of(model: Any, features: Floats) -> Floats:
    """What `trees` say of these rows."""
    if isinstance(model, float):
        return np.full(len(features), model)
    if not len(features):
        return np.empty(0)
    from threadpoolctl import threadpool_limits  # comes with scikit-learn, which has fitted the model

    with threadpool_limits(1):
        return np.asarray(model.predict_proba(features)[:, 1], np.float64)


def _quality(labels: Floats, chances: Floats) -> Quality:
    positive = float(labels.sum())
    negative = len(labels) - positive
    each = np.sort(chances)
    parts = [part for part in np.array_split(each, ECE_BINS) if len(part)]
    by_chance = sum(
        len(part) * math.sqrt(2 / math.pi * float(np.mean(part * (1 - part))) / len(part)) for part in parts
    )  # fmt: skip
    return Quality(
        roc_auc(score_counts(chances, labels)),
        math.sqrt((positive + negative + 1) / (12 * positive * negative)),
        equal_count_error(labels, chances),
        by_chance / len(labels),
    )
