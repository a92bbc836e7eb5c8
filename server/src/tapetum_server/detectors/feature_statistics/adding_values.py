"""What values are like in many windows, added up: of those that are numbers, and of those that are texts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tapetum_server.detectors.feature_statistics.grouped import Grouped
from tapetum_server.detectors.feature_statistics.states import Floats, Places, States
from tapetum_server.signals.feature_statistics import MOST_VALUES, POINTS, NumericStatistics, TextStatistics

_LEVELS = np.linspace(0, 1, POINTS)
_DENSE = 4
"""Numbers that span so many times as many as they are, are counted by their place among all of the span."""

_FEWEST_PLACES, _MOST_PLACES = 1_600, 1 << 16
"""Of fewer or more the plain way is as fast."""
_ALL_BUT_SIGN = (1 << 63) - 1


def added_numbers(groups: Grouped, wanted: NDArray[np.bool_]) -> dict[int, NumericStatistics]:
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


def _points(groups: Grouped, wanted: NDArray[np.bool_]) -> dict[int, list[float]]:
    """By group, the values at equal steps of rank of all its points; none where it has none."""
    places, ends = groups.states.points.of(groups.rows)
    values = np.asarray(groups.states.points.flat[places], np.float64)
    lengths = np.diff(ends)
    weights = np.repeat(np.nan_to_num(groups.of("finite")) / np.maximum(lengths - 1, 1), lengths)
    # The points at both ends stand for half as many rows as the others.
    several = lengths > 1
    weights[ends[:-1][several]] /= 2
    weights[ends[1:][several] - 1] /= 2
    found: dict[int, list[float]] = {}
    for n in np.flatnonzero(wanted).tolist():
        begin, stop = ends[groups.ends[n]], ends[groups.ends[n + 1]]
        if begin < stop:
            found[n] = weighted_quantiles(values[begin:stop], weights[begin:stop], _LEVELS).tolist()
    return found


def weighted_quantiles(values: Floats, weights: Floats, levels: Floats) -> Floats:
    """The least values up to which these shares of the weights lie: one of `values` each."""
    order = sorted_places(values)
    reached = np.cumsum(weights[order])
    at = np.searchsorted(reached, levels * reached[-1] * (1 - 1e-12))
    found: Floats = values[order[np.minimum(at, len(values) - 1)]]
    return found


def sorted_places(values: Floats) -> Places:
    """What `np.argsort(values, kind="stable")` finds, in a third of its time. None of `values` is NaN.

    Whole numbers are sorted several at once: the bits of each value, and its place instead of the last of them.
    """
    places = len(values)
    last = (1 << places.bit_length()) - 1
    if not _FEWEST_PLACES < places < _MOST_PLACES:
        return np.argsort(values, kind="stable")
    bits = (values + 0.0).view(np.int64)  # no zero below zero
    keys = bits ^ (bits >> 63 & _ALL_BUT_SIGN)
    keys &= ~last
    keys |= np.arange(places)
    keys.sort()
    keys &= last
    found = values[keys]
    # Values that differ in their last bits alone may have come by their places.
    return keys if (found[1:] >= found[:-1]).all() else np.argsort(values, kind="stable")


def added_texts(groups: Grouped, wanted: NDArray[np.bool_]) -> dict[int, TextStatistics]:
    """By group, of those that are `wanted`."""
    if not wanted.any():
        return {}
    states = groups.states
    places, ends = states.words.of(groups.rows)
    words = np.asarray(states.words.flat[places], np.int64)
    frequencies = states.frequencies[places]
    named = np.diff(ends)
    whole = groups.each(np.logical_and, (groups.of("unique_exact") > 0) & (groups.of("unique") <= named))
    lasting = groups.of("longest") > 0
    shortest = groups.each(np.minimum, np.where(lasting, groups.of("shortest"), np.inf))
    unique, longest = (groups.each(np.maximum, groups.of(name)) for name in ("unique", "longest"))
    total_bytes, not_utf8 = groups.total("total_bytes").tolist(), groups.total("not_utf8")
    found = {}
    for n in np.flatnonzero(wanted).tolist():
        of_group = slice(ends[groups.ends[n]], ends[groups.ends[n + 1]])
        counted, values = _most_frequent(words[of_group], frequencies[of_group], states)
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


def _most_frequent(words: Places, frequencies: Floats, states: States) -> tuple[int, tuple[tuple[str, float], ...]]:
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
    vocabulary = states.vocabulary
    if states.ranks is not None:
        order = np.lexsort((states.ranks[each], times))[: -MOST_VALUES - 1 : -1]
        named = [vocabulary[word] for word in each[order].tolist()]
        return counted, tuple(zip(named, times[order].tolist()))
    listed = sorted(zip(times.tolist(), [vocabulary[word] for word in each.tolist()]), reverse=True)
    return counted, tuple([(word, count) for count, word in listed[:MOST_VALUES]])
