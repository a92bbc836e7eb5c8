"""Errors by distinct rows of coded features: one scan, and what comes back is as large as rows are different."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tapetum_server.detectors.slices import ErrorCounts
from tapetum_server.query.coded_rows import Coding
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import TIMEOUT_S, Frame
from tapetum_server.query.performance import label_sql, number_sql
from tapetum_server.query.reader import Reader
from tapetum_server.query.statement import Parameters, Statement

Loss = Literal["wrong", "absolute", "squared", "log"]
MAX_DISTINCT = 3_000_000


@dataclass(frozen=True, slots=True)
class ErrorColumns:
    """What an error is: a wrong call, or the distance of a number."""

    label: str
    prediction: str
    loss: Loss = "wrong"
    """`wrong`: another class than the label, or a score on the other side of the threshold."""
    positive: str = ""
    threshold: float = 0.5


def _error(frame: Frame, columns: ErrorColumns, parameters: Parameters) -> str:
    if columns.loss in ("absolute", "squared"):
        label, guess = number_sql(frame, columns.label, "label"), number_sql(frame, columns.prediction, "prediction")
        apart = f"abs({guess} - {label})"
        return apart if columns.loss == "absolute" else f"{apart} * {apart}"
    if columns.loss == "wrong" and frame.column(columns.prediction).kind == "categorical":
        texts = [f"CAST({frame.column(name).sql}, 'Nullable(String)')" for name in (columns.label, columns.prediction)]
        return f"toFloat64({texts[0]} <> {texts[1]})"
    label = label_sql(frame, columns.label, columns.positive, parameters)
    score = number_sql(frame, columns.prediction, "score")
    if columns.loss == "log":
        p = f"least(greatest({score}, 1e-15), 1 - 1e-15)"
        return f"multiIf(isNaN({score}), NULL, {label} = 1, -log({p}), {label} = 0, -log(1 - {p}), NULL)"
    return f"if(isNaN({score}), NULL, toFloat64(({score} > {parameters.number(columns.threshold)}) <> {label}))"


def errors_statement(frame: Frame, columns: ErrorColumns, used: Sequence[Coding]) -> Statement:
    """Rows and errors by distinct codes; rows without a label or a prediction are left out."""
    parameters = Parameters()
    parts = ", ".join(f"toUInt8({coding.sql(parameters)}) AS t_code_{k}" for k, coding in enumerate(used))
    names = ", ".join(f"t_code_{k}" for k in range(len(used)))
    return Statement(
        f"""SELECT {names}, count() AS rows, sum(t_error) AS errors, sum(t_error * t_error) AS squares
FROM (SELECT {parts}, assumeNotNull(ifNull({_error(frame, columns, parameters)}, nan)) AS t_error FROM {frame})
WHERE isFinite(t_error) GROUP BY {names} LIMIT {MAX_DISTINCT + 1}""",
        {**frame.parameters, **parameters.values},
    )


async def error_counts(reader: Reader, frame: Frame, columns: ErrorColumns, used: Sequence[Coding]) -> ErrorCounts:
    """Raises `QueryError` where rows are too different to be counted."""
    answer = await reader.query(*errors_statement(frame, columns, used), timeout_s=TIMEOUT_S)
    found = [np.asarray(column, np.float64) for column in answer.columns]
    if not len(found[-1]):
        raise QueryError("there is no row with a label and a prediction", code="no_rows")
    if len(found[-1]) > MAX_DISTINCT:
        raise QueryError("rows are too different to be counted", hint="Name fewer features with --feature.")
    rows, errors, squares = found[len(used) :]
    return ErrorCounts(np.column_stack(found[: len(used)]).astype(np.int64), rows, errors, squares)
