"""Commands about predictions in files, as people and CI run them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv
from typer.testing import CliRunner, Result

from tapetum_server.analysis.performance.by_outcome import OutcomeReport
from tapetum_server.cli.estimate_outcomes import show_outcomes
from tapetum_server.cli.main import app
from tapetum_server.detectors.estimation.outcome_regression import Quality
from tapetum_server.detectors.estimation.outcome_verdicts import Expected, ExpectedVersion
from tapetum_server.query import on_files
from tapetum_server.store.embedded import EmbeddedEngine

RNG = np.random.default_rng(4)
N = 4000
CONFIG = """
model_specs { label_key: "label" prediction_key: "score" }
slicing_specs { feature_keys: "city" }
cross_slicing_specs { baseline_spec {} slicing_specs { feature_keys: "city" } }
metrics_specs {
  metrics { class_name: "ExampleCount" }
  metrics { class_name: "AUC" threshold { value_threshold { lower_bound { value: 0.6 } } } }
  metrics { class_name: "BinaryAccuracy"
    per_slice_thresholds { slicing_specs { feature_keys: "city" }
      threshold { value_threshold { lower_bound { value: LIMIT } } } }
    threshold { change_threshold { direction: HIGHER_IS_BETTER absolute { value: CHANGE } } } }
  metrics { class_name: "CalibrationPlot" }
}
options { compute_confidence_intervals { value: true } confidence_intervals { method: JACKKNIFE } min_slice_size { value: 50 } }
"""


def world(rows: int, flipped: float = 0.0) -> pa.Table:
    """Chur at night is where the model is wrong."""
    city, shift = RNG.choice(["Bern", "Chur", "Thun"], rows), RNG.choice(["day", "night"], rows)
    city[:10] = "Zug"  # too small to be judged
    score = RNG.beta(1, 1, rows)
    wrong = (city == "Chur") & (shift == "night")
    chance = np.where(wrong, 1 - score, score)
    label = RNG.random(rows) < np.abs(chance - flipped)
    return pa.table({
        "city": city, "shift": shift, "age": RNG.integers(18, 80, rows), "score": score, "label": label.astype(int),
        "newer": np.where(wrong, 1 - score, score), "older": score, "amount": score * 100, "paid": score * 100 + RNG.normal(0, 5, rows),
        "time": pa.array(1_700_000_000 + 60 * np.arange(rows), pa.timestamp("s", "UTC")),
    })  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("predictions")
    pq.write_table(world(N), folder / "now.parquet")
    pq.write_table(world(N), folder / "before.parquet")
    pq.write_table(world(600), folder / "few.parquet")
    csv.write_csv(world(N), folder / "before.csv")
    pq.write_table(world(N).drop_columns(["label"]), folder / "unlabelled.parquet")
    sorted_rows = world(N).sort_by("score")
    pq.write_table(sorted_rows, folder / "sorted.parquet")
    for name, limit, change in (("good", 0.4, -0.1), ("strict", 0.6, -0.1), ("better", 0.4, 0.2)):
        text = CONFIG.replace("LIMIT", str(limit)).replace("CHANGE", str(change))
        (folder / f"{name}.pbtxt").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def run(files: Path, engine_home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command in this process, on its engine: there can be one only."""

    @contextmanager
    def shared(*_: object) -> Iterator[EmbeddedEngine]:
        engine = EmbeddedEngine(engine_home, "files")
        try:
            yield engine
        finally:
            engine.close()

    monkeypatch.setattr(on_files, "scratch_engine", shared)
    monkeypatch.chdir(files)
    monkeypatch.setenv("COLUMNS", "300")

    def command(*words: str) -> Result:
        return CliRunner().invoke(app, list(words))

    return command


@pytest.mark.covers("cli-evaluate", "evaluate-blessing")
def test_evaluate_blesses_and_its_exit_code_says_so(run: Any) -> None:
    found = run("evaluate", "now.parquet", "--config", "good.pbtxt", "--baseline", "before.csv", "--gaps")
    assert found.exit_code == 0, found.output
    assert "BLESSED: 5 checks, 0 failed" in found.stdout
    assert "Too small to be judged: city=Zug" in found.stderr
    assert "accuracy equality: binary accuracy is" in found.stdout
    assert "where city=Chur" in found.stdout
    assert "[" in next(line for line in found.stdout.splitlines() if line.startswith("city=Chur"))  # an interval


@pytest.mark.covers("evaluate-json", "evaluate-cross-slices")
def test_evaluate_does_not_bless_what_breaks_a_bound(run: Any) -> None:
    found = run(
        "evaluate", "now.parquet", "--config", "strict.pbtxt", "--baseline", "before.csv", "--json", "--time", "time"
    )
    assert found.exit_code == 1
    report = json.loads(found.stdout)
    assert not report["blessed"]
    (failure,) = report["failures"]
    assert (failure["slice"], failure["metric"]) == ("city=Chur", "binary_accuracy")
    assert failure["message"].endswith("is below 0.6")
    by_name = {each["slice"]: each for each in report["slices"]}
    accuracy = {name: each["metrics"]["binary_accuracy"]["value"] for name, each in by_name.items()}
    assert failure["value"] == accuracy["city=Chur"]
    assert [each["start"] for each in report["over_time"]][:2] == ["2023-11-14T00:00:00Z", "2023-11-15T00:00:00Z"]
    assert sum(each["rows"] for each in report["over_time"]) == N
    mean = sum(each["metrics"]["binary_accuracy"] * each["labelled"] for each in report["over_time"]) / N
    assert mean == pytest.approx(accuracy["all rows"])
    assert len(by_name["all rows"]["plots"]["calibration"]) == 10
    one, other, apart = report["differences"][0]
    assert apart["binary_accuracy"] == pytest.approx(accuracy[one] - accuracy[other])
    assert by_name["all rows"]["baseline"]["auc"] > 0.5


@pytest.mark.covers("evaluate-change-against-baseline")
def test_evaluate_wants_a_change_where_one_is_asked_for(run: Any) -> None:
    found = run("evaluate", "now.parquet", "--config", "better.pbtxt", "--baseline", "before.parquet")
    assert found.exit_code == 1
    assert "is below 0.2" in found.stdout
    alone = run("evaluate", "now.parquet", "--config", "better.pbtxt")
    assert alone.exit_code == 1
    assert "--baseline" in alone.stderr


@pytest.mark.covers("eval-config-thresholds")
def test_a_slice_that_a_threshold_names_and_nobody_has_keeps_from_being_blessed(run: Any, files: Path) -> None:
    """Also where another slice, Zug, is too small to be judged; one that is there and small is no reason."""
    text = (files / "good.pbtxt").read_text(encoding="utf-8")
    for city, code in (("Basel", 1), ("Zug", 0)):
        named = 'per_slice_thresholds { slicing_specs { feature_values { key: "city" value: "' + city + '" } }'
        told = text.replace('per_slice_thresholds { slicing_specs { feature_keys: "city" }', named)
        (files / "named.pbtxt").write_text(told, encoding="utf-8")
        found = run("evaluate", "now.parquet", "--config", "named.pbtxt", "--baseline", "before.parquet")
        assert found.exit_code == code, found.output
        assert "Too small to be judged: city=Zug" in found.stderr
        assert ("no such slice: city=Basel" in found.stdout) == (city == "Basel")


@pytest.mark.covers("cli-estimate")
def test_estimate_tells_metrics_of_rows_without_labels(run: Any, files: Path) -> None:
    found = run(
        "estimate", "before.csv", "unlabelled.parquet", "--label", "label", "--score", "score", "--chunk-size", "1000",
        "--value", "5,-2,0,-9", "--json",
    )  # fmt: skip
    assert found.exit_code == 0, found.output
    report = json.loads(found.stdout)
    assert [chunk["key"] for chunk in report["chunks"]] == ["[0:999]", "[1000:1999]", "[2000:2999]", "[3000:3999]"]
    assert report["doubts"] == []
    table = pq.read_table(files / "now.parquet")
    truth = float(np.mean((table["score"].to_numpy() > 0.5) == table["label"].to_numpy()))
    for chunk in report["chunks"]:
        accuracy = chunk["metrics"]["accuracy"]
        assert accuracy["lower"] < truth < accuracy["upper"]
        assert accuracy["realized"] is None
        assert chunk["metrics"]["business_value"]["value"] is not None
    shown = run("estimate", "before.csv", "now.parquet", "--label", "label", "--score", "score", "--chunk-size", "1000")
    assert "(was 0." in shown.stdout


def test_estimate_says_where_it_is_not_reliable(run: Any) -> None:
    found = run(
        "estimate", "before.csv", "sorted.parquet", "--label", "label", "--score", "score", "--chunk-size", "500"
    )
    assert found.exit_code == 0
    assert "Estimate not reliable here: The rows of the window are sorted" in found.stdout


def test_estimate_of_numbers_and_by_weights(run: Any) -> None:
    found = run(
        "estimate", "few.parquet", "few.parquet", "--label", "paid", "--score", "amount", "--task", "regression",
        "--feature", "city", "--feature", "age", "--chunk-size", "300", "--json",
    )  # fmt: skip
    assert found.exit_code == 0, found.output
    (first, _) = json.loads(found.stdout)["chunks"]
    assert first["metrics"]["rmse"]["value"] == pytest.approx(5, abs=1)
    weighted = run(
        "estimate", "before.parquet", "now.parquet", "--label", "label", "--score", "score", "--weighted",
        "--feature", "city", "--feature", "shift", "--json",
    )  # fmt: skip
    assert weighted.exit_code == 0, weighted.output
    report = json.loads(weighted.stdout)
    assert report["method"] == "CBPE, importance-weighted"
    assert report["notes"][0].startswith("Weights leave the baseline worth")


@pytest.mark.covers("cli-estimate-outcomes")
@pytest.mark.wide
def test_estimate_by_outcomes_shows_a_model_that_turned_bad_and_where(run: Any, files: Path) -> None:
    """The baseline's model is wrong in Chur at night; a window whose model is right there is better, and the other way round."""
    mended = pq.read_table(files / "now.parquet")
    mended = mended.set_column(mended.schema.get_field_index("score"), "score", mended["newer"])
    pq.write_table(mended, files / "mended.parquet")
    pq.write_table(mended.drop_columns(["label"]), files / "mended_unlabelled.parquet")
    told = ("--label", "label", "--score", "score", "--outcomes")
    features = [word for name in ("city", "shift", "age", "amount") for word in ("--feature", name)]
    found = run("estimate", "mended.parquet", "unlabelled.parquet", *told, *features, "--json")
    assert found.exit_code == 0, found.output
    report = json.loads(found.stdout)
    assert (report["verdict"], report["because"][0]) == ("worse", "earlier")
    assert report["slices"][0]["slice"] == "city = Chur AND shift = night"
    assert report["realized"] is None
    table = pq.read_table(files / "now.parquet")
    truth = float(np.mean((table["score"].to_numpy() > 0.5) == table["label"].to_numpy()))
    assert report["metrics"]["accuracy"]["lower"] < truth < report["metrics"]["accuracy"]["upper"]
    better = run("estimate", "before.parquet", "mended_unlabelled.parquet", *told, *features)
    assert "The window: better." in better.stdout
    same = run("estimate", "before.parquet", "now.parquet", *told, *features)
    assert "The window: as expected." in same.stdout
    assert "where city" not in same.stdout
    wrong = run("estimate", "before.parquet", "now.parquet", *told, "--task", "multiclass")
    assert (wrong.exit_code, "yes or no" in wrong.stderr) == (1, True)
    few = run("estimate", "few.parquet", "now.parquet", *told, "--feature", "age", "--metric", "nonsense")
    assert "There is no estimate of 'nonsense'" in few.stderr


def test_what_nothing_else_called_is_left_out_of_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    nan = float("nan")
    window = ExpectedVersion(
        1, 500, {"accuracy": Expected(0.9, 0.85, 0.95)}, 0.9, 0.92, nan, "as expected", (), 0.02, (), 0, nan, nan
    )
    report = OutcomeReport("", 300, Quality(0.8, 0.02, 0.01, 0.02), None, (("", window),), (), (), (), ())
    show_outcomes(report, ("accuracy",), as_json=False)
    told = capsys.readouterr().out
    assert "The window: as expected. 90.0% right expected (85.0% to 95.0%); its scores promise 90.0%" in told
    assert "nan" not in told


@pytest.mark.covers("cli-slices")
def test_slices_names_where_the_model_is_worst(run: Any) -> None:
    found = run(
        "slices", "now.parquet", "--label", "label", "--prediction", "score", "--leave-out", "newer",
        "--leave-out", "amount", "--leave-out", "paid", "--leave-out", "time", "--json",
    )  # fmt: skip
    assert found.exit_code == 0, found.output
    (first, *_) = json.loads(found.stdout)["slices"]
    assert first["slice"] == "city = Chur AND shift = night"
    assert first["lift"] > 1.5
    calm = run("slices", "now.parquet", "--label", "label", "--prediction", "score", "--feature", "age")
    assert "No slice is worse than the rest by more than chance." in calm.stdout


@pytest.mark.covers("cli-challenge")
def test_challenge_says_which_model_is_better(run: Any) -> None:
    found = run(
        "challenge", "now.parquet", "--champion", "score", "--challenger", "newer", "--label", "label", "--json"
    )
    assert found.exit_code == 0, found.output
    report = json.loads(found.stdout)
    by_name = {each["metric"]: each for each in report["differences"]}
    assert by_name["accuracy"]["lower"] > 0
    assert by_name["auc"]["p_value"] < 1e-6
    assert report["flips"]["fixed"] > report["flips"]["broken"]
    blind = run("challenge", "now.parquet", "--champion", "score", "--challenger", "newer")
    assert "Too few labels" in blind.stdout


@pytest.mark.covers("evaluate-unknown-metric")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("evaluate", "now.parquet", "--config", "none.pbtxt"), "none.pbtxt cannot be read"),
        (("evaluate", "none.parquet", "--config", "good.pbtxt", "--baseline", "before.csv"), "there is no file none.parquet"),
        (("evaluate", "now.parquet", "--config", "typo.pbtxt"), "there is no metric 'BinaryAcuracy'"),
        (("evaluate", "now.parquet", "--config", "good.pbtxt", "--task", "guess"), "There is no task 'guess'"),
        (("evaluate", "now.parquet", "--config", "town.pbtxt"), "there is no column 'town'"),
        (("slices", "now.parquet", "--label", "label", "--prediction", "score", "--loss", "odd"), "There is no loss 'odd'"),
        (("estimate", "unlabelled.parquet", "now.parquet", "--label", "label", "--score", "score"), "no column 'label'"),
        (("estimate", "now.parquet", "now.parquet", "--label", "label", "--score", "score", "--value", "1,2"), "is not four numbers"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_words(run: Any, files: Path, words: tuple[str, ...], said: str) -> None:
    text = (files / "good.pbtxt").read_text(encoding="utf-8")
    (files / "typo.pbtxt").write_text(text.replace("BinaryAccuracy", "BinaryAcuracy"), encoding="utf-8")
    (files / "town.pbtxt").write_text(text.replace('"city"', '"town"'), encoding="utf-8")
    found = run(*words)
    assert found.exit_code == 1
    assert said in found.stderr


@pytest.mark.covers("commands-on-files-need-no-server")
def test_a_process_of_its_own_asks_no_server(files: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tapetum_server", "evaluate", "now.parquet", "--config", "strict.pbtxt", "--baseline", "before.parquet"],
        cwd=files, capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "NOT BLESSED: 5 checks, 1 failed" in done.stdout


RANKED = """
model_specs { name: "new" label_key: "clicked" prediction_key: "score" }
model_specs { name: "old" is_baseline: true prediction_key: "old" }
slicing_specs { feature_values { key: "shop" value: "1.0" } }
metrics_specs {
  query_key: "search"
  metrics { class_name: "NDCG" config: '"gain_key": "clicked", "top_k_list": [1, 3]'
    threshold { change_threshold { direction: HIGHER_IS_BETTER absolute { value: 0.1 } } } }
  metrics { class_name: "MeanAveragePrecision" } metrics { class_name: "QueryStatistics" }
}
options { compute_confidence_intervals { value: true } }
"""


@pytest.mark.covers("metric-ranking", "evaluate-baseline-column")
def test_evaluate_ranks_rows_within_a_query_and_holds_them_against_another_column(run: Any, files: Path) -> None:
    """By hand: the new model puts the click first in even searches, second in odd ones; the old one always last."""
    rows = [
        {"search": k, "shop": k % 4 // 2, "score": [3, 2, 1][place], "old": place, "clicked": int(place == k % 2)}
        for k in range(80)
        for place in range(3)
    ]
    (files / "ranked.ndjson").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    (files / "ranked.pbtxt").write_text(RANKED, encoding="utf-8")
    found = run("evaluate", "ranked.ndjson", "--config", "ranked.pbtxt", "--json")
    assert found.exit_code == 0, found.output
    report = json.loads(found.stdout)
    assert (report["task"], report["checks"], report["notes"]) == ("ranking", 2, [])
    whole, shop = report["slices"]
    second = 1 / np.log2(3)
    assert shop["slice"] == "shop=1"
    for each in (whole, shop):
        values = {name: one["value"] for name, one in each["metrics"].items()}
        assert values["ndcg@1"] == pytest.approx(0.5)
        assert values["ndcg@3"] == pytest.approx((1 + second) / 2)
        assert values["mean_average_precision"] == pytest.approx(0.75)
        assert (values["min_documents"], values["max_documents"]) == (3, 3)
    assert [each["metrics"]["total_queries"]["value"] for each in (whole, shop)] == [80, 40]
    of_odd = whole["baseline"]["ndcg@3"]  # the old order turned round: third in even searches, second in odd ones
    assert of_odd == pytest.approx((0.5 + second) / 2)
    reach = whole["metrics"]["ndcg@1"]["upper"] - 0.5
    assert reach == pytest.approx(2.09 * np.sqrt(0.25 / 80), rel=0.5)
    shown = run("evaluate", "ranked.ndjson", "--config", "ranked.pbtxt")
    assert "ndcg@3" in shown.stdout


SEVERAL = """
model_specs { name: "3" label_key: "label" prediction_key: "score" }
model_specs { name: "4" label_key: "label" prediction_key: "newer" }
model_specs { name: "old" is_baseline: true prediction_key: "older" }
metrics_specs { metrics { class_name: "BinaryAccuracy"
  threshold { change_threshold { direction: HIGHER_IS_BETTER absolute { value: 0.01 } } } } }
metrics_specs { model_names: "4" metrics { class_name: "AUC" threshold { value_threshold { lower_bound { value: 0.7 } } } } }
"""


@pytest.mark.covers("eval-config-several-models")
def test_evaluate_blesses_each_of_several_models_by_itself(run: Any, files: Path) -> None:
    """Model 4 is right where model 3, which is the old one over again, is wrong; only all of them leave with 0."""
    (files / "several.pbtxt").write_text(SEVERAL, encoding="utf-8")
    shown = run("evaluate", "now.parquet", "--config", "several.pbtxt")
    assert shown.exit_code == 1
    assert "NOT BLESSED: 1 checks, 1 failed" in shown.stdout
    assert "\nBLESSED: 2 checks, 0 failed" in shown.stdout
    assert shown.stdout.rstrip().endswith("1 of 2 models are blessed: 4")
    told = run("evaluate", "now.parquet", "--config", "several.pbtxt", "--json")
    assert told.exit_code == 1
    three, four = map(json.loads, told.stdout.splitlines())
    assert [(one["model"], one["blessed"], one["checks"]) for one in (three, four)] == [("3", False, 1), ("4", True, 2)]
    assert [list(one["slices"][0]["metrics"]) for one in (three, four)] == [
        ["binary_accuracy"], ["binary_accuracy", "auc"],
    ]  # fmt: skip
    accuracy = [one["slices"][0]["metrics"]["binary_accuracy"]["value"] for one in (three, four)]
    assert accuracy[1] > accuracy[0] + 0.05
    assert four["slices"][0]["baseline"]["binary_accuracy"] == accuracy[0]
    good = SEVERAL.replace("absolute { value: 0.01 }", "absolute { value: -0.5 }")
    (files / "several.pbtxt").write_text(good, encoding="utf-8")
    both = run("evaluate", "now.parquet", "--config", "several.pbtxt")
    assert both.exit_code == 0
    assert both.stdout.rstrip().endswith("2 of 2 models are blessed: 3, 4")
    lost = run("evaluate", "now.parquet", "--config", "several.pbtxt", "--keep", "income", "--version", "9")
    assert "Leave --version out" in lost.stderr


OUTPUTS = """
model_specs {
  label_keys { key: "buy" value: "label" } label_keys { key: "pay" value: "paid" }
  prediction_keys { key: "buy" value: "score" } prediction_keys { key: "pay" value: "amount" }
}
model_specs { name: "old" is_baseline: true
  prediction_keys { key: "buy" value: "newer" } prediction_keys { key: "pay" value: "amount" } }
slicing_specs { feature_keys: "city" }
metrics_specs {
  output_names: ["buy", "pay"] output_weights { key: "buy" value: 3 } output_weights { key: "pay" value: 1 }
  metrics { class_name: "MeanLabel" threshold { value_threshold { lower_bound { value: 10 } } } }
}
metrics_specs { output_names: "buy" metrics { class_name: "AUC" } metrics { class_name: "CalibrationPlot" } }
metrics_specs { output_names: "pay" metrics { class_name: "MeanAbsoluteError" } }
options { compute_confidence_intervals { value: true } }
"""


@pytest.mark.covers("eval-config-outputs")
def test_evaluate_measures_each_of_several_outputs_and_their_mean(run: Any, files: Path) -> None:
    """As TFMA: thresholds are of each output, the mean by output_weights of none of them."""
    (files / "outputs.pbtxt").write_text(OUTPUTS, encoding="utf-8")
    found = run("evaluate", "now.parquet", "--config", "outputs.pbtxt", "--json", "--time", "time")
    assert found.exit_code == 1, found.output
    report = json.loads(found.stdout)
    assert report["task"] == "buy: binary, pay: regression"
    assert [(one["slice"], one["metric"]) for one in report["failures"]] == [("all rows", "mean_label@output=buy")]
    whole = next(one for one in report["slices"] if one["slice"] == "all rows")
    metrics = {name: one["value"] for name, one in whole["metrics"].items()}
    rows = pq.read_table(files / "now.parquet").to_pydict()
    buy, pay = np.mean(rows["label"]), np.mean(rows["paid"])
    assert list(metrics) == [
        "mean_label@output=buy", "mean_label@output=pay", "auc@output=buy", "mean_absolute_error@output=pay", "mean_label",
    ]  # fmt: skip
    assert metrics["mean_label@output=buy"] == pytest.approx(buy)
    assert metrics["mean_label@output=pay"] == pytest.approx(pay)
    assert metrics["mean_label"] == pytest.approx((3 * buy + pay) / 4)
    error = np.mean(np.abs(np.subtract(rows["amount"], rows["paid"])))
    assert metrics["mean_absolute_error@output=pay"] == pytest.approx(error)
    assert whole["baseline"]["auc@output=buy"] > metrics["auc@output=buy"]
    assert whole["baseline"]["mean_absolute_error@output=pay"] == pytest.approx(error)
    assert list(whole["plots"]) == ["calibration@output=buy"]
    assert report["over_time"][0]["metrics"]["mean_label"] > 10


@pytest.mark.covers("eval-config-binarize", "eval-config-aggregate", "interval-multiclass", "interval-weighted")
def test_evaluate_asks_several_classes_one_by_one_with_intervals(run: Any, files: Path) -> None:
    """Scores as lists, classes as their places, as TFMA has them."""
    kinds = RNG.integers(0, 3, 900)
    scores = RNG.dirichlet([1, 1, 1], 900) + 0.3 * np.eye(3)[kinds]
    heavy = pa.array(1.0 + kinds % 2)
    pq.write_table(pa.table({"kind": kinds, "p": scores.tolist(), "w": heavy}), files / "lists.parquet")
    text = """
    model_specs { label_key: "kind" prediction_key: "p" example_weight_key: "w" }
    metrics_specs { binarize { class_ids { values: [1] } } aggregate { micro_average: true }
      metrics { class_name: "AUC" threshold { value_threshold { lower_bound { value: 0.5 } } } }
      metrics { class_name: "CalibrationPlot" } }
    metrics_specs { metrics { class_name: "Accuracy" } metrics { class_name: "MacroF1Score" } }
    options { compute_confidence_intervals { value: true } confidence_intervals { method: JACKKNIFE } }
    """
    (files / "lists.pbtxt").write_text(text, encoding="utf-8")
    found = run("evaluate", "lists.parquet", "--config", "lists.pbtxt", "--json")
    assert found.exit_code == 0, found.output
    report = json.loads(found.stdout)
    assert (report["task"], report["checks"], report["notes"]) == ("multiclass", 2, [])
    (whole,) = report["slices"]
    metrics = whole["metrics"]
    right = scores.argmax(1) == kinds
    assert metrics["accuracy"]["value"] == pytest.approx(np.average(right, weights=heavy.to_numpy()))
    assert list(metrics) == ["auc@class=1", "auc@micro", "accuracy", "macro_f1_score"]
    for one in metrics.values():
        assert one["lower"] < one["value"] < one["upper"]
        assert one["upper"] - one["lower"] < 0.2
    assert len(whole["plots"]["calibration@class=1"]) == 10
    (files / "none.pbtxt").write_text(text.replace("values: [1]", "values: [7]"), encoding="utf-8")
    assert "no score of class '7'" in run("evaluate", "lists.parquet", "--config", "none.pbtxt").stderr


def test_evaluate_knows_classes_and_sets_of_classes(run: Any, files: Path) -> None:
    rows = [
        {
            "id": k,
            "kind": "abc"[k % 3],
            "p_a": 0.6 if k % 2 else 0.2,
            "p_b": 0.3,
            "p_c": 0.1,
            "tags": ["a"],
            "said": ["a", "b"],
        }
        for k in range(60)
    ]
    (files / "classes.ndjson").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    for name, label, prediction, metrics in (
        ("classes", "kind", "p_*", ["Accuracy", "AUC", "MultiClassConfusionMatrixPlot"]),
        ("sets", "tags", "said", ["SetMatchPrecision", "ExactMatch", "MultiLabelConfusionMatrixPlot"]),
    ):
        config = {
            "modelSpecs": [{"labelKey": label, "predictionKey": prediction}],
            "metricsSpecs": [{"metrics": [{"className": each} for each in metrics]}],
        }
        (files / f"{name}.json").write_text(json.dumps(config), encoding="utf-8")
    classes = run("evaluate", "classes.ndjson", "--config", "classes.json", "--json")
    assert classes.exit_code == 0, classes.output
    (whole,) = json.loads(classes.stdout)["slices"]
    assert whole["metrics"]["accuracy"]["value"] == pytest.approx(1 / 3)
    assert whole["plots"]["classes"] == ["a", "b", "c"]
    sets = run("evaluate", "classes.ndjson", "--config", "sets.json", "--json")
    assert sets.exit_code == 0, sets.output
    report = json.loads(sets.stdout)
    assert report["task"] == "multilabel"
    assert report["slices"][0]["metrics"]["set_match_precision"]["value"] == 0.5
    assert report["slices"][0]["plots"]["b"]["fp"] == 60
