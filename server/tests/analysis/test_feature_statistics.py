"""Statistics of features against NumPy on the same rows, and against TFDV's own on public data."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feature_rows import ROWS, rows, write_rows
from public_data import public_data

from tapetum_server.analysis.feature_statistics.report import dataset_statistics, tfdv_statistics
from tapetum_server.query.feature_aggregates import COUNTED_VALUES, Slices
from tapetum_server.query.frames import Frame, FrameColumn, file_frame
from tapetum_server.query.store_reader import StoreReader
from tapetum_server.signals.feature_statistics import DatasetStatistics, FeatureStatistics
from tapetum_server.store.embedded import EmbeddedEngine

CLOSE = 1e-9
RANK = 0.01


@pytest.fixture(scope="module")
def reader(engine_home: Path) -> Iterator[StoreReader]:
    """An engine that reads files."""
    engine = EmbeddedEngine(engine_home, f"files_{os.getpid()}")
    yield StoreReader(engine)
    engine.close()


@pytest.fixture(scope="module")
def found(reader: StoreReader, tmp_path_factory: pytest.TempPathFactory) -> list[DatasetStatistics]:
    """Of the rows in the repository: all of them, then by city, weighed too."""
    path = write_rows(tmp_path_factory.mktemp("rows") / "rows.parquet")

    async def ask() -> list[DatasetStatistics]:
        frame = await file_frame(reader, path)
        return await dataset_statistics(reader, frame, slices=Slices(frame.column("city")), weight="weight")

    return asyncio.run(ask())


def feature(found: list[DatasetStatistics], name: str, part: int = 0) -> FeatureStatistics:
    one = found[part].feature(name)
    assert one is not None
    return one


def numbers(name: str) -> np.ndarray:
    """All values of a column of the rows, without its nulls; of lists all their values."""
    values = rows()[name].combine_chunks().drop_null()
    if name == "scores":
        values = values.flatten()
    if name == "at":
        return np.asarray(values.cast("int64")) / 1e6
    return np.asarray(values.to_numpy(zero_copy_only=False)).astype(float)


@pytest.mark.covers("feature-statistics-numeric")
@pytest.mark.parametrize("name", ["amount", "count", "big", "constant", "flag", "at", "scores"])
def test_counts_and_moments_of_numbers_are_exact(found: list[DatasetStatistics], name: str) -> None:
    """Also far from zero, where sums of squares would have lost every digit."""
    one, values = feature(found, name), numbers(name)
    finite = values[np.isfinite(values)]
    assert one.numeric is not None
    assert one.counts.values == len(values)
    assert one.counts.present + one.counts.missing == ROWS
    assert one.numeric.finite == len(finite)
    assert one.numeric.nan == np.isnan(values).sum()
    assert one.numeric.positive_infinity == (values == np.inf).sum()
    assert one.numeric.negative_infinity == (values == -np.inf).sum()
    assert one.numeric.zeros == (values == 0).sum()
    assert (one.numeric.minimum, one.numeric.maximum) == (finite.min(), finite.max())
    assert one.numeric.mean == pytest.approx(finite.mean(), rel=CLOSE)
    assert one.numeric.std_dev == pytest.approx(finite.std(), rel=CLOSE, abs=1e-12)


@pytest.mark.covers("feature-statistics-histograms")
@pytest.mark.parametrize("name", ["amount", "count", "big", "constant", "flag", "at", "scores"])
def test_histograms_and_the_median_are_right_to_a_hundredth_of_the_rows(
    found: list[DatasetStatistics], name: str
) -> None:
    one, values = feature(found, name).numeric, numbers(name)
    values = values[~np.isnan(values)]
    assert one is not None
    assert off_rank(values, one.median, 0.5) <= RANK
    for buckets in (one.standard, one.quantiles):
        assert sum(bucket.count for bucket in buckets) == pytest.approx(len(values))
        below = np.cumsum([bucket.count for bucket in buckets]) / len(values)
        for bucket, rank in zip(buckets, below):
            assert off_rank(values, bucket.high, rank) <= RANK
    assert len(one.quantiles) == 10
    finite = [bucket for bucket in one.standard if np.isfinite(bucket.low)]
    assert len(finite) == (1 if name == "constant" else 10)
    width = (finite[-1].high - finite[0].low) / len(finite)
    assert [bucket.high - bucket.low for bucket in finite] == pytest.approx([width] * len(finite), rel=1e-5)


def off_rank(values: np.ndarray, value: float, rank: float) -> float:
    """How far `value` is from being the one of this rank."""
    return float(max((values < value).mean() - rank, rank - (values <= value).mean(), 0.0))


@pytest.mark.covers("feature-statistics-categorical")
def test_frequent_values_and_how_many_differ_are_counted(found: list[DatasetStatistics]) -> None:
    one = feature(found, "payment")
    values = [value for value in rows()["payment"].to_pylist() if value is not None]
    assert one.text is not None
    counted = {value: float(values.count(value)) for value in set(values)}
    assert list(one.text.values) == sorted(counted.items(), key=lambda pair: (pair[1], pair[0].encode()), reverse=True)
    assert (one.text.unique, one.text.unique_exact) == (5, True)
    assert one.text.total_bytes == sum(len(value.encode()) for value in values)
    assert (one.text.shortest, one.text.longest) == (2, 6)
    assert one.counts.missing == ROWS - len(values)


def test_what_is_no_text_is_counted_and_never_shown(found: list[DatasetStatistics]) -> None:
    one = feature(found, "raw").text
    assert one is not None
    assert (one.not_utf8, dict(one.values)) == (150, {"plain": 450.0, "__BYTES_VALUE__": 150.0})


@pytest.mark.covers("feature-statistics-lists")
def test_lists_have_the_number_of_their_values(found: list[DatasetStatistics]) -> None:
    one = feature(found, "scores").counts
    sizes = np.array([len(given) for given in rows()["scores"].to_pylist() if given])
    assert (one.present, one.values) == (len(sizes), sizes.sum())
    assert (one.fewest, one.most) == (sizes.min(), sizes.max())
    assert [bucket.high for bucket in one.lengths][-1] == sizes.max()
    assert off_rank(sizes, one.lengths[4].high, 0.5) <= RANK


def test_a_feature_that_is_never_there_has_no_moments(found: list[DatasetStatistics]) -> None:
    one = feature(found, "nothing")
    assert (one.counts.present, one.counts.missing) == (0, ROWS)
    assert one.numeric is not None
    assert np.isnan(one.numeric.mean)
    assert one.numeric.standard == ()


@pytest.mark.covers("feature-statistics-slices")
def test_each_slice_has_the_statistics_of_its_rows(found: list[DatasetStatistics]) -> None:
    assert [(part.slice, part.rows) for part in found] == [
        ("All Examples", ROWS), ("city_Lagos", 200), ("city_Oslo", 200), ("city_Quito", 200),
    ]  # fmt: skip
    counts = np.asarray(rows()["count"].combine_chunks().to_numpy(zero_copy_only=False), float)[1::3]
    one = feature(found, "count", 2).numeric
    assert one is not None
    assert one.mean == pytest.approx(np.nanmean(counts), rel=CLOSE)
    assert one.std_dev == pytest.approx(np.nanstd(counts), rel=CLOSE)


@pytest.mark.covers("feature-statistics-weighted")
@pytest.mark.parametrize("name", ["amount", "big", "at"])
def test_weights_say_how_often_a_row_counts(found: list[DatasetStatistics], name: str) -> None:
    weights = np.asarray(rows()["weight"])
    given = rows()[name].combine_chunks()
    values = np.asarray(given.cast("int64")) / 1e6 if name == "at" else given.to_numpy(zero_copy_only=False)
    values = values.astype(float)
    known = np.isfinite(values)
    one = feature(found, name).weighted
    assert one is not None
    assert one.numeric is not None
    assert found[0].weighted_rows == weights.sum()
    assert one.numeric.finite == pytest.approx(weights[known].sum())
    mean = np.average(values[known], weights=weights[known])
    assert one.numeric.mean == pytest.approx(mean, rel=CLOSE)
    spread = np.sqrt(np.average((values[known] - mean) ** 2, weights=weights[known]))
    assert one.numeric.std_dev == pytest.approx(spread, rel=CLOSE)
    lighter = weights[known & (values < one.numeric.median)].sum() / weights[known].sum()
    assert abs(lighter - 0.5) <= (0.03 if name == "amount" else RANK)  # infinities are beside the finite ones


def test_weighted_values_are_counted_by_weight(found: list[DatasetStatistics]) -> None:
    one = feature(found, "payment").weighted
    assert one is not None
    assert one.text is not None
    table = rows()
    pairs = list(zip(table["payment"].to_pylist(), table["weight"].to_pylist()))
    assert dict(one.text.values)["日本"] == pytest.approx(sum(w for v, w in pairs if v == "日本"))


@pytest.mark.covers("feature-statistics-bounded")
def test_many_different_values_are_estimated_and_said_to_be(reader: StoreReader) -> None:
    """What is kept does not grow with how many there are."""
    many = 4 * COUNTED_VALUES
    frame = Frame(
        f"(SELECT toString(number) AS id, if(number % 4 = 0, 'often', toString(number)) AS some FROM numbers({many}))",
        (FrameColumn("id", "categorical", "id"), FrameColumn("some", "categorical", "some")),
    )
    (found,) = asyncio.run(dataset_statistics(reader, frame))
    one, some = found.features[0].text, found.features[1].text
    assert one is not None
    assert some is not None
    assert not one.unique_exact
    assert one.unique == pytest.approx(many, rel=0.02)
    assert len(one.values) == 1_000
    assert some.values[0][0] == "often"
    assert some.values[0][1] == pytest.approx(many / 4, rel=0.01)


@pytest.mark.covers("feature-statistics-wide")
def test_columns_may_be_many_and_have_any_name(reader: StoreReader, tmp_path: Path) -> None:
    """Also names that a statement might use itself, and more columns than fit one."""
    names = [
        "x1",
        "x0",
        "w",
        "rows",
        "slice",
        "near",
        "part",
        "v",
        "t",
        "a`b",
        "c\\d",
        "quo'te",
        "dots.in.name",
        "日本",
        "{p}",
    ]
    names += [f"many{i}" for i in range(90)]
    path = tmp_path / "wide.parquet"
    pq.write_table(pa.table({name: [float(i), i + 2.0, None] for i, name in enumerate(names)}), path)

    async def ask() -> list[DatasetStatistics]:
        frame = await file_frame(reader, path)
        return await dataset_statistics(reader, frame, weight="w", slices=Slices(frame.column("slice")))

    for part, mean in zip(asyncio.run(ask()), (1.0, 0.0, 2.0)):
        assert len(part.features) == len(names) - 1
        for one in part.features:
            assert one.numeric is not None
            assert one.numeric.mean == names.index(one.feature) + mean
            assert one.weighted is not None
            assert one.weighted.counts.present == pytest.approx(part.weighted_rows)


def test_a_file_without_rows_has_features_without_values(reader: StoreReader, tmp_path: Path) -> None:
    path = tmp_path / "empty.parquet"
    columns = {"a": pa.float64(), "c": pa.string(), "l": pa.list_(pa.string())}
    pq.write_table(pa.table({name: pa.array([], kind) for name, kind in columns.items()}), path)

    async def ask() -> list[DatasetStatistics]:
        frame = await file_frame(reader, path)
        return await dataset_statistics(reader, frame, slices=Slices(frame.column("c")))

    (found,) = asyncio.run(ask())
    assert (found.rows, [one.counts.present for one in found.features]) == (0, [0, 0, 0])


@pytest.mark.evidence
@pytest.mark.covers("feature-statistics-tfdv")
@pytest.mark.parametrize("name", ["baseline", "window", "window_faults"])
def test_a_census_has_tfdvs_statistics(reader: StoreReader, name: str) -> None:
    """Every exact quantity to 1e-9, what is sketched within a hundredth of the rows: unseen categories, NaN and all."""
    from tensorflow_metadata.proto.v0 import statistics_pb2 as tfdv

    census = public_data("oracle/census_2016")
    path = census / f"{name}.parquet"
    expected = tfdv.DatasetFeatureStatisticsList.FromString((census / f"tfdv/{name}/FeatureStats.pb").read_bytes())

    async def ask() -> tfdv.DatasetFeatureStatistics:
        return await tfdv_statistics(reader, await file_frame(reader, path))

    ours = asyncio.run(ask())
    theirs = expected.datasets[0]
    table = pq.read_table(path)
    assert ours.num_examples == theirs.num_examples
    assert [one.path.step[0] for one in ours.features] == [one.path.step[0] for one in theirs.features]
    for one, other in zip(ours.features, theirs.features):
        assert (one.type, one.WhichOneof("stats")) == (other.type, other.WhichOneof("stats"))
        if other.HasField("string_stats"):
            assert one.string_stats.avg_length == pytest.approx(other.string_stats.avg_length, rel=CLOSE)
            one.string_stats.avg_length = other.string_stats.avg_length
            assert one == other
            continue
        said, known = one.num_stats, other.num_stats
        assert said.common_stats == known.common_stats
        for exact in ("mean", "std_dev", "min", "max", "num_zeros"):
            assert getattr(said, exact) == pytest.approx(getattr(known, exact), rel=CLOSE, nan_ok=True)
        values = table[one.path.step[0]].drop_null().to_numpy().astype(float)
        values = values[~np.isnan(values)]
        assert off_rank(values, said.median, 0.5) <= RANK
        for histogram, drawn in zip(said.histograms, known.histograms):
            assert (histogram.type, histogram.num_nan) == (drawn.type, drawn.num_nan)
            assert len(histogram.buckets) == len(drawn.buckets)
            below = np.cumsum([bucket.sample_count for bucket in histogram.buckets]) / len(values)
            assert max(off_rank(values, b.high_value, r) for b, r in zip(histogram.buckets, below)) <= RANK
