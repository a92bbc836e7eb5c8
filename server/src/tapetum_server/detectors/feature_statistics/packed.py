"""States of all features of a window in one piece of bytes, as the table `feature_states` keeps them.

Little-endian. Float64: how many features, how many words; of each feature its position, and how many sums, points and
words it has; then all sums, all points and a frequency for each word. UInt32: how many bytes each text has. Then the
texts, in UTF-8: names of the features, their kinds, their types, and all words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tapetum_server.detectors.feature_statistics.states import SUMS, Places, Ragged, States, sums_of
from tapetum_server.signals.feature_statistics import FeatureStatistics

_EDGES = 11
_HEAD = 2


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


class _Read(NamedTuple):
    """What is in one piece."""

    numbers: list[NDArray[np.float64]]
    """Positions; counts of sums, of points, of words; sums, points, frequencies."""
    texts: list[pa.Array]
    """Names, kinds, types; words."""


def states_of(told: Sequence[Packed]) -> States:
    """All of these as arrays: each window's feature once, as it was told last."""
    told = told or [Packed(0, 0, packed([], []))]
    read = [_read(one.state) for one in told]
    positions, sum_counts, point_counts, word_counts, flat_sums, points, frequencies = (
        np.concatenate(same) for same in zip(*(one.numbers for one in read))
    )
    names, kinds, types, words = (pa.concat_arrays(same) for same in zip(*(one.texts for one in read)))
    sums, edges = _sums(flat_sums, _ends(sum_counts))
    features = [len(one.numbers[0]) for one in read]
    coded, vocabulary = names.dictionary_encode(), words.dictionary_encode()
    states = States(
        window=np.repeat(np.asarray([one.window for one in told], np.int64), features),
        feature=_places(coded),
        names=coded.dictionary.to_pylist(),
        kinds=kinds.to_pylist(),
        types=types.to_pylist(),
        position=positions.astype(np.int64),
        sums=sums,
        lengths=edges,
        points=Ragged(points, _ends(point_counts)),
        words=Ragged(_places(vocabulary), _ends(word_counts)),
        frequencies=frequencies,
        vocabulary=vocabulary.dictionary.to_pylist(),
    )
    return _told_last(states, np.repeat(np.asarray([one.said for one in told], np.uint64), features))


def _read(state: Any) -> _Read:
    data = np.frombuffer(state, np.uint8)
    features, words = data[: 8 * _HEAD].view("<f8").astype(np.int64).tolist()
    at = 8 * _HEAD

    def take(count: int, kind: str, size: int) -> NDArray[Any]:
        nonlocal at
        at += count * size
        return data[at - count * size : at].view(kind)

    numbers: list[NDArray[np.float64]] = [take(features, "<f8", 8) for _ in range(4)]
    numbers += [take(count, "<f8", 8) for count in (int(numbers[1].sum()), int(numbers[2].sum()), words)]
    texts = 3 * features + words
    offsets = np.zeros(texts + 1, np.int32)
    np.cumsum(take(texts, "<u4", 4), out=offsets[1:])
    every = pa.Array.from_buffers(pa.string(), texts, [None, pa.py_buffer(offsets), pa.py_buffer(data[at:])])
    named = [every.slice(n * features, features) for n in range(3)]
    return _Read(numbers, [*named, every.slice(3 * features)])


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
    )


def _ends(counts: NDArray[np.float64]) -> Places:
    return np.append(0, np.cumsum(counts)).astype(np.int64)


def _places(coded: Any) -> Places:
    return np.asarray(coded.indices.to_numpy(), np.int64)
