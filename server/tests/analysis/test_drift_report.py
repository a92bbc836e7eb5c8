"""The drift report names what moved, since when and where, and says when it cannot say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from drift_world import CENSUS, ROWS, Report, comparing, of, rows
from scipy import stats

from tapetum_server.analysis.drift.answers import DriftReport
from tapetum_server.analysis.drift.importance import importances
from tapetum_server.detectors.drift.thresholds import ConstantThreshold, VariationThreshold
from tapetum_server.query import drift
from tapetum_server.query.errors import QueryError

DAY_NS = 86_400 * 10**9


@pytest.fixture(scope="module")
def report(engine_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    """A function that compares two tables, by default those of `rows`."""
    with comparing(engine_home, tmp_path_factory.mktemp("drift"), "drift_report") as compare:
        yield compare


@pytest.fixture(scope="module")
def plain(report: Report) -> DriftReport:
    """What is said where nothing is asked for in particular."""
    return report(ignore=("version",))


@pytest.mark.covers("drift-dataset-verdict", "drift-moved-values")
def test_the_features_that_moved_are_found_and_no_others(plain: DriftReport) -> None:
    verdicts = {feature["name"]: feature["verdict"] for feature in plain["features"]}
    assert verdicts == {
        "income": "drift", "channel": "drift", "history": "drift", "age": "no_drift", "region": "no_drift",
        "new_customer": "no_drift", "rare": "not_enough_data",
    }  # fmt: skip
    assert (plain["verdict"], plain["drifted"], plain["compared"], plain["not_enough_data"]) == ("drift", 3, 6, 1)
    moved = of(plain, "channel")["moved"][0]
    assert (moved["what"], moved["baseline_share"], moved["window_share"]) == ("app", 0, pytest.approx(0.2, abs=0.02))
    assert of(plain, "income")["moved"][0]["what"].startswith("≥ ")


@pytest.mark.covers("drift-missing")
def test_a_feature_whose_values_went_missing_drifted_though_those_left_did_not(plain: DriftReport) -> None:
    history = of(plain, "history")
    verdicts = {result["method"]: result["verdict"] for result in history["results"]}
    assert verdicts == {"presence": "drift", "js": "no_drift"}
    assert history["moved"][0]["what"] == "missing"
    assert history["window"]["missing"] == history["window"]["rows"] - history["window"]["values"] > 800


@pytest.mark.covers("drift-not-enough-data")
def test_too_few_values_are_no_verdict_and_nothing_to_compare_is_none_at_all(report: Report) -> None:
    few = {"x": np.arange(50.0)}
    answered = report(few, {"x": np.arange(50.0) + 1_000})
    assert (answered["verdict"], answered["compared"]) == ("not_enough_data", 0)
    assert report(few, {"x": np.arange(50.0) + 1_000}, min_rows=50)["verdict"] == "drift"
    nothing = report({"x": pa.array([], pa.float64())}, {"x": pa.array([], pa.float64())})
    assert nothing["verdict"] == "not_enough_data"


def test_identifiers_times_and_lists_are_left_out_with_a_reason(plain: DriftReport, report: Report) -> None:
    reasons = {left["name"]: left["reason"] for left in plain["not_compared"]}
    assert set(reasons) == {"application", "reference", "at", "letters"}
    assert "counts its rows" in reasons["application"]
    assert "nearly every row" in reasons["reference"]
    named = report(features=("application",))
    assert of(named, "application")["verdict"] == "drift"


def test_a_constant_that_changed_is_drift(report: Report) -> None:
    version = of(report(features=("version",)), "version")
    assert version["verdict"] == "drift"
    assert {moved["what"] for moved in version["moved"]} == {"= 2015", "> 2015"}
    assert version["effect"] is None


@pytest.mark.covers("drift-since-rows", "drift-since-time")
def test_since_when_is_the_chunk_in_which_it_began(report: Report) -> None:
    """Half of the window drifted: row 2,000, on Friday the fifth of September."""
    by_rows = report(chunk_size=500, features=("income", "channel", "history", "age"))
    assert {f["name"]: f["since"] for f in by_rows["features"]} == {
        "income": "2000:2499", "channel": "2000:2499", "history": "2000:2499", "age": None,
    }  # fmt: skip
    assert [chunk["rows"] for chunk in of(by_rows, "age")["chunks"]] == [500] * 8
    by_days = report(time="at", chunk_period_ns=DAY_NS, features=("channel",))
    assert of(by_days, "channel")["since"] == "2025-09-05T00:00:00.000000000Z"
    weeks = report(time="at", chunk_period_ns=7 * DAY_NS, features=("channel",))
    assert [c["chunk"][:10] for c in of(weeks, "channel")["chunks"]] == ["2025-09-01", "2025-09-08"]


@pytest.mark.covers("drift-lasting")
def test_drift_that_has_begun_shows_before_the_whole_window_does(report: Report) -> None:
    """Two chunks of ten: the whole window hardly moved, its end did."""
    random = np.random.default_rng(3)
    late = np.where(np.arange(10_000) >= 8_000, 0.5, 0.0)
    baseline, window = {"x": random.normal(0, 1, 10_000)}, {"x": random.normal(0, 1, 10_000) + late}
    assert of(report(baseline, window), "x")["verdict"] == "no_drift"
    chunked = of(report(baseline, window, chunk_size=1_000), "x")
    assert (chunked["verdict"], chunked["since"]) == ("drift", "8000:8999")
    once = {"x": random.normal(0, 1, 10_000) + np.where(np.arange(10_000) // 1_000 == 9, 0.5, 0.0)}
    assert of(report(baseline, once, chunk_size=1_000), "x")["verdict"] == "no_drift"


@pytest.mark.covers("drift-threshold-variation", "drift-threshold-constant")
def test_thresholds_are_constant_or_come_from_the_baselines_own_chunks(report: Report) -> None:
    own = of(report(chunk_size=500, threshold=VariationThreshold(3), features=("age",)), "age")
    result = own["results"][-1]
    # Chunks of 500 in ten bins differ from the whole by about 0.05, and this is no drift.
    assert result["threshold"] == pytest.approx(0.08, abs=0.04)
    assert own["verdict"] == "no_drift"
    assert {r["threshold"] for c in own["chunks"] for r in c["results"] if r["method"] == "js"} == {result["threshold"]}
    low = of(report(threshold=ConstantThreshold(0.0001), alpha=0.99, correction="none", features=("age",)), "age")
    assert low["verdict"] == "drift"


@pytest.mark.covers("drift-false-discoveries")
@pytest.mark.wide
def test_of_many_features_that_did_not_move_none_is_called_drifted_by_chance(report: Report) -> None:
    """Sixty p-values, of which some are below 0.05; every change is large enough to be told. The one that moved stays."""
    random = np.random.default_rng(21)
    names = [f"noise{n:02}" for n in range(60)]
    baseline, window = ({name: random.normal(0, 1, 300) for name in names} for _ in range(2))
    baseline["moved"], window["moved"] = random.normal(0, 1, 300), random.normal(0.6, 1, 300)
    drifted, p, adjusted = {}, {}, {}
    for correction in ("none", "bh", "by"):
        found = report(baseline, window, threshold=ConstantThreshold(1e-6), correction=correction, methods=("ks",))
        results = {feature["name"]: feature["results"][-1] for feature in found["features"]}
        drifted[correction] = {feature["name"] for feature in found["features"] if feature["verdict"] == "drift"}
        p[correction] = [results[name]["p"] for name in (*names, "moved")]
        adjusted[correction] = [results[name]["p_adjusted"] for name in (*names, "moved")]
    assert len(drifted["none"]) > 2
    assert drifted["bh"] == drifted["by"] == {"moved"}
    assert p["none"] == p["bh"] == p["by"]
    for correction in ("bh", "by"):
        theirs = stats.false_discovery_control(p["bh"], method=correction)
        assert adjusted[correction] == pytest.approx(list(theirs), rel=1e-9)


@pytest.mark.covers("drift-slices")
def test_the_slice_in_which_it_happened_comes_first(report: Report) -> None:
    income = of(report(slices=("region", "new_customer"), features=("income",)), "income")
    first, *others = income["slices"]
    assert (first["column"], first["value"], first["result"]["verdict"]) == ("region", "south", "drift")
    north = next(s for s in others if s["value"] == "north")
    assert north["result"]["verdict"] == "no_drift"


@pytest.mark.covers("drift-importance")
def test_features_rank_by_drift_times_importance(report: Report) -> None:
    weights = importances('{"income": 0.9, "channel": 0.01, "history": 0}')
    ranked = report(importance=weights, features=("income", "channel", "history"))
    assert [f["name"] for f in ranked["features"]] == ["income", "channel", "history"]
    alike = report(features=("income", "channel", "history"))
    assert [f["name"] for f in alike["features"]][-1] == "income"
    assert importances("feature,importance\nincome,0.5\n\nage,1\n") == {"income": 0.5, "age": 1}
    for wrong in ('{"a": "x"}', "{", "a,b,c", "a,1\nb,x", "", '{"a": true}'):
        with pytest.raises(QueryError, match="importance"):
            importances(wrong)


def test_a_share_of_drifted_features_may_be_asked_for_before_the_whole_counts_as_drifted(report: Report) -> None:
    names = ("income", "age", "region")
    assert report(features=names)["verdict"] == "drift"
    assert report(features=names, drifted_share=0.4)["verdict"] == "no_drift"


@pytest.mark.covers("drift-many-values")
def test_ten_thousand_unseen_categories_are_one_value_that_moved(report: Report) -> None:
    random = np.random.default_rng(4)
    usual = [f"c{n}" for n in random.zipf(1.5, ROWS)]
    # Some thousand values on one side, and as many that nobody has seen on the other.
    unseen = [f"new{n}" if n % 2 else value for n, value in enumerate(usual)]
    steady, moved = report({"c": usual * 3}, {"c": usual * 3}), report({"c": usual * 3}, {"c": unseen * 3})
    assert (steady["verdict"], moved["verdict"]) == ("no_drift", "drift")
    assert of(moved, "c")["moved"][0]["what"] == "(other values)"
    assert len(set(unseen)) > 1_000


def test_a_type_that_changed_is_compared_as_text_and_said(report: Report) -> None:
    digits = np.random.default_rng(5).integers(0, 4, 1_000)
    answered = of(report({"d": [str(d) for d in digits]}, {"d": digits}), "d")
    assert (answered["kind"], answered["verdict"], answered["results"][-1]["value"]) == ("categorical", "no_drift", 0)
    assert "categorical in the baseline, numeric in the window" in answered["note"]
    back = of(report({"d": digits}, {"d": [str(d) for d in digits]}), "d")
    assert (back["kind"], back["verdict"], back["results"][-1]["value"]) == ("categorical", "no_drift", 0)


def test_a_column_that_is_gone_is_missing_everywhere_and_a_new_one_is_named(report: Report) -> None:
    answered = report({"a": np.arange(200.0), "b": np.arange(200.0)}, {"a": np.arange(200.0), "c": np.arange(200.0)})
    assert of(answered, "b")["verdict"] == "drift"
    assert "no such column" in of(answered, "b")["note"]
    assert answered["new_columns"] == ["c"]


def test_nan_infinities_and_all_null_features_are_told_apart(report: Report) -> None:
    values = np.random.default_rng(6).normal(0, 1, 1_000)
    broken = values.copy()
    broken[:100], broken[100:150], broken[150:160] = np.nan, np.inf, -np.inf
    empty = pa.array([None] * 1_000, pa.float64())
    answered = report({"x": values, "e": empty}, {"x": broken, "e": empty})
    x = of(answered, "x")
    assert (x["window"]["nan"], x["window"]["infinite"], x["window"]["values"]) == (100, 60, 840)
    assert x["window"]["max"] == pytest.approx(broken[np.isfinite(broken)].max())
    assert x["verdict"] == "drift"
    assert of(answered, "e")["verdict"] == "not_enough_data"
    assert "e" not in [f["name"] for f in answered["features"] if f["verdict"] == "drift"]


@pytest.mark.covers("drift-exact-values")
def test_exact_methods_see_every_value_sorted_by_the_engine(report: Report) -> None:
    b, w = (rows(seed, drifted=d)["income"] for seed, d in ((1, False), (2, True)))
    income = of(report(methods=("ks", "wasserstein", "energy"), features=("income",)), "income")
    results = {result["method"]: result for result in income["results"]}
    assert results["ks"]["value"] == pytest.approx(stats.ks_2samp(b, w).statistic, abs=1e-9)
    assert results["ks"]["p"] == pytest.approx(stats.ks_2samp(b, w, method="asymp").pvalue, rel=1e-9)
    assert results["wasserstein"]["value"] == pytest.approx(stats.wasserstein_distance(b, w) / b.std(), rel=1e-9)
    assert results["energy"]["value"] == pytest.approx(stats.energy_distance(b, w) / np.sqrt(b.std()), rel=1e-9)
    chunks = of(report(methods=("ks",), chunk_size=1_000, features=("income",)), "income")["chunks"]
    second = next(r for r in chunks[1]["results"] if r["method"] == "ks")
    assert second["value"] == pytest.approx(stats.ks_2samp(b, w[1_000:2_000]).statistic, abs=1e-9)


def test_more_features_than_one_statement_has_room_for(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of features are asked for in turn; with chunks, so that the groups of several statements meet."""
    monkeypatch.setattr(drift, "STATEMENT_CHARACTERS", 10_000)
    random = np.random.default_rng(11)
    table = {f"feature_{n:02}": random.normal(0, 1, 200).astype(np.float32) for n in range(24)}
    moved = table | {"feature_17": table["feature_17"] + 3}
    answered = report(table, moved, chunk_size=100)
    assert [f["name"] for f in answered["features"] if f["verdict"] == "drift"] == ["feature_17"]
    assert (answered["compared"], {len(f["chunks"]) for f in answered["features"]}) == (24, {2})


@pytest.mark.covers("drift-wide")
def test_numbers_that_are_turned_into_rows_say_the_same(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    """As thousands of features are counted: with nulls, NaN, infinities, constants, by chunk, time and slice, and without rows."""
    questions: list[dict[str, Any]] = [
        {"slices": ("region",)}, {"chunk_size": 500, "slices": ("new_customer",)}, {"time": "at", "chunk_period_ns": DAY_NS},
        {"chunk_size": 500, "threshold": VariationThreshold(3)},
    ]  # fmt: skip
    odd = np.random.default_rng(6).normal(0, 1, 1_000)
    broken = odd.copy()
    broken[:100], broken[100:150], broken[150:160] = np.nan, np.inf, -np.inf
    holes = pa.array([None if n % 3 else float(n) for n in range(1_000)])
    one = {"a": odd, "b": broken, "c": holes, "d": np.ones(1_000), "e": pa.array([None] * 1_000, pa.float64())}
    other = {"a": broken, "b": odd, "c": odd, "d": np.zeros(1_000), "e": odd}
    pairs = [
        (one, other),
        (other, one),
        ({"x": pa.array([], pa.float64())}, {"x": odd}),
        ({"x": odd}, {"x": pa.array([], pa.float64())}),
    ]
    plain = [report(**asked) for asked in questions] + [report(*tables) for tables in pairs]
    asked_for: list[int] = []
    real = drift.turned_counts_statement

    def turned(*said: Any) -> Any:
        asked_for.append(len(said[1]))
        return real(*said)

    monkeypatch.setattr(drift, "WIDE", 0)
    monkeypatch.setattr(drift, "turned_counts_statement", turned)
    wide = [report(**asked) for asked in questions] + [report(*tables) for tables in pairs]
    assert len(asked_for) > len(wide)
    for expected, found in zip(plain, wide):
        assert alike(found, expected)


def alike(found: Any, expected: Any) -> bool:
    """The same, but for the last digits of numbers that were added up in another order."""
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(alike(found[key], each) for key, each in expected.items())
    if isinstance(expected, list | tuple):
        return len(found) == len(expected) and all(map(alike, found, expected))
    if isinstance(expected, float):
        return bool(found == pytest.approx(expected, rel=1e-9, nan_ok=True))
    return bool(found == expected)


def test_columns_may_have_any_name(report: Report) -> None:
    """Also those that a statement might have used itself, and those that are to be quoted."""
    names = ("g", "x", "n", "n0", "rows", "q0", "it's `so`", "a b", "número")
    table = {name: np.random.default_rng(9).normal(0, 1, 300) for name in names} | {"v": ["a", "b"] * 150}
    answered = report(table, table, methods=("js", "ks"), chunk_size=150, slices=("v",))
    assert (answered["verdict"], answered["compared"]) == ("no_drift", 10)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"methods": ("x",)}, "no method 'x'"),
        ({"features": ("nope",)}, "no column 'nope'"),
        ({"ignore": ("nope",)}, "no column 'nope'"),
        ({"threshold": VariationThreshold(3)}, "needs chunks"),
        ({"chunk_period_ns": DAY_NS}, "need a column of times"),
        ({"chunk_period_ns": DAY_NS, "time": "age"}, "holds no times"),
        ({"chunk_period_ns": DAY_NS, "time": "at", "chunk_size": 5}, "not both"),
        ({"bins": 1}, "bins"),
        ({"alpha": 1.0}, "alpha"),
        ({"drifted_share": 1.0}, "share"),
        ({"importance": {"age": -1.0}}, "importance of 'age'"),
        ({"slices": ("letters",)}, "cannot be sliced"),
        ({"definitions": "nannyml", "methods": ("psi",)}, "NannyML's definitions say what method is"),
    ],
)
def test_a_wrong_question_is_refused_with_what_is_wrong(report: Report, settings: dict[str, Any], word: str) -> None:
    with pytest.raises(QueryError, match=word):
        report(**settings)


@pytest.mark.covers("drift-nannyml")
def test_nannymls_definitions_by_chunk_with_its_thresholds(report: Report) -> None:
    answered = report(definitions="nannyml", chunk_size=500, features=("income", "channel", "age", "rare"))
    assert of(answered, "rare")["verdict"] == "not_enough_data"
    # Half of the chunks alert; more than half is drift.
    assert (of(answered, "channel")["verdict"], of(answered, "age")["verdict"]) == ("no_drift", "no_drift")
    b, w = (rows(seed, drifted=d)["income"] for seed, d in ((1, False), (2, True)))
    chunks = of(answered, "income")["chunks"]
    ks = [next(r for r in chunk["results"] if r["method"] == "kolmogorov_smirnov") for chunk in chunks]
    own = [stats.ks_2samp(b, b[i : i + 500]).statistic for i in range(0, ROWS, 500)]
    assert ks[5]["value"] == pytest.approx(stats.ks_2samp(b, w[2_500:3_000]).statistic, abs=1e-9)
    assert ks[5]["threshold"] == pytest.approx(np.mean(own) + 3 * np.std(own), abs=1e-9)
    assert [r["verdict"] == "drift" for r in ks] == [n >= 4 for n in range(8)]
    chi2 = [next(r for r in chunk["results"] if r["method"] == "chi2") for chunk in of(answered, "channel")["chunks"]]
    assert (chi2[4]["threshold"], chi2[4]["verdict"]) == (None, "drift")
    late = report(definitions="nannyml", chunk_size=1_900, features=("channel",))
    assert late["verdict"] == "drift"


@pytest.mark.evidence
@pytest.mark.skipif(CENSUS is None, reason="the public data sets are not beside the checkout")
@pytest.mark.covers("drift-scipy-exact")
@pytest.mark.parametrize("window", ["window", "window_faults"])
def test_on_the_census_every_count_and_distance_is_that_of_numpy_and_scipy(report: Report, window: str) -> None:
    assert CENSUS is not None
    expected = json.loads((CENSUS / "direct" / "expected_stats_drift.json").read_text())["drift"][window]
    names = {
        "psi": "psi", "js": "js_distance_base2", "hellinger": "hellinger", "linf": "l_infinity",
        "tvd": "total_variation", "kl": "kl_window_baseline_nats", "chi2": "cramers_v", "ks": "ks_stat",
        "wasserstein": "wasserstein_over_baseline_std",
    }  # fmt: skip
    kinds = {name: cell["kind"] for name, cell in expected.items()}
    answered = report(
        CENSUS / "baseline.parquet", CENSUS / f"{window}.parquet", methods=tuple(names), features=tuple(expected),
        categorical=tuple(name for name, kind in kinds.items() if kind == "categorical"),
    )  # fmt: skip
    compared = 0
    for feature in answered["features"]:
        cell = expected[feature["name"]]
        for result in feature["results"]:
            key = names.get(result["method"])
            if key in cell:
                assert result["value"] == pytest.approx(cell[key], rel=1e-9), (feature["name"], key)
                compared += 1
            if result["method"] == "ks":
                assert result["p"] == pytest.approx(cell["ks_pvalue_asymp"], rel=1e-9)
            if result["method"] == "chi2" and "chi2_no_correction" in cell:
                assert result["p"] == pytest.approx(cell["chi2_no_correction"]["pvalue"], rel=1e-9)
        effect = feature["effect"]
        assert effect is not None
        assert effect["value"] == pytest.approx(cell[effect["name"]], rel=1e-9)
    assert compared >= 6 * len(expected)


@pytest.mark.evidence
@pytest.mark.skipif(CENSUS is None, reason="the public data sets are not beside the checkout")
@pytest.mark.covers("drift-nannyml")
def test_on_the_census_the_report_by_nannymls_definitions_is_nannymls(report: Report) -> None:
    """From the files, through the engine: 18 features, 14 chunks, four methods each."""
    assert CENSUS is not None
    expected = json.loads((CENSUS / "nannyml" / "expected.json").read_text())["univariate_drift_default_auto"]
    names = [name for name in expected[0] if name != "chunk"]
    answered = report(
        CENSUS / "baseline.parquet", CENSUS / "window.parquet", definitions="nannyml", features=tuple(names),
        categorical=tuple(name for name in names if "chi2" in expected[0][name]),
    )  # fmt: skip
    compared = 0
    for feature in answered["features"]:
        assert len(feature["chunks"]) == len(expected)
        for chunk, row in zip(feature["chunks"], expected):
            for result in chunk["results"]:
                cell = row[feature["name"]][result["method"]]
                assert result["value"] == pytest.approx(cell["value"], abs=1e-6)
                limit = cell["upper_threshold"]
                assert result["threshold"] == (None if limit is None else pytest.approx(limit, abs=1e-6))
                assert (result["verdict"] == "drift") == cell["alert"]
                compared += 1
    assert compared == 18 * 14 * 4
