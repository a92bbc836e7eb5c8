"""One prediction beside others of its model, and beside the training data, against plain Python over the same rows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from asked_world import SECOND, START, World, world

from tapetum_server.analysis.feature_statistics.report import dataset_statistics
from tapetum_server.query.prediction_frames import prediction_frame
from tapetum_server.query.time_range import TimeRange, format_time
from tapetum_server.receivers.records.reading import PREDICTIONS, read_records
from tapetum_server.signals.feature_statistics import DatasetStatistics
from tapetum_server.signals.feature_statistics_batch import FeatureStatisticsBatch, StoredStatistics

COUNT = 3_000
RANDOM = Random(11)
RANGE = {"from": format_time(START), "to": format_time(START + 1_000 * SECOND), "model": "loans"}
Row = dict[str, Any]


def _row(n: int) -> Row:
    return {
        "channel": ("web", "mobile", "O'Hara")[n % 3],
        "age": 20 + RANDOM.random() * 50,
        "children": RANDOM.choice((0, 0, 0, 1, 2, 3)),
        "member": n % 5 == 0,
        "region": RANDOM.choice("abc") if n % 4 else None,
        "reference": f"loan {n}",
        # Each twice but for one that is everywhere: more different values than the most frequent that are kept.
        "street": "High Street" if n % 2 else f"street {n // 4}" if n % 4 else f"street {n // 4} end",
        "ratio": "NaN" if n % 50 == 0 else "Infinity" if n % 25 == 0 else RANDOM.random(),
        "basket": ["milk"],
    }


ROWS = [_row(n) for n in range(COUNT)]
ODD = {"channel": "fax", "age": 69.999, "children": 3, "member": True, "region": None, "reference": "loan x",
       "street": "nowhere", "ratio": "Infinity", "basket": ["tea"]}  # fmt: skip
NAN = {**ROWS[1], "ratio": "NaN", "street": "High Street"}


@pytest.fixture(scope="module")
def asked(engine_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    rows = [(f"l{n}", row) for n, row in enumerate(ROWS)]
    predictions = [
        {"model": "loans", "prediction_id": name, "time": START // 10**6 + 100 * n, "score": 0.5, "features": features}
        for n, (name, features) in enumerate(rows)
    ]
    late = (START + 2_000 * SECOND) // 10**6
    predictions += [
        {"model": "loans", "prediction_id": name, "time": late, "score": 0.5, "features": features}
        for name, features in (("odd", ODD), ("nan", NAN), ("bool", {"children": True, "channel": 7.5, "new": 1}))
    ]

    async def kept(reader: Any) -> DatasetStatistics:
        trained = TimeRange(START, START + 1_000 * SECOND)
        frame = await prediction_frame(reader, project="default", model="loans", time_range=trained)
        (found,) = await dataset_statistics(reader, frame.only(list(ROWS[0])))
        return found

    with world(engine_home, tmp_path_factory.mktemp("catalog")) as opened:
        read = read_records(PREDICTIONS, json.dumps(predictions).encode(), "application/json", "default", "test")
        assert not read.refused
        opened.keep(read.batch)
        found = asyncio.run(kept(opened.reader))
        told = [
            StoredStatistics(dataset="train", window_start=0, window_end=0, rows=found.rows, slice=found.slice, position=n, statistics=one)
            for n, one in enumerate(found.features)
        ]  # fmt: skip
        opened.keep(FeatureStatisticsBatch("default", "test", told))
        yield opened


def context(asked: World, prediction_id: str, **more: Any) -> dict[str, Any]:
    found = asked.get("/predictions/context", **RANGE, prediction_id=prediction_id, **more)
    assert found["one_in"] == 1
    return {each["feature"]: each for each in found["features"]} | {"rows": found["rows"]}


def less(name: str, than: float) -> float:
    """The share of rows with a number that is less."""
    return sum(float(row[name]) < than for row in ROWS) / COUNT


def share(name: str, value: object) -> float:
    return sum(row[name] == value for row in ROWS) / COUNT


@pytest.mark.covers("prediction-context")
def test_one_prediction_is_seen_among_the_others(asked: World) -> None:
    of = context(asked, "odd")
    assert of["rows"] == COUNT
    assert (of["channel"]["share_same"], of["channel"]["unusual"]) == (0.0, True)
    assert (of["region"]["place"], of["region"]["share_same"]) == ("missing", share("region", None))
    assert of["age"]["share_below"] == less("age", 69.999)
    assert (of["age"]["low"] < of["age"]["median"] < of["age"]["high"], of["age"]["unusual"]) == (True, True)
    assert (of["reference"]["share_same"], of["reference"]["unusual"]) == (0.0, False), "an id is another each time"
    assert (of["ratio"]["place"], of["ratio"]["share_same"]) == ("number", share("ratio", "Infinity"))
    assert of["ratio"]["share_below"] == less("ratio", float("inf"))
    usual = context(asked, "l1")
    assert usual["channel"]["share_same"] == (sum(row["channel"] == "mobile" for row in ROWS) - 1) / (COUNT - 1)
    assert not any(usual[name]["unusual"] for name in ("channel", "region", "member"))
    nan = context(asked, "nan")["ratio"]
    assert (nan["place"], nan["share_same"], nan["share_below"]) == ("value", share("ratio", "NaN"), None)


@pytest.mark.covers("prediction-context")
def test_one_prediction_is_seen_beside_the_training_data(asked: World) -> None:
    of = context(asked, "odd", dataset="train")
    assert of["rows"] == COUNT
    assert "basket" not in of, "lists are not compared"
    assert (of["channel"]["share_same"], of["channel"]["unusual"], of["channel"]["at_most"]) == (0.0, True, False)
    assert (of["region"]["place"], of["region"]["share_same"]) == ("missing", share("region", None))
    assert (of["member"]["place"], of["member"]["share_same"]) == ("value", share("member", True))
    # Half a percent of the rows lies between two kept points.
    assert of["age"]["share_below"] == pytest.approx(less("age", 69.999), abs=0.005)
    assert of["age"]["unusual"] is True
    children = of["children"]
    assert children["share_below"] == pytest.approx(less("children", 3), abs=0.01)
    assert children["share_same"] == pytest.approx(share("children", 3), abs=0.01)
    assert (children["low"], children["high"]) == (0, 3)
    assert of["reference"]["unusual"] is False
    # The least frequent of the values that are kept is there once; what is not kept is no more frequent.
    assert (of["street"]["share_same"], of["street"]["at_most"]) == (1 / COUNT, True)
    ratio = of["ratio"]
    assert (ratio["place"], ratio["share_below"]) == ("number", pytest.approx(less("ratio", float("inf"))))
    assert ratio["share_same"] == share("ratio", "Infinity")
    nan = context(asked, "nan", dataset="train")
    assert (nan["ratio"]["place"], nan["ratio"]["share_same"]) == ("value", share("ratio", "NaN"))
    assert nan["street"]["share_same"] == share("street", "High Street")
    assert (nan["age"]["unusual"], nan["channel"]["unusual"]) == (False, False)
    other = context(asked, "bool", dataset="train")
    assert "new" not in other, "the data set has no such feature"
    assert "channel" not in other, "it holds words there"
    assert other["children"]["place"] == "value"


def test_a_data_set_that_is_not_there_and_a_filter_on_one_are_said(asked: World) -> None:
    one = {**RANGE, "prediction_id": "odd"}
    unknown = asked.client.get("/v1/predictions/context", params={**one, "dataset": "none"})
    assert (unknown.status_code, "data set 'none'" in unknown.json()["error"]["message"]) == (404, True)
    refused = asked.client.get("/v1/predictions/context", params={**one, "dataset": "train", "q": "channel:web"})
    assert (refused.status_code, refused.json()["error"]["field"]) == (400, "q")
