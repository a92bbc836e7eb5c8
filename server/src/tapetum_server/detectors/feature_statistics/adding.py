"""Statistics of many windows added up: moments exactly, ranks and frequent values as far as each window kept them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapetum_server.detectors.feature_statistics.states import SUMS, Floats, Places, Ragged, States
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

_AT = {name: place for place, name in enumerate(SUMS)}
_LEVELS = np.linspace(0, 1, POINTS)
_DECILES = np.linspace(0, 1, 11)
_NEITHER, _NUMERIC, _TEXT = range(3)
_DENSE = 4
"""Numbers that span so many times as many as they are, are counted by their place among all of the span."""


@dataclass(frozen=True, slots=True)
class _Grouped:
    """Rows of states by feature and what its values are: group n lies between `ends[n]` and `ends[n + 1]`."""

    states: States
    rows: Places
    """Places in the states."""
    sums: Floats
    """Of these rows."""
    ends: Places

    def of(self, name: str) -> Floats:
        """One of the sums, by row."""
        column: Floats = self.sums[:, _AT[name]]
        return column

    def each(self, fold: np.ufunc, values: NDArray[Any]) -> NDArray[Any]:
        """Values of rows as one of each group."""
        folded: NDArray[Any] = fold.reduceat(values, self.ends[:-1])
        return folded

    def total(self, name: str) -> Floats:
        """One of the sums, by group."""
        return self.each(np.add, self.of(name))

    def lists(self, ragged: Ragged) -> tuple[Places, Places, Places]:
        """As `Ragged.of` of all rows, and where the values of each group begin and end among them."""
        places, owner = ragged.of(self.rows)
        return places, owner, np.searchsorted(owner, self.ends)


def added(states: States, windows: NDArray[np.bool_], *, rows: int, slice: str) -> DatasetStatistics:
    """Of the windows for which `windows` holds, which have `rows` rows together. Histograms are not made yet.

    A window that has no statistics of a feature had none of its values. A feature whose values are numbers in one
    window and texts in another is as most of its values are.
    """
    chosen = np.flatnonzero(windows[states.window]) if len(states.window) else np.zeros(0, np.int64)
    if not len(chosen):
        return DatasetStatistics(slice=slice, rows=rows, features=())
    what = np.where(
        ~np.isnan(states.sums[chosen, _AT["finite"]]),
        _NUMERIC,
        np.where(~np.isnan(states.sums[chosen, _AT["unique"]]), _TEXT, _NEITHER),
    )
    key = states.feature[chosen] * 3 + what
    order = np.argsort(key, kind="stable")
    chosen, key = chosen[order], key[order]
    ends = np.append(np.flatnonzero(np.diff(key, prepend=-1)), len(key))
    groups = _Grouped(states, chosen, states.sums[chosen], ends)
    feature, kind = np.divmod(key[ends[:-1]], 3)
    taken = _with_most_values(feature, groups.total("values"))
    position = groups.each(np.minimum, states.position[chosen]).tolist()
    counts = _counts(groups, rows)
    numeric = _numeric(groups, kind == _NUMERIC)
    text = _text(groups, kind == _TEXT)
    found = []
    for n in taken:
        first = int(chosen[ends[n]])
        one = FeatureStatistics(
            feature=states.names[int(feature[n])],
            kind=states.kinds[first],
            type=states.types[first],  # type: ignore[arg-type]  # one of the table's own
            counts=counts[n],
            numeric=numeric.get(n),
            text=text.get(n),
        )
        found.append((position[n], one.feature, one))
    found.sort(key=lambda one: one[:2])
    return DatasetStatistics(slice=slice, rows=rows, features=tuple(one for _, _, one in found))


def _with_most_values(feature: Places, values: Floats) -> list[int]:
    """Of the groups of each feature, which stand side by side, the first with the most values."""
    most: dict[int, int] = {}
    for n, (name, held) in enumerate(zip(feature.tolist(), values.tolist())):
        if name not in most or held > values[most[name]]:
            most[name] = n
    return list(most.values())


def _counts(groups: _Grouped, rows: int) -> list[Counts]:
    held = groups.of("present") > 0
    fewest = groups.each(np.minimum, np.where(held, groups.of("fewest"), np.inf))
    told = zip(
        groups.total("present").tolist(),
        groups.total("values").tolist(),
        np.where(np.isinf(fewest), 0, fewest).tolist(),
        groups.each(np.maximum, groups.of("most")).tolist(),
        pairwise(groups.ends.tolist()),
    )
    return [
        Counts(
            present=present, missing=rows - present, values=values, fewest=int(fewest), most=int(most),
            lengths=_lengths(groups, begin, stop, present, int(most)) if present else (),
        )
        for present, values, fewest, most, (begin, stop) in told
    ]  # fmt: skip


def _lengths(groups: _Grouped, begin: int, stop: int, present: float, most: int) -> tuple[Bucket, ...]:
    if most < 2:
        return (Bucket(1.0, 1.0, present / 10),) * 10
    # Deciles of the windows' own edges; a window of single values has one at each.
    edges = groups.states.lengths[groups.rows[begin:stop]]
    edges = np.where(np.isnan(edges), 1.0, edges)
    weights = np.repeat(groups.of("present")[begin:stop], edges.shape[1])
    deciles = weighted_quantiles(edges.ravel(), weights, _DECILES).tolist()
    return tuple(Bucket(low, high, present / 10) for low, high in pairwise(deciles))


def _numeric(groups: _Grouped, wanted: NDArray[np.bool_]) -> dict[int, NumericStatistics]:
    """By group, of those that are `wanted`."""
    if not wanted.any():
        return {}
    held = groups.of("finite") > 0
    sizes = np.where(held, groups.of("finite"), 0.0)
    means = np.where(held, groups.of("mean"), 0.0)
    # Distances from one of the means, so that nothing is lost where all are far from 0.
    rows = np.arange(len(held))
    first = groups.each(np.minimum, np.where(held, rows, len(held)))
    base = means[np.minimum(first, len(held) - 1)]
    of_row = np.repeat(np.arange(len(base)), np.diff(groups.ends))
    finite = groups.each(np.add, sizes)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        off = np.where(held, (means - base[of_row]) * sizes, 0.0)
        mean = base + groups.each(np.add, off) / finite
        apart = np.where(held, sizes * (means - mean[of_row]) ** 2, 0.0)
    within = groups.each(np.add, np.where(held, groups.of("squared_deviations"), 0.0))
    columns = {
        "nan": groups.total("nan"),
        "negative_infinity": groups.total("negative_infinity"),
        "positive_infinity": groups.total("positive_infinity"),
        "zeros": groups.total("zeros"),
        "finite": finite,
        "mean": mean,
        "squared_deviations": within + groups.each(np.add, apart),
        "minimum": groups.each(np.fmin, np.where(held, groups.of("minimum"), np.nan)),
        "maximum": groups.each(np.fmax, np.where(held, groups.of("maximum"), np.nan)),
    }
    told = {name: column.tolist() for name, column in columns.items()}
    of_no_value = ("nan", "negative_infinity", "positive_infinity", "zeros")
    points = _points(groups, wanted & (finite > 0) & ~np.isnan(columns["minimum"]))
    found = {}
    for n in np.flatnonzero(wanted).tolist():
        fields = told if told["finite"][n] else of_no_value
        # Extremes are known; ranks next to them are those of a point.
        ranked = (told["minimum"][n], *points[n][1:-1], told["maximum"][n]) if n in points else ()
        found[n] = NumericStatistics(points=ranked, **{name: told[name][n] for name in fields})
    return found


def _points(groups: _Grouped, wanted: NDArray[np.bool_]) -> dict[int, list[float]]:
    """By group, the values at equal steps of rank of all its points; none where it has none."""
    places, owner, ends = groups.lists(groups.states.points)
    if not len(places):
        return {}
    values = np.asarray(groups.states.points.flat[places], np.float64)
    lengths = np.bincount(owner, minlength=len(groups.rows)).astype(np.float64)
    weights = (np.nan_to_num(groups.of("finite")) / np.maximum(lengths - 1, 1))[owner]
    # The points at both ends stand for half as many rows as the others.
    outer = np.diff(owner, prepend=-1) != 0
    outer |= np.diff(owner, append=len(groups.rows)) != 0
    weights = np.where(outer & (lengths[owner] > 1), weights / 2, weights)
    found: dict[int, list[float]] = {}
    for n in np.flatnonzero(wanted).tolist():
        begin, stop = ends[n], ends[n + 1]
        if begin < stop:
            found[n] = weighted_quantiles(values[begin:stop], weights[begin:stop], _LEVELS).tolist()
    return found


def weighted_quantiles(values: Floats, weights: Floats, levels: Floats) -> Floats:
    """The least values up to which these shares of the weights lie: one of `values` each."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    at = np.searchsorted(reached, levels * reached[-1] * (1 - 1e-12))
    found: Floats = values[order[np.minimum(at, len(values) - 1)]]
    return found


def _text(groups: _Grouped, wanted: NDArray[np.bool_]) -> dict[int, TextStatistics]:
    """By group, of those that are `wanted`."""
    if not wanted.any():
        return {}
    states = groups.states
    places, owner, ends = groups.lists(states.words)
    words = np.asarray(states.words.flat[places], np.int64)
    frequencies = states.frequencies[places]
    named = np.bincount(owner, minlength=len(groups.rows))
    whole = groups.each(np.logical_and, (groups.of("unique_exact") > 0) & (groups.of("unique") <= named))
    lasting = groups.of("longest") > 0
    shortest = groups.each(np.minimum, np.where(lasting, groups.of("shortest"), np.inf))
    unique, longest = (groups.each(np.maximum, groups.of(name)) for name in ("unique", "longest"))
    total_bytes, not_utf8 = groups.total("total_bytes").tolist(), groups.total("not_utf8")
    found = {}
    for n in np.flatnonzero(wanted).tolist():
        of_group = slice(ends[n], ends[n + 1])
        counted, values = _most_frequent(words[of_group], frequencies[of_group], states.vocabulary)
        found[n] = TextStatistics(
            # Where not every value was kept there are at least as many as in any window, and as are named.
            unique=counted if whole[n] else max(counted, int(unique[n])),
            unique_exact=bool(whole[n]),
            total_bytes=total_bytes[n],
            shortest=0 if np.isinf(shortest[n]) else int(shortest[n]),
            longest=int(longest[n]),
            not_utf8=int(not_utf8[n]),
            values=values,
        )
    return found


def _most_frequent(
    words: Places, frequencies: Floats, vocabulary: Sequence[str]
) -> tuple[int, tuple[tuple[str, float], ...]]:
    """How many words there are, and the most frequent: of equal ones that which sorts last first."""
    if not len(words):
        return 0, ()
    least = int(words.min())
    if int(words.max()) - least < _DENSE * len(words):
        # Of one feature's words, most stand beside each other: counted where they stand, without sorting them.
        each = np.flatnonzero(np.bincount(words - least))
        times = np.bincount(words - least, weights=frequencies)[each]
        each = each + least
    else:
        each, inverse = np.unique(words, return_inverse=True)
        times = np.bincount(inverse, weights=frequencies, minlength=len(each))
    counted = len(each)
    if counted > MOST_VALUES:
        # Of equal ones all are looked at: their names say which comes first.
        enough = times >= np.partition(times, counted - MOST_VALUES)[counted - MOST_VALUES]
        each, times = each[enough], times[enough]
    listed = sorted(zip(times.tolist(), [vocabulary[word] for word in each.tolist()]), reverse=True)
    return counted, tuple([(word, count) for count, word in listed[:MOST_VALUES]])
