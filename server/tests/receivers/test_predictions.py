"""Bodies of predictions and labels into columns: every form says the same, and what is wrong is said by row and field."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tapetum_server.receivers.records.fields import Undecodable
from tapetum_server.receivers.records.reading import LABELS, MAX_SAID, PREDICTIONS, Kind, Read, read_records

ARROW, PARQUET = "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"
MODEL = "team/income 🎉"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def arrow(table: pa.Table, rows_a_batch: int | None = None) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, rows_a_batch)
    return sink.getvalue()


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def read(body: Any, media_type: str = "application/json", kind: Kind = PREDICTIONS, **defaults: str) -> Read:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_records(kind, raw, media_type, "p", "sender", defaults=defaults)


def rows_of(found: Read) -> list[dict[str, Any]]:
    table: pa.Table = found.batch.rows  # type: ignore[union-attr]
    table.validate(full=True)
    rows: list[dict[str, Any]] = table.to_pylist(maps_as_pydicts="strict")
    return rows


RECORD: dict[str, Any] = {
    "model": MODEL, "version": "3", "prediction_id": "p-1", "time": "2026-11-20T10:00:00.000000001Z",
    "features": {"b": True, "age": 39, "job": "clerk", "gap": None, "ratio": 0.5, "seen": [1, None, 2.5],
                 "words": ["a", "b"]},
    "text_features": {"essay": "a text"}, "output": 1, "score": 0.75, "scores": {"no": 0.25, "yes": 0.75},
    "embedding": [0.5, 1], "tags": {"region": "eu"}, "latency_ms": 1.5, "trace_id": TRACE, "span_id": SPAN,
    "source": "test",
}  # fmt: skip


@pytest.mark.covers("predictions-forms")
def test_every_form_of_a_prediction_says_the_same() -> None:
    """One record, an array, lines, and a table by Arrow and Parquet: features in a struct, or each in a column."""
    (one,) = rows_of(read(RECORD))
    assert one == {
        "model": MODEL, "version": "3", "prediction_id": "p-1", "time": one["time"], "trace_id": TRACE,
        "span_id": SPAN, "output": 1.0, "output_label": "1", "score": 0.75, "scores": {"no": 0.25, "yes": 0.75},
        "latency_ms": 1.5, "source": "test", "layout": one["layout"], "numeric": {"age": 39.0, "ratio": 0.5},
        "booleans": {"b": True}, "categorical": {"job": "clerk"}, "texts": {"essay": "a text"},
        "number_lists": {"seen": [1.0, None, 2.5]}, "text_lists": {"words": ["a", "b"]}, "nulls": ["gap"],
        "embedding": [0.5, 1.0], "tags": {"region": "eu"},
    }  # fmt: skip
    assert one["time"] == 1795168800_000000001 == np.datetime64("2026-11-20T10:00:00.000000001", "ns").astype(int)
    assert rows_of(read([RECORD])) == [one]
    assert rows_of(read(json.dumps(RECORD).encode() + b"\n\n", "application/x-ndjson")) == [one]
    table = pa.Table.from_pylist([RECORD])
    for made in (table, table.set_column(3, "time", pa.array([one["time"]], pa.timestamp("ns", "UTC")))):
        assert rows_of(read(arrow(made), ARROW)) == [one]
        assert rows_of(read(parquet(made), PARQUET)) == [one]
    flat = {name: value for name, value in RECORD.items() if name != "features"} | RECORD["features"]
    assert rows_of(read(arrow(pa.Table.from_pylist([flat])), ARROW)) == [one]
    without = {name: value for name, value in RECORD.items() if name not in ("model", "version")}
    assert rows_of(read(without, model=MODEL, version="3")) == [one]
    assert rows_of(read(arrow(pa.Table.from_pylist([without])), ARROW, model=MODEL, version="3")) == [one]
    # A dictionary column is its words, a map column its entries.
    coded = pa.table({"model": ["m"] * 3, "job": pa.array(["x", None, "y"]).dictionary_encode()})
    assert [row["categorical"] for row in rows_of(read(arrow(coded), ARROW))] == [{"job": v} for v in ("x", None, "y")]
    held = pa.array([[("a", 1.0), ("b", None)], None, [("a", math.inf)]], pa.map_(pa.string(), pa.float64()))
    mapped = rows_of(read(arrow(pa.table({"model": ["m"] * 3, "features": held})), ARROW))
    assert [row["numeric"] for row in mapped] == [{"a": 1.0, "b": None}, {}, {"a": math.inf}]
    assert len({row["layout"] for row in mapped}) == 3
    assert mapped[0]["layout"] == rows_of(read([{"model": "m", "features": {"b": None, "a": 1}},
                                                {"model": "m", "features": {"b": 2, "a": 1}}]))[0]["layout"]  # fmt: skip


@pytest.mark.covers("predictions-missing-and-unusual-values")
def test_nulls_nan_and_infinities_are_kept_apart() -> None:
    said = b"""[{"model": "m", "features": {"x": NaN, "y": Infinity, "z": null}, "score": NaN},
        {"model": "m", "features": {"x": null, "y": -Infinity, "z": null}, "score": "Infinity", "scores": [1.5, -1]}]"""
    first, second = rows_of(read(said))
    assert math.isnan(first["numeric"].pop("x"))
    assert math.isnan(first["score"])
    assert first["numeric"] == {"y": math.inf}
    assert first["nulls"] == ["z"]
    # A null takes its place among the numbers, because elsewhere the feature is one: both rows have one layout.
    assert second["numeric"] == {"x": None, "y": -math.inf}
    assert second["layout"] == first["layout"]
    assert (second["score"], second["scores"]) == (math.inf, {"0": 1.5, "1": -1.0})
    columns = pa.table({
        "model": ["m", "m"], "x": pa.array([math.nan, None]), "gone": pa.nulls(2), "n": pa.array([None, 2], pa.int8()),
        "l": pa.array([None, [1.0]]), "t": pa.array([["a"], None]), "b": pa.array([None, False]),
    })  # fmt: skip
    first, second = rows_of(read(arrow(columns), ARROW))
    assert math.isnan(first["numeric"].pop("x"))
    assert first["numeric"] == {"n": None}
    assert (first["nulls"], second["nulls"]) == (["l", "gone"], ["t", "gone"])
    assert second["numeric"] == {"n": 2.0, "x": None}
    assert second["booleans"] == {"b": False}
    assert (first["number_lists"], first["text_lists"]) == ({"l": []}, {"t": ["a"]})


@pytest.mark.covers("predictions-bad-records")
def test_a_bad_prediction_is_refused_by_itself_and_named() -> None:
    good = {"model": "m", "features": {"x": 1}}
    bad: list[tuple[Any, str]] = [
        ({"features": {"x": 1}}, "model"), ({"model": "m"}, "features"), (good | {"features": [1]}, "features"),
        (good | {"features": {"x": {"y": 1}}}, "features.x"), (good | {"features": {"x": [1, "a"]}}, "features.x"),
        (good | {"features": {"": 1}}, "features."), (good | {"feature": {}}, "feature"),
        (good | {"score": "high"}, "score"), (good | {"scores": {"a": "b"}}, "scores.a"), (good | {"time": "soon"}, "time"),
        (good | {"trace_id": "xyz"}, "trace_id"), (good | {"span_id": SPAN}, "trace_id"), ("text", ""),
        (good | {"output": {"a": 1}}, "output"), (good | {"embedding": ["a"]}, "embedding"),
        (good | {"text_features": {"t": 1}}, "text_features.t"), (good | {"prediction_id": "i" * 600}, "prediction_id"),
        (good | {"features": {"x": 10**400}}, "features.x"), (good | {"label": {"a": 1}}, "label"),
    ]  # fmt: skip
    found = read([good, *(one for one, _ in bad), good | {"features": {"x": "now a text"}, "score": math.nan}])
    assert [(one.index, one.field) for one in found.refused] == [(i, field) for i, (_, field) in enumerate(bad, 1)]
    assert "did you mean features?" in found.refused[6].message
    first, last = rows_of(found)
    # A feature that changes its type is kept by what each row says.
    assert first["numeric"] == {"x": 1.0}
    assert last["categorical"] == {"x": "now a text"}
    lines = b'{"model": "m", "score": 1}\n{"model": \n{"model": "m", "score": 2}'
    found = read(lines, "application/x-ndjson")
    assert [row["score"] for row in rows_of(found)] == [1.0, 2.0]
    assert [one.index for one in found.refused] == [1]


@pytest.mark.covers("predictions-bad-tables")
def test_bad_rows_of_a_table_are_named_and_the_others_kept() -> None:
    table = pa.table({
        "model": ["m", "", "m", "m", None], "time": ["2026-11-20T10:00:00Z", "", "soon", "", ""], "x": [1, 2, 3, 4, 5],
        "trace_id": ["", "", "", "zz", ""],
    })  # fmt: skip
    found = read(arrow(table), ARROW)
    assert [(one.index, one.field) for one in found.refused] == [
        (1, "model"), (2, "time"), (3, "trace_id"), (4, "model"),
    ]  # fmt: skip
    assert [row["numeric"] for row in rows_of(found)] == [{"x": 1.0}]
    whole = pa.table({"model": ["m"] * 3, "time": pa.array([0, 253402300800_000_000, 1], pa.timestamp("us"))})
    assert [one.index for one in read(arrow(whole), ARROW).refused] == [0, 1]
    many = read(arrow(pa.table({"model": [""] * 2_000, "x": [1] * 2_000})), ARROW)
    assert (len(many.refused), many.unsaid) == (MAX_SAID, 2_000 - MAX_SAID)
    cut = arrow(pa.table({"model": ["m"] * 1_000, "x": np.arange(1_000)}), 100)
    for body, media_type, message in (
        (cut[: len(cut) // 2], ARROW, "behind row 399"), (b"junk", PARQUET, "no whole Parquet file"),
        (arrow(pa.table({"model": ["m"], "x": [b"b"]})), ARROW, "column 'x' has the type binary"),
        (arrow(pa.table({"model": ["m"], "score": ["a"]})), ARROW, "column 'score' holds string, not numbers"),
        (arrow(pa.table([[1], [2]], names=["x", "x"])), ARROW, "two columns 'x'"),
        (arrow(pa.table({"model": ["m"], "x": [1], "features": [{"x": 2}]})), ARROW, "'x' is there twice"),
        (arrow(pa.table({"model": ["m"]} | {f"f{i}": [i] for i in range(10_001)})), ARROW, "10001 features"),
    ):  # fmt: skip
        with pytest.raises(Undecodable, match=message):
            read(body, media_type)
    # What would read other memory is found before it is read.
    broken = pa.StringArray.from_buffers(2, pa.py_buffer(np.array([0, 900_000, 4], np.int32)), pa.py_buffer(b"abcd"))
    with pytest.raises(Undecodable):
        read(arrow(pa.table({"model": ["m", "m"], "x": broken})), ARROW)


@pytest.mark.covers("predictions-hostile-shapes")
def test_thousands_of_features_ragged_rows_and_many_categories_are_kept() -> None:
    wide = {f"f{i:04d}": float(i) for i in range(4_000)}
    ragged = [{"model": "m", "features": {f"g{j}": j for j in range(i % 7)} | {"x": i}} for i in range(200)]
    rows = rows_of(read([{"model": "m", "features": wide}, *ragged]))
    assert rows[0]["numeric"] == wide
    assert [len(row["numeric"]) for row in rows[1:]] == [i % 7 + 1 for i in range(200)]
    assert len({row["layout"] for row in rows}) == 8
    categories = pa.table({"model": ["m"] * 10_000, "c": [f"category {i}" for i in range(10_000)], "k": [7] * 10_000})
    rows = rows_of(read(parquet(categories), PARQUET))
    assert rows[9_999]["categorical"] == {"c": "category 9999"}
    assert len({row["layout"] for row in rows}) == 1


@pytest.mark.covers("predictions-once")
def test_a_request_that_is_sent_again_has_the_same_ids_and_rows_alike_are_not_one() -> None:
    body = [{"model": "m", "features": {"x": 1}}] * 3
    first, again, other = (rows_of(read(said)) for said in (body, body, [*body, {"model": "m", "score": 1}]))
    assert first == again
    assert len({row["prediction_id"] for row in first}) == 3
    assert not {row["prediction_id"] for row in first} & {row["prediction_id"] for row in other}
    table = arrow(pa.table({"model": ["m"] * 2, "prediction_id": ["mine", None], "x": [1, 2]}))
    (mine, made), (_, same) = rows_of(read(table, ARROW)), rows_of(read(table, ARROW))
    assert mine["prediction_id"] == "mine"
    assert made["prediction_id"] == same["prediction_id"] != ""


@pytest.mark.covers("labels-forms")
def test_labels_come_by_themselves_or_with_their_predictions() -> None:
    said = [
        {"model": "m", "prediction_id": "a", "label": "yes"}, {"model": "m", "prediction_id": "b", "label": 1},
        {"model": "m", "prediction_id": "c", "label": False}, {"model": "m", "prediction_id": "d", "label": 2.5},
        {"model": "m", "prediction_id": "e", "label": ["x", "y"], "time": 1795168800000},
        {"model": "m", "prediction_id": "f", "label": "high", "label_value": 9},
    ]  # fmt: skip
    expected = [("yes", None), ("1", 1.0), ("false", 0.0), ("", 2.5), ('["x","y"]', None), ("high", 9.0)]
    rows = rows_of(read(said, kind=LABELS))
    assert [(row["label"], row["label_value"]) for row in rows] == expected
    assert [row["time"] for row in rows] == [0, 0, 0, 0, 1795168800 * 10**9, 0]
    for index, form in enumerate(said):
        table = pa.Table.from_pylist([form])
        assert rows_of(read(arrow(table), ARROW, LABELS)) == [rows[index]]
    bad = [{"model": "m", "label": 1}, {"prediction_id": "a", "label": 1}, {"model": "m", "prediction_id": "a"}]
    found = read([*bad, {"model": "m", "prediction_id": "a", "labl": 1}, said[0]], kind=LABELS)
    assert [one.field for one in found.refused] == ["prediction_id", "model", "label", "labl"]
    assert len(found.batch) == 1
    beside = [{"model": "m", "prediction_id": "a", "score": 1, "label": "yes"}, {"model": "m", "score": 0}]
    for found in (read(beside), read(arrow(pa.Table.from_pylist(beside)), ARROW)):
        assert found.beside is not None
        assert found.beside.rows.select(["prediction_id", "label"]).to_pylist() == [
            {"prediction_id": "a", "label": "yes"}
        ]
    # What pandas has for "not known yet" is no label.
    late = pa.table({"model": ["m"] * 2, "prediction_id": ["a", "b"], "label": [1.0, math.nan]})
    assert [one.index for one in read(arrow(late), ARROW, LABELS).refused] == [1]
