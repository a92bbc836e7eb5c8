"""Rows that an outcome regression learns from and judges: features, score, call and, where it came, the label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tapetum_server.detectors.estimation.outcome_regression import OutcomeRows
from tapetum_server.query.coded_rows import Coding
from tapetum_server.query.drift_groups import text_of
from tapetum_server.query.estimates import (
    Chunks,
    EstimateColumns,
    chunk_key,
    chunk_sql,
    codes_sql,
    count_rows,
    features_sql,
    start_sql,
)
from tapetum_server.query.frames import TIMEOUT_S, Frame
from tapetum_server.query.performance import label_sql, number_sql, probability_sql
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.statement import Parameters, Statement

MAX_KEY = 2**53


@dataclass(frozen=True, slots=True)
class RowColumns:
    """Which columns hold what."""

    answers: EstimateColumns
    features: tuple[str, ...]
    texts: Mapping[str, list[str]]
    """Of features that are texts, the values that are known."""
    used: tuple[Coding, ...] = ()
    """How the features are coded by which slices are told."""
    version: str = ""
    """"" where all rows are of one version."""
    id: str = ""
    """Which tells rows apart; "" for their order."""


@dataclass(frozen=True, slots=True)
class FoundRows:
    """Rows, and what their places mean."""

    rows: OutcomeRows
    versions: tuple[str, ...]
    chunks: tuple[str, ...]


def outcome_rows_statement(frame: Frame, columns: RowColumns, chunks: Chunks) -> Statement:
    """One row per chunk and version; rows without a score that is a probability are left out."""
    parameters = Parameters()
    chunk, settings = chunk_sql(frame, chunks)
    answers = columns.answers
    score = number_sql(frame, answers.score, "score")
    called = (
        f"ifNull({label_sql(frame, answers.prediction, answers.positive, parameters)}, 0)"
        if answers.prediction
        else f"{score} > {parameters.number(answers.threshold)}"
    )
    label = label_sql(frame, answers.label, answers.positive, parameters) if answers.label else "NULL"
    version = f"ifNull({text_of(frame.column(columns.version))}, '')" if columns.version else "''"
    own = text_of(frame.column(columns.id)) if columns.id else frame.order or "rowNumberInAllBlocks()"
    key = f"toInt64(cityHash64({own}, 'fold') % {MAX_KEY})"
    return Statement(
        f"""SELECT t_chunk, t_version, min(t_start) AS first, groupArray(t_score) AS scores,
    groupArray(t_called) AS called, groupArray(t_label) AS labels, groupArray(t_key) AS keys,
    groupArray(t_features) AS features, groupArray(t_codes) AS codes
FROM (SELECT {chunk} AS t_chunk, {version} AS t_version, {start_sql(frame, chunks)} AS t_start,
        assumeNotNull({score}) AS t_score, toUInt8({called}) AS t_called,
        ifNull(toFloat64({label}), nan) AS t_label, {key} AS t_key,
        {features_sql(frame, columns.features, dict(columns.texts), parameters)} AS t_features,
        {codes_sql(columns.used, parameters)} AS t_codes
    FROM {frame} AND {probability_sql(score)})
GROUP BY t_chunk, t_version ORDER BY t_chunk, t_version{settings}""",
        {**frame.parameters, **parameters.values},
    )


async def outcome_rows(reader: Reader, frame: Frame, columns: RowColumns, chunks: Chunks) -> FoundRows:
    """All rows of a frame. Raises `QueryError`."""
    await count_rows(reader, frame)
    versions: dict[str, int] = {}
    starts: dict[Any, int] = {}
    sizes: dict[Any, int] = {}
    parts: list[OutcomeRows] = []
    answer = await reader.query(*outcome_rows_statement(frame, columns, chunks), timeout_s=TIMEOUT_S)
    for chunk, version, start, scores, called, labels, keys, features, codes in tuples_of(answer):
        rows = len(scores)
        starts[chunk] = min(start, starts.get(chunk, start))
        sizes[chunk] = sizes.get(chunk, 0) + rows
        told = np.asarray(features, np.float64).reshape(rows, len(columns.features))
        parts.append(
            OutcomeRows(
                np.where(np.isfinite(told), told, np.nan), np.asarray(scores, np.float64),
                np.asarray(called, np.float64), np.asarray(labels, np.float64),
                np.full(rows, versions.setdefault(version, len(versions))),
                np.full(rows, list(starts).index(chunk)), np.asarray(keys, np.int64),
                np.asarray(codes, np.int64).reshape(rows, len(columns.used)),
            )
        )  # fmt: skip
    keys_of = tuple(chunk_key(chunk, starts[chunk], chunks, sizes[chunk]) for chunk in starts)
    return FoundRows(joined(parts, len(columns.features), len(columns.used)), tuple(versions), keys_of)


def joined(parts: Sequence[OutcomeRows], features: int = 0, used: int = 0) -> OutcomeRows:
    """The rows of all of them."""
    if not parts:
        none = np.empty(0)
        whole = np.empty(0, np.int64)
        return OutcomeRows(
            np.empty((0, features)), none, none, none, whole, whole, whole, np.empty((0, used), np.int64)
        )
    return OutcomeRows(*(np.concatenate([getattr(part, name) for part in parts]) for name in OutcomeRows.__slots__))
