"""The predictions at the edges of a time that no kept window covers, read as they are: they are few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tapetum_server.detectors.feature_statistics.counting import (
    counts_of,
    counts_of_lists,
    numeric_statistics,
    text_statistics,
)
from tapetum_server.query.frames import Kind
from tapetum_server.query.prediction_frames import outside
from tapetum_server.query.reader import Reader
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.signals.feature_statistics import DatasetStatistics, FeatureStatistics, ValueType

MOST_CELLS = 1_000_000
"""Values that are read as they are; of more rows the engine makes statistics."""
_OWN = "char(0)"
"""Begins what is no feature's name."""
_GROUPS: tuple[tuple[str, Kind, ValueType, str, str], ...] = (
    (
        "numbers", "numeric", "FLOAT",
        "arrayConcat(mapKeys(numeric), arrayMap(k -> concat({own}, k), ['prediction', 'score', 'latency_ms']), "
        "arrayMap(k -> concat({own}, 'scores.', k), mapKeys(scores)))",
        "arrayConcat(mapValues(numeric), [output, score, latency_ms], "
        "CAST(mapValues(scores), 'Array(Nullable(Float64))'))",
    ),
    ("truths", "boolean", "INT", "mapKeys(booleans)", "CAST(mapValues(booleans), 'Array(Nullable(Float64))')"),
    (
        "texts", "categorical", "STRING",
        "arrayConcat(mapKeys(categorical), mapKeys(texts), [concat({own}, 'output_label')], "
        "arrayMap(k -> concat({own}, 'tags.', k), mapKeys(tags)))",
        "arrayConcat(mapValues(categorical), mapValues(texts), [nullIf(toString(output_label), '')], "
        "CAST(mapValues(tags), 'Array(Nullable(String))'))",
    ),
    ("number_lists", "numeric_list", "FLOAT", "mapKeys(number_lists)", "mapValues(number_lists)"),
    ("text_lists", "categorical_list", "STRING", "mapKeys(text_lists)", "mapValues(text_lists)"),
)  # fmt: skip
"""What they are called here, kind, type, names and values of a row."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A part of a time, of one version or of all."""

    start: int | None
    end: int | None
    version: str | None = None


async def edge_statistics(
    reader: Reader, project: str, model: str, edges: Sequence[Edge], *, features: int
) -> list[DatasetStatistics] | None:
    """Of the predictions in each edge, all in one statement; `None` where that is too much to read as it is.

    `features` is how many the model has, about. Histograms are not made yet.
    """
    most = MOST_CELLS // max(20, features)
    table = await reader.table(*edges_statement(project, model, edges, most + 1))
    return None if table.num_rows > most else counted_edges(table, len(edges))


def edges_statement(project: str, model: str, edges: Sequence[Edge], limit: int) -> Statement:
    """One row per prediction: in which edges it is, and for each kind of features names and values."""
    parameters = Parameters()
    conditions = []
    for edge in edges:
        where = [f"version = {parameters.text(edge.version)}"] if edge.version is not None else []
        if edge.start is not None:
            where.append(f"time >= {parameters.moment(edge.start)}")
        if edge.end is not None:
            where.append(parameters.before("time", edge.end))
        conditions.append(" AND ".join(where) or "true")
    told = ",\n    ".join(
        f"{names.format(own=_OWN)} AS {name}_names, {values} AS {name}_values" for name, _, _, names, values in _GROUPS
    )
    within = ", ".join(f"toUInt8({condition}) AS edge{place}" for place, condition in enumerate(conditions))
    sql = f"""SELECT {within},
    {told}
FROM prediction_rows FINAL
WHERE project = {parameters.text(project)} AND model = {parameters.text(model)}
    AND ({" OR ".join(f"({condition})" for condition in conditions)})
LIMIT {int(limit)}"""
    return Statement(sql, parameters.values)


def counted_edges(table: pa.Table, edges: int) -> list[DatasetStatistics]:
    """Statistics of the rows in each edge."""
    within = [np.asarray(table.column(f"edge{place}").to_numpy()) > 0 for place in range(edges)]
    features: list[list[FeatureStatistics]] = [[] for _ in within]
    for group, kind, type_, *_ in _GROUPS:
        names, values = (_joined(table.column(f"{group}_{what}")) for what in ("names", "values"))
        if not len(names.flatten()):
            continue
        row = np.repeat(np.arange(table.num_rows), np.diff(names.offsets.to_numpy()))
        coded = pc.dictionary_encode(names.flatten())
        code = np.asarray(coded.indices.to_numpy())
        by_name = np.argsort(code, kind="stable")
        ends = np.searchsorted(code[by_name], np.arange(len(coded.dictionary) + 1))
        held = values.flatten()
        for n, name in enumerate(coded.dictionary.to_pylist()):
            of_name = by_name[ends[n] : ends[n + 1]]
            for place, inside in enumerate(within):
                found = _counted(held.take(pa.array(of_name[inside[row[of_name]]])), int(inside.sum()), kind)
                if found is not None:
                    features[place].append(FeatureStatistics(feature=_named(name), kind=kind, type=type_, **found))
    return [
        DatasetStatistics(rows=int(inside.sum()), features=tuple(told)) for inside, told in zip(within, features)
    ]  # fmt: skip


def _counted(values: Any, rows: int, kind: Kind) -> dict[str, Any] | None:
    if kind in ("numeric_list", "categorical_list"):
        inner, lengths = _without_nulls(values)
        counts = counts_of_lists(rows, lengths)
        values = inner
    else:
        values = values.drop_null()
        counts = counts_of(rows, len(values))
    if not counts.present:
        return None
    if kind in ("categorical", "categorical_list"):
        return {"counts": counts, "text": _text(values)}
    return {"counts": counts, "numeric": numeric_statistics(np.asarray(values.to_numpy(), np.float64))}


def _without_nulls(lists: Any) -> tuple[Any, NDArray[np.int64]]:
    inner = lists.flatten()
    there = np.asarray(inner.is_valid().to_numpy(zero_copy_only=False), bool)
    owner = np.repeat(np.arange(len(lists)), np.diff(lists.offsets.to_numpy()))
    return inner.drop_null(), np.bincount(owner[there], minlength=len(lists)).astype(np.int64)


def _text(values: Any) -> Any:
    counted = values.value_counts()
    words, times = counted.field("values"), counted.field("counts")
    return text_statistics(words.to_pylist(), times.to_pylist(), pc.binary_length(words).to_pylist())


def _joined(column: pa.ChunkedArray) -> Any:
    return column.combine_chunks() if column.num_chunks != 1 else pa.concat_arrays(column.chunks)


def _named(name: str) -> str:
    return name[1:] if name.startswith("\0") else outside(name)
