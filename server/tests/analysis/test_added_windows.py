"""Windows are added up as their rows are: all features at once, whatever they hold."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tapetum_server.detectors.feature_statistics import packed as reading
from tapetum_server.detectors.feature_statistics.adding import added
from tapetum_server.detectors.feature_statistics.adding_values import sorted_places
from tapetum_server.detectors.feature_statistics.packed import states_of
from tapetum_server.query.kept_windows import Asked, Subject, kept_windows
from tapetum_server.query.state_rows import told_state
from tapetum_server.query.time_range import TimeRange
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


def numbers(name: str, values: np.ndarray[Any, Any], rows: int, *, nan: int = 0) -> FeatureStatistics:
    """As a window keeps them."""
    numeric = NumericStatistics(nan=nan)
    if len(values):
        numeric = NumericStatistics(
            finite=len(values), nan=nan, zeros=int((values == 0).sum()), mean=float(values.mean()),
            squared_deviations=float(((values - values.mean()) ** 2).sum()), minimum=float(values.min()),
            maximum=float(values.max()),
            points=tuple(np.quantile(values, np.linspace(0, 1, POINTS), method="inverted_cdf").tolist()),
        )  # fmt: skip
    present = len(values) + nan
    counts = Counts(present=present, missing=rows - present, values=present)
    return FeatureStatistics(feature=name, kind="numeric", type="FLOAT", counts=counts, numeric=numeric)


def words(name: str, values: Mapping[str, int], rows: int, *, lists: tuple[Bucket, ...] = ()) -> FeatureStatistics:
    """The same of categories."""
    present = sum(values.values())
    text = TextStatistics(
        unique=len(values), total_bytes=float(sum(len(word) * times for word, times in values.items())),
        shortest=min(map(len, values)), longest=max(map(len, values)),
        values=tuple((word, float(n)) for n, word in sorted(((n, word) for word, n in values.items()), reverse=True)),
    )  # fmt: skip
    counts = Counts(
        present=present, missing=rows - present, values=present, most=4 if lists else 1, lengths=lists
    )  # fmt: skip
    return FeatureStatistics(feature=name, kind="categorical", type="STRING", counts=counts, text=text)


def summed(windows: list[list[FeatureStatistics]], rows: int, chosen: list[int] | None = None) -> DatasetStatistics:
    """All of them added up, or some."""
    told = [DatasetStatistics(rows=0, features=tuple(one)) for one in windows]
    states = states_of([told_state(one, place) for place, one in enumerate(told)])
    taken = np.isin(np.arange(len(windows)), chosen if chosen is not None else np.arange(len(windows)))
    return added(states, taken, rows=rows, slice="All Examples")


def of(statistics: DatasetStatistics, name: str) -> FeatureStatistics:
    found = statistics.feature(name)
    assert found is not None
    return found


def test_numbers_add_up_to_what_all_of_them_are() -> None:
    """Each feature for itself, whichever lie between; ranks to half a percent of the rows."""
    generator = np.random.default_rng(5)
    parts = [{name: generator.normal(n * 100, 1 + n, 400 + 100 * w) for n, name in enumerate("abc")} for w in range(6)]
    windows = [
        [*(numbers(name, values, 1_000) for name, values in part.items()), words("w", {"x": 3}, 1_000)]
        for part in parts
    ]
    found = summed(windows, 5_000, [1, 2, 3, 4, 5])
    for name in "abc":
        whole = np.concatenate([part[name] for part in parts[1:]])
        numeric = of(found, name).numeric
        assert numeric is not None
        assert numeric.finite == len(whole)
        assert numeric.mean == pytest.approx(whole.mean(), rel=1e-12)
        assert numeric.squared_deviations == pytest.approx(((whole - whole.mean()) ** 2).sum(), rel=1e-12)
        assert (numeric.minimum, numeric.maximum) == (whole.min(), whole.max())
        assert numeric.points[0] == whole.min()
        assert numeric.points[-1] == whole.max()
        ranks = np.searchsorted(np.sort(whole), numeric.points) / len(whole)
        assert np.abs(ranks - np.linspace(0, 1, POINTS)).max() < 0.01
        assert of(found, name).counts.missing == 5_000 - len(whole)


@pytest.mark.parametrize("many", [1_700, 5_000, 70_000])
@pytest.mark.parametrize("name", ["apart", "counts", "times", "zeros", "neighbours", "of any size"])
def test_values_are_sorted_as_a_stable_sort_does(name: str, many: int) -> None:
    """Also where values differ in their last bits alone, and where zeros have signs."""
    generator = np.random.default_rng(many)
    values = {
        "apart": generator.normal(0, 1, many),
        "counts": np.round(generator.normal(0, 3, many)),
        "times": 1.7e12 + generator.integers(0, 50, many),
        "zeros": generator.choice([0.0, -0.0, 1.0, -1.0, 5e-324, -5e-324], many),
        "neighbours": generator.choice([-1.0, np.nextafter(-1, 0), np.nextafter(1, 0), 1.0, np.nextafter(1, 2)], many),
        "of any size": generator.choice([-1, 1], many) * np.exp(generator.uniform(-700, 700, many)),
    }[name]
    assert (sorted_places(values) == np.argsort(values, kind="stable")).all()


def test_windows_without_a_finite_value_say_what_they_have_and_change_no_moment() -> None:
    """Their mean is no number, and the sum's is."""
    none, some = numbers("a", np.zeros(0), 10, nan=4), numbers("a", np.asarray([1.0, 3.0]), 10)
    alone = of(summed([[none], [none]], 20), "a").numeric
    assert alone is not None
    assert (alone.finite, alone.nan, alone.points) == (0, 8, ())
    assert math.isnan(alone.mean)
    both = of(summed([[none], [some], [none]], 30), "a").numeric
    assert both is not None
    assert (both.finite, both.nan, both.mean, both.squared_deviations) == (2, 8, 2.0, 2.0)


@pytest.mark.parametrize("vocabulary", [50, 30_000], ids=["a few words, in every window", "others in every window"])
@pytest.mark.parametrize("at_once", [True, False], ids=["all sorted at once", "too many to be sorted at once"])
def test_words_add_up_to_how_often_each_is_there(
    vocabulary: int, at_once: bool, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """The most frequent first, of equal ones the one that sorts last; more than are kept are counted all the same."""
    if not at_once:
        monkeypatch.setattr(reading, "MOST_SORTED", 0)
    generator = np.random.default_rng(9)
    parts = [
        {
            name: Counter(f"{name}{word}" for word in generator.integers(vocabulary, size=900).tolist())
            for name in ("v", "w")
        }
        for _ in range(7)
    ]
    found = summed([[words(name, held, 1_000) for name, held in part.items()] for part in parts], 7_000)
    for name in ("v", "w"):
        whole: Counter[str] = sum((part[name] for part in parts), Counter())
        text = of(found, name).text
        assert text is not None
        assert text.unique == len(whole)
        assert text.unique_exact
        ordered = sorted(((times, word) for word, times in whole.items()), reverse=True)[:MOST_VALUES]
        assert text.values == tuple((word, float(times)) for times, word in ordered)
        assert text.total_bytes == sum(len(word) * times for word, times in whole.items())
        assert (text.shortest, text.longest) == (min(map(len, whole)), max(map(len, whole)))


@pytest.mark.parametrize("most_sorted", [1_000, 0])
def test_equal_words_stand_as_texts_are_sorted(most_sorted: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By their characters, of whatever script they are: those of four bytes after the others."""
    monkeypatch.setattr(reading, "MOST_SORTED", most_sorted)
    told = ["", "B", "a", "ab", "z", "é", "東", "\uffff", "𝔘"]
    windows = [[words("w", dict.fromkeys(told[n:], 2) | {"other": 9}, 100)] for n in (4, 0, 2)]
    text = of(summed(windows, 300), "w").text
    assert text is not None
    assert text.values == (
        ("other", 27.0), *((word, 6.0) for word in reversed(told[4:])), ("ab", 4.0), ("a", 4.0), ("B", 2.0), ("", 2.0)
    )  # fmt: skip


def test_windows_with_other_features_are_read_as_each_says() -> None:
    """What most windows have in common, which features and of which types, is read once; and of each that differs, too."""
    some, more, other = (
        words("à", {"x": 2, "": 1}, 10),
        numbers("b", np.asarray([1.0, 2.0]), 10),
        words("b", {"x": 7}, 10),
    )
    windows = [[some, more], [more, some], [some, more], [other], [], [words("c", {"x": 7}, 10)], [some]]
    told = [told_state(DatasetStatistics(rows=10, features=tuple(one)), place) for place, one in enumerate(windows)]
    states = states_of(told)
    read = zip(
        states.window.tolist(), (states.names[place] for place in states.feature.tolist()), states.kinds, states.types
    )
    assert list(read) == [
        (n, one.feature, one.kind, one.type) for n, features in enumerate(windows) for one in features
    ]
    begin_and_end = zip(states.words.ends[:-1].tolist(), states.words.ends[1:].tolist())
    assert [[states.vocabulary[word] for word in states.words.flat[begin:end]] for begin, end in begin_and_end] == [
        [word for word, _ in one.text.values] if one.text else [] for features in windows for one in features
    ]


def test_a_feature_is_what_most_of_its_values_are_and_lists_keep_their_lengths() -> None:
    """A column that was texts in one window; and one that holds lists in another, single values in the first."""
    edges = [1.0] * 5 + [2.0] * 3 + [3.0, 3.0, 4.0]
    lists = tuple(Bucket(low, high, 10) for low, high in pairwise(edges))
    windows = [
        [words("a", {"7": 5}, 100), words("tags", {"x": 100}, 100)],
        [numbers("a", np.arange(90.0), 100), words("tags", {"x": 60, "y": 40}, 100, lists=lists)],
    ]
    found = summed(windows, 200)
    assert [one.feature for one in found.features] == ["a", "tags"]
    assert of(found, "a").kind == "numeric"
    assert of(found, "a").text is None
    counts = of(found, "tags").counts
    assert (counts.fewest, counts.most, counts.present) == (1, 4, 200)
    assert (counts.lengths[0].low, counts.lengths[-1].high) == (1.0, 4.0)
    assert sum(one.count for one in counts.lengths) == 200
    assert of(summed(windows, 100, [0]), "a").kind == "categorical"


def test_of_no_window_there_is_nothing() -> None:
    """Rows without features."""
    assert summed([[words("a", {"x": 1}, 1)]], 0, []).features == ()
    assert summed([], 7) == DatasetStatistics(rows=7, features=(), slice="All Examples")
    assert summed([[]], 7).features == ()


class Kept:
    """A store with these windows."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    async def table(self, sql: str, parameters: Mapping[str, object], **_: Any) -> pa.Table:
        """As the engine answers, in its order."""
        del sql, parameters
        kinds = {"window_start": pa.timestamp("ns", "UTC"), "window_end": pa.timestamp("ns", "UTC")}
        columns = {
            name: pa.array([row[name] for row in self.rows], kinds.get(name, pa.uint64()))
            for name in ("window_start", "window_end", "rows", "said", "window_key")
        }
        for name in ("dataset", "model", "version", "slice"):
            columns[name] = pa.array([row[name] for row in self.rows], pa.string()).dictionary_encode()
        return pa.table(columns)


def test_each_question_gets_its_own_windows_as_they_were_told_last() -> None:
    """One statement brings those of all: of data sets and models, of versions, slices and times."""

    def row(key: int, start: int, end: int, *, said: int = 1, **whose: str) -> dict[str, Any]:
        named = {"dataset": "", "model": "", "version": "", "slice": "All Examples", **whose}
        return {**named, "window_start": start, "window_end": end, "rows": 10 * said, "said": said, "window_key": key}

    rows = [
        row(1, 0, 0, dataset="census"), row(1, 0, 0, dataset="other", said=3),
        row(2, 0, 5, model="m", version="1"), row(2, 0, 5, model="m", version="1", said=2),
        row(3, 5, 9, model="m", version="1"), row(4, 0, 5, model="m", version="2"),
        row(5, 0, 5, model="m", version="1", slice="tags.a_b"),
    ]  # fmt: skip
    asked = [
        Asked(Subject(dataset="census"), TimeRange(7, 8)),
        Asked(Subject(model="m", version="1"), TimeRange(0, 5), ("All Examples",)),
        Asked(Subject(model="m"), TimeRange(None, None)),
        Asked(Subject(model="m", version="2"), TimeRange(1, None)),
    ]
    found = asyncio.run(kept_windows(Kept(rows), "default", asked))  # type: ignore[arg-type]
    listed = [{window.key: held for window, held in one.listed().items()} for one in found]
    assert listed == [{1: 10}, {2: 20}, {2: 20, 3: 10, 4: 10, 5: 10}, {}]
    assert {window.slice for window in found[2].listed() if window.key == 5} == {"tags.a_b"}
