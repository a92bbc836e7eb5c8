"""Slices of rows: by values of columns, by several at once, by a condition; all of a report's in one scan."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import Frame
from tapetum_server.query.row_condition import row_condition
from tapetum_server.query.statement import Parameters

MAX_SPECS = 64
MAX_SLICES = 10_000


@dataclass(frozen=True, slots=True)
class SliceSpec:
    """How rows are told apart. Without anything, all rows are one slice."""

    columns: tuple[str, ...] = ()
    """One slice for each combination of their values."""
    values: tuple[tuple[str, str], ...] = ()
    """Columns that must have these values; they are part of the slice's name."""
    condition: str = ""
    """SQL over the columns that rows must meet."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that name a slice."""
        return (*self.columns, *(name for name, _ in self.values))

    def __str__(self) -> str:
        said = [*self.columns, *(f"{name}={value}" for name, value in self.values)]
        return " × ".join(said + ([self.condition] if self.condition else [])) or "all rows"


@dataclass(frozen=True, slots=True)
class SliceKey:
    """One slice: what its rows have in common."""

    values: tuple[tuple[str, str | None], ...] = ()
    condition: str = ""

    def __str__(self) -> str:
        said = [f"{name}={'(missing)' if value is None else value}" for name, value in self.values]
        return " · ".join(said + ([self.condition] if self.condition else [])) or "all rows"


@dataclass(frozen=True, slots=True)
class Slicing:
    """The slices of one statement, and how their rows are grouped."""

    specs: tuple[SliceSpec, ...]
    keys: tuple[str, ...]
    """Expressions, one per spec: a row's slice as a JSON list of values, "" where it is in none."""

    @property
    def select(self) -> str:
        """The keys as columns of the inner SELECT.

        Names that start with `t_` are ours, beside columns of any name: an alias hides a column of the same name.
        """
        return ", ".join(f"{key} AS t_slice_{k}" for k, key in enumerate(self.keys))

    def grouping(self, *others: str) -> str:
        """GROUP BY and HAVING by each slicing apart, together with `others`."""
        sets = ", ".join(f"({', '.join((f't_slice_{k}', *others))})" for k in range(len(self.keys)))
        return f"GROUP BY GROUPING SETS ({sets})\nHAVING notEmpty({self.slice})"

    @property
    def slice(self) -> str:
        """Of a group, the JSON list of its values."""
        return f"concat({', '.join(f't_slice_{k}' for k in range(len(self.keys)))}, '')"

    @property
    def spec(self) -> str:
        """Of a group, the place of its spec."""
        slices = ", ".join(f"notEmpty(t_slice_{k})" for k in range(len(self.keys)))
        return f"indexOf([{slices}], 1) - 1"

    def key(self, spec: int, text: str) -> SliceKey:
        """The slice that a group is."""
        of = self.specs[spec]
        return SliceKey(tuple(zip(of.names, json.loads(text))), of.condition)


def slicing(frame: Frame, specs: Sequence[SliceSpec], parameters: Parameters) -> Slicing:
    """The slices of `frame` by each of `specs`. Raises `QueryError` for a column or condition that is not there."""
    if len(specs) > MAX_SPECS:
        raise QueryError(f"{len(specs)} kinds of slices are asked for; at most {MAX_SPECS} can be had at once")
    return Slicing(tuple(specs), tuple(_key(frame, spec, parameters) for spec in specs))


def _key(frame: Frame, spec: SliceSpec, parameters: Parameters) -> str:
    texts = [f"CAST({_plain(frame, name)}, 'Nullable(String)')" for name in spec.names]
    key = f"toJSONString([{', '.join(texts)}])" if texts else "materialize('[]')"
    conditions = [f"ifNull({_has(frame, name, value, parameters)}, false)" for name, value in spec.values]
    if spec.condition:
        conditions.append(row_condition(spec.condition, frame, parameters))
    return f"if({' AND '.join(conditions)}, {key}, '')" if conditions else key


def _has(frame: Frame, name: str, value: str, parameters: Parameters) -> str:
    """Condition that a column has this value; of numbers, however it is written."""
    if frame.column(name).kind == "numeric":
        try:
            return f"{_plain(frame, name)} = {parameters.number(float(value))}"
        except ValueError:
            return "false"
    return f"CAST({_plain(frame, name)}, 'Nullable(String)') = {parameters.text(value)}"


def _plain(frame: Frame, name: str) -> str:
    column = frame.column(name)
    if column.kind in ("numeric_list", "categorical_list", "other"):
        raise QueryError(f"rows cannot be told apart by {name!r}, which holds {column.kind.replace('_', ' ')}s")
    return column.sql
