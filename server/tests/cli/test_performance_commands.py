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


TWO = """
model_specs { name: "new" prediction_key: "new" example_weight_key: "w" }
model_specs { name: "old" is_baseline: true prediction_key: "old" }
slicing_specs { feature_keys: "city" }
metrics_specs {
  metrics { class_name: "BooleanFlipRates" }
  metrics { class_name: "SymmetricFlipRate"
    per_slice_thresholds { slicing_specs { feature_keys: "city" }
      threshold { value_threshold { upper_bound { value: LIMIT } } } } }
  metrics { class_name: "NegToPosFlipRate" config: '"threshold": 0.15' }
  metrics { class_name: "SymmetricPredictionDifference" }
  thresholds { key: "pos_to_pos_flip_rate" value { value_threshold { lower_bound { value: 0.25 } } } }
  example_weights { weighted: true unweighted: true }
}
"""
FLIPPING = [(0.1, 0.9, 1.0), (0.9, 0.1, 2.0), (0.1, 0.2, 3.0), (0.9, 0.8, 4.0)]
"""Baseline, candidate and weight of the example in TFMA's own tests of flip rates."""


def written(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")


@pytest.mark.covers("evaluate-two-models")
def test_evaluate_tells_flips_of_two_models_as_tfma_does(run: Any, files: Path) -> None:
    """Without a label; of slices by hand. Two rows have no score of the old model: they are not compared."""
    rows = [{"old": a, "new": b, "w": w, "city": "Bern" if b > 0.5 else "Chur"} for a, b, w in FLIPPING]
    written(files / "two.ndjson", [*rows, *[{"old": None, "new": 0.9, "w": 1.0, "city": "Chur"}] * 2])
    (files / "two.pbtxt").write_text(TWO.replace("LIMIT", "0.5"), encoding="utf-8")
    found = run("evaluate", "two.ndjson", "--config", "two.pbtxt", "--json")
    assert found.exit_code == 0, found.output
    report = json.loads(found.stdout)
    assert (report["task"], report["checks"], report["blessed"]) == ("unlabelled", 6, True)
    assert report["notes"] == ["2 rows are not scored by both models, and are not compared."]
    whole, bern, chur = (
        {name: one["value"] for name, one in each["metrics"].items()}
        for each in sorted(report["slices"], key=lambda each: each["slice"])
    )
    expected = {
        "flip_rate": (0.3, 0.2, 0.4), "symmetric_flip_rate": (0.3, 0.2, 0.4), "neg_to_neg_flip_rate": (0.3, 0, 0.6),
        "neg_to_pos_flip_rate": (0.1, 0.2, 0), "pos_to_neg_flip_rate": (0.2, 0, 0.4), "pos_to_pos_flip_rate": (0.4, 0.8, 0),
        "neg_to_pos_flip_rate@threshold=0.15": (0.4, 0.2, 0.6), "unweighted_flip_rate": (0.5, 0.5, 0.5),
        "unweighted_neg_to_pos_flip_rate@threshold=0.15": (0.5, 0.5, 0.5),
    }  # fmt: skip
    for name, values in expected.items():
        assert (whole[name], bern[name], chur[name]) == pytest.approx(values), name
    (files / "two.pbtxt").write_text(TWO.replace("LIMIT", "0.3"), encoding="utf-8")
    shown = run("evaluate", "two.ndjson", "--config", "two.pbtxt")
    assert shown.exit_code == 1
    assert "failed: city=Chur: symmetric_flip_rate 0.4 is above 0.3" in shown.stdout
    assert "NOT BLESSED: 6 checks, 3 failed" in shown.stdout


@pytest.mark.covers("evaluate-two-models")
@pytest.mark.parametrize("files_of", ["one", "two"])
def test_a_row_weighs_what_the_baseline_says(run: Any, files: Path, files_of: str) -> None:
    """As in TFMA, whose example this is once more; the model's own weights would have it at 0.5."""
    mine = [{"id": k, "new": b, "w": 1.0} for k, (_, b, _) in enumerate(FLIPPING)]
    theirs = [{"id": k, "old": a, "v": w} for k, (a, _, w) in enumerate(FLIPPING)]
    both = [{**row, **other} for row, other in zip(mine, theirs)]
    written(files / "weighed.ndjson", both if files_of == "one" else mine)
    written(files / "weighs.ndjson", theirs[::-1])
    (files / "weighed.pbtxt").write_text(
        'model_specs { prediction_key: "new" example_weight_key: "w" }'
        'model_specs { name: "old" is_baseline: true prediction_key: "old" example_weight_key: "v" }'
        'metrics_specs { metrics { class_name: "SymmetricFlipRate" } }',
        encoding="utf-8",
    )
    more = () if files_of == "one" else ("--baseline", "weighs.ndjson", "--pair-by", "id")
    found = run("evaluate", "weighed.ndjson", "--config", "weighed.pbtxt", "--json", *more)
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["slices"][0]["metrics"]["symmetric_flip_rate"]["value"] == pytest.approx(0.3)


@pytest.mark.covers("evaluate-two-models")
def test_evaluate_tells_how_far_apart_two_models_are(run: Any, files: Path) -> None:
    """The numbers of TFMA's own tests: the prediction difference weighed, the cosine of each row's scores not."""
    a, b, c = [1.0, 0.5, 0.5, 1.0], [0.5, 1.0, 1.0, 0.5], [0.25, 0.1, 0.9, 0.75]
    rows = [
        {"old": 0.1, "new": 0.2, "w": 1, "olds": c, "news": a},
        {"old": 0.2, "new": 0.3, "w": 2, "olds": a, "news": b},
        {"old": 0.9, "new": 0.8, "w": 3, "olds": b, "news": c},
    ]
    written(files / "apart.ndjson", rows)
    written(
        files / "same.ndjson",
        [{**row, "new": row["old"]} for row in rows[:1]]
        + [{"old": 0, "new": 1e-8, "w": 9, "olds": a, "news": [0, 0, 0, 0]}],
    )
    text = """
    model_specs { prediction_key: "NEW" example_weight_key: "w" }
    model_specs { name: "old" is_baseline: true prediction_key: "OLD" }
    metrics_specs { metrics { class_name: "METRIC" threshold { value_threshold { lower_bound { value: 0 } } } } }
    """
    for name, new, metric in (
        ("apart", "new", "SymmetricPredictionDifference"),
        ("angle", "news", "ModelCosineSimilarity"),
    ):
        told = text.replace("NEW", new).replace("OLD", new.replace("new", "old")).replace("METRIC", metric)
        (files / f"{name}.pbtxt").write_text(told, encoding="utf-8")

    def value(data: str, config: str) -> Any:
        return next(
            iter(
                json.loads(run("evaluate", data, "--config", config, "--json").stdout)["slices"][0]["metrics"].values()
            )
        )

    difference = (2 * 0.1 / 0.3 * 1 + 2 * 0.1 / 0.5 * 2 + 2 * 0.1 / 1.7 * 3) / 6
    assert value("apart.ndjson", "apart.pbtxt")["value"] == pytest.approx(difference)
    assert value("apart.ndjson", "angle.pbtxt")["value"] == pytest.approx(0.7928003084313229)
    assert value("same.ndjson", "apart.pbtxt")["value"] == 0.0
    none = value("same.ndjson", "angle.pbtxt")
    assert (none["value"], none["reason"]) == (None, "rows whose scores are all 0, to which nothing has an angle: 1")
    shown = run("evaluate", "same.ndjson", "--config", "angle.pbtxt")
    assert "model_cosine_similarity has no value: rows whose scores are all 0" in shown.stdout
    (files / "apart.pbtxt").write_text(
        (files / "apart.pbtxt").read_text().replace('"new"', '"news"').replace('"old" }', '"olds" }'), encoding="utf-8"
    )
    several = run("evaluate", "apart.ndjson", "--config", "apart.pbtxt")
    assert "compares one score a row, and the models have 4" in several.stderr


ON_FILES = """
model_specs { label_key: "label" prediction_key: "newer" }
model_specs { name: "old" is_baseline: true prediction_key: "older" }
slicing_specs { feature_keys: "city" }
metrics_specs {
  metrics { class_name: "AUC" threshold { change_threshold { direction: HIGHER_IS_BETTER absolute { value: -1 } } } }
  metrics { class_name: "SymmetricFlipRate" }
  metrics { class_name: "SymmetricPredictionDifference" }
}
options { compute_confidence_intervals { value: true } confidence_intervals { method: METHOD } min_slice_size { value: 50 } }
"""


@pytest.mark.covers("evaluate-two-models")
@pytest.mark.parametrize("method", ["JACKKNIFE", "POISSON_BOOTSTRAP"])
def test_evaluate_pairs_rows_of_two_files_with_intervals(run: Any, files: Path, method: str) -> None:
    """Beside metrics of labels; by place, and by a column where the baseline's rows stand in another order."""
    table = pq.read_table(files / "now.parquet").append_column("id", pa.array([f"r{k}" for k in range(N)]))
    pq.write_table(table.drop_columns(["older"]), files / "new.parquet")
    pq.write_table(table.select(["id", "older", "label", "city"]), files / "old.parquet")
    csv.write_csv(table.select(["id", "older", "label", "city"]).take(RNG.permutation(N)), files / "shuffled.csv")
    (files / "files.pbtxt").write_text(ON_FILES.replace("METHOD", method), encoding="utf-8")
    reports = []
    for words in (("old.parquet",), ("shuffled.csv", "--pair-by", "id")):
        found = run("evaluate", "new.parquet", "--config", "files.pbtxt", "--json", "--baseline", *words)
        assert found.exit_code == 0, found.output
        reports.append(json.loads(found.stdout))
    by_place, by_id = reports
    assert by_id["notes"] == []
    assert by_place["notes"] == [
        "Rows of the two files are paired by their order: --pair-by names a column that says which is which."
    ]
    rows = {
        name: np.asarray(values) for name, values in table.to_pydict().items() if name in ("city", "newer", "older")
    }
    for report in reports:
        assert report["task"] == "binary"
        for each in report["slices"]:
            here = (
                np.ones(N, bool) if each["slice"] == "all rows" else rows["city"] == each["slice"].removeprefix("city=")
            )
            new, old = rows["newer"][here], rows["older"][here]
            flips = (new > 0.5) != (old > 0.5)
            told = each["metrics"]["symmetric_flip_rate"]
            assert told["value"] == pytest.approx(flips.mean(), abs=1e-12)
            assert each["metrics"]["symmetric_prediction_difference"]["value"] == pytest.approx(
                np.mean(2 * np.abs(new - old) / np.abs(new + old)), rel=1e-9
            )
            assert list(each["baseline"]) == ["auc"]
            if flips.any():
                reach = 2.093 * np.sqrt(flips.mean() * (1 - flips.mean()) / len(flips))
                assert told["upper"] - told["value"] == pytest.approx(reach, rel=0.6)
            else:
                assert told["lower"] == told["upper"] == 0


@pytest.mark.covers("evaluate-two-models")
def test_evaluate_refuses_rows_that_cannot_be_paired(run: Any, files: Path) -> None:
    rows = [{"id": k, "newer": 0.2, "older": 0.7, "label": k % 2, "city": "Bern"} for k in range(6)]
    written(files / "six.ndjson", rows)
    written(files / "five.ndjson", rows[:5])
    written(files / "turned.ndjson", rows[1:] + rows[:1])
    written(files / "other.ndjson", [*rows[:5], {**rows[5], "id": 9}])
    written(files / "twice.ndjson", [*rows, rows[0]])
    written(files / "unnamed.ndjson", [*rows[:5], {**rows[5], "id": None}])
    (files / "six.pbtxt").write_text(ON_FILES.replace("METHOD", "JACKKNIFE"), encoding="utf-8")
    (files / "alone.pbtxt").write_text(
        ON_FILES.replace("METHOD", "JACKKNIFE").replace('"newer"', '"older"').replace("older", "newer"),
        encoding="utf-8",
    )
    for data, words, said in (
        ("six.ndjson", ("five.ndjson",), "the data has 6 rows, the baseline's file 5"),
        ("six.ndjson", ("turned.ndjson",), "6 have another label there, the first in row 1"),
        ("six.ndjson", ("other.ndjson", "--pair-by", "id"), "1 values of 'id' have no row in the baseline's file: '5'"),
        ("five.ndjson", ("six.ndjson", "--pair-by", "id"), "1 values of 'id' have a row in the baseline's file alone: '5'"),
        ("six.ndjson", ("twice.ndjson", "--pair-by", "id"), "1 values of 'id' stand in more than one row of a file: '0'"),
        ("six.ndjson", ("unnamed.ndjson", "--pair-by", "id"), "1 rows have no 'id'"),
        ("six.ndjson", ("six.ndjson", "--pair-by", "town"), "there is no column 'town'"),
    ):  # fmt: skip
        found = run("evaluate", data, "--config", "six.pbtxt", "--baseline", *words)
        assert found.exit_code == 1
        assert said in found.stderr, (words, found.output)
        assert "BLESSED" not in found.stdout
    alone = run("evaluate", "six.ndjson", "--config", "alone.pbtxt")
    assert "symmetric_flip_rate compares the model with a baseline, and there is none" in alone.stderr
    assert "--baseline" in alone.stderr
    assert "Add --baseline FILE" in run("evaluate", "six.ndjson", "--config", "six.pbtxt", "--pair-by", "id").stderr


ATTRIBUTED = """
model_specs { prediction_key: "p" example_weight_key: "w" }
slicing_specs { feature_keys: "city" }
metrics_specs {
  metrics { class_name: "TotalAttributions" } metrics { class_name: "TotalAbsoluteAttributions" }
  metrics { class_name: "MeanAttributions" }
  metrics { class_name: "MeanAbsoluteAttributions" threshold { value_threshold { upper_bound { value: 2.4 } } } }
  PARTS
}
options { compute_confidence_intervals { value: true } }
"""


@pytest.mark.covers("evaluate-attributions")
def test_evaluate_sums_attributions_as_tfma_does(run: Any, files: Path) -> None:
    """The numbers of TFMA's own tests, as the structure that predictions are logged with; one row says nothing of age."""
    rows = [
        {"p": 0.5, "w": w, "city": city, "attributions": {"age": a, "income": b}}
        for w, city, a, b in ((0.5, "Bern", 1.1, -1.2), (0.7, "Bern", 2.1, -2.2), (0.9, "Chur", 3.1, -3.2), (1, "Chur", None, 0))
    ]  # fmt: skip
    written(files / "why.ndjson", rows)
    (files / "why.pbtxt").write_text(ATTRIBUTED.replace("PARTS", ""), encoding="utf-8")
    found = run("evaluate", "why.ndjson", "--config", "why.pbtxt", "--json")
    assert found.exit_code == 0, found.output
    report = json.loads(found.stdout)
    assert (report["task"], report["checks"], report["notes"]) == ("unlabelled", 2, [])
    by_name = {
        each["slice"]: {name: one["value"] for name, one in each["metrics"].items()} for each in report["slices"]
    }
    age, income = 1.1 * 0.5 + 2.1 * 0.7 + 3.1 * 0.9, 1.2 * 0.5 + 2.2 * 0.7 + 3.2 * 0.9
    assert by_name["all rows"] == pytest.approx({
        "total_attributions@feature=age": age, "total_attributions@feature=income": -income,
        "total_absolute_attributions@feature=age": age, "total_absolute_attributions@feature=income": income,
        "mean_attributions@feature=age": age / 3.1, "mean_attributions@feature=income": -income / 3.1,
        "mean_absolute_attributions@feature=age": age / 3.1, "mean_absolute_attributions@feature=income": income / 3.1,
    })  # fmt: skip
    assert by_name["city=Chur"]["mean_attributions@feature=age"] == pytest.approx(3.1 * 0.9 / 1.9)
    strict = ATTRIBUTED.replace("PARTS", "").replace("2.4", "1.6")
    (files / "why.pbtxt").write_text(strict, encoding="utf-8")
    shown = run("evaluate", "why.ndjson", "--config", "why.pbtxt")
    assert shown.exit_code == 1
    assert "failed: all rows: mean_absolute_attributions@feature=income 1.61935 is above 1.6" in shown.stdout
    # A baseline in the same rows has none by its name: those of the model are not taken for its own.
    beside = 'model_specs { name: "old" is_baseline: true prediction_key: "w" }'
    (files / "why.pbtxt").write_text(beside + strict, encoding="utf-8")
    told = json.loads(run("evaluate", "why.ndjson", "--config", "why.pbtxt", "--json").stdout)
    assert [each["baseline"] for each in told["slices"]] == [{}, {}, {}]
    none = run("evaluate", "why.ndjson", "--config", "why.pbtxt", "--attributions", "shap_")
    assert "no column of numbers begins with 'shap_'" in none.stderr


@pytest.mark.covers("evaluate-attributions")
def test_evaluate_sums_attributions_of_each_class(run: Any, files: Path) -> None:
    """As TFMA: of a class, of the k-th highest, of the first k, or of all; lists that are ragged are refused."""
    lists = [
        ([1.11, 1.13, 1.12], [1.21, 1.23, 1.22]),
        ([2.11, 2.13, 2.12], [2.21, 2.23, 2.22]),
        ([3.11, 3.13, 3.12], [3.21, 3.23, 3.22]),
    ]
    rows = [{"p": 0.5, "w": 1, "city": "Bern", "shap_age": a, "shap_pay": b} for a, b in lists]
    written(files / "lists.ndjson", rows)
    for parts, expected in (
        ("", {"class=0": 6.33, "class=1": 6.39, "class=2": 6.36}),
        ("binarize { class_ids { values: 0 } }", {"class=0": 6.33}),
        ("binarize { k_list { values: 2 } }", {"k=2": 6.36}),
        ("binarize { top_k_list { values: 2 } }", {"k=1": 6.39, "k=2": 6.36}),
    ):
        (files / "lists.pbtxt").write_text(ATTRIBUTED.replace("PARTS", parts).replace("2.4", "9"), encoding="utf-8")
        found = run("evaluate", "lists.ndjson", "--config", "lists.pbtxt", "--attributions", "shap_", "--json")
        assert found.exit_code == 0, found.output
        metrics = json.loads(found.stdout)["slices"][0]["metrics"]
        totals = {
            name: one["value"] for name, one in metrics.items() if name.startswith("total_attributions@feature=age")
        }
        assert totals == pytest.approx(
            {f"total_attributions@feature=age,{part}": value for part, value in expected.items()}
        )
        first = next(iter(expected))
        assert metrics[f"mean_attributions@feature=pay,{first}"]["value"] == pytest.approx((expected[first] + 0.3) / 3)
    missing = ATTRIBUTED.replace("PARTS", "binarize { class_ids { values: 3 } }")
    (files / "lists.pbtxt").write_text(missing, encoding="utf-8")
    found = run("evaluate", "lists.ndjson", "--config", "lists.pbtxt", "--attributions", "shap_")
    assert "there is no attribution class=3: feature 'age' has 3 a row" in found.stderr
    written(files / "lists.ndjson", [*rows, {**rows[0], "shap_pay": [1.0]}])
    found = run("evaluate", "lists.ndjson", "--config", "lists.pbtxt", "--attributions", "shap_")
    assert "'shap_pay' has lists of 1 to 3 attributions" in found.stderr


OF_OUTPUTS = """
model_specs { name: "new"
  prediction_keys { key: "buy" value: "buy" } prediction_keys { key: "kind" value: "p_*" } }
model_specs { name: "old" is_baseline: true
  prediction_keys { key: "buy" value: "old_buy" } prediction_keys { key: "kind" value: "q_*" } }
metrics_specs { output_names: "buy"
  metrics { class_name: "SymmetricFlipRate" }
  metrics { class_name: "MeanAttributions"
    threshold { change_threshold { direction: LOWER_IS_BETTER absolute { value: 0.5 } } } } }
metrics_specs { output_names: "kind" metrics { class_name: "ModelCosineSimilarity" } }
cross_slicing_specs { baseline_spec {} slicing_specs { feature_values { key: "day" value: "1" } } }
"""


@pytest.mark.covers("evaluate-two-models", "evaluate-attributions", "eval-config-outputs")
def test_evaluate_compares_each_output_and_the_attributions_of_both_models(run: Any, files: Path) -> None:
    """Scores by class in columns whose order differs; attributions nested by model and output, as TFMA has them."""
    rows = [
        {
            "day": k % 2, "time": f"2026-11-{25 + k % 2} 00:00:00", "buy": 0.9, "old_buy": 0.9 - 0.8 * (k % 2),
            "p_a": 1.0, "p_b": 0.0, "q_b": 0.8, "q_a": 0.6,
            "attributions": {"new": {"buy": {"age": 2.0}}, "old": {"buy": {"age": 1.0 + k % 2}}},
        }
        for k in range(4)
    ]  # fmt: skip
    written(files / "outputs.ndjson", rows)
    (files / "both.pbtxt").write_text(OF_OUTPUTS, encoding="utf-8")
    found = run("evaluate", "outputs.ndjson", "--config", "both.pbtxt", "--json", "--time", "time")
    assert found.exit_code == 0, found.output
    report = json.loads(found.stdout)
    whole, odd = report["slices"]
    assert {name: one["value"] for name, one in whole["metrics"].items()} == pytest.approx({
        "symmetric_flip_rate@output=buy": 0.5, "mean_attributions@output=buy,feature=age": 2.0,
        "model_cosine_similarity@output=kind": 0.6,
    })  # fmt: skip
    assert whole["baseline"] == {"mean_attributions@output=buy,feature=age": 1.5}
    assert odd["baseline"] == {"mean_attributions@output=buy,feature=age": 2.0}
    assert odd["metrics"]["symmetric_flip_rate@output=buy"]["value"] == 1.0
    assert report["differences"][0][2]["symmetric_flip_rate@output=buy"] == pytest.approx(-0.5)
    assert [one["metrics"]["symmetric_flip_rate@output=buy"] for one in report["over_time"]] == [0.0, 1.0]
    strict = OF_OUTPUTS.replace("absolute { value: 0.5 }", "absolute { value: 0.4 }")
    (files / "both.pbtxt").write_text(strict, encoding="utf-8")
    shown = run("evaluate", "outputs.ndjson", "--config", "both.pbtxt")
    assert "2 after 1.5: a change of +0.5 is above 0.4" in shown.stdout
    (files / "both.pbtxt").write_text(
        OF_OUTPUTS.replace("q_*", "p_*").replace('"p_*"', '"attributions.*"', 1), encoding="utf-8"
    )
    other = run("evaluate", "outputs.ndjson", "--config", "both.pbtxt")
    assert "the models score other classes: 'new.buy.age', 'old.buy.age'; the baseline 'a', 'b'" in other.stderr


@pytest.mark.covers("evaluate-two-models")
def test_evaluate_compares_classes_of_two_files(run: Any, files: Path) -> None:
    """Lists of scores, whose classes are their places; ids that are too long for a float stay apart."""
    big = 2**60
    rows = [{"id": big + k, "p": [1.0, 0.0] if k % 2 else [0.0, 1.0]} for k in range(10)]
    written(files / "lists_new.ndjson", rows)
    pq.write_table(
        pa.Table.from_pylist([{"id": row["id"], "p": [0.6, 0.8]} for row in rows[::-1]]), files / "lists_old.parquet"
    )
    text = """
    model_specs { prediction_key: "p" }
    metrics_specs { metrics { class_name: "ModelCosineSimilarity"
      threshold { change_threshold { direction: HIGHER_IS_BETTER absolute { value: 0.7 } } } } }
    """
    (files / "classes.pbtxt").write_text(text, encoding="utf-8")
    words = ("evaluate", "lists_new.ndjson", "--config", "classes.pbtxt", "--baseline", "lists_old.parquet")
    for more in ((), ("--pair-by", "id")):
        found = run(*words, "--json", *more)
        assert found.exit_code == 0, found.output
        assert json.loads(found.stdout)["slices"][0]["metrics"]["model_cosine_similarity"]["value"] == pytest.approx(
            0.7
        )
