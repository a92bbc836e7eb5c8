"""Labels by score, sums of errors, outcomes by class and chunks, counted by the engine: against plain Python."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn import metrics as sk

from tapetum_server.detectors.performance.binarized import Part, answered
from tapetum_server.detectors.performance.binary import BINARY_METRICS, At
from tapetum_server.detectors.performance.counts import merged, without
from tapetum_server.detectors.performance.multiclass import MULTICLASS_METRICS, less, one_against_rest
from tapetum_server.detectors.performance.multilabel import MULTILABEL_METRICS, confusion_of
from tapetum_server.detectors.performance.ranking import RANKING_METRICS
from tapetum_server.detectors.performance.ranking import less as less_ranked
from tapetum_server.detectors.performance.regression import REGRESSION_METRICS
from tapetum_server.query import (
    attribution_sums,
    coded_rows,
    estimates,
    outcome_rows,
    paired_scores,
    paired_versions,
    performance,
    performance_binarized,
    performance_classes,
    performance_numbers,
    performance_sets,
    prediction_context,
    prediction_outcomes,
    ranking,
    row_sums,
    slices,
    two_models,
    version_sides,
)
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import Frame, FrameColumn, Kind, file_frame
from tapetum_server.query.reader import Reader
from tapetum_server.query.row_condition import row_condition
from tapetum_server.query.slicing import SliceSpec
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.store_reader import StoreReader
from tapetum_server.store.embedded import EmbeddedEngine

SNAPSHOTS = Path(__file__).parent / "statements" / "performance"
RNG = np.random.default_rng(2)
N = 600
CITY = RNG.choice(["Bern", "Chur", "O'Hara"], N)
SHIFT = RNG.choice(["day", "night"], N)
AGE = RNG.integers(18, 80, N).astype(float)
SCORE = np.round(RNG.random(N), 2)
LABEL = (RNG.random(N) < SCORE).astype(int)
KIND = RNG.choice(["cat", "dog", "eel"], N)
CHANCES = RNG.dirichlet([2, 2, 2], N)
GUESS = AGE + RNG.normal(0, 6, N)
ASKED = RNG.integers(0, 40, N)
GRADE = np.where(ASKED == 3, 0, RNG.choice([0, 0, 0, 1, 2, 3], N))
RANKED = np.round(GRADE / 6 + RNG.random(N), 1)  # one digit: many ties
TABLE = pa.table(
    {
        "city": CITY, "shift": pa.array([None if k % 50 == 0 else s for k, s in enumerate(SHIFT)]), "age": AGE,
        "score": pa.array([None if k == 7 else float("nan") if k == 8 else s for k, s in enumerate(SCORE)]),
        "label": pa.array([None if k < 5 else int(y) for k, y in enumerate(LABEL)]), "called": SCORE > 0.4,
        "kind": KIND, "p_cat": CHANCES[:, 0], "p_dog": CHANCES[:, 1], "p_eel": CHANCES[:, 2], "guess": GUESS,
        "has": [["a", "b", "c"][: k % 4] for k in range(N)], "said": [["c", "b"][: k % 3] for k in range(N)],
        "other": np.round(1 - SCORE, 2), "weight": np.where(SHIFT == "day", 2.0, 1.0),
        "query": [None if k == 11 else f"q{q}" for k, q in enumerate(ASKED)], "ranked": RANKED,
        "grade": pa.array([None if k == 12 else int(g) for k, g in enumerate(GRADE)]), "per_query": 1.0 + ASKED % 3,
        "time": pa.array([1_700_000_000 + 600 * k for k in range(N)], pa.timestamp("s", "UTC")),
    }
)  # fmt: skip
COLUMNS = performance.BinaryColumns("label", "score")
SPECS = [
    SliceSpec(), SliceSpec(("city",)), SliceSpec(("city", "shift")), SliceSpec(("shift",), (("city", "O'Hara"),)),
    SliceSpec(condition="age >= 40 AND city IN ('Bern', 'Chur') AND NOT shift IS NULL"),
]  # fmt: skip
SETS = performance_sets.SetColumns("has", "said")
KINDS = (("cat", "p_cat"), ("dog", "p_dog"), ("eel", "p_eel"))
Ask = Callable[[Callable[[Reader, Frame], Coroutine[Any, Any, Any]]], Any]


@pytest.fixture(scope="module")
def ask(engine_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    pq.write_table(TABLE, path)
    with ThreadPoolExecutor(1) as pool:
        engine = pool.submit(EmbeddedEngine, engine_home, f"performance_{os.getpid()}").result()

        def run(question: Callable[[Reader, Frame], Coroutine[Any, Any, Any]]) -> Any:
            async def asked() -> Any:
                reader = StoreReader(engine, pool_of_reader)
                return await question(reader, await file_frame(reader, path))

            return pool.submit(asyncio.run, asked()).result()

        with ThreadPoolExecutor(1) as pool_of_reader:
            yield run
        pool.submit(engine.close).result()


@pytest.mark.covers("slices-values", "slices-crosses", "slices-sql")
def test_every_slice_is_counted_in_one_scan(ask: Ask) -> None:
    found, binned = ask(lambda reader, frame: performance.binary_slices(reader, frame, COLUMNS, SPECS))
    usable = np.array([k >= 5 and k not in (7, 8) for k in range(N)])
    shift = np.array([None if k % 50 == 0 else s for k, s in enumerate(SHIFT)])
    by_key = {str(each.key): each for each in found}
    expected = {"all rows": np.ones(N, bool)}
    expected |= {f"city={c}": c == CITY for c in set(CITY)}
    for s in ("day", "night", None):
        expected |= {f"city={c} · shift={s or '(missing)'}": (c == CITY) & (shift == s) for c in set(CITY)}
        expected[f"shift={s or '(missing)'} · city=O'Hara"] = (CITY == "O'Hara") & (shift == s)
    expected[SPECS[4].condition] = (AGE >= 40) & np.isin(CITY, ["Bern", "Chur"]) & (shift != None)  # noqa: E711
    assert by_key.keys() == expected.keys()
    assert not binned
    for key, mask in expected.items():
        each, rows = by_key[key], mask & usable
        assert (each.rows, each.counts.total) == (mask.sum(), rows.sum()), key
        assert each.labelled == (mask & (np.arange(N) >= 5)).sum()
        if len(set(LABEL[rows])) == 2:
            wanted = sk.roc_auc_score(LABEL[rows], SCORE[rows])
            assert BINARY_METRICS["auc"](each.counts, At()) == pytest.approx(wanted, rel=1e-9)


def test_scores_in_bins_are_close_and_weights_weigh(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """With two digits every score has a bin of its own: even the metrics of bins are exact."""
    weighted = performance.BinaryColumns("label", "score", weight="weight")
    (exact,), _ = ask(lambda reader, frame: performance.binary_slices(reader, frame, weighted, SPECS[:1]))
    monkeypatch.setattr(performance, "EXACT_CELLS", 1)
    (each,), binned = ask(lambda reader, frame: performance.binary_slices(reader, frame, weighted, SPECS[:1]))
    assert binned
    assert np.allclose(each.counts.scores, exact.counts.scores)
    assert np.array_equal(each.counts.positives, exact.counts.positives)
    usable = np.array([k >= 5 and k not in (7, 8) for k in range(N)])
    wanted = sk.average_precision_score(
        LABEL[usable], SCORE[usable], sample_weight=np.where(SHIFT == "day", 2.0, 1.0)[usable]
    )
    assert BINARY_METRICS["average_precision"](each.counts, At()) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.covers("performance-over-time")
def test_performance_over_time(ask: Ask) -> None:
    daily = performance.Periods("time", 86_400)
    found, _ = ask(lambda reader, frame: performance.binary_slices(reader, frame, COLUMNS, SPECS[:1], daily))
    times = 1_700_000_000 + 600 * np.arange(N)
    days, rows = np.unique(times // 86_400 * 86_400, return_counts=True)
    assert [(each.period, each.rows) for each in found] == list(zip(days.tolist(), rows.tolist()))


def test_numbers_are_summed_and_resampled(ask: Ask) -> None:
    columns = performance_numbers.NumberColumns("age", "guess")
    for method in ("jackknife", "poisson_bootstrap"):
        found = ask(
            lambda reader, frame, method=method: performance_numbers.number_slices(
                reader, frame, columns, SPECS[:2], resampling=method
            )
        )
        whole = found[0]
        assert len(found) == 4
        assert len(whole.parts) == 20
        assert REGRESSION_METRICS["r_squared"](whole.sums) == pytest.approx(sk.r2_score(AGE, GUESS), rel=1e-9)
        assert REGRESSION_METRICS["median_absolute_error"](whole.sums) == pytest.approx(
            sk.median_absolute_error(AGE, GUESS), rel=1e-9
        )
        weights = [part.rows for part in whole.parts]
        assert sum(weights) == N if method == "jackknife" else np.mean(weights) == pytest.approx(N, rel=0.03)
        assert min(weights) < max(weights)


def test_classes_are_counted_with_their_scores(ask: Ask) -> None:
    columns = performance_classes.ClassColumns("kind", scores=KINDS)
    found = ask(lambda reader, frame: performance_classes.class_slices(reader, frame, columns, SPECS[:2]))
    labels, called = np.searchsorted(["cat", "dog", "eel"], KIND), CHANCES.argmax(1)
    each = found[0].counts
    assert np.array_equal(each.matrix, sk.confusion_matrix(labels, called))
    assert MULTICLASS_METRICS["categorical_crossentropy"](each) == pytest.approx(sk.log_loss(labels, CHANCES), rel=1e-9)
    assert MULTICLASS_METRICS["top_2_accuracy"](each) == pytest.approx(sk.top_k_accuracy_score(labels, CHANCES, k=2))
    assert sum(slice_.counts.total for slice_ in found[1:]) == N
    weighted = performance_classes.ClassColumns("kind", scores=KINDS, weight="per_query")
    (each,) = ask(lambda reader, frame: performance_classes.class_slices(reader, frame, weighted, SPECS[:1]))
    heavy = 1.0 + ASKED % 3
    assert np.allclose(each.counts.matrix, sk.confusion_matrix(labels, called, sample_weight=heavy))
    surprise = MULTICLASS_METRICS["categorical_crossentropy"](each.counts)
    assert surprise == pytest.approx(sk.log_loss(labels, CHANCES, sample_weight=heavy), rel=1e-9)


def pairs(ask: Ask, part: Part, specs: list[SliceSpec] = SPECS[:1], **more: Any) -> list[Any]:
    columns = performance_binarized.PairColumns("kind", KINDS, weight=more.pop("weight", ""))
    return list(
        ask(lambda reader, frame: performance_binarized.pair_slices(reader, frame, columns, part, specs, **more))
    )


def answer(part: Part, each: Any, metric: str, threshold: float = 0.5) -> float:
    return answered(part, each.groups, lambda counts: BINARY_METRICS[metric](counts, At(threshold)))


@pytest.mark.covers("eval-config-binarize", "eval-config-aggregate")
def test_classes_are_asked_one_by_one_and_together(ask: Ask) -> None:
    """Against scikit-learn over the rows and classes laid out as yes and no."""
    truth = KIND[:, None] == np.array(["cat", "dog", "eel"])
    order = np.argsort(-CHANCES, axis=1)
    rows = np.arange(N)
    one = Part("class", "dog")
    (each,) = pairs(ask, one)
    assert (each.rows, each.labelled) == (N, N)
    assert answer(one, each, "auc") == pytest.approx(sk.roc_auc_score(truth[:, 1], CHANCES[:, 1]), rel=1e-9)
    macro = Part("macro")
    areas = [sk.roc_auc_score(truth[:, k], CHANCES[:, k]) for k in range(3)]
    assert answer(macro, each, "auc") == pytest.approx(np.mean(areas), rel=1e-9)
    wanted = np.average(areas, weights=truth.sum(0))
    assert answer(Part("weighted_macro"), each, "auc") == pytest.approx(wanted, rel=1e-9)
    some = Part("macro", weights=(("cat", 1.0), ("eel", 3.0)))
    assert answer(some, each, "auc") == pytest.approx((areas[0] + 3 * areas[2]) / 4, rel=1e-9)
    assert one_against_rest(list(each.groups.values())) == pytest.approx(np.mean(areas), rel=1e-9)
    second = Part("k", k=2)
    (each,) = pairs(ask, second)
    at_second = truth[rows, order[:, 1]], CHANCES[rows, order[:, 1]]
    assert answer(second, each, "average_precision") == pytest.approx(sk.average_precision_score(*at_second), rel=1e-9)
    first_two = Part("macro", k=2)
    (each,) = pairs(ask, first_two)
    by_place = [sk.roc_auc_score(truth[rows, order[:, p]], CHANCES[rows, order[:, p]]) for p in range(2)]
    assert answer(first_two, each, "auc") == pytest.approx(np.mean(by_place), rel=1e-9)
    top = Part("top_k", k=2)
    (each,) = pairs(ask, top)
    called = np.zeros((N, 3), bool)
    called[rows[:, None], order[:, :2]] = True
    for name, wanted in (("precision", sk.precision_score), ("recall", sk.recall_score)):
        assert answer(top, each, name, -np.inf) == pytest.approx(wanted(truth.ravel(), called.ravel()), rel=1e-9)
    micro = Part("micro")
    (each,) = pairs(ask, micro, weight="per_query")
    heavy = np.repeat(1.0 + ASKED % 3, 3)
    wanted = sk.roc_auc_score(truth.ravel(), CHANCES.ravel(), sample_weight=heavy)
    assert answer(micro, each, "auc") == pytest.approx(wanted, rel=1e-9)
    few = Part("micro", k=2)
    (each,) = pairs(ask, few)
    kept = truth[rows[:, None], order[:, :2]].ravel(), CHANCES[rows[:, None], order[:, :2]].ravel()
    assert answer(few, each, "auc") == pytest.approx(sk.roc_auc_score(*kept), rel=1e-9)


@pytest.mark.covers("eval-config-binarize")
def test_several_labels_of_a_row_are_asked_one_by_one_too(ask: Ask) -> None:
    scores = (("a", "p_cat"), ("b", "p_dog"), ("c", "p_eel"))
    columns = performance_binarized.PairColumns("has", scores)
    part = Part("class", "b")
    (each,) = ask(lambda r, f: performance_binarized.pair_slices(r, f, columns, part, SPECS[:1]))
    truth = np.array([k % 4 >= 2 for k in range(N)])
    assert answer(part, each, "auc") == pytest.approx(sk.roc_auc_score(truth, CHANCES[:, 1]), rel=1e-9)
    assert each.labelled == N


@pytest.mark.covers("interval-multiclass", "interval-weighted")
@pytest.mark.parametrize("method", ["jackknife", "poisson_bootstrap"])
def test_rows_of_several_classes_and_of_different_weight_are_resampled_whole(ask: Ask, method: Any) -> None:
    """A row is in one bucket with all its classes; a sample has a row as often in every class."""
    (each,) = pairs(ask, Part("macro"), resampling=method)
    sizes = {name: [part[name].total for part in each.parts] for name in ("cat", "dog", "eel")}
    assert sizes["cat"] == sizes["dog"] == sizes["eel"]
    assert len(each.parts) == 20
    (itself,) = ask(
        lambda r, f: performance_binarized.pair_slices(
            r, f, performance_binarized.PairColumns("label", (("", "score"),), weight="weight"), Part("itself"),
            SPECS[:1], resampling=method,
        )
    )  # fmt: skip
    (classes,) = ask(
        lambda r, f: performance_classes.class_slices(
            r, f, performance_classes.ClassColumns("kind", scores=KINDS), SPECS[:1], resampling=method
        )
    )
    (sets,) = ask(
        lambda r, f: performance_sets.set_slices(
            r, f, performance_sets.SetColumns("has", "said", "weight"), SPECS[:1], resampling=method
        )
    )
    assert [part.total for part in classes.parts] == sizes["cat"]
    whole = merged(part["all"] for part in itself.parts)
    if method == "jackknife":
        assert sum(sizes["cat"]) == N
        assert np.array_equal(whole.positives, itself.groups["all"].positives)
        assert without(whole, itself.parts[0]["all"]).total == pytest.approx(whole.total - itself.parts[0]["all"].total)
        assert sum(part.rows for part in sets.parts) == pytest.approx(sets.counts.rows)
        assert less(classes.counts, classes.parts[0]).total == N - sizes["cat"][0]
    else:
        assert np.mean(sizes["cat"]) == pytest.approx(N, rel=0.05)
        assert whole.total / 20 == pytest.approx(itself.groups["all"].total, rel=0.05)
        assert np.mean([part.rows for part in sets.parts]) == pytest.approx(sets.counts.rows, rel=0.05)


def test_many_scores_are_counted_in_bins_of_each_class(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(performance_binarized, "EXACT_CELLS", 1)
    part = Part("class", "dog")
    for method in ("", "jackknife"):
        (each,) = pairs(ask, part, resampling=method)
        wanted = sk.roc_auc_score(KIND == "dog", CHANCES[:, 1])
        assert answer(part, each, "auc") == pytest.approx(wanted, abs=1e-3)
    whole = merged(one["dog"] for one in each.parts)
    assert without(whole, each.parts[0]["dog"]).total == N - each.parts[0]["dog"].total


@pytest.mark.covers("metric-multilabel")
def test_lists_of_classes_are_counted_as_sets(ask: Ask) -> None:
    found = ask(lambda reader, frame: performance_sets.set_slices(reader, frame, SETS, SPECS[:2]))
    has = np.array([[c in ["a", "b", "c"][: k % 4] for c in "abc"] for k in range(N)])
    said = np.array([[c in ["c", "b"][: k % 3] for c in "abc"] for k in range(N)])
    assert len(found) == 4
    for each, mask in zip(found, [np.ones(N, bool), *(c == CITY for c in sorted(set(CITY)))]):
        y, p = has[mask], said[mask]
        assert each.counts.classes == ("a", "b", "c")
        ours = {name: metric(each.counts) for name, metric in MULTILABEL_METRICS.items()}
        empty = {"zero_division": 0}
        assert ours == pytest.approx({
            "example_count": len(y), "exact_match": sk.accuracy_score(y, p), "hamming_loss": sk.hamming_loss(y, p),
            "set_match_precision": sk.precision_score(y, p, average="samples", **empty),
            "set_match_recall": sk.recall_score(y, p, average="samples", **empty),
            "jaccard_score": sk.jaccard_score(y, p, average="samples", zero_division=1),
            **{f"{how}_{name}": getattr(sk, f"{name}_score")(y, p, average=how, **empty)
               for how in ("micro", "macro") for name in ("precision", "recall")},
            **{f"{how}_f1_score": sk.f1_score(y, p, average=how, **empty) for how in ("micro", "macro")},
        })  # fmt: skip
        assert confusion_of(each.counts, 1).tp == (y[:, 1] & p[:, 1]).sum()


CUTS = (0, 1, 3, 10)


def of_query(grade: np.ndarray, score: np.ndarray) -> dict[str, float]:
    """scikit-learn's NDCG and average precision of one query; the rest by going through the rows."""
    found: dict[str, float] = {}
    place = np.array([(score >= s).sum() for s in score])  # the last of its tie
    there = grade > 0
    for k in CUTS:
        end = k or len(grade)
        found[f"ndcg {k}"] = sk.ndcg_score([grade], [score], k=k or None) if len(grade) > 1 else 1.0
        inside = np.array([np.clip((end - (score > s).sum()) / (score == s).sum(), 0, 1) for s in score])
        found[f"precision_at_k {k}"] = (inside @ there) / end
        found[f"recall_at_k {k}"] = (inside @ there) / there.sum()
        found[f"mean_reciprocal_rank {k}"] = 1 / place[there].min() if place[there].min() <= end else 0.0
        found[f"hit_rate {k}"] = float(place[there].min() <= end)
        right = [(place[there] <= p).sum() / p for p in place[there] if p <= end]
        found[f"mean_average_precision {k}"] = sum(right) / min(end, there.sum())
    assert found["mean_average_precision 0"] == pytest.approx(
        sk.label_ranking_average_precision_score([there], [score]), rel=1e-9
    )
    return found | {"min_label_position 0": place[there].min()}


@pytest.mark.covers("metric-ranking", "metric-ndcg", "metric-map", "metric-mrr", "metric-precision-at-k")
@pytest.mark.parametrize("weight", ["", "per_query"])
def test_rows_are_ranked_within_their_query(ask: Ask, weight: str) -> None:
    """Against scikit-learn query by query; queries without a relevant row count in precision alone."""
    columns = ranking.RankingColumns("query", "grade", "ranked", weight=weight)
    found = ask(lambda reader, frame: ranking.ranking_slices(reader, frame, columns, SPECS[:2], CUTS))
    assert [str(each.key) for each in found] == ["all rows", *(f"city={c}" for c in sorted(set(CITY)))]
    for each in found:
        mask = np.array([k not in (11, 12) for k in range(N)])
        if each.key.values:
            mask &= each.key.values[0][1] == CITY
        queries = sorted(set(ASKED[mask]))
        weights = {q: 1.0 + q % 3 if weight else 1.0 for q in queries}
        told = {q: of_query(GRADE[m], RANKED[m]) for q in queries if GRADE[m := mask & (q == ASKED)].any()}
        assert len(told) < len(queries)
        for name in next(iter(told.values())):
            metric, k = name.split()
            if metric == "precision_at_k" and k == "0":
                continue
            over = queries if metric == "precision_at_k" else told
            wanted = sum(weights[q] * told[q][name] for q in told) / sum(weights[q] for q in over)
            assert RANKING_METRICS[metric](each.sums, int(k)) == pytest.approx(wanted, rel=1e-9), (each.key, name)
        sizes = [weights[q] * (mask & (q == ASKED)).sum() for q in queries]
        statistics = ("total_queries", "total_documents", "min_documents", "max_documents", "example_count")
        assert [RANKING_METRICS[name](each.sums, 0) for name in statistics] == pytest.approx(
            [sum(weights.values()), sum(sizes), min(sizes), max(sizes), mask.sum()]
        )


@pytest.mark.covers("metric-ranking-intervals")
def test_queries_are_resampled_whole(ask: Ask) -> None:
    columns = ranking.RankingColumns("query", "grade", "ranked")
    for method in ("jackknife", "poisson_bootstrap"):
        (each,) = ask(
            lambda reader, frame, method=method: ranking.ranking_slices(
                reader, frame, columns, SPECS[:1], (3,), resampling=method
            )
        )
        queries = [part.queries for part in each.parts]
        assert each.rows == N
        assert each.labelled == N - 1
        if method == "jackknife":
            assert sum(queries) == each.sums.queries == 40
            assert sum(part.ndcg[0] for part in each.parts) == pytest.approx(each.sums.ndcg[0])
            assert less_ranked(each.sums, each.parts[0]).queries == 40 - queries[0]
        else:
            assert np.mean(queries) == pytest.approx(40, rel=0.15)
            assert all(float(q).is_integer() for q in queries)


def test_chunks_hold_rows_as_they_arrived(ask: Ask) -> None:
    columns = estimates.EstimateColumns("score", "label", "called")
    found, left_out = ask(lambda reader, frame: estimates.chunk_cells(reader, frame, columns, estimates.Chunks(250)))
    assert left_out == 2
    assert [(each.key, each.total) for each in found] == [("[0:247]", 248), ("[250:499]", 250), ("[500:599]", 100)]
    assert found[1].has_labels
    assert not found[0].has_labels
    assert found[1].positives.sum() == LABEL[250:500].sum()
    assert (found[1].called @ found[1].rows) == (SCORE[250:500] > 0.4).sum()


def test_rows_for_outcomes_have_features_labels_and_keys_of_their_own(ask: Ask) -> None:
    async def question(reader: Reader, frame: Frame) -> Any:
        used = await coded_rows.codings(reader, frame, ["city"])
        answers = estimates.EstimateColumns("score", "label", "called")
        columns = outcome_rows.RowColumns(answers, ("age", "shift"), {"shift": ["day"]}, tuple(used), "kind")
        return used, await outcome_rows.outcome_rows(reader, frame, columns, estimates.Chunks(250))

    used, found = ask(question)
    rows = found.rows
    assert rows.total == N - 2
    assert (set(found.versions), found.chunks) == ({"cat", "dog", "eel"}, ("[0:247]", "[250:499]", "[500:599]"))
    assert np.bincount(rows.chunks).tolist() == [248, 250, 100]
    assert np.isnan(rows.labels).sum() == 5
    assert np.nansum(rows.labels) == LABEL[5:].sum() - LABEL[[7, 8]].sum()
    place = found.versions.index("dog")
    usable = np.array([k not in (7, 8) for k in range(N)])
    assert sorted(rows.features[rows.versions == place, 0]) == sorted(AGE[usable & (KIND == "dog")])
    # A known text, one that is not, and none.
    assert set(np.unique(rows.features[~np.isnan(rows.features[:, 1]), 1])) == {-1, 0}
    assert np.isnan(rows.features[:, 1]).sum() == 12
    assert len(np.unique(rows.keys)) == rows.total
    bern = used[0].values.index("Bern") + 1
    assert (rows.codes[:, 0] == bern).sum() == (usable & (CITY == "Bern")).sum()


def test_errors_are_counted_by_distinct_codes(ask: Ask) -> None:
    async def question(reader: Reader, frame: Frame) -> Any:
        used = await coded_rows.codings(reader, frame, ["city", "shift", "age"])
        return used, await slices.error_counts(reader, frame, slices.ErrorColumns("label", "score"), used)

    used, found = ask(question)
    usable = np.array([k >= 5 and k not in (7, 8) for k in range(N)])
    assert found.rows.sum() == usable.sum()
    assert found.errors.sum() == ((SCORE > 0.5) != LABEL)[usable].sum()
    bern = used[0].values.index("Bern") + 1
    assert found.rows[found.codes[:, 0] == bern].sum() == (usable & (CITY == "Bern")).sum()
    assert used[0].said(bern) == "city = Bern"
    assert used[1].said(0) == "shift is missing"
    assert len(used[2].edges) == 9
    low = used[2].edges[0]
    assert found.rows[found.codes[:, 2] == 1].sum() == (usable & (low > AGE)).sum()


def test_pairs_of_scores_are_counted(ask: Ask) -> None:
    columns = paired_scores.PairedColumns("score", "other", "label")
    found = ask(lambda reader, frame: paired_scores.paired_scores(reader, frame, columns))
    assert found.rows.sum() == N - 2
    assert found.rows[np.isnan(found.labels)].sum() == 5
    assert np.allclose(found.champion + found.challenger, 1)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (
            lambda r, f: performance.binary_slices(r, f, performance.BinaryColumns("age", "score"), SPECS[:1]),
            "neither 0 nor 1",
        ),
        (
            lambda r, f: performance.binary_slices(r, f, performance.BinaryColumns("label", "city"), SPECS[:1]),
            "no scores",
        ),
        (lambda r, f: performance.binary_slices(r, f, COLUMNS, [SliceSpec(("town",))]), "no column 'town'"),
        (lambda r, f: performance.binary_slices(r, f, COLUMNS, SPECS[:1], performance.Periods("age", 60)), "no times"),
        (
            lambda r, f: performance_classes.class_slices(
                r, f, performance_classes.ClassColumns("kind", scores=KINDS[:2]), SPECS[:1]
            ),
            "the class 'eel', which has no score",
        ),
    ],
)
def test_what_cannot_be_asked_is_said(ask: Ask, question: Any, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        ask(question)


@pytest.mark.covers("slices-sql-safe")
@pytest.mark.parametrize(
    "text",
    [
        "age > 3; DROP TABLE x", "file('/etc/passwd') = ''", "age > (SELECT 1)", "_path = ''", "1 = 1 UNION SELECT 2",
        "age > 3 SETTINGS readonly=0", "arrayJoin([1]) = 1", "age IN (SELECT age FROM rows)", "", "secret = 1",
    ],
)  # fmt: skip
def test_a_condition_can_do_nothing_but_tell_rows_apart(ask: Ask, text: str) -> None:
    async def question(reader: Reader, frame: Frame) -> str:
        return row_condition(text, frame, Parameters())

    with pytest.raises(QueryError):
        ask(question)


def _statements(frame: Frame) -> dict[str, Statement]:
    used = [
        coded_rows.Coding(frame.column("age"), (30.0, 50.0)),
        coded_rows.Coding(frame.column("city"), values=("Bern",)),
    ]
    daily = performance.Periods("time", 86_400)
    numbers = performance_numbers.NumberColumns("age", "guess", "weight")
    classes = performance_classes.ClassColumns("kind", scores=KINDS)
    said: dict[str, Kind] = {
        "label": "categorical", "label_value": "numeric", "score": "numeric", "prediction": "numeric",
        "output_label": "categorical", "labelled": "boolean",
    }  # fmt: skip
    predicted = Frame("prediction_rows", tuple(FrameColumn(name, kind, name) for name, kind in said.items()))
    sides = [replace(predicted, where=f"version = {{frame_{n}_0:String}}") for n in ("one", "other")]
    answers = paired_versions.Answers("score", "label_value")
    pairs = paired_versions.paired_frame(*sides, "trace_id", answers, 3)
    two = two_models.TwoModels(frame, (("", "score"),), (("", "other"),), "weight")
    both = two_models.TwoModels(frame, KINDS, KINDS)
    return {
        "prediction_others": prediction_context.others_statement(frame, "p"),
        "prediction_context": prediction_context.context_statement(
            frame.only(("age", "city")), "p", {"age": 41.0, "city": "Bern"}, 3
        )[0],
        "version_side": version_sides.side_statement(predicted),
        "version_keys": paired_versions.keys_statement(predicted, ("trace_id", "label")),
        "version_overlap": paired_versions.overlap_statement(*sides, "trace_id"),
        "version_cells": paired_versions.cells_statement(pairs),
        "version_errors": paired_versions.errors_statement(pairs),
        "version_flips": paired_versions.flips_statement(pairs, champion="yes", challenger="no", right="fixed"),
        "prediction_outcomes": prediction_outcomes.outcomes_statement(predicted),
        "prediction_called": prediction_outcomes.called_statement(predicted),
        "performance_extent": performance.extent_statement(frame, COLUMNS),
        "performance_counts": performance.counts_statement(frame, COLUMNS, SPECS, binned=False, periods=daily),
        "performance_counts_binned": performance.counts_statement(frame, COLUMNS, SPECS[:1], binned=True),
        "performance_numbers": performance_numbers.numbers_statement(frame, numbers, SPECS[:2], shift=40.0),
        "performance_numbers_resampled": performance_numbers.numbers_statement(
            frame, numbers, SPECS[:2], resampling="poisson_bootstrap"
        ),
        "performance_classes": performance_classes.classes_statement(frame, classes),
        "performance_outcomes": performance_classes.outcomes_statement(frame, classes, SPECS[:2]),
        "performance_pairs": performance_binarized.pairs_of_rows_statement(
            frame, performance_binarized.PairColumns("kind", KINDS, weight="weight"), Part("top_k", k=2), SPECS[:2]
        ),
        "performance_pairs_resampled": performance_binarized.pairs_of_rows_statement(
            frame,
            performance_binarized.PairColumns("label", (("", "score"),)),
            Part("itself"),
            SPECS[:1],
            resampling="jackknife",
            binned=True,
        ),
        "ranking": ranking.ranking_statement(
            frame,
            ranking.RankingColumns("query", "grade", "ranked", weight="weight"),
            SPECS[:2],
            CUTS,
            resampling="poisson_bootstrap",
        ),
        "performance_sets": performance_sets.sets_statement(frame, SETS, SPECS[:2]),
        "estimate_cells": estimates.cells_statement(
            frame, estimates.EstimateColumns("score", "label", "called"), estimates.Chunks(250)
        ),
        "outcome_rows": outcome_rows.outcome_rows_statement(
            frame,
            outcome_rows.RowColumns(
                estimates.EstimateColumns("score", "label", "called"),
                ("age", "city"),
                {"city": ["Bern"]},
                tuple(used),
                "kind",
                "query",
            ),
            estimates.Chunks(250),
        ),
        "slice_errors": slices.errors_statement(frame, slices.ErrorColumns("label", "score"), used),
        "two_models": row_sums.row_sums_statement(frame, two_models.two_models_sums(two, [0.5, 0.7]), SPECS[:2]),
        "two_models_resampled": row_sums.row_sums_statement(
            frame, two_models.two_models_sums(both, []), SPECS[:1], periods=daily, resampling="poisson_bootstrap"
        ),
        "two_models_keys": two_models.keys_statement(frame, frame, "city"),
        "attribution_sums": row_sums.row_sums_statement(
            frame,
            attribution_sums.attribution_sums([attribution_sums.Attribution(frame.column("age"))], "weight"),
            SPECS[:1],
            resampling="jackknife",
        ),
        "paired_scores": paired_scores.pairs_statement(frame, paired_scores.PairedColumns("score", "other", "label")),
    }


def test_the_sql_that_runs_is_written_down(ask: Ask) -> None:
    async def question(reader: Reader, frame: Frame) -> dict[str, Statement]:
        return _statements(frame)

    for name, statement in ask(question).items():
        told = statement.sql + "\n"
        snapshot = SNAPSHOTS / f"{name}.sql"
        if os.environ.get("TAPETUM_SNAPSHOTS") == "write":
            snapshot.write_text(told, encoding="utf-8")
        assert snapshot.read_text(encoding="utf-8") == told, f"{name}: the statement changed (TAPETUM_SNAPSHOTS=write)"
