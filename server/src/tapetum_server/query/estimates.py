"""What estimates without labels are made of: predictions by chunk, in the order of their arrival or by time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from tapetum_server.detectors.estimation.chunk_cells import ChunkCells
from tapetum_server.detectors.estimation.dle import RegressionRows
from tapetum_server.detectors.estimation.multiclass import ClassRows
from tapetum_server.query.coded_rows import Coding
from tapetum_server.query.drift_groups import chunks_of_rows, settings_of, text_of
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import TIMEOUT_S, Frame
from tapetum_server.query.performance import Periods, label_sql, number_sql, period_sql, probability_sql
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.statement import Parameters, Statement

_T = TypeVar("_T")
MAX_CHUNKS = 10_000
MAX_ROWS = 5_000_000


@dataclass(frozen=True, slots=True)
class Chunks:
    """So many rows in their order of arrival, or a period of time."""

    size: int = 5_000
    periods: Periods | None = None
    column: str = ""
    """A column each of whose values is a chunk; "" for chunks of rows or of time."""
    time: str = ""
    """Of chunks of so many rows, the column by whose least time a chunk is known; "" for the numbers of its rows."""


@dataclass(frozen=True, slots=True)
class EstimateColumns:
    """Which columns hold what."""

    score: str
    label: str = ""
    """"" where no label is known."""
    prediction: str = ""
    """Whether a row was called positive; "" for a score above the threshold."""
    positive: str = ""
    threshold: float = 0.5


def chunk_sql(frame: Frame, chunks: Chunks) -> tuple[str, str]:
    """Expression of a row's chunk, and the setting that it needs."""
    if chunks.column:
        return f"ifNull({text_of(frame.column(chunks.column))}, '')", ""
    if chunks.periods is not None:
        return period_sql(frame, chunks.periods), ""
    by = chunks_of_rows(frame, chunks.size)
    return by.sql, settings_of(by)


def start_sql(frame: Frame, chunks: Chunks) -> str:
    """Expression: the second of a row, where chunks are known by it."""
    if chunks.periods is not None or not chunks.time:
        return "toInt64(0)"
    return f"ifNull(toUnixTimestamp64Second({frame.column(chunks.time).sql}), 0)"


def chunk_key(chunk: Any, start: int, chunks: Chunks, rows: int) -> str:
    """What a chunk is called."""
    if chunks.column:
        return str(chunk)
    if chunks.periods is not None or chunks.time:
        return str(np.datetime64(chunk if chunks.periods is not None else start, "s")) + "Z"
    return f"[{chunk * chunks.size}:{chunk * chunks.size + rows - 1}]"


def cells_statement(frame: Frame, columns: EstimateColumns, chunks: Chunks) -> Statement:
    """Rows by (chunk, score, called positive); scores that are no probability are left out."""
    parameters = Parameters()
    chunk, settings = chunk_sql(frame, chunks)
    score = number_sql(frame, columns.score, "score")
    label = label_sql(frame, columns.label, columns.positive, parameters) if columns.label else "NULL"
    called = (
        f"ifNull({label_sql(frame, columns.prediction, columns.positive, parameters)}, 0)"
        if columns.prediction
        else f"{score} > {parameters.number(columns.threshold)}"
    )
    return Statement(
        f"""SELECT chunk, min(start) AS first, groupArray(score) AS scores, groupArray(called) AS called,
    groupArray(n) AS rows, groupArray(yes) AS positives, groupArray(known) AS labelled
FROM (
    SELECT t_chunk AS chunk, min(t_start) AS start, t_score AS score, t_called AS called, count() AS n,
        countIf(t_label = 1) AS yes, countIf(isNotNull(t_label)) AS known
    FROM (
        SELECT {chunk} AS t_chunk, {start_sql(frame, chunks)} AS t_start, assumeNotNull({score}) AS t_score,
            toUInt8({called}) AS t_called, {label} AS t_label
        FROM {frame} AND {probability_sql(score)}
    )
    GROUP BY chunk, score, called ORDER BY chunk, score
)
GROUP BY chunk ORDER BY chunk LIMIT {MAX_CHUNKS + 1}{settings}""",
        {**frame.parameters, **parameters.values},
    )


async def chunk_cells(
    reader: Reader, frame: Frame, columns: EstimateColumns, chunks: Chunks
) -> tuple[list[ChunkCells], int]:
    """The chunks, and how many rows were left out because their score is no probability. Raises `QueryError`."""
    total = await count_rows(reader, frame)
    found = []
    answer = await reader.query(*cells_statement(frame, columns, chunks), timeout_s=TIMEOUT_S)
    for chunk, start, *lists in tuples_of(answer):
        scores, called, rows, positives, labelled = (np.asarray(each, np.float64) for each in lists)
        order = np.lexsort((called, scores))
        each = [column[order] for column in (scores, called, rows, positives, labelled)]
        found.append(ChunkCells(chunk_key(chunk, start, chunks, int(rows.sum())), *each))
    return _bounded(found), total - int(sum(chunk.total for chunk in found))


async def class_rows(
    reader: Reader, frame: Frame, scores: Sequence[tuple[str, str]], label: str, prediction: str, chunks: Chunks,
    used: Sequence[Coding] = (),
) -> list[ClassRows]:  # fmt: skip
    """Rows of several classes by chunk: scores in the order of `scores`, the called class and the right one."""
    await count_rows(reader, frame)
    parameters = Parameters()
    chunk, settings = chunk_sql(frame, chunks)
    names = parameters.texts([name for name, _ in scores])
    each = ", ".join(f"assumeNotNull({number_sql(frame, column, 'score')})" for _, column in scores)
    there = " AND ".join(probability_sql(number_sql(frame, column, "score")) for _, column in scores)

    def place(name: str) -> str:
        return f"toInt64(indexOf({names}, ifNull(CAST({frame.column(name).sql}, 'Nullable(String)'), ''))) - 1"

    called = place(prediction) if prediction else "toInt64(indexOf(t_scores, arrayMax(t_scores))) - 1"
    sql = f"""SELECT t_chunk, min(t_start) AS first, groupArray(t_scores) AS scores, groupArray(t_called) AS called,
    groupArray(t_label) AS labels, groupArray(t_codes) AS codes
FROM (SELECT {chunk} AS t_chunk, {start_sql(frame, chunks)} AS t_start, [{each}] AS t_scores, {called} AS t_called,
        {place(label) if label else "-1"} AS t_label, {codes_sql(used, parameters)} AS t_codes
    FROM {frame} AND {there})
GROUP BY t_chunk ORDER BY t_chunk LIMIT {MAX_CHUNKS + 1}{settings}"""
    found = []
    for at, start, rows, guessed, labels, codes in tuples_of(
        await reader.query(sql, {**frame.parameters, **parameters.values}, timeout_s=TIMEOUT_S)
    ):
        truth = np.asarray(labels, np.int64)
        calls = np.asarray(guessed, np.int64)
        if (calls < 0).any():
            raise QueryError(f"{prediction!r} calls classes that have no score", field=prediction)
        known = bool(label) and bool((truth >= 0).all())
        found.append(
            ClassRows(
                chunk_key(at, start, chunks, len(rows)),
                np.asarray(rows, np.float64),
                calls,
                truth if known else None,
                _coded(codes, used),
            )
        )
    return _bounded(found)


async def regression_rows(
    reader: Reader, frame: Frame, features: Sequence[str], prediction: str, label: str, chunks: Chunks,
    values: dict[str, list[str]], used: Sequence[Coding] = (),
) -> list[RegressionRows]:  # fmt: skip
    """Rows of predicted numbers by chunk. Texts are their place in `values` (-1 where it is not among them)."""
    await count_rows(reader, frame)
    parameters = Parameters()
    chunk, settings = chunk_sql(frame, chunks)
    guess = f"ifNull({number_sql(frame, prediction, 'prediction')}, nan)"
    truth = f"ifNull({number_sql(frame, label, 'label')}, nan)" if label else "nan"
    sql = f"""SELECT t_chunk, min(t_start) AS first, groupArray(t_features) AS features, groupArray(t_guess) AS guesses,
    groupArray(t_truth) AS truths, groupArray(t_codes) AS codes
FROM (SELECT {chunk} AS t_chunk, {start_sql(frame, chunks)} AS t_start,
        {features_sql(frame, features, values, parameters)} AS t_features,
        {guess} AS t_guess, {truth} AS t_truth, {codes_sql(used, parameters)} AS t_codes
    FROM {frame} AND isFinite({guess}))
GROUP BY t_chunk ORDER BY t_chunk LIMIT {MAX_CHUNKS + 1}{settings}"""
    found = []
    for at, start, rows, guesses, truths, shifted in tuples_of(
        await reader.query(sql, {**frame.parameters, **parameters.values}, timeout_s=TIMEOUT_S)
    ):
        labels = np.asarray(truths, np.float64)
        known = labels if np.isfinite(labels).all() else None
        features_of = np.asarray(rows, np.float64).reshape(len(rows), -1)
        found.append(
            RegressionRows(
                chunk_key(at, start, chunks, len(rows)), features_of, np.asarray(guesses, np.float64), known,
                _coded(shifted, used),
            )
        )  # fmt: skip
    return _bounded(found)


def features_sql(
    frame: Frame, features: Sequence[str], values: dict[str, list[str]], parameters: Parameters
) -> str:  # fmt: skip
    """Expression: numbers as they are, texts as their place in `values` (-1 where it is not there), NaN for null."""
    each = []
    for name in features:
        column = frame.column(name)
        if name in values:
            place = f"indexOf({parameters.texts(values[name])}, assumeNotNull({column.sql}))"
            each.append(f"if(isNull({column.sql}), nan, toFloat64({place}) - 1)")
        else:
            each.append(f"ifNull({number_sql(frame, name, 'feature')}, nan)")
    return f"CAST([{', '.join(each)}], 'Array(Float64)')"


def codes_sql(used: Sequence[Coding], parameters: Parameters) -> str:
    """Expression: the codes of a row."""
    return f"CAST([{', '.join(coding.sql(parameters) for coding in used)}], 'Array(UInt8)')"


def _coded(codes: Sequence[Sequence[int]], used: Sequence[Coding]) -> npt.NDArray[np.int64] | None:
    return np.asarray(codes, np.int64).reshape(len(codes), len(used)) if used else None


async def values_of(reader: Reader, frame: Frame, names: Sequence[str]) -> dict[str, list[str]]:
    """The distinct values of columns of texts, in order."""
    if not names:
        return {}
    each = ", ".join(f"arraySort(groupUniqArray(10000)({frame.column(name).sql}))" for name in names)
    (lists,) = tuples_of(await reader.query(f"SELECT {each} FROM {frame}", dict(frame.parameters), timeout_s=TIMEOUT_S))
    return dict(zip(names, lists))


async def count_rows(reader: Reader, frame: Frame) -> int:
    """How many rows there are. Raises `QueryError` for too many."""
    ((total,),) = tuples_of(await reader.query(f"SELECT count() FROM {frame}", dict(frame.parameters)))
    if total > MAX_ROWS:
        raise QueryError(f"{total:,} rows are more than {MAX_ROWS:,}", hint="Estimate from a shorter window.")
    return int(total)


def _bounded(chunks: list[_T]) -> list[_T]:
    if len(chunks) > MAX_CHUNKS:
        raise QueryError(f"there are more than {MAX_CHUNKS:,} chunks", hint="Make them larger.")
    if not chunks:
        raise QueryError("there is no row with a prediction that can be used", code="no_rows")
    return chunks
