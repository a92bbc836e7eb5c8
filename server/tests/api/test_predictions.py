"""Predictions and models over HTTP, and the frame over them: found by what went in, with labels, by version."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asked_world import SECOND, START, World, trace_id, world

from tapetum_server.analysis import model_list
from tapetum_server.query.errors import NotFound
from tapetum_server.query.filter import parse_filter
from tapetum_server.query.frames import Frame, identifier
from tapetum_server.query.prediction_frames import prediction_frame
from tapetum_server.query.reader import rows_of
from tapetum_server.query.time_range import TimeRange, format_time
from tapetum_server.receivers.records.reading import LABELS, PREDICTIONS, Kind, read_records

MODEL = "team/income 🎉"
RANGE = {"from": format_time(START), "to": format_time(START + 1_000 * SECOND)}
EVERYTHING = TimeRange(None, None)


def keep(world: World, kind: Kind, said: list[dict[str, Any]], project: str = "default") -> None:
    found = read_records(kind, json.dumps(said).encode(), "application/json", project, "test")
    assert not found.refused
    world.keep(found.batch, *([found.beside] if found.beside else []))


def predicted(i: int) -> dict[str, Any]:
    return {
        "model": MODEL, "version": "1" if i < 6 else "2", "prediction_id": f"p{i}", "time": START // 10**6 + i * 1_000,
        "features": {"age": 20 + i, "job": ("clerk", "nurse")[i % 2], "member": i % 3 == 0, "gap": None if i % 2 else 1.5,
                     "seen": [i], "words": ["a", "b"], "score": i},
        "text_features": {"essay": f"An essay about number {i}"}, "score": i / 10 if i else 1.5, "output": i % 2,
        "scores": {"no": 1 - i / 10, "yes": i / 10}, "tags": {"region": "eu" if i < 8 else "us"}, "latency_ms": float(i),
        "trace_id": trace_id(i % 3),
    }  # fmt: skip


@pytest.fixture(scope="module")
def asked(engine_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(engine_home, tmp_path_factory.mktemp("catalog")) as opened:
        late = START // 10**6 + 600_000
        labels = [{"model": MODEL, "prediction_id": f"p{i}", "label": i % 2, "time": late} for i in range(5)]
        keep(opened, LABELS, [*labels[:2], {**labels[2], "label": 9, "time": late - 1_000}])
        keep(opened, PREDICTIONS, [predicted(i) for i in range(10)])
        keep(opened, PREDICTIONS, [predicted(i) for i in range(3)])
        keep(opened, LABELS, labels)
        keep(opened, PREDICTIONS, [{"model": "other", "prediction_id": "p1", "time": START // 10**6, "output": "x"}])
        keep(opened, PREDICTIONS, [predicted(1) | {"tags": {"whose": "theirs"}}], "theirs")
        yield opened


def ids(asked: World, q: str, **more: Any) -> list[str]:
    return [row["prediction_id"] for row in asked.get("/predictions", **RANGE, q=q, **more)["rows"]]


@pytest.mark.covers("predictions-asked")
@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("model:other", ["p1"]), (f'model:"{MODEL}" version:2', ["p9", "p8", "p7", "p6"]),
        ("age:>27", ["p9", "p8"]), ("features.age:21,22", ["p2", "p1"]), ("age:21.0", ["p1"]),
        ("job:clerk age:<=22", ["p2", "p0"]), ("job:nur* version:2", ["p9", "p7"]), ("member:true version:2", ["p9", "p6"]),
        ("-gap:* version:2 job:*", ["p9", "p7"]), ("words:b age:<21", ["p0"]), ("tags.region:us", ["p9", "p8"]),
        ("region:us,xx features.region:us", []), ("label:1", ["p3", "p1"]), ("label:9", []),
        ("labelled:false age:*", ["p9", "p8", "p7", "p6", "p5"]), ("flagged:true", ["p0"]), ("score:>0.75", ["p9", "p8", "p0"]),
        ("seen:>8", ["p9"]), ("seen:3", ["p3"]), ("scores.yes:>=0.75", ["p9", "p8"]), ("scores.no:0.6", ["p4"]), ("scores.maybe:*", []), ("scores.yes:* -scores.yes:>0", ["p0"]),
        ("words:~b age:<21", ["p0"]), ("words:~c", []), ("-words:~a*", ["p1"]), ("seen:~3.0", ["p3"]), ("seen:~2,3", ["p3", "p2"]),
        ("age:~21", ["p1"]), ("features.job:~clerk age:<22", ["p0"]), ("features.region:~eu", []), ("tags.region:~us", ["p9", "p8"]),
        ("region:~u*", ["p9", "p8"]), ("label:~1", ["p3", "p1"]), ("output_label:~x", ["p1"]),
        ('"essay about number 3"', ["p3"]), ("features.score:4", ["p4"]), ("latency_ms:>8", ["p9"]), ("p7", ["p7"]),
    ],
)  # fmt: skip
def test_predictions_are_found_by_what_went_in_came_out_and_was_right(
    asked: World, q: str, expected: list[str]
) -> None:
    assert ids(asked, q) == expected


@pytest.mark.covers("predictions-asked")
def test_several_comparisons_of_a_list_are_about_one_of_its_numbers(asked: World) -> None:
    told = {"a": [1, 9], "b": [5.5, 20], "c": [4], "d": [], "e": 5}
    keep(asked, PREDICTIONS, [
        {"model": "lists", "prediction_id": name, "time": START // 10**6, "features": {"hours": value}, "output": 1}
        for name, value in told.items()
    ], "lists")  # fmt: skip

    def found(q: str) -> str:
        rows = asked.get("/predictions", **RANGE, q=q, project="lists")["rows"]
        return "".join(sorted(row["prediction_id"] for row in rows))

    assert found("hours:>5 hours:<6") == "b"
    assert found("hours:>=5") == "abe"
    assert found("hours:<6") == "abce"
    assert found("features.hours:>=5 features.hours:<9") == "be"
    assert found("hours:>=5 -hours:<9") == ""
    assert (found("hours:5"), found("hours:5.5"), found("hours:~5"), found("tags.hours:5")) == ("e", "b", "e", "")


@pytest.mark.covers("filter-texts")
def test_texts_are_found_by_what_they_are_like(asked: World) -> None:
    """Against Python: short ones, which are categories, long ones, none, and letters of any script."""
    told: dict[str, Any] = {
        "a": "It is late.", "b": "Já é tarde, 北京!", "c": "42 + 7 = 49", "d": "", "e": None, "f": "word " * 200, "g": 12.5,
        "h": "one-two  three",
    }  # fmt: skip
    keep(asked, PREDICTIONS, [
        {"model": "texts", "prediction_id": name, "time": START // 10**6, "features": {"my.mail": value, "texts.x.words": 3}}
        for name, value in told.items()
    ], "texts")  # fmt: skip
    texts = {name: str(value) for name, value in told.items() if value is not None}

    def found(q: str, **more: Any) -> str:
        rows = asked.get("/predictions", **RANGE, q=q, project="texts", **more)["rows"]
        return "".join(sorted(row["prediction_id"] for row in rows))

    def like(passes: Callable[[str], bool]) -> str:
        return "".join(name for name, text in texts.items() if passes(text))

    def words(text: str) -> int:
        return len(re.findall(r"[^\W_]+", text))

    def odd(text: str) -> float:
        return 1 - sum(c.isalpha() or c.isspace() for c in text) / len(text)

    assert found("texts.my.mail.characters:>14") == like(lambda text: len(text) > 14) == "bf"
    assert found("texts.my.mail.words:>=3 texts.my.mail.words:<5") == like(lambda text: 3 <= words(text) < 5) == "abch"
    assert found("texts.my.mail.words:2,200") == like(lambda text: words(text) in (2, 200)) == "fg"
    assert found("texts.my.mail.not_letters:>0.1") == like(lambda text: text != "" and odd(text) > 0.1) == "bcg"
    assert found("-texts.my.mail.words:*") == "e"
    assert found("texts.my.mail.words:0") == "d"
    # What is no such number is a feature, and so is one that is named alike.
    assert (found("features.texts.x.words:3"), found("texts.x.words:3"), found("texts.my.mail:>1")) == (
        "abcdefgh",
        "",
        "",
    )
    error = asked.error("/predictions", 400, **RANGE, q="texts.my.mail.words:>many", project="texts")
    assert error["code"] == "bad_filter"
    counted = asked.get("/predictions/facets", **RANGE, keys="texts.my.mail.words", project="texts")["facets"][0]
    assert {v["value"]: v["count"] for v in counted["values"]} == {"3": 3, "0": 1, "": 1, "200": 1, "2": 1, "4": 1}


@pytest.mark.covers("filter-correct")
def test_answers_are_found_by_whether_they_were_right(asked: World) -> None:
    """As words where both are, else as numbers; where nothing is to be held against anything, neither."""
    told: dict[str, tuple[Any, Any]] = {
        "a": ("yes", "yes"), "b": ("yes", "no"), "c": (1, 1), "d": (1, 0), "e": (2.5, 2.5), "f": (2.5, 2), "g": ("yes", None),
        "h": (1, None), "i": (True, False), "j": (["x", "y"], ["x", "y"]), "k": (None, "yes"),
    }  # fmt: skip
    keep(asked, PREDICTIONS, [
        {"model": "right", "prediction_id": name, "time": START // 10**6, "score": 0.5, "features": {"correct": name},
         **({} if said is None else {"output": said})}
        for name, (said, _) in told.items()
    ], "right")  # fmt: skip
    keep(asked, LABELS, [
        {"model": "right", "prediction_id": name, "label": was} for name, (_, was) in told.items() if was is not None
    ], "right")  # fmt: skip

    def found(q: str) -> str:
        rows = asked.get("/predictions", **RANGE, q=q, project="right")["rows"]
        return "".join(sorted(row["prediction_id"] for row in rows))

    assert (found("correct:right"), found("correct:wrong"), found("-correct:*")) == ("acej", "bdfi", "ghk")
    assert (found("correct:wrong labelled:true score:0.5"), found("features.correct:b")) == ("bdfi", "b")
    counted = asked.get("/predictions/facets", **RANGE, keys="correct", project="right")["facets"][0]
    assert {v["value"]: v["count"] for v in counted["values"]} == {"right": 4, "wrong": 4, "": 3}
    models = asked.get("/models", **RANGE, q="correct:wrong", project="right")["rows"]
    assert [row["predictions"] for row in models] == [4]
    performance = asked.get("/models/performance", **RANGE, model="right", q="correct:wrong", project="right")
    assert (performance["rows"], performance["labelled"]) == (4, 4)


@pytest.mark.covers("predictions-asked")
def test_pages_follow_each_other_and_one_prediction_is_whole(asked: World) -> None:
    for sort, first in (("-time", "p9"), ("score", "p1"), ("-score", "p0")):
        seen: list[str] = []
        cursor = None
        while True:
            page = asked.get("/predictions", **RANGE, q="age:*", sort=sort, limit=3, cursor=cursor)
            seen += [row["prediction_id"] for row in page["rows"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert (len(seen), len(set(seen)), seen[0]) == (10, 10, first)
    one = asked.get("/predictions/detail", model=MODEL, prediction_id="p2")
    assert one["features"] == {
        "age": 22.0, "gap": 1.5, "score": 2.0, "member": False, "job": "clerk", "essay": "An essay about number 2",
        "seen": [2.0], "words": ["a", "b"],
    }  # fmt: skip
    assert one["kinds"] == {
        "age": "numeric", "gap": "numeric", "score": "numeric", "member": "boolean", "job": "categorical",
        "essay": "text", "seen": "numbers", "words": "texts",
    }  # fmt: skip
    assert (one["label"], one["label_value"], one["labelled"], one["feature_count"]) == ("0", 0.0, True, 8)
    assert one["label_time"] == format_time(START + 600 * SECOND)
    assert (one["scores"], one["tags"], one["trace_id"]) == ({"no": 0.8, "yes": 0.2}, {"region": "eu"}, trace_id(2))
    assert asked.get("/predictions/detail", model="other", prediction_id="p1")["output_label"] == "x"
    assert asked.client.get("/v1/predictions/detail", params={"model": "m", "prediction_id": "p"}).status_code == 404
    of_trace = asked.get(f"/traces/{trace_id(2)}/predictions")
    assert [row["prediction_id"] for row in of_trace["rows"]] == ["p2", "p5", "p8"]


@pytest.mark.covers("predictions-asked")
def test_facets_count_features_tags_and_labels(asked: World) -> None:
    found = asked.get("/predictions/facets", **RANGE, keys="version,job,member,region,label,labelled")
    counted = {f["key"]: {v["value"]: v["count"] for v in f["values"]} for f in found["facets"]}
    assert counted == {
        "version": {"1": 6, "2": 4, "": 1}, "job": {"clerk": 5, "nurse": 5, "": 1},
        "member": {"true": 4, "false": 6, "": 1}, "region": {"eu": 8, "us": 2, "": 1},
        "label": {"": 6, "0": 3, "1": 2}, "labelled": {"false": 6, "true": 5},
    }  # fmt: skip
    keys = {key["key"]: key["count"] for key in found["attribute_keys"]}
    assert keys == dict.fromkeys(("age", "job", "member", "gap", "seen", "words", "score", "essay", "tags.region"), 10)
    exported = asked.client.get("/v1/export/predictions", params={**RANGE, "q": "label:1", "format": "ndjson"})
    assert exported.status_code == 200, exported.text
    assert [json.loads(line)["prediction_id"] for line in exported.text.splitlines()] == ["p3", "p1"]
    labels = asked.client.get("/v1/export/labels", params={**RANGE, "q": "label:0", "format": "ndjson"})
    assert sorted(json.loads(line)["prediction_id"] for line in labels.text.splitlines()) == ["p0", "p2", "p4"]
    assert asked.client.get("/v1/export/labels", params={**RANGE, "q": "age:3"}).status_code == 400


@pytest.mark.covers("models-asked")
def test_models_say_how_much_they_are_asked_and_how_many_labels_have_come(asked: World) -> None:
    found = asked.get("/models", **RANGE)
    assert (found["total"], [row["model"] for row in found["rows"]]) == (2, [MODEL, "other"])
    income = found["rows"][0]
    assert (income["predictions"], income["labelled"], income["label_coverage"], income["flagged"]) == (10, 5, 0.5, 1)
    assert income["versions"] == ["2", "1"]
    # Labels were said 600 seconds after the first of ten predictions, which came a second apart.
    assert income["label_delay_p50_s"] == pytest.approx(598.0)
    assert income["p50_ms"] == pytest.approx(4.5)
    assert income["mean_score"] == pytest.approx((1.5 + sum(range(1, 10)) / 10) / 10)
    assert income["rate_per_s"] == pytest.approx(10 / 1_000)
    assert (income["first_seen"], income["last_seen"]) == (format_time(START), format_time(START + 9 * SECOND))
    assert asked.get("/models", **RANGE, q="labelled:false version:2")["rows"][0]["predictions"] == 4
    one = asked.get("/models/detail", **RANGE, model=MODEL)
    assert {row["version"]: row["predictions"] for row in one["by_version"]} == {"1": 6, "2": 4}
    for row in (one, *one["by_version"]):
        trend = row["trend"]
        predicted_then = sum(rate * trend["interval_ms"] / 1_000 for rate in trend["rate_per_s"])
        assert predicted_then == pytest.approx(row["predictions"], rel=0.3)
        assert sum(coverage is not None for coverage in trend["label_coverage"]) >= 1
    assert asked.client.get("/v1/models/detail", params={**RANGE, "model": "none"}).status_code == 404
    assert asked.get("/models", **{"from": "now-1m"}) == {"rows": [], "total": 0, "one_in": 1}


@pytest.mark.covers("models-glance")
def test_of_many_predictions_a_sample_says_how_many_labels_have_come_and_all_are_counted(
    asked: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three predictions were sent twice: where the sample holds one of them, each is counted once."""
    monkeypatch.setattr(model_list, "EXACT_ROWS", 4)
    monkeypatch.setattr(model_list, "SAMPLED_ROWS", 7)
    found = asked.get("/models", **RANGE)
    income = found["rows"][0]
    assert (found["one_in"], income["predictions"], income["flagged"], income["versions"]) == (2, 10, 1, ["2", "1"])
    kept = [
        f"p{i}" for i in range(10)
        if asked.sql("SELECT cityHash64({id:String}) % 2 AS h", id=f"p{i}") == [{"h": 0}]
    ]  # fmt: skip
    assert 0 < len(kept) < 10
    labelled = [one for one in kept if int(one[1:]) < 5]
    assert income["label_coverage"] == len(labelled) / len(kept)


def shown(asked: World, **question: Any) -> tuple[Frame, list[dict[str, Any]]]:
    async def read() -> tuple[Frame, list[dict[str, Any]]]:
        frame = await prediction_frame(asked.reader, project="default", **({"model": MODEL} | question))
        columns = ", ".join(f"{column.sql} AS {identifier('of ' + column.name)}" for column in frame.columns)
        sql = f"SELECT {columns} FROM {frame.relation} WHERE {frame.where} ORDER BY prediction_id"
        rows = rows_of(await asked.reader.query(sql, frame.parameters))
        return frame, [{name.removeprefix("of "): value for name, value in row.items()} for row in rows]

    return asyncio.run(read())


@pytest.mark.covers("prediction-frames")
def test_a_frame_over_predictions_has_features_outputs_and_labels_as_columns(asked: World) -> None:
    frame, rows = shown(asked, time_range=EVERYTHING)
    assert "values[" in frame.column("age").sql, "rows of one layout are read by place"
    kinds = {column.name: column.kind for column in frame.columns}
    assert {name: kinds[name] for name in ("age", "member", "job", "essay", "seen", "words", "features.score")} == {
        "age": "numeric", "member": "boolean", "job": "categorical", "essay": "categorical", "seen": "numeric_list",
        "words": "categorical_list", "features.score": "numeric",
    }  # fmt: skip
    assert len(rows) == 10
    third = rows[3]
    assert (third["age"], third["member"], third["job"], third["gap"], third["words"]) == (
        23,
        True,
        "nurse",
        None,
        ["a", "b"],
    )
    assert (third["prediction"], third["score"], third["label"], third["label_value"]) == (1.0, 0.3, "1", 1.0)
    assert (third["scores.yes"], third["tags.region"], third["version"]) == (0.3, "eu", "1")
    assert [row["label"] for row in rows[5:]] == [None] * 5
    unlabelled, same = shown(asked, time_range=EVERYTHING, labels=False)
    assert "label" not in [column.name for column in unlabelled.columns]
    assert "label_rows" not in unlabelled.relation
    assert [row["age"] for row in same] == [row["age"] for row in rows]
    window = TimeRange(START + SECOND, START + 8 * SECOND)
    _, some = shown(asked, time_range=window, version="2", filter=parse_filter("labelled:false job:clerk essay"))
    assert [row["prediction_id"] for row in some] == ["p6"]
    with pytest.raises(NotFound, match="no predictions of model"):
        shown(asked, time_range=window, model="nobody's")


@pytest.mark.covers("prediction-frames")
def test_rows_of_several_layouts_find_their_features_by_name(asked: World) -> None:
    said = [{"model": "ragged", "prediction_id": f"r{i}", "features": {"x": i, f"only{i}": True}} for i in range(4)]
    said.append(
        {"model": "ragged", "prediction_id": "r4", "features": {"x": "7", "it's \\ `odd`": math.nan, "none": None}}
    )
    keep(asked, PREDICTIONS, said)
    frame, rows = shown(asked, model="ragged", time_range=EVERYTHING)
    assert [row["x"] for row in rows] == [0, 1, 2, 3, 7], (
        "what most rows hold is the kind, and a text that is a number one"
    )
    assert [row["only2"] for row in rows] == [None, None, True, None, None]
    assert math.isnan(rows[4]["it's \\ `odd`"])
    assert frame.column("none").kind == "categorical"
