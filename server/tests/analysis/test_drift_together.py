"""Drift that no feature shows by itself: of all together, of embeddings, of texts and of attributions."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from drift_world import Report, comparing

from tapetum_server.analysis.drift.answers import DriftReport, DriftTogether
from tapetum_server.query.errors import QueryError

ROWS = 1_200


@pytest.fixture(scope="module")
def report(engine_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    """A function that compares two tables."""
    with comparing(engine_home, tmp_path_factory.mktemp("drift"), "drift_together") as compare:
        yield compare


def pair(seed: int, *, alike: bool = True) -> dict[str, Any]:
    """Two numbers and a category, each of which is always as it was; what changes is whether they go together."""
    random = np.random.default_rng(seed)
    x, noise = random.normal(0, 1, ROWS), random.normal(0, 1, ROWS)
    y = 0.9 * (x if alike else -x) + 0.4359 * noise
    return {
        "x": x,
        "y": y,
        "z": random.normal(0, 1, ROWS),
        "shop": random.choice(["a", "b", "c"], ROWS, p=[0.6, 0.3, 0.1]),
    }


def only(report: DriftReport, method: str) -> DriftTogether:
    (found,) = [one for one in report["together"] if one["method"] == method]
    return found


@pytest.mark.covers("drift-classifier", "drift-pca")
def test_features_that_go_together_otherwise_are_found_though_none_has_moved(report: Report) -> None:
    moved = report(pair(1), pair(2, alike=False), multivariate=("classifier", "pca"))
    assert (moved["drifted"], moved["verdict"]) == (0, "drift")
    classifier, pca = only(moved, "classifier"), only(moved, "pca")
    assert (classifier["verdict"], pca["verdict"]) == ("drift", "drift")
    assert {one["name"] for one in classifier["telling"]} == {"x", "y"}
    assert classifier["value"] is not None
    assert classifier["value"] > 0.8
    steady = report(pair(1), pair(3), multivariate=("classifier", "pca"))
    assert (steady["verdict"], {one["verdict"] for one in steady["together"]}) == ("no_drift", {"no_drift"})


@pytest.mark.covers("drift-embedding")
def test_embeddings_whose_centre_or_spread_moved_drifted_and_ragged_ones_are_counted_out(report: Report) -> None:
    random = np.random.default_rng(4)

    def table(shift: float, scale: float, ragged: int = 0) -> dict[str, Any]:
        vectors = (random.normal(0, scale, (400, 16)) + shift).tolist()
        vectors[:ragged] = [[1.0]] * ragged
        return {"vector": pa.array(vectors, pa.list_(pa.float32())), "n": random.normal(0, 1, 400)}

    baseline = table(0, 1)
    for shift, scale, verdict in ((0, 1, "no_drift"), (0.4, 1, "drift"), (0, 1.6, "drift")):
        answered = report(baseline, table(shift, scale, ragged=7), embeddings=("vector",), multivariate=("classifier",))
        mmd = only(answered, "mmd")
        assert (mmd["verdict"], mmd["window_rows"]) == (verdict, 393)
        assert "7 rows of the window left out" in mmd["says"]
        linear = next(
            one for one in answered["together"] if one["of"] == "embedding vector" and one["method"] == "classifier"
        )
        # A line tells a shift, and no wider cloud around the same centre.
        assert linear["verdict"] == ("drift" if shift else "no_drift")
    assert (
        report(baseline, table(0, 1, ragged=380), embeddings=("vector",))["together"][0]["verdict"] == "not_enough_data"
    )


@pytest.mark.covers("drift-text")
def test_texts_about_something_else_drifted(report: Report) -> None:
    random = np.random.default_rng(5)
    banks, gardens = (
        ["the", "loan", "of", "a", "bank", "is", "paid", "by", "rates"],
        ["roses", "grow", "with", "water", "and", "much", "sunlight"],
    )

    def table(*words: str) -> dict[str, Any]:
        return {"text": [" ".join(random.choice(words, 12)) for _ in range(150)], "n": np.arange(150.0)}

    steady, moved = (report(table(*banks), table(*words), texts=("text",)) for words in (banks, gardens))
    assert (only(steady, "mmd")["verdict"], only(moved, "mmd")["verdict"]) == ("no_drift", "drift")
    # Each text has a dozen words: what they are like moved in what nobody had seen, and in how long words are.
    told = {feature["name"]: feature for feature in moved["features"]}
    assert told.keys() == {"n", "text.characters", "text.words", "text.not_letters", "text.unseen_words"}
    unseen = told["text.unseen_words"]
    assert (unseen["verdict"], unseen["of_text"], unseen["baseline"]["mean"]) == ("drift", "text", 0)
    assert unseen["window"]["mean"] == pytest.approx(1)
    assert told["text.words"]["verdict"] == "no_drift"
    came, went = ({w["name"] for w in only(moved, "mmd")["telling"] if w["value"] * sign > 0} for sign in (1, -1))
    assert (len(came), len(went), came <= {*gardens}, went <= {*banks}) == (5, 5, True, True)
    assert not only(steady, "mmd")["telling"]
    assert all(feature["verdict"] == "no_drift" for feature in steady["features"])


@pytest.mark.covers("drift-attributions")
def test_attributions_drifted_when_other_features_matter(report: Report) -> None:
    random = np.random.default_rng(6)

    def table(**sizes: float) -> dict[str, Any]:
        return {f"shap_{name}": random.normal(0, size, 500) for name, size in sizes.items()} | {"n": np.arange(500.0)}

    usual = table(income=3, age=1, region=0.1, channel=0.1)
    moved = only(report(usual, table(income=0.1, age=1, region=0.1, channel=3), attributions="shap_"), "ndcg")
    assert (moved["verdict"], {one["name"] for one in moved["telling"][:2]}) == ("drift", {"income", "channel"})
    # The same order, and a change among features that hardly matter.
    for steady in (table(income=6, age=2, region=0.2, channel=0.2), table(income=3, age=1, region=0.1, channel=0.15)):
        assert only(report(usual, steady, attributions="shap_"), "ndcg")["verdict"] == "no_drift"


def test_what_cannot_be_looked_at_together_is_refused(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    for settings, word in (
        ({"embeddings": ("x",)}, "holds no lists of numbers"),
        ({"texts": ("x",)}, "holds no texts"),
        ({"attributions": "shap_"}, "fewer than two columns"),
        ({"multivariate": ("tree",)}, "nothing called 'tree'"),
    ):
        with pytest.raises(QueryError, match=word):
            report(pair(1), pair(2), **settings)
    monkeypatch.setitem(sys.modules, "sklearn.model_selection", None)
    with pytest.raises(QueryError, match="scikit-learn") as missing:
        report(pair(1), pair(2), multivariate=("classifier",))
    assert missing.value.hint == "pip install 'tapetum[analysis]'"
    assert report(pair(1), pair(2), multivariate=("pca",))["verdict"] == "no_drift"
