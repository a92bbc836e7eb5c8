"""`tapetum stats`: statistics of a file on the command line, without a server."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.csv as pacsv
import pytest
from feature_rows import rows, write_rows
from process.servers import tapetum

from tapetum_server.moving.tfdv.files import read_datasets

TFDV = Path(__file__).parents[1] / "data" / "tfdv"


@pytest.fixture(scope="module")
def parquet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rows(tmp_path_factory.mktemp("rows") / "rows.parquet")


@pytest.mark.covers("cli-stats")
def test_a_table_shows_numbers_apart_from_categories(parquet: Path) -> None:
    shown = tapetum("stats", parquet)
    assert (shown.returncode, shown.stderr) == (0, "")
    lines = {line.split()[0]: line for line in shown.stdout.splitlines()}
    assert lines["rows.parquet:"].rstrip() == "rows.parquet: 600 rows, 14 features"
    assert lines["numeric"].split()[1:5] == ["count", "missing", "mean", "std"]
    assert lines["amount"].split()[1:3] == ["588", "2.00%"]
    assert lines["amount"].rstrip().endswith("5 NaN, 2 -inf, 4 +inf")
    assert "█" in lines["amount"]
    assert lines["payment"].split()[1:5] == ["540", "10.00%", "5", "cheque"]
    assert lines["nothing"].rstrip().endswith("never there")
    assert "2025-10-09 08:53:20" in lines["at"]
    assert "1 to 4 values each" in lines["scores"]


@pytest.mark.covers("cli-stats-formats")
def test_tfdv_and_programs_read_what_is_written(parquet: Path, tmp_path: Path) -> None:
    target = tmp_path / "FeatureStats.pb"
    command = ("stats", parquet, "--slice", "city", "--slices", "2", "-c", "amount", "-c", "payment")
    written = tapetum(*command, "-o", target)
    assert (written.returncode, written.stdout, written.stderr) == (0, "", "")
    assert [(part.slice, part.rows, len(part.features)) for part in read_datasets(target)] == [
        ("All Examples", 600, 2), ("city_Lagos", 200, 2), ("city_Oslo", 200, 2),
    ]  # fmt: skip
    records = [json.loads(line) for line in tapetum(*command, "--format", "json").stdout.splitlines()]
    assert [(one["slice"], one["feature"]) for one in records[:3]] == [
        ("All Examples", "amount"), ("All Examples", "payment"), ("city_Lagos", "amount"),
    ]  # fmt: skip
    assert records[0]["quantiles_histogram"][-1][1] == "inf"
    # What was written is read again, as a table too.
    assert "payment" in tapetum("stats", target).stdout
    again = tapetum(*command, "-o", target)
    assert again.returncode == 1
    assert "cannot be written: File exists" in again.stderr


def test_a_csv_is_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    pacsv.write_csv(rows().select(["count", "payment"]), path)
    (count, payment) = map(json.loads, tapetum("stats", path, "--format", "json").stdout.splitlines())
    assert (count["type"], count["missing"], payment["unique"]) == ("INT", 86, 5)


@pytest.mark.covers("cli-stats-refuses")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere.parquet",), "there is no file nowhere.parquet"),
        (("{rows}", "--slice", "town"), "there is no column 'town'"),
        (("{rows}", "--weight", "city"), "'city' is categorical, and a weight is a number"),
        (("{broken}",), "the file cannot be read: Not a Parquet file"),
        ((str(TFDV / "FeatureStats.pb"), "--slice", "company"), "holds statistics, and no rows"),
        (("{rows}", "-o", "stats.txt"), "A table is for reading"),
        ((), "Statistics are of a file, of a data set or of a model"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_way_out(
    parquet: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(parquet.read_bytes()[:5000])
    refused = tapetum("stats", *(one.format(rows=parquet, broken=broken) for one in arguments), cwd=tmp_path)
    assert refused.returncode == 1
    assert said in refused.stderr
    assert len(refused.stderr.splitlines()) == 2, "what is wrong, and what to do"
