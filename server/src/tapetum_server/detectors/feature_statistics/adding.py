"""Statistics of many windows added up: moments exactly, ranks and frequent values as far as each window kept them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tapetum_server.detectors.feature_statistics.adding_values import added_numbers, added_texts, weighted_quantiles
from tapetum_server.detectors.feature_statistics.grouped import AT, Grouped
from tapetum_server.detectors.feature_statistics.states import Floats, Places, States
from tapetum_server.signals.feature_statistics import Bucket, Counts, DatasetStatistics, FeatureStatistics

_DECILES = np.linspace(0, 1, 11)
_NEITHER, _NUMERIC, _TEXT = range(3)


def added(states: States, windows: NDArray[np.bool_], *, rows: int, slice: str) -> DatasetStatistics:
    """Of the windows for which `windows` holds, which have `rows` rows together. Histograms are not made yet.

    A window that has no statistics of a feature had none of its values. A feature whose values are numbers in one
    window and texts in another is as most of its values are.
    """
    chosen = np.flatnonzero(windows[states.window]) if len(states.window) else np.zeros(0, np.int64)
    if not len(chosen):
        return DatasetStatistics(slice=slice, rows=rows, features=())
    what = np.where(
        ~np.isnan(states.sums[chosen, AT["finite"]]),
        _NUMERIC,
        np.where(~np.isnan(states.sums[chosen, AT["unique"]]), _TEXT, _NEITHER),
    )
    key = states.feature[chosen] * 3 + what
    order = np.argsort(key, kind="stable")
    chosen, key = chosen[order], key[order]
    ends = np.append(np.flatnonzero(np.diff(key, prepend=-1)), len(key))
    groups = Grouped(states, chosen, states.sums[chosen], ends)
    feature, kind = np.divmod(key[ends[:-1]], 3)
    taken = _with_most_values(feature, groups.total("values"))
    position = groups.each(np.minimum, states.position[chosen]).tolist()
    counts = _counts(groups, rows)
    numeric = added_numbers(groups, kind == _NUMERIC)
    text = added_texts(groups, kind == _TEXT)
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


def _counts(groups: Grouped, rows: int) -> list[Counts]:
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


def _lengths(groups: Grouped, begin: int, stop: int, present: float, most: int) -> tuple[Bucket, ...]:
    if most < 2:
        return (Bucket(1.0, 1.0, present / 10),) * 10
    # Deciles of the windows' own edges; a window of single values has one at each.
    edges = groups.states.lengths[groups.rows[begin:stop]]
    edges = np.where(np.isnan(edges), 1.0, edges)
    weights = np.repeat(groups.of("present")[begin:stop], edges.shape[1])
    deciles = weighted_quantiles(edges.ravel(), weights, _DECILES).tolist()
    return tuple(Bucket(low, high, present / 10) for low, high in pairwise(deciles))
