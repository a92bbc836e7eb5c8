"""Features as small whole numbers, and rows counted by them: for slices, and for weights of shifted rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import TIMEOUT_S, Frame, FrameColumn, identifier
from tapetum_server.query.performance import label_sql, number_sql, probability_sql
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.statement import Parameters

MAX_VALUES = 50
"""Values of a category that are told apart; the rarer ones are one."""
BINS = 10
OTHERS = "(others)"
MISSING = "(missing)"


@dataclass(frozen=True, slots=True)
class Coding:
    """How a feature becomes a code: 0 is missing, then bins or values, the last of values all others."""

    column: FrameColumn
    edges: tuple[float, ...] = ()
    """Of a number: inner edges; a bin holds its lower edge."""
    values: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many codes there are."""
        return 1 + (len(self.edges) + 1 if not self.values else len(self.values) + 1)

    def sql(self, parameters: Parameters) -> str:
        """Expression of a row's code."""
        text = self.column.sql
        if self.values:
            place = f"indexOf({parameters.texts(self.values)}, {_text(self.column)})"
            return f"if(isNull({text}), 0, if({place} = 0, {len(self.values) + 1}, {place}))"
        edges = parameters.numbers(self.edges)
        return f"if(isNull({text}) OR isNaN({text}), 0, 1 + arrayCount(e -> {text} >= e, {edges}))"

    def said(self, code: int) -> str:
        """What the rows of a code have in common."""
        if code == 0:
            return f"{self.column.name} is missing"
        if self.values:
            name = self.values[code - 1] if code <= len(self.values) else OTHERS
            return f"{self.column.name} = {name}"
        low, high = ([-np.inf, *self.edges])[code - 1], ([*self.edges, np.inf])[code - 1]
        if not self.edges:
            return f"{self.column.name} is there"
        if low == -np.inf:
            return f"{self.column.name} < {high:g}"
        return f"{self.column.name} >= {low:g}" if high == np.inf else f"{low:g} <= {self.column.name} < {high:g}"

    def condition(self, code: int) -> str:
        """The same as SQL over columns of the frame, as `row_condition` reads it."""
        name = identifier(self.column.name)
        if code == 0:
            return f"{name} IS NULL"
        if self.values:
            if code > len(self.values):
                return f"NOT {name} IN ({', '.join(_quoted(value) for value in self.values)})"
            return f"{name} = {_quoted(self.values[code - 1])}"
        parts = [f"{name} >= {self.edges[code - 2]!r}"] if code > 1 else []
        parts += [f"{name} < {self.edges[code - 1]!r}"] if code <= len(self.edges) else []
        return " AND ".join(parts) or f"NOT {name} IS NULL"

    def binned(self) -> FrameColumn:
        """A column, called `binned(name)`, that says of each row in which bin its number is, as `said` does."""
        number = self.column.sql
        bins = ", ".join(
            f"{number} < {edge!r}, {_quoted(self.said(code))}" for code, edge in enumerate(self.edges, 1)
        )  # fmt: skip
        last = _quoted(self.said(len(self.edges) + 1))
        known = f"multiIf(isNull({number}) OR isNaN({number}), NULL, {bins}{', ' if bins else ''}{last})"
        return FrameColumn(binned(self.column.name), "categorical", f"CAST({known}, 'Nullable(String)')")


def in_frame(used: Sequence[Coding], frame: Frame) -> list[Coding]:
    """The same codes of other rows, whose columns lie elsewhere. Raises `QueryError` for one of another kind."""
    found = []
    for coding in used:
        column = frame.column(coding.column.name)
        if (column.kind == "numeric") is not (coding.column.kind == "numeric"):
            raise QueryError(
                f"{column.name!r} is {column.kind} here and {coding.column.kind} there", code="another_kind",
                field=column.name,
            )  # fmt: skip
        found.append(replace(coding, column=column))
    return found


@dataclass(frozen=True, slots=True)
class CodedRows:
    """Distinct rows of codes, and what stands at each."""

    codes: npt.NDArray[np.int64]
    rows: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]
    positives: npt.NDArray[np.float64]


def binned(name: str) -> str:
    """What the bins of a column are called: itself, it stays a number for conditions."""
    return f"{name} in bins"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _text(column: FrameColumn) -> str:
    return f"assumeNotNull(CAST({column.sql}, 'Nullable(String)'))"


async def codings(reader: Reader, frame: Frame, names: Sequence[str] = ()) -> list[Coding]:
    """How these features are coded, found in one scan; without names, all that can be. Raises `QueryError`."""
    kinds = ("numeric", "boolean", "categorical")
    columns = [frame.column(name) for name in names] or [c for c in frame.columns if c.kind in kinds]
    for column in columns:
        if column.kind not in kinds:
            raise QueryError(f"{column.name!r} cannot be a feature here: it holds {column.kind.replace('_', ' ')}s")
    if not columns:
        raise QueryError("there is no feature to look at")
    levels = ", ".join(f"{k / BINS}" for k in range(1, BINS))
    parts = [
        f"quantiles({levels})({c.sql})" if c.kind == "numeric" else f"topK({MAX_VALUES})({_text(c)})" for c in columns
    ]
    (found,) = tuples_of(
        await reader.query(f"SELECT {', '.join(parts)} FROM {frame}", dict(frame.parameters), timeout_s=TIMEOUT_S)
    )
    return [
        Coding(column, edges=tuple(np.unique(np.asarray(each, np.float64)[np.isfinite(each)]).tolist()))
        if column.kind == "numeric"
        else Coding(column, values=tuple(sorted(each)) or ("",))
        for column, each in zip(columns, found)
    ]


async def coded_rows(
    reader: Reader, frame: Frame, used: Sequence[Coding], *, label: str = "", score: str = "", positive: str = ""
) -> CodedRows:
    """Distinct rows of codes (and of the score, where one is named), with their labelled positives."""
    parameters = Parameters()
    parts = ", ".join(f"toUInt8({coding.sql(parameters)}) AS t_code_{k}" for k, coding in enumerate(used))
    names = ", ".join(f"t_code_{k}" for k in range(len(used)))
    at = number_sql(frame, score, "score") if score else "0"
    truth = label_sql(frame, label, positive, parameters) if label else "0"
    usable = probability_sql(at) if score else "true"
    sql = f"""SELECT {names}, t_at, count() AS rows, countIf(t_truth = 1) AS positives
FROM (SELECT {parts}, toFloat64({at}) AS t_at, {truth} AS t_truth FROM {frame} AND {usable})
GROUP BY {names}, t_at"""
    answer = await reader.query(sql, {**frame.parameters, **parameters.values}, timeout_s=TIMEOUT_S)
    columns = [np.asarray(column, np.float64) for column in answer.columns]
    codes = np.column_stack(columns[: len(used)]).astype(np.int64)
    scores, rows, positives = columns[len(used) :]
    return CodedRows(codes, rows, scores, positives)
