"""States of all features of a window in one piece of bytes, as the table `feature_states` keeps them.

Little-endian. Float64: how many features, how many words; of each feature its position, and how many sums, points and
words it has; then all sums, all points and a frequency for each word. UInt32: how many bytes each text has. Then the
texts, in UTF-8: names of the features, their kinds, their types, and all words.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tapetum_server.detectors.feature_statistics.states import SUMS, Places, Ragged, States, sums_of
from tapetum_server.signals.feature_statistics import FeatureStatistics

_EDGES = 11
_HEAD = 2
MOST_SORTED = 20_000
"""Words that are sorted once for all features; of more, each feature's most frequent are."""


class Packed(NamedTuple):
    """What was told at once of a window's features."""

    window: int
    """Callers know what the number means."""
    said: int
    """When; of a feature that was told again the last holds."""
    state: bytes | memoryview | pa.Buffer


def packed(features: Sequence[FeatureStatistics], positions: Sequence[int]) -> bytes:
    """As the engine packs them (migration 0019)."""
    sums = [sums_of(one) for one in features]
    points = [one.numeric.points if one.numeric else () for one in features]
    values = [one.text.values if one.text else () for one in features]
    words = [word for some in values for word, _ in some]
    numbers = [len(features), len(words), *positions]
    for lists in (sums, points, values):
        numbers += [len(one) for one in lists]
    flat = [number for lists in (sums, points) for one in lists for number in one]
    flat += [times for some in values for _, times in some]
    texts = [text.encode() for text in (*_names_of(features), *words)]
    lengths = np.asarray([len(text) for text in texts], "<u4")
    return np.asarray([*numbers, *flat], "<f8").tobytes() + lengths.tobytes() + b"".join(texts)


def _names_of(features: Sequence[FeatureStatistics]) -> list[str]:
    """Names, then kinds, then types."""
    return [*(one.feature for one in features), *(one.kind for one in features), *(one.type for one in features)]


def feature_count(told: Sequence[Packed]) -> int:
    """How many features a window of these has at the most."""
    return max((int(np.frombuffer(one.state, "<f8", 1)[0]) for one in told), default=0)


class _Heads:
    """Names, kinds and types of features: most windows have the same, which are read once."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        """Each with its place."""
        self._known: dict[bytes, tuple[Places, list[str], list[str]]] = {}

    def of(self, features: int, lengths: NDArray[np.uint32], texts: memoryview) -> tuple[Places, list[str], list[str]]:
        """Places of the names, kinds and types, which these texts are one after the other."""
        said = lengths.tobytes() + texts
        found = self._known.get(said)
        if found is None:
            ends = np.cumsum(lengths).tolist()
            each = [str(texts[end - length : end], "utf-8") for length, end in zip(lengths.tolist(), ends)]
            names = [self.names.setdefault(name, len(self.names)) for name in each[:features]]
            found = np.asarray(names, np.int64), each[features : 2 * features], each[2 * features :]
            self._known[said] = found
        return found


def states_of(told: Sequence[Packed]) -> States:
    """All of these as arrays: each window's feature once, as it was told last."""
    told = told or [Packed(0, 0, packed([], []))]
    heads = _Heads()
    numbers: list[list[NDArray[np.float64]]] = []
    places: list[Places] = []
    kinds: list[str] = []
    types: list[str] = []
    lengths: list[NDArray[np.uint32]] = []
    texts: list[memoryview] = []
    for one in told:
        data = memoryview(one.state)
        flat = np.frombuffer(data, "<f8", len(data) // 8)
        features, words = int(flat[0]), int(flat[1])
        named = 3 * features
        counts = flat[_HEAD : _HEAD + 4 * features].reshape(4, features)
        _, sums, points, _ = counts.sum(axis=1).astype(np.int64).tolist()
        ends = list(accumulate((sums, points, words), initial=_HEAD + 4 * features))
        numbers.append([*counts, *(flat[begin:stop] for begin, stop in pairwise(ends))])
        at = 8 * ends[-1]
        each = np.frombuffer(data, "<u4", named + words, at)
        at += each.nbytes
        of_words = at + int(each[:named].sum())
        found, of_kinds, of_types = heads.of(features, each[:named], data[at:of_words])
        places.append(found)
        kinds += of_kinds
        types += of_types
        lengths.append(each[named:])
        texts.append(data[of_words:])
    positions, sum_counts, point_counts, word_counts, flat_sums, points, frequencies = map(
        np.concatenate, zip(*numbers)
    )
    sums, edges = _sums(flat_sums, _ends(sum_counts))
    vocabulary = _texts(np.concatenate(lengths), texts).dictionary_encode()
    rows = [len(found) for found in places]
    states = States(
        window=np.repeat(np.asarray([one.window for one in told], np.int64), rows),
        feature=np.concatenate(places),
        names=list(heads.names),
        kinds=kinds,
        types=types,
        position=positions.astype(np.int64),
        sums=sums,
        lengths=edges,
        points=Ragged(points, _ends(point_counts)),
        words=Ragged(np.asarray(vocabulary.indices.to_numpy(), np.int64), _ends(word_counts)),
        frequencies=frequencies,
        vocabulary=vocabulary.dictionary.to_pylist(),
        ranks=_ranks(vocabulary.dictionary),
    )
    return _told_last(states, np.repeat(np.asarray([one.said for one in told], np.uint64), rows))


def _texts(lengths: NDArray[np.uint32], texts: Sequence[memoryview]) -> pa.Array:
    ends = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=ends[1:])
    # Of 64 bits: of many windows they are more than 2 GB together.
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(texts))]
    return pa.Array.from_buffers(pa.large_string(), len(lengths), buffers)


def _ranks(vocabulary: pa.Array) -> Places | None:
    if len(vocabulary) > MOST_SORTED:
        return None
    found = np.empty(len(vocabulary), np.int64)
    found[pc.array_sort_indices(vocabulary).to_numpy()] = np.arange(len(vocabulary))
    return found


def _sums(flat: NDArray[np.float64], ends: Places) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A column for each of `SUMS`, and the edges of lengths of those rows that have them."""
    starts = ends[:-1]
    edges = np.full((len(starts), _EDGES), np.nan)
    long = np.flatnonzero(np.diff(ends) == len(SUMS) + _EDGES)
    edges[long] = flat[starts[long, None] + len(SUMS) + np.arange(_EDGES)]
    return flat[starts[:, None] + np.arange(len(SUMS))], edges


def _told_last(states: States, said: NDArray[np.uint64]) -> States:
    order = np.lexsort((said, states.feature, states.window))
    again = (np.diff(states.window[order]) == 0) & (np.diff(states.feature[order]) == 0)
    if not again.any():
        return states
    kept = np.sort(order[np.append(~again, True)])
    points, point_ends = states.points.of(kept)
    words, word_ends = states.words.of(kept)
    return States(
        window=states.window[kept],
        feature=states.feature[kept],
        names=states.names,
        kinds=[states.kinds[row] for row in kept.tolist()],
        types=[states.types[row] for row in kept.tolist()],
        position=states.position[kept],
        sums=states.sums[kept],
        lengths=states.lengths[kept],
        points=Ragged(states.points.flat[points], point_ends),
        words=Ragged(states.words.flat[words], word_ends),
        frequencies=states.frequencies[words],
        vocabulary=states.vocabulary,
        ranks=states.ranks,
    )


def _ends(counts: NDArray[np.float64]) -> Places:
    return np.append(0, np.cumsum(counts)).astype(np.int64)
