"""`tapetum drift` as a CI job runs it: an exit code, a table that says what moved, JSON for programs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from process.servers import tapetum

ROWS = 1_500


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CSV files of two features: what was normal, the same again, and one in which prices doubled."""
    folder = tmp_path_factory.mktemp("drift")
    random = np.random.default_rng(8)
    for name, factor in (("baseline", 1), ("steady", 1), ("doubled", 2)):
        prices = random.lognormal(3, 0.4, ROWS) * factor
        shops = random.choice(["Oslo", "Lagos", "Quito"], ROWS)
        lines = [f"{price:.2f},{shop}" for price, shop in zip(prices, shops)]
        (folder / f"{name}.csv").write_text("\n".join(["price,shop", *lines]))
    (folder / "short.csv").write_text("\n".join(["price,shop", *lines[:20]]))
    return folder


@pytest.mark.covers("cli-drift")
def test_exit_codes_are_those_of_a_test(files: Path) -> None:
    """0 no drift, 1 drift, 2 cannot say; and a table that leads with what moved."""
    steady = tapetum("drift", "baseline.csv", "steady.csv", cwd=files)
    assert (steady.returncode, steady.stderr) == (0, "")
    assert "No drift: 0 of 2 features drifted (1,500 rows held against 1,500)." in steady.stdout
    doubled = tapetum("drift", "baseline.csv", "doubled.csv", "--chunk-size", "500", "--slice", "shop", cwd=files)
    assert (doubled.returncode, doubled.stderr) == (1, "")
    header, first, *_ = doubled.stdout.splitlines()
    assert header.split()[:3] == ["verdict", "feature", "js"]
    assert first.split()[:2] == ["drift", "price"]
    assert "0:499" in first
    assert "price: drift where shop is Oslo: js " in doubled.stdout
    short = tapetum("drift", "baseline.csv", "short.csv", cwd=files)
    assert short.returncode == 2
    assert "Cannot say: no feature has enough values" in short.stdout


def test_json_goes_to_a_file_with_every_option_heard(files: Path) -> None:
    (files / "importance.json").write_text('{"price": 0.25}')
    answered = tapetum(
        "drift", "baseline.csv", "doubled.csv", "--features", "price,shop", "--method", "psi", "--method", "ks",
        "--threshold", "0.2", "--importance", "importance.json", "--correction", "by", "--format", "json",
        "-o", "report.json", cwd=files,
    )  # fmt: skip
    assert (answered.returncode, answered.stdout, answered.stderr) == (1, "", "")
    report = json.loads((files / "report.json").read_text())
    price = report["features"][0]
    assert (price["name"], price["importance"], report["correction"]) == ("price", 0.25, "by")
    assert [(r["method"], r["threshold"]) for r in price["results"]] == [("presence", 0.05), ("psi", 0.2), ("ks", 0.2)]
    assert price["score"] == pytest.approx(0.25 * max(r["value"] for r in price["results"][1:]) / 0.2)


def test_what_is_wrong_is_said_and_leaves_with_two(files: Path) -> None:
    """1 is for drift: a typing error must not look like it."""
    missing = tapetum("drift", "baseline.csv", "nothing.csv", cwd=files)
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "there is no file nothing.csv" in missing.stderr
    column = tapetum("drift", "baseline.csv", "steady.csv", "--features", "prize", cwd=files)
    assert column.returncode == 2
    assert "there is no column 'prize'" in column.stderr
    assert "price, shop" in column.stderr
    (files / "torn.parquet").write_bytes(b"PAR1 and then nothing")
    torn = tapetum("drift", "baseline.csv", "torn.parquet", cwd=files)
    assert torn.returncode == 2
    assert "cannot be read" in torn.stderr
    assert tapetum("drift", "baseline.csv", "steady.csv", "--threshold", "high", cwd=files).returncode == 2
