"""Vectors among the features of predictions: which there are, and a sample of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tapetum_server.query.frames import TIMEOUT_S, Frame, FrameColumn
from tapetum_server.query.prediction_frames import LABEL, LABEL_VALUE, OUTPUT_LABEL, PREDICTION
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.statement import Statement

LOOKED_AT = 1_000
"""Rows with lists that are looked at to tell vectors from lists of any length."""
LEAST_DIMENSIONS = 3
SAME_LENGTH = 0.9
"""Of a vector, so many rows have the same length."""
EMBEDDING = "embedding"
CORRECT = "correct"
"""Whether a prediction was right, as a column."""


@dataclass(frozen=True, slots=True)
class EmbeddingColumn:
    """A feature that is a vector."""

    name: str
    dimensions: int


@dataclass(frozen=True, slots=True)
class Sampled:
    """Some rows with a vector, in an order that chance chose."""

    prediction_ids: list[str]
    times_ns: list[int]
    vectors: list[list[float]]
    values: list[Any]
    """Of the column that is asked about, if there is one."""


async def embedding_columns(reader: Reader, frame: Frame) -> list[EmbeddingColumn]:
    """The features that are vectors: `embedding` first."""
    asked = [column for column in frame.columns if column.kind == "numeric_list"]
    if not asked:
        return []
    (row,) = tuples_of(await reader.query(*lengths_statement(frame, asked), timeout_s=TIMEOUT_S))
    found = []
    for column, lengths, counts in zip(asked, row[::2], row[1::2]):
        often, length = max(zip(counts, lengths), default=(0, 0))
        if length >= LEAST_DIMENSIONS and often >= SAME_LENGTH * sum(counts):
            found.append(EmbeddingColumn(column.name, int(length)))
    return sorted(found, key=lambda one: (one.name != EMBEDDING, one.name))


def lengths_statement(frame: Frame, columns: Sequence[FrameColumn]) -> Statement:
    """One row: for each column the lengths of its lists, and how many lists have each."""
    lengths = ", ".join(f"{_length(column)} AS list_{n}" for n, column in enumerate(columns))
    there = " OR ".join(f"{_length(column)} > 0" for column in columns)
    counts = [f"sumMap([toUInt64(list_{n})], [toUInt64(list_{n} > 0)])" for n in range(len(columns))]
    counted = ",\n    ".join(f"{one}.1 AS lengths_{n}, {one}.2 AS counts_{n}" for n, one in enumerate(counts))
    sql = f"""SELECT {counted}
FROM (SELECT {lengths} FROM {frame.relation} WHERE {frame.where} AND ({there}) LIMIT {LOOKED_AT})"""
    return Statement(sql, dict(frame.parameters))


async def with_vector(reader: Reader, frame: Frame, name: str, dimensions: int) -> int:
    """How many rows have a vector of so many dimensions."""
    answer = await reader.query(*count_statement(frame, frame.column(name), dimensions), timeout_s=TIMEOUT_S)
    return int(answer.columns[0][0])


def count_statement(frame: Frame, column: FrameColumn, dimensions: int) -> Statement:
    """One number."""
    sql = f"SELECT count() FROM {frame.relation} WHERE {frame.where} AND {_length(column)} = {int(dimensions)}"
    return Statement(sql, dict(frame.parameters))


async def sampled_vectors(
    reader: Reader, frame: Frame, name: str, dimensions: int, by: FrameColumn | None, rows: int, at_most: int
) -> Sampled:
    """About `at_most` of `rows` vectors, the same whenever it is asked, whatever `by` is."""
    statement = vectors_statement(frame, frame.column(name), dimensions, by, rows, at_most)
    answer = await reader.query(*statement, timeout_s=TIMEOUT_S)
    ids, times, vectors, values = (list(column) for column in answer.columns)
    return Sampled(ids, [int(time) for time in times], vectors, values)


def vectors_statement(
    frame: Frame, column: FrameColumn, dimensions: int, by: FrameColumn | None, rows: int, at_most: int
) -> Statement:
    """(id, time, vector, value), the rows chosen by a hash of the id."""
    value = "NULL" if by is None else by.sql if by.kind == "numeric" else f"toString({by.sql})"
    chosen = f"sipHash64(prediction_id) % {-(-rows // at_most)} = 0 AND " if rows > at_most else ""
    sql = f"""SELECT prediction_id, toUnixTimestamp64Nano(time) AS at_ns, {column.sql} AS vector, {value} AS value
FROM {frame.relation}
WHERE {frame.where} AND {chosen}{_length(column)} = {int(dimensions)}
    AND arrayAll(x -> isFinite(ifNull(x, nan)), {column.sql})
ORDER BY sipHash64(prediction_id), at_ns
LIMIT {int(at_most)}"""
    return Statement(sql, dict(frame.parameters))


def _length(column: FrameColumn) -> str:
    # Of the table's own column the engine knows it without reading the numbers.
    return "length(embedding)" if column.name == EMBEDDING else f"length({column.sql})"


def with_correctness(frame: Frame) -> Frame:
    """The frame with a column of whether the label is what was said: `right`, `wrong` or null, as the filter has it.

    A feature of that name is told apart, as the filter does.
    """
    known = {column.name: column.sql for column in frame.columns}
    if not {LABEL, LABEL_VALUE} <= known.keys():
        return frame
    own = [replace(each, name=f"features.{CORRECT}") if each.name == CORRECT else each for each in frame.columns]
    word, truth = known[OUTPUT_LABEL], known[LABEL]
    number, value = known[PREDICTION], known[LABEL_VALUE]
    right = f"multiIf(isNotNull({word}) AND isNotNull({truth}), {word} = {truth}, {number} = {value})"
    sql = f"CAST(if({right}, 'right', if(isNull({right}), NULL, 'wrong')), 'Nullable(String)')"
    return replace(frame, columns=(*own, FrameColumn(CORRECT, "categorical", sql)))
