"""Embeddings, texts and attributions of a model's predictions, as the API tells of them."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from asked_world import SECOND, START, World, world

from tapetum_server.analysis.feature_statistics.report import dataset_statistics
from tapetum_server.query import drift_texts
from tapetum_server.query.prediction_frames import prediction_frame
from tapetum_server.query.time_range import TimeRange, format_time
from tapetum_server.receivers.records.reading import LABELS, PREDICTIONS, read_records
from tapetum_server.signals.feature_statistics import DatasetStatistics
from tapetum_server.signals.feature_statistics_batch import FeatureStatisticsBatch, StoredStatistics

ROWS, DIMENSIONS = 240, 8
HOUR = 3_600 * SECOND
BASELINE, WINDOW = START - HOUR, START
RANGE = {"from": format_time(WINDOW), "to": format_time(WINDOW + HOUR)}
USUAL = ("the", "payment", "of", "my", "loan", "was", "not", "booked", "yet", "please", "help")
NEW = ("crypto", "wallet", "transfer", "blocked")


def vectors(seed: int, far: np.ndarray) -> np.ndarray:
    """A cloud, of which those that are `far` lie five deviations away along the first two axes."""
    found = np.random.default_rng(seed).normal(0, 1, (ROWS, DIMENSIONS)) * ([3, 2] + [0.5] * (DIMENSIONS - 2))
    found[far, 0] += 15
    return found


def mails(model: str, start: int, *, moved: bool) -> list[dict[str, Any]]:
    """In the window a third are of another sort: they lie apart, come from the south, and speak of something else."""
    random = np.random.default_rng(7 + moved)
    far = np.arange(ROWS) % 3 == 0 if moved else np.zeros(ROWS, bool)
    places = vectors(11 + moved, far)
    shares = {"income": 0.1, "age": 0.6} if moved else {"income": 0.6, "age": 0.1}
    return [
        {
            "model": model, "version": "1", "prediction_id": f"{model}-{int(moved)}-{n}",
            "time": (start + n * 10 * SECOND) // 10**6,
            "features": {"region": "south" if far[n] else ("north", "east")[n % 2], "age": float(random.normal(45, 10)),
                         "basket": [1.0] * (n % 4)},
            "text_features": {"mail": " ".join(random.choice(NEW if far[n] else USUAL, 8)) + f" {n}."},
            "embedding": places[n].tolist(), "output_label": "spam" if far[n] else "ham",
            "attributions": {name: size * float(random.normal()) for name, size in {**shares, "region": 0.05}.items()},
        }
        for n in range(ROWS)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def asked(engine_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(engine_home, tmp_path_factory.mktemp("catalog")) as opened:
        for start, moved in ((BASELINE, False), (WINDOW, True)):
            said = mails("triage", start, moved=moved)
            plain = [{**row, "model": "plain", "embedding": None, "text_features": None} for row in said]
            for kind, rows in (
                (PREDICTIONS, said),
                (PREDICTIONS, plain),
                (LABELS, [{"model": "triage", "prediction_id": row["prediction_id"], "label": "ham"} for row in said]),
            ):
                found = read_records(kind, json.dumps(rows).encode(), "application/json", "default", "test")
                assert not found.refused, found.refused[:3]
                opened.keep(found.batch)
        # A model of the same name in another project is another: counts of rows below would not hold.
        theirs = json.dumps(mails("triage", WINDOW, moved=False)[:50]).encode()
        opened.keep(read_records(PREDICTIONS, theirs, "application/json", "other", "test").batch)
        yield opened


def get(asked: World, path: str, **parameters: Any) -> Any:
    answer = asked.client.get(f"/v1/models/{path}", params={"model": "triage", **RANGE, **parameters})
    assert answer.status_code == 200, answer.text
    return answer.json()


def bar_filter(key: str, what: str) -> str:
    """`7 … 9`, `< 7`, `≥ 9` or `= 7` as a filter."""
    low, _, high = what.partition(" … ")
    if high:
        return f"{key}:>={low} {key}:<{high}"
    sign, _, edge = what.partition(" ")
    return f"{key}:{ {'=': '', '≥': '>='}.get(sign, sign) }{edge}"


@pytest.mark.covers("model-embeddings")
def test_both_windows_are_drawn_by_the_axes_in_which_they_differ_most(asked: World) -> None:
    view = get(asked, "embeddings", by="region", limit=5_000)
    assert (view["feature"], view["features"]) == ("embedding", [{"name": "embedding", "dimensions": DIMENSIONS}])
    assert (view["baseline_rows"], view["window_rows"], view["by_kind"]) == (ROWS, ROWS, "categorical")
    points = view["points"]
    # NumPy's decomposition of the very vectors: the same picture, whichever way its axes point.
    sent = {row["prediction_id"]: row for moved in (False, True) for row in mails("triage", 0, moved=moved)}
    matrix = np.array([sent[one]["embedding"] for one in points["prediction_id"]], np.float32).astype(float)
    centred = matrix - matrix.mean(axis=0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    for axis, name in enumerate("xy"):
        expected = centred @ axes[axis]
        assert np.abs(np.array(points[name])) == pytest.approx(np.abs(expected), abs=1e-4)
        assert view["explained"][axis] == pytest.approx(sizes[axis] ** 2 / np.sum(sizes**2), abs=1e-5)
    assert points["value"] == [sent[one]["features"]["region"] for one in points["prediction_id"]]
    assert points["in_window"] == ["-1-" in one for one in points["prediction_id"]]
    few = get(asked, "embeddings", by="age", limit=100)["points"]
    assert len(few["x"]) <= 100
    assert get(asked, "embeddings", by="correct", limit=100)["points"]["prediction_id"] == few["prediction_id"]
    assert set(get(asked, "embeddings", by="correct")["points"]["value"]) == {"right", "wrong"}


@pytest.mark.covers("model-embeddings")
def test_what_selected_points_have_in_common_is_told_apart_from_chance(asked: World) -> None:
    points = get(asked, "embeddings", limit=5_000)["points"]
    far = [one for one in points["prediction_id"] if "-1-" in one and int(one.rsplit("-", 1)[1]) % 3 == 0]
    rest = [one for one in points["prediction_id"] if one not in set(far)]

    def told(selected: list[str], others: list[str]) -> Any:
        answer = asked.client.post(
            "/v1/models/embeddings/selection", params={"model": "triage", **RANGE},
            json={"selected": selected, "others": others},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        return answer.json()

    report = told(far, rest)
    assert (report["selected"], report["others"], report["enough"]) == (len(far), len(rest), True)
    traits = {(one["column"], one["what"]): one for one in report["traits"]}
    south = traits["region", "south"]
    assert (south["selected_share"], south["others_share"]) == (1, 0)
    assert {("output_label", "spam"), ("correct", "wrong")} <= traits.keys()
    # Each leads to its predictions: those that were wrong are found by the same word.
    wrong = asked.get("/predictions", **RANGE, q="model:triage correct:wrong", limit=500)["rows"]
    assert {row["prediction_id"] for row in wrong} == set(far)
    assert "age" not in {column for column, _ in traits}
    # Every other point: nothing that chance does not explain.
    assert told(rest[::2], rest[1::2])["traits"] == []
    assert told(far[:5], rest)["enough"] is False


@pytest.mark.covers("model-embeddings")
def test_a_model_without_vectors_says_so_and_what_is_no_vector_is_refused(asked: World) -> None:
    nothing = get(asked, "embeddings", model="plain")
    assert (nothing["features"], nothing["feature"], nothing["points"]["x"]) == ([], None, [])
    for wrong, code in ((dict(feature="basket"), "no_embedding"), (dict(by="salary"), "unknown_column")):
        answer = asked.client.get("/v1/models/embeddings", params={"model": "triage", **RANGE, **wrong})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    # Nothing before the first window: a picture of one side is one too.
    alone = get(asked, "embeddings", **{"from": format_time(BASELINE), "to": format_time(BASELINE + HOUR)})
    assert (alone["baseline_rows"], alone["window_rows"]) == (0, ROWS)


@pytest.mark.covers("model-drift-together")
def test_embeddings_and_texts_drift_with_their_words_and_what_they_are_like(asked: World) -> None:
    report = get(asked, "drift/together", chunk_minutes=20, slice="region")
    found = {one["of"]: one for one in report["together"]}
    assert (found["embedding embedding"]["verdict"], found["text mail"]["verdict"]) == ("drift", "drift")
    assert {one["name"] for one in found["text mail"]["telling"] if one["value"] > 0} == set(NEW)
    features = {one["name"]: one for one in report["features"]}
    assert features.keys() == {f"mail.{name}" for name in ("characters", "words", "not_letters", "unseen_words")}
    # What a bar says of a text finds as many predictions, but for shares whose edges are told in six digits.
    for name, rounded in (("characters", 0), ("words", 0), ("not_letters", ROWS // 20)):
        for bar in features[f"mail.{name}"]["bars"]:
            rows = asked.get("/models", **RANGE, q=f"model:triage {bar_filter(f'texts.mail.{name}', bar['what'])}")[
                "rows"
            ]
            counted = rows[0]["predictions"] if rows else 0
            assert abs(counted - round(bar["window_share"] * ROWS)) <= rounded, (name, bar)
    unseen = features["mail.unseen_words"]
    assert (unseen["verdict"], unseen["of_text"]) == ("drift", "mail")
    # The number of a mail is in that mail alone: it is unseen there, one word of nine.
    assert unseen["baseline"]["mean"] == pytest.approx(1 / 9)
    # Half past nine lies within a chunk that has too few mails; from the next on all drifted.
    assert (unseen["since"], len(unseen["chunks"])) == ("2026-11-23T21:40:00.000000000Z", 3)
    assert {one["value"]: one["result"]["verdict"] for one in unseen["slices"]} == {}  # the south is new as a whole
    together = get(asked, "drift/together", multivariate="classifier", model="plain")["together"]
    assert (together[0]["of"], together[0]["verdict"], together[0]["telling"][0]["name"]) == (
        "all features",
        "drift",
        "region",
    )


def test_of_many_texts_some_are_read(asked: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift_texts, "SAMPLED_TEXTS", 100)
    report = get(asked, "drift/together", embedding=["embedding"])
    assert 60 < report["window_rows"] < ROWS / 2
    assert len(report["features"]) == 4


@pytest.mark.covers("attributions", "drift-attributions")
def test_logged_attributions_rank_the_features_and_drift_by_themselves(asked: World) -> None:
    report = get(asked, "drift")
    (ranking,) = [one for one in report["together"] if one["method"] == "ndcg"]
    assert (ranking["verdict"], {one["name"] for one in ranking["telling"][:2]}) == ("drift", {"income", "age"})
    importance = {one["name"]: one["importance"] for one in report["features"]}
    # Mean sizes of normal attributions are in the ratio of their deviations, and both sides count the same.
    assert importance["age"] == pytest.approx(1.4, abs=0.15)
    assert importance["region"] == pytest.approx(0.2, abs=0.1)
    assert not any(name.startswith("attributions") for name in (*importance, *report["new_columns"]))
    one = asked.client.get("/v1/predictions/detail", params={"model": "triage", "prediction_id": "triage-1-0"}).json()
    assert one["attributions"].keys() == {"income", "age", "region"}
    assert one["features"].keys() == one["kinds"].keys() == {"region", "age", "basket", "mail"}


@pytest.mark.covers("attributions")
def test_attributions_come_in_tables_too_and_what_is_no_number_is_named() -> None:
    table = pa.table({"prediction_id": ["a", "b"], "age": [1, 2], "attributions": [{"age": 0.5}, {"age": None}]})
    body = io.BytesIO()
    pq.write_table(table, body)
    read = read_records(
        PREDICTIONS, body.getvalue(), "application/vnd.apache.parquet", "p", "s", defaults={"model": "m"}
    )
    assert dict(read.batch.rows.column("numeric")[0].as_py()) == {"age": 1, "attributions.age": 0.5}
    assert dict(read.batch.rows.column("numeric")[1].as_py()) == {"age": 2, "attributions.age": None}
    bad = [
        {"model": "m", "features": {"age": 1}, "attributions": {"age": "much"}},
        {"model": "m", "features": {"attributions.age": 1}, "attributions": {"age": 1}},
        {"model": "m", "features": {"age": 1}, "attributions": {"age": 0.25}},
    ]
    read = read_records(PREDICTIONS, json.dumps(bad).encode(), "application/json", "p", "s")
    assert [one.field for one in read.refused] == ["attributions.age", "attributions.age"]
    assert len(read.batch) == 1


@pytest.mark.covers("model-drift-thresholds")
def test_thresholds_come_from_the_baselines_own_variation_and_chunks_are_counted(asked: World) -> None:
    report = get(asked, "drift", deviations=3, chunk_rows=100, feature=["age", "region"])
    limits = {one["name"]: one["results"][-1]["threshold"] for one in report["features"]}
    assert len({0.1, limits["age"], limits["region"]}) == 3
    assert next(one for one in report["features"] if one["name"] == "region")["verdict"] == "drift"
    assert [chunk["chunk"] for chunk in report["features"][0]["chunks"]] == ["0:99", "100:199", "200:299"]
    wrong = asked.client.get("/v1/models/drift", params={"model": "triage", **RANGE, "deviations": 3, "threshold": 0.1})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "two_thresholds")


@pytest.mark.covers("datasets-from-predictions")
def test_predictions_are_saved_to_a_dataset_with_what_was_right(asked: World) -> None:
    def save(**more: Any) -> Any:
        ids = ("triage-1-3", "gone", "triage-1-1")
        predictions = [{"model": "triage", "prediction_id": one} for one in ids]
        return asked.client.post("/v1/datasets", json={"name": "odd/mails", "predictions": predictions, **more})

    refused = save().json()["error"]
    assert (refused["code"], refused["field"]) == ("not_found", "predictions.1")
    assert "'gone'" in refused["message"]
    done = save(skip_missing=True).json()
    assert (done["added"], done["missing"]) == (2, ["triage/gone"])
    items = asked.client.get("/v1/datasets/items", params={"name": "odd/mails"}).json()["rows"]
    assert [item["source"]["prediction_id"] for item in items] == ["triage-1-3", "triage-1-1"]
    sent = next(row for row in mails("triage", WINDOW, moved=True) if row["prediction_id"] == "triage-1-3")
    assert items[0]["input"] == {**sent["features"], "mail": sent["text_features"]["mail"]}
    assert (items[0]["output"], items[0]["expected_output"]) == ("spam", "ham")
    assert items[0]["metadata"]["attributions"].keys() == {"income", "age", "region"}
    # Saved again, they are there.
    assert save(skip_missing=True).json()["unchanged"] == 2


@pytest.mark.covers("model-drift-training-data")
def test_predictions_are_held_against_the_statistics_of_the_training_data(asked: World) -> None:
    """What is kept of the baseline's own rows says the same as those rows."""

    async def kept(reader: Any) -> list[DatasetStatistics]:
        baseline = TimeRange(BASELINE, BASELINE + HOUR)
        frame = await prediction_frame(reader, project="default", model="plain", time_range=baseline)
        return await dataset_statistics(reader, frame.only(["age", "region", "basket"]))

    (found,) = asyncio.run(kept(asked.reader))
    rows = [
        StoredStatistics(
            dataset="train",
            window_start=0,
            window_end=0,
            rows=found.rows,
            slice=found.slice,
            position=n,
            statistics=one,
        )
        for n, one in enumerate(found.features)
    ]
    # Others tell a histogram of equal widths, and no ranks; or not even that.
    for dataset, lost in (("drawn", {}), ("told", {"standard": ()})):
        rows += [
            replace(
                row,
                dataset=dataset,
                statistics=replace(
                    row.statistics, numeric=replace(row.statistics.numeric, points=(), quantiles=(), **lost)
                ),
            )
            for row in rows[: len(found.features)]
            if row.statistics.numeric is not None
        ]
    asked.keep(FeatureStatisticsBatch("default", "test", rows))
    of_rows = get(asked, "drift", model="plain", feature=["age", "region"], chunk_minutes=20)
    of_kept = get(asked, "drift", model="plain", feature=["age", "region"], chunk_minutes=20, baseline_dataset="train")
    for one, other in zip(of_rows["features"], of_kept["features"], strict=True):
        assert (one["name"], one["verdict"], one["since"]) == (other["name"], other["verdict"], other["since"])
        assert one["results"][-1]["value"] == pytest.approx(other["results"][-1]["value"], abs=0.02)
        assert one["baseline"] == pytest.approx(other["baseline"])
    of_drawn = get(asked, "drift", model="plain", feature=["age"], baseline_dataset="drawn")["features"][0]
    assert of_drawn["verdict"] == of_rows["features"][0]["verdict"]
    assert of_drawn["results"][-1]["value"] == pytest.approx(of_rows["features"][0]["results"][-1]["value"], abs=0.1)
    of_told = get(asked, "drift", model="plain", feature=["age"], baseline_dataset="told")
    assert of_told["not_compared"] == [{"name": "age", "reason": "the data set tells no distribution of it"}]
    region = next(one for one in of_kept["features"] if one["name"] == "region")
    assert region["bars"] == next(one for one in of_rows["features"] if one["name"] == "region")["bars"]
    whole = get(asked, "drift", model="plain", baseline_dataset="train")
    reasons = {one["name"]: one["reason"] for one in whole["not_compared"]}
    assert reasons["output_label"] == "the data set has no such feature"
    for more, field in (
        ({"slice": "region"}, "slice"),
        ({"method": "ks"}, "method"),
        ({"deviations": 3, "chunk_minutes": 20}, "deviations"),
    ):
        refused = asked.client.get(
            "/v1/models/drift", params={"model": "plain", **RANGE, "baseline_dataset": "train", **more}
        )
        assert (refused.status_code, refused.json()["error"]["field"]) == (400, field)
    unknown = asked.client.get("/v1/models/drift", params={"model": "plain", **RANGE, "baseline_dataset": "none"})
    assert unknown.status_code == 404
