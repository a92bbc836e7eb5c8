"""Statistics of many windows added up: moments exactly, ranks and frequent values as far as each window kept them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tapetum_server.signals.feature_statistics import (
    MOST_VALUES,
    POINTS,
    Bucket,
    Counts,
    DatasetStatistics,
    FeatureStatistics,
    NumericStatistics,
    TextStatistics,
)

SUMS = (
    "present", "missing", "values", "fewest", "most", "finite", "nan", "negative_infinity", "positive_infinity",
    "zeros", "mean", "squared_deviations", "minimum", "maximum", "unique", "unique_exact", "total_bytes", "shortest",
    "longest", "not_utf8",
)  # fmt: skip
"""What a row of sums holds. `finite` is NaN where values are no numbers, `unique` where they are no texts."""
_AT = {name: place for place, name in enumerate(SUMS)}
_LEVELS = np.linspace(0, 1, POINTS)
_DECILES = np.linspace(0, 1, 11)
Floats = NDArray[np.float64]
Places = NDArray[np.int64]
_NEITHER, _NUMERIC, _TEXT = range(3)


@dataclass(frozen=True, slots=True)
class Ragged:
    """Lists of different lengths, one after the other: that of row i lies between `ends[i]` and `ends[i + 1]`."""

    flat: NDArray[np.float64] | NDArray[np.int64]
    ends: Places

    def of(self, rows: Places) -> tuple[Places, Places]:
        """Where the values of these rows lie in `flat`, and of which of `rows` each is."""
        lengths = self.ends[rows + 1] - self.ends[rows]
        owner = np.repeat(np.arange(len(rows)), lengths)
        within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return self.ends[rows][owner] + within, owner


@dataclass(frozen=True, slots=True)
class States:
    """Rows of statistics, each of one feature in one window."""

    window: Places
    """Of which window each is; callers know what the numbers mean."""
    feature: Places
    """Place in `names`."""
    names: Sequence[str]
    kinds: Sequence[str]
    """By row; so is `types`."""
    types: Sequence[str]
    position: Places
    sums: Floats
    """A column for each of `SUMS`."""
    lengths: Floats
    """Edges of ten buckets of values per row; NaN where no row holds more than one."""
    points: Ragged
    words: Ragged
    """Places in `vocabulary` of the most frequent values."""
    frequencies: Floats
    """One for each of `words.flat`."""
    vocabulary: Sequence[str]


def sums_of(feature: FeatureStatistics) -> list[float]:
    """What a row of `SUMS` holds of these statistics, and the edges of their lengths where rows hold lists."""
    counts, numeric, text = feature.counts, feature.numeric, feature.text
    of_numbers = [math.nan, 0.0, 0.0, 0.0, 0.0, *[math.nan] * 4]
    if numeric is not None:
        of_numbers = [
            numeric.finite, numeric.nan, numeric.negative_infinity, numeric.positive_infinity, numeric.zeros,
            numeric.mean, numeric.squared_deviations, numeric.minimum, numeric.maximum,
        ]  # fmt: skip
    of_texts = [math.nan, 1.0, 0.0, 0.0, 0.0, 0.0]
    if text is not None:
        of_texts = [text.unique, text.unique_exact, text.total_bytes, text.shortest, text.longest, text.not_utf8]
    told = [counts.present, counts.missing, counts.values, counts.fewest, counts.most, *of_numbers, *of_texts]
    edges = [counts.lengths[0].low, *(one.high for one in counts.lengths)] if counts.most > 1 and counts.lengths else []
    return [float(value) for value in (*told, *edges)]


def added(states: States, windows: NDArray[np.bool_], *, rows: int, slice: str) -> DatasetStatistics:
    """Of the windows for which `windows` holds, which have `rows` rows together. Histograms are not made yet.

    A window that has no statistics of a feature had none of its values. A feature whose values are numbers in one
    window and texts in another is as most of its values are.
    """
    chosen = np.flatnonzero(windows[states.window]) if len(states.window) else np.zeros(0, np.int64)
    what = np.where(
        ~np.isnan(states.sums[chosen, _AT["finite"]]),
        _NUMERIC,
        np.where(~np.isnan(states.sums[chosen, _AT["unique"]]), _TEXT, _NEITHER),
    )
    key = states.feature[chosen] * 3 + what
    order = np.argsort(key, kind="stable")
    chosen, key = chosen[order], key[order]
    begins = np.flatnonzero(np.diff(key, prepend=-1))
    found: dict[int, tuple[float, int, FeatureStatistics]] = {}
    for begin, stop in pairwise([*begins.tolist(), len(key)]):
        feature, kind = divmod(int(key[begin]), 3)
        part = chosen[begin:stop]
        values = float(states.sums[part, _AT["values"]].sum())
        if feature not in found or values > found[feature][0]:
            found[feature] = (values, int(states.position[part].min()), _feature(states, part, kind, rows))
    ordered = sorted(found.values(), key=lambda one: (one[1], one[2].feature))
    return DatasetStatistics(slice=slice, rows=rows, features=tuple(one for _, _, one in ordered))


def _feature(states: States, part: Places, kind: int, rows: int) -> FeatureStatistics:
    sums = states.sums[part]
    present = float(sums[:, _AT["present"]].sum())
    held = sums[:, _AT["present"]] > 0
    most = int(sums[:, _AT["most"]].max())
    edges = [1.0] * 11 if most < 2 else _length_edges(states, part)
    counts = Counts(
        present=present,
        missing=rows - present,
        values=float(sums[:, _AT["values"]].sum()),
        fewest=int(sums[held, _AT["fewest"]].min()) if held.any() else 0,
        most=most,
        lengths=tuple(Bucket(low, high, present / 10) for low, high in pairwise(edges)) if present and edges else (),
    )
    return FeatureStatistics(
        feature=states.names[int(states.feature[part[0]])],
        kind=states.kinds[int(part[0])],
        type=states.types[int(part[0])],  # type: ignore[arg-type]  # one of the table's own
        counts=counts,
        numeric=_numeric(states, part, sums) if kind == _NUMERIC else None,
        text=_text(states, part, sums) if kind == _TEXT else None,
    )


def _length_edges(states: States, part: Places) -> list[float]:
    """Deciles of the windows' own edges; a window of single values has one at each."""
    edges = np.where(np.isnan(states.lengths[part]), 1.0, states.lengths[part])
    weights = np.repeat(states.sums[part, _AT["present"]], edges.shape[1])
    return [float(edge) for edge in weighted_quantiles(edges.ravel(), weights, _DECILES)]


def _numeric(states: States, part: Places, sums: Floats) -> NumericStatistics:
    def total(name: str) -> float:
        return float(sums[:, _AT[name]].sum())

    counted = sums[sums[:, _AT["finite"]] > 0]
    finite = float(counted[:, _AT["finite"]].sum())
    apart = NumericStatistics(
        nan=total("nan"), negative_infinity=total("negative_infinity"), positive_infinity=total("positive_infinity"),
        zeros=total("zeros"),
    )  # fmt: skip
    if not finite:
        return apart
    sizes, means = counted[:, _AT["finite"]], counted[:, _AT["mean"]]
    # Distances from one of the means, so that nothing is lost where all are far from 0.
    mean = float(means[0] + ((means - means[0]) * sizes).sum() / finite)
    between = float((sizes * (means - mean) ** 2).sum())
    least, greatest = _known(np.fmin.reduce, counted, "minimum"), _known(np.fmax.reduce, counted, "maximum")
    places, owner = states.points.of(part)
    points: tuple[float, ...] = ()
    if len(places) and not math.isnan(least):
        lengths = (states.points.ends[part + 1] - states.points.ends[part]).astype(np.float64)
        weights = (np.nan_to_num(sums[:, _AT["finite"]]) / np.maximum(lengths - 1, 1))[owner]
        # The points at both ends stand for half as many rows as the others.
        ends = np.diff(owner, prepend=-1) != 0
        ends |= np.diff(owner, append=len(part)) != 0
        weights = np.where(ends & (lengths[owner] > 1), weights / 2, weights)
        ranked = weighted_quantiles(np.asarray(states.points.flat[places], np.float64), weights, _LEVELS)
        points = (least, *ranked[1:-1].tolist(), greatest)
    return replace(
        apart,
        finite=finite,
        mean=mean,
        squared_deviations=float(counted[:, _AT["squared_deviations"]].sum()) + between,
        minimum=least,
        maximum=greatest,
        points=points,
    )


def _known(of: Callable[[Floats], np.float64], counted: Floats, name: str) -> float:
    return float(of(counted[:, _AT[name]]))


def weighted_quantiles(values: Floats, weights: Floats, levels: Floats) -> Floats:
    """The least values up to which these shares of the weights lie: one of `values` each."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    at = np.searchsorted(reached, levels * reached[-1] * (1 - 1e-12))
    found: Floats = values[order][np.minimum(at, len(values) - 1)]
    return found


def _text(states: States, part: Places, sums: Floats) -> TextStatistics:
    places, _ = states.words.of(part)
    words, inverse = np.unique(np.asarray(states.words.flat[places], np.int64), return_inverse=True)
    times = np.bincount(inverse, weights=states.frequencies[places], minlength=len(words))
    named = states.words.ends[part + 1] - states.words.ends[part]
    whole = bool(np.all((sums[:, _AT["unique_exact"]] > 0) & (sums[:, _AT["unique"]] <= named)))
    lasting = sums[sums[:, _AT["longest"]] > 0]
    if len(words) > MOST_VALUES:
        # Of equal ones all are looked at: their names say which comes first.
        least = np.partition(times, len(times) - MOST_VALUES)[len(times) - MOST_VALUES]
        words, times = words[times >= least], times[times >= least]
        counted = len(np.unique(inverse))
    else:
        counted = len(words)
    listed = sorted(zip(times.tolist(), (states.vocabulary[word] for word in words.tolist())), reverse=True)
    return TextStatistics(
        # Where not every value was kept there are at least as many as in any window, and as are named.
        unique=counted if whole else max(counted, int(sums[:, _AT["unique"]].max())),
        unique_exact=whole,
        total_bytes=float(sums[:, _AT["total_bytes"]].sum()),
        shortest=int(lasting[:, _AT["shortest"]].min()) if len(lasting) else 0,
        longest=int(sums[:, _AT["longest"]].max()),
        not_utf8=int(sums[:, _AT["not_utf8"]].sum()),
        values=tuple((word, float(count)) for count, word in listed[:MOST_VALUES]),
    )
