"""Statistics of windows add up to those of all their rows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from asked_world import World, world

from tapetum_server.analysis.feature_statistics.ranges import Part
from tapetum_server.analysis.feature_statistics.stored import statistics_of
from tapetum_server.detectors.feature_statistics.complete import with_histograms
from tapetum_server.query.kept_windows import KeptWindows, Subject, cover
from tapetum_server.query.time_range import TimeRange
from tapetum_server.signals.feature_statistics import (
    POINTS,
    Counts,
    DatasetStatistics,
    FeatureStatistics,
    NumericStatistics,
    TextStatistics,
)
from tapetum_server.signals.feature_statistics_batch import FeatureStatisticsBatch, StoredStatistics

HOUR = 3_600 * 10**9
BEGIN = 1_793_491_200 * 10**9


@pytest.fixture(scope="module")
def asked(engine_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(engine_home, tmp_path_factory.mktemp("catalog")) as opened:
        yield opened


def added(asked: World, project: str, windows: list[DatasetStatistics]) -> DatasetStatistics:
    """What is said of all these windows, kept one after the other."""
    rows = [
        StoredStatistics(
            model="m", slice=one.slice, window_start=BEGIN + i * HOUR, window_end=BEGIN + (i + 1) * HOUR, rows=one.rows,
            position=place, statistics=feature,
        )
        for i, one in enumerate(windows)
        for place, feature in enumerate(one.features)
    ]  # fmt: skip
    asked.keep(FeatureStatisticsBatch(project, "test", rows))
    part = Part(Subject(model="m"), TimeRange(None, None))
    (found,) = asyncio.run(statistics_of(asked.reader, project, [part]))
    assert (found.windows, found.scanned_rows) == (len(windows), 0)
    return found.statistics


def numbers(values: np.ndarray, infinite: int = 0) -> NumericStatistics:
    """What the engine says of these values."""
    return NumericStatistics(
        finite=len(values),
        positive_infinity=infinite,
        zeros=int((values == 0).sum()),
        mean=float(values.mean()),
        squared_deviations=float(((values - values.mean()) ** 2).sum()),
        minimum=float(values.min()),
        maximum=float(values.max()),
        points=tuple(np.quantile(values, np.linspace(0, 1, POINTS), method="inverted_cdf").tolist()),
    )


def window(values: np.ndarray, words: dict[str, float], unique: int | None = None) -> DatasetStatistics:
    rows, named = len(values) + 5, sum(words.values())
    text = TextStatistics(
        unique=unique or len(words), unique_exact=unique is None, total_bytes=4 * named, shortest=4, longest=4,
        values=tuple(words.items()),
    )  # fmt: skip
    counts = Counts(present=len(values), missing=5, values=len(values))
    return with_histograms(
        DatasetStatistics(
            rows=rows,
            features=(
                FeatureStatistics(
                    feature="x", kind="numeric", type="FLOAT", counts=counts, numeric=numbers(values, infinite=1)
                ),
                FeatureStatistics(
                    feature="word", kind="categorical", type="STRING", text=text,
                    counts=Counts(present=named, missing=rows - named, values=named),
                ),
            ),
        )
    )  # fmt: skip


def off_rank(values: np.ndarray, value: float, rank: float) -> float:
    return float(max((values < value).mean() - rank, rank - (values <= value).mean(), 0.0))


@pytest.mark.covers("feature-statistics-merge")
@pytest.mark.parametrize("offset", [0.0, 1e9], ids=["near zero", "far from zero"])
def test_windows_of_any_size_add_up_to_the_statistics_of_all_their_rows(asked: World, offset: float) -> None:
    """A drifting number in windows of very different sizes: as if never parted."""
    random = np.random.default_rng(3)
    sizes = (3000, 50, 700, 1, 12_000)
    parts = [np.round(random.normal(offset + 3 * i, 2 + i, size), 2) for i, size in enumerate(sizes)]
    windows = [window(part, {"even": 10.0, f"only-{i}": 2.0}) for i, part in enumerate(parts)]
    together = added(asked, f"sizes-{offset:.0f}", windows)
    values = np.concatenate(parts)
    x, word = together.features[0].numeric, together.features[1]
    assert x is not None
    assert together.rows == len(values) + 25
    assert together.features[0].counts.missing == 25
    assert (x.finite, x.positive_infinity, x.zeros) == (len(values), 5, (values == 0).sum())
    assert (x.minimum, x.maximum) == (values.min(), values.max())
    assert x.mean == pytest.approx(values.mean(), rel=1e-12)
    assert x.std_dev == pytest.approx(values.std(), rel=1e-9)
    for rank, point in enumerate(x.points):
        assert off_rank(values, point, rank / (POINTS - 1)) <= 0.01
    below = np.cumsum([bucket.count for bucket in x.standard[:-1]]) / len(values)
    for bucket, rank in zip(x.standard, below):
        assert off_rank(values, bucket.high, rank) <= 0.01
    assert word.text is not None
    assert word.text.values[0] == ("even", 50.0)
    assert (word.text.unique, word.text.unique_exact) == (6, True)
    assert word.counts.missing == together.rows - 60


def test_a_window_that_does_not_name_every_value_makes_the_number_of_them_an_estimate(asked: World) -> None:
    one, other = (window(np.arange(9.0), {"often": 7.0}, unique=500), window(np.arange(9.0), {"often": 1.0}))
    text = added(asked, "named", [one, other]).features[1].text
    assert text is not None
    assert (text.unique, text.unique_exact, text.values) == (500, False, (("often", 8.0),))


def test_a_feature_that_a_window_lacks_was_missing_there(asked: World) -> None:
    one, other = window(np.arange(10.0), {"a": 1.0}), window(np.arange(20.0), {"a": 1.0})
    other = replace(other, features=other.features[1:])
    x = added(asked, "lacking", [one, other]).feature("x")
    assert x is not None
    counts = x.counts
    assert (counts.present, counts.missing) == (10, 5 + 25)


def test_the_longest_windows_cover_a_range_once() -> None:
    """Also where two that somebody sent lie across each other: shorter ones come in the place of one."""
    day = [("1", i, i + 1) for i in range(24)]
    assert covered([*day, ("1", 0, 24), ("1", 24, 25), ("2", 1, 2)]) == [("1", 0, 24), ("1", 24, 25), ("2", 1, 2)]
    assert covered([("", 0, 0)]) == [("", 0, 0)]
    assert covered([]) == []
    assert covered(day) == day
    assert covered([("1", 0, 6), ("1", 4, 9), *day[:9]]) == [("1", 0, 6), *day[6:9]]


def covered(given: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """In the order in which the store tells them: longer ones first where they begin together."""
    ordered = sorted(given, key=lambda one: (one[0], one[1], -one[2]))
    names = sorted({one[0] for one in ordered})
    columns = [np.asarray([one[place] for one in ordered], np.int64) for place in (1, 2)]
    of = np.asarray([names.index(one[0]) for one in ordered], np.int64)
    kept = KeptWindows(
        tuple((name, "all") for name in names), of, *columns, np.ones(len(of), np.int64), of.astype(np.uint64)
    )
    return sorted((one.version, one.start, one.end) for one in cover(kept))
