"""TFDV's files, written by TFDV itself, read and written again."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tapetum_server.moving.tfdv.files import Unreadable, found_in, read_datasets, read_message, written
from tapetum_server.moving.tfdv.records import framed, masked_crc32c, records_of

DATA = Path(__file__).parents[1] / "data" / "tfdv"


@pytest.mark.covers("tfdv-files-read")
@pytest.mark.parametrize("name", ["FeatureStats.pb", "stats_tfrecord", "train_stats.pbtxt"])
def test_every_form_of_tfdvs_file_says_the_same(name: str) -> None:
    (dataset,) = read_datasets(DATA / name)
    assert (dataset.slice, dataset.rows) == ("All Examples", 4000)
    miles, company = dataset.feature("miles"), dataset.feature("company")
    assert miles is not None
    assert miles.numeric is not None
    assert (miles.counts.present, miles.counts.missing) == (3891, 109)
    assert (miles.numeric.mean, miles.numeric.median) == (2.4674125838443457, 1.7707505303001467)
    assert miles.numeric.std_dev == pytest.approx(2.4570881518715759, rel=1e-14)
    assert company is not None
    assert company.text is not None
    assert company.text.values == (("flash", 2022.0), ("taxi aff", 1181.0), ("chicago carriage", 797.0))


def test_slices_are_datasets_of_one_file() -> None:
    assert [(part.slice, part.rows) for part in read_datasets(DATA / "sliced_FeatureStats.pb")] == [
        ("All Examples", 4000), ("company_chicago carriage", 797), ("company_flash", 2022), ("company_taxi aff", 1181),
    ]  # fmt: skip


def test_infinities_are_found_where_tfdv_puts_them() -> None:
    """Its mean is NaN then and its deviation 0: neither is taken for a value."""
    fare = read_datasets(DATA / "serving_FeatureStats.pb")[0].feature("fare")
    assert fare is not None
    assert fare.numeric is not None
    assert (fare.numeric.positive_infinity, fare.numeric.finite) == (6, 1494)
    assert fare.numeric.maximum == pytest.approx(72.09, abs=0.01)
    assert str(fare.numeric.std_dev) == "nan"


@pytest.mark.covers("tfdv-files-written")
@pytest.mark.parametrize("form", ["pb", "pbtxt", "tfrecord"])
@pytest.mark.parametrize("name", ["FeatureStats.pb", "serving_FeatureStats.pb", "sliced_FeatureStats.pb"])
def test_what_is_written_is_what_tfdv_wrote(tmp_path: Path, name: str, form: str) -> None:
    """To the last field: only the deviation passes through its square."""
    path = tmp_path / f"again.{form}"
    path.write_bytes(written(read_datasets(DATA / name), form))
    ours, theirs = read_message(path), read_message(DATA / name)
    for dataset, original in zip(ours.datasets, theirs.datasets):
        for one, other in zip(dataset.features, original.features):
            if other.HasField("num_stats"):
                assert one.num_stats.std_dev == pytest.approx(other.num_stats.std_dev, rel=1e-14)
                one.num_stats.std_dev = other.num_stats.std_dev
            assert str(one) == str(other)  # NaN equals nothing
    assert len(ours.datasets) == len(theirs.datasets)


def test_the_record_of_tfdv_is_framed_byte_by_byte() -> None:
    content = (DATA / "stats_tfrecord").read_bytes()
    (record,) = records_of(content)
    assert framed(record) == content


def test_the_checksum_is_the_published_one() -> None:
    """CRC-32C of "123456789" is 0xE3069283 (RFC 3720), masked as TFRecord does."""
    crc = 0xE3069283
    assert masked_crc32c(b"123456789") == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


@pytest.mark.covers("tfdv-files-broken")
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"PAR1 and more of it", "no DatasetFeatureStatisticsList"),
        ((DATA / "stats_tfrecord").read_bytes()[:-100], "breaks off: record 0 has 4507 bytes of 4603"),
        ((DATA / "stats_tfrecord").read_bytes()[:-5] + b"\0" + (DATA / "stats_tfrecord").read_bytes()[-4:], "checksum"),
        ((DATA / "stats_tfrecord").read_bytes() + struct.pack("<Q", 9), "record 1 has no whole header"),
    ],
)
def test_a_broken_file_is_refused_with_the_place(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "stats_tfrecord"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=why):
        read_datasets(path)


def test_the_splits_of_tfx_are_found(tmp_path: Path) -> None:
    for split in ("eval", "train"):
        (tmp_path / f"Split-{split}").mkdir()
        (tmp_path / f"Split-{split}" / "FeatureStats.pb").write_bytes((DATA / "FeatureStats.pb").read_bytes())
    assert [path.parent.name for path in found_in(tmp_path)] == ["Split-eval", "Split-train"]
