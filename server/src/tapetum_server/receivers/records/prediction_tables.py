"""Predictions and labels of a table, column by column: no Python object stands for a row."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tapetum_server.receivers.records.feature_maps import features_of_columns, features_of_map, kind_of
from tapetum_server.receivers.records.fields import Undecodable
from tapetum_server.receivers.records.labels import FIELDS as LABEL_FIELDS
from tapetum_server.receivers.records.predictions import (
    FIELDS,
    MAX_ELEMENTS,
    MAX_ID_BYTES,
    MAX_LABEL_BYTES,
    MAX_MODEL_BYTES,
    MAX_TEXT_CHARACTERS,
)
from tapetum_server.receivers.records.table_columns import Rows, wrong_type
from tapetum_server.receivers.records.table_parts import Part
from tapetum_server.signals.predictions import ATTRIBUTIONS, LABEL_SCHEMA, PREDICTION_SCHEMA

_TEXT, _NUMBER = pa.string(), pa.float64()


def predictions_of(rows: Rows, defaults: Mapping[str, str], part: Part) -> tuple[pa.Table, pa.Table]:
    """Predictions, and the labels beside them. `rows` says what is wrong with which. Raises `Undecodable`."""
    count = rows.count
    features = _features(rows)
    label = _label(rows)
    output_label, output = rows.said("output")
    if "output_label" in rows.columns:
        own = rows.text("output_label", MAX_LABEL_BYTES)
        output_label = pc.if_else(pc.equal(own, ""), output_label, own)
    trace_id, span_id = rows.hexadecimal("trace_id", 32), rows.hexadecimal("span_id", 16)
    rows.refuse(
        pc.and_(pc.not_equal(span_id, ""), pc.equal(trace_id, "")), "trace_id",
        lambda row: "a span is named by its trace_id and its span_id",
    )  # fmt: skip
    model = _model(rows, defaults)
    made: dict[str, pa.Array] = {
        "model": model,
        "version": rows.text("version", MAX_MODEL_BYTES, defaults.get("version", "")),
        "prediction_id": _ids(rows, part),
        "time": rows.time(),
        "trace_id": trace_id,
        "span_id": span_id,
        "output": output,
        "output_label": output_label,
        "score": rows.number("score"),
        "scores": rows.map_of("scores", _NUMBER),
        "latency_ms": rows.number("latency_ms"),
        "source": rows.text("source", MAX_MODEL_BYTES),
        "embedding": _embedding(rows),
        "tags": rows.map_of("tags", _TEXT),
    }
    made |= {name: features.column(name) for name in features.column_names}
    table = pa.table({name: made[name] for name in PREDICTION_SCHEMA.names})
    said = pc.or_(pc.not_equal(label[0], ""), pc.is_valid(label[1]))
    # The label of a prediction that came with one is as old as the message.
    labels = pa.table([model, made["prediction_id"], pa.array(np.zeros(count, np.int64)), *label], schema=LABEL_SCHEMA)
    keep = rows.kept()
    if keep is not None:
        table, labels, said = table.filter(keep), labels.filter(keep), said.filter(keep)
    return table, labels.filter(said)


def labels_of(rows: Rows, defaults: Mapping[str, str]) -> pa.Table:
    """Labels. `rows` says what is wrong with which. Raises `Undecodable`."""
    unknown = [name for name in rows.columns if name not in (*LABEL_FIELDS, "version")]
    if unknown:
        raise Undecodable(
            f"a label has no column {unknown[0][:80]!r}", f"The columns of labels are {', '.join(LABEL_FIELDS)}."
        )
    if "prediction_id" not in rows.columns:
        raise Undecodable("there is no column 'prediction_id'", "It names the prediction that a label is of.")
    ids = rows.text("prediction_id", MAX_ID_BYTES)
    rows.refuse(
        pc.equal(ids, ""), "prediction_id", lambda row: "prediction_id names the prediction that the label is of"
    )
    text, value = _label(rows)
    nothing = pc.and_(pc.equal(text, ""), pc.is_null(value))
    rows.refuse(nothing, "label", lambda row: "a label says something: label, label_value or both")
    table = pa.table([_model(rows, defaults), ids, rows.time(), text, value], schema=LABEL_SCHEMA)
    keep = rows.kept()
    return table if keep is None else table.filter(keep)


def _model(rows: Rows, defaults: Mapping[str, str]) -> pa.Array:
    model = rows.text("model", MAX_MODEL_BYTES, defaults.get("model", ""))
    blank = pc.equal(pc.utf8_trim_whitespace(model), "")
    message = "model names the model; ?model=… in the address stands for all records"
    rows.refuse(blank, "model", lambda row: message)
    return model


def _ids(rows: Rows, part: Part) -> pa.Array:
    ids = rows.text("prediction_id", MAX_ID_BYTES)
    lacking = pc.equal(ids, "")
    if not pc.any(lacking).as_py():
        return ids
    numbers = pa.array(np.arange(part.first, part.first + rows.count)).cast(_TEXT)
    return pc.if_else(lacking, pc.binary_join_element_wise(part.digest(), pc.utf8_lpad(numbers, 7, "0"), "-"), ids)


def _label(rows: Rows) -> tuple[pa.Array, pa.Array]:
    text, value = rows.said("label")
    if "label_value" in rows.columns:
        value = pc.coalesce(rows.number("label_value"), value)
    # What pandas has for "no label yet".
    return text, pc.if_else(pc.fill_null(pc.is_nan(value), False), pa.scalar(None, _NUMBER), value)


def _features(rows: Rows) -> pa.Table:
    given = rows.columns.get("features")
    others = {name: column for name, column in rows.columns.items() if name not in FIELDS} | _attributions(rows)
    texts = _texts(rows)
    if given is not None and pa.types.is_map(given.type):
        if others:
            raise Undecodable(
                f"features is a map, and there is a column {next(iter(others))[:80]!r} beside it",
                f"Put all features into one struct. Other columns are {', '.join(FIELDS)}.",
            )
        return features_of_map(given, texts, rows.count)
    if given is not None and not pa.types.is_null(given.type):
        if not pa.types.is_struct(given.type):
            raise wrong_type("features", given, "structs or maps")
        inside = {field.name: part for field, part in zip(given.type, given.flatten())}
        twice = inside.keys() & (others.keys() | texts.keys())
        if twice:
            raise Undecodable(f"the feature {min(twice)[:80]!r} is there twice", "Give every feature one column.")
        others |= inside
    for name, column in others.items():
        _check_sizes(rows, name, column)
    return features_of_columns(others, texts, rows.count)


def _check_sizes(rows: Rows, name: str, column: pa.Array) -> None:
    """No text and no list of a feature is longer than one that is kept."""
    kind = kind_of(name, column)
    if kind == "texts":
        sizes, most, called = pc.utf8_length(column.cast(_TEXT)), MAX_TEXT_CHARACTERS, "characters"
    elif kind in ("number_lists", "text_lists"):
        sizes, most, called = pc.list_value_length(column), MAX_ELEMENTS, "elements"
    else:
        return
    rows.refuse(
        pc.greater(sizes, most), f"features.{name[:80]}",
        lambda row: f"{name[:80]} has {sizes[row].as_py()} {called}; at most {most}",
    )  # fmt: skip


def _texts(rows: Rows) -> dict[str, pa.Array]:
    given = rows.columns.get("text_features")
    if given is None or pa.types.is_null(given.type):
        return {}
    if not pa.types.is_struct(given.type):
        raise wrong_type("text_features", given, "structs of texts")
    found = {}
    for field, part in zip(given.type, given.flatten()):
        found[field.name] = part.cast(_TEXT)
        _check_sizes(rows, field.name, found[field.name])
    return found


def _attributions(rows: Rows) -> dict[str, pa.Array]:
    """What each feature did to the answer, named as it is kept among the numbers."""
    given = rows.columns.get("attributions")
    if given is None or pa.types.is_null(given.type):
        return {}
    if not pa.types.is_struct(given.type):
        raise wrong_type("attributions", given, "structs of numbers")
    found = {}
    for field, part in zip(given.type, given.flatten()):
        try:
            found[ATTRIBUTIONS + field.name] = part.cast(_NUMBER, safe=False)
        except pa.ArrowException:
            raise wrong_type(f"attributions.{field.name[:80]}", part, "numbers") from None
    return found


def _embedding(rows: Rows) -> pa.Array:
    column = rows.columns.get("embedding")
    held = PREDICTION_SCHEMA.field("embedding").type
    if column is None or pa.types.is_null(column.type):
        return pa.array([[]], held).take(pa.nulls(rows.count, pa.int32()).fill_null(0))
    try:
        lists = pc.fill_null(column.cast(held), pa.scalar([], held))
    except pa.ArrowException:
        raise wrong_type("embedding", column, "lists of numbers") from None
    sizes = pc.list_value_length(lists)
    rows.refuse(
        pc.greater(sizes, MAX_ELEMENTS), "embedding",
        lambda row: f"the embedding has {sizes[row].as_py()} elements; at most {MAX_ELEMENTS}",
    )  # fmt: skip
    holes = pc.list_parent_indices(lists).filter(pc.is_null(lists.flatten())) if lists.flatten().null_count else None
    if holes is not None:
        bad = np.zeros(rows.count, bool)
        bad[holes.to_numpy()] = True
        rows.refuse(bad, "embedding", lambda row: "embedding is a list of numbers, and one of them is missing")
    return lists
