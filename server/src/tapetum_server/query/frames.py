"""Rows that can be asked about feature by feature: a file's on an engine of its own, or a model's predictions.

Statistics, drift, performance and slices are SQL over a `Frame`, so that none of them knows where its rows are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from tapetum_server.query.errors import QueryError
from tapetum_server.query.reader import Reader, rows_of

TIMEOUT_S = 600.0
"""How long one question about all rows of a frame may take, in seconds."""

Kind = Literal["numeric", "boolean", "categorical", "numeric_list", "categorical_list", "time", "other"]
"""What a column holds. Texts are `categorical`: what tells them apart is how many values they have."""
_FORMATS = {
    ".parquet": "Parquet", ".csv": "CSVWithNames", ".tsv": "TSVWithNames", ".arrow": "Arrow", ".arrows": "ArrowStream",
    ".ndjson": "JSONEachRow", ".jsonl": "JSONEachRow",
}  # fmt: skip
"""By the ending of a file, the engine's name of its format."""
_INTEGER = re.compile(r"U?Int\d+")
_NUMBER = re.compile(r"(U?Int|Float|BFloat|Decimal)\d*")
_TEXT = re.compile(r"(Fixed)?String|Enum\d+|UUID|IPv[46]")


_WITH_PARTS = "SETTINGS describe_include_subcolumns = 1"
_IN_ORDER = "max_threads = 1, input_format_parallel_parsing = 0"


class Cell(NamedTuple):
    """Where the value of a column stands: in a map of rows, of which all or most have the same keys in one order."""

    map: str
    """Expression of the map."""
    key: str
    """As a literal."""
    place: int
    """Of the key among those of most rows, from 1 on."""
    alike: str = ""
    """Condition that a row is one of those; "" where all are."""


@dataclass(frozen=True, slots=True)
class FrameColumn:
    """One feature, score, label or time of the rows."""

    name: str
    kind: Kind
    sql: str
    """Expression over `Frame.relation`, by kind: `Nullable(Float64)` (NaN and infinities are values), `Nullable(Bool)`,
    `Nullable(String)`, `Array(Nullable(Float64))`, `Array(Nullable(String))`, `Nullable(DateTime64(9))`."""
    integer: bool = False
    """Whether its values, or those in its lists, are whole by their type."""
    text: bool = False
    """Whether its values are texts to read, as the sender said: not each of them a category."""
    cell: Cell | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """Rows, and what their columns are."""

    relation: str
    """What stands behind FROM: a table, or a SELECT in parentheses."""
    columns: tuple[FrameColumn, ...]
    where: str = "true"
    """Condition that every statement over the rows puts into its WHERE."""
    parameters: Mapping[str, object] = field(default_factory=dict)
    """Values of the placeholders in `relation`, `where` and the columns, named `frame_…`."""
    order: str = ""
    """Expression by which the rows stand in their order of arrival; "" where they have none."""
    rows: int | None = None
    """About how many there are at most, where that is known."""

    @property
    def numbered(self) -> bool:
        """Whether `order` counts the rows, from 0 and without a gap."""
        return self.order in ("_row_number", "frame_row") and self.where == "true"

    def column(self, name: str) -> FrameColumn:
        """The column of this name; `QueryError` names the ones there are."""
        for column in self.columns:
            if column.name == name:
                return column
        raise QueryError(
            f"there is no column {name!r}",
            code="unknown_column",
            hint=f"There are: {_listed(c.name for c in self.columns)}.",
        )

    def only(self, names: Sequence[str]) -> Frame:
        """The same rows with these columns, in this order. Raises as `column` does."""
        return replace(self, columns=tuple(self.column(name) for name in names))

    def without(self, names: Sequence[str]) -> Frame:
        """The same rows without these columns, which need not be there."""
        return replace(self, columns=tuple(column for column in self.columns if column.name not in names))

    def narrowed(self, condition: str, parameters: Mapping[str, object] | None = None) -> Frame:
        """The rows that also meet `condition`, whose placeholders have the names of `parameters`."""
        both = {**self.parameters, **(parameters or {})}
        return replace(self, where=f"({self.where}) AND ({condition})", parameters=both)

    def __str__(self) -> str:
        return f"{self.relation} WHERE {self.where}"


def identifier(name: str) -> str:
    """`name` as the engine quotes it."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


async def file_frame(reader: Reader, path: Path) -> Frame:
    """The rows of a Parquet, CSV, TSV, Arrow or NDJSON file, read where it lies.

    Only for an engine of one's own (`store.scratch`): the paths that a server may read are nobody's to name.
    Raises `QueryError` for a file that is not there or has an unknown ending.
    """
    format_name, absolute = _format_and_path(path)
    parameters = {"frame_path": absolute}
    relation = f"file({{frame_path:String}}, '{format_name}')"
    described = rows_of(await reader.query(f"DESCRIBE TABLE {relation} {_WITH_PARTS}", parameters))
    columns = tuple(
        frame_column(row["name"], row["type"]) for row in described if not row["is_subcolumn"] and not _parted(row)
    ) + tuple(_parts(described))
    if format_name == "Parquet":
        return Frame(relation, columns, parameters=parameters, order="_row_number")
    # Other formats say no row's number, and blocks that are parsed side by side come in any order.
    numbered = f"(SELECT *, rowNumberInAllBlocks() AS frame_row FROM {relation} SETTINGS {_IN_ORDER})"
    return Frame(numbered, columns, parameters=parameters, order="frame_row")


def _parted(row: Mapping[str, Any]) -> bool:
    # In files of JSON a structure may be missing, in others its parts may.
    return bool(row["type"].startswith(("Tuple(", "Nullable(Tuple(")))


def _parts(described: Sequence[Mapping[str, Any]]) -> Iterator[FrameColumn]:
    """What structures hold, at any depth, named with dots; without the engine's own sizes and marks of nulls."""
    within = [row["name"] for row in described if _parted(row)]
    for row in described:
        name = row["name"]
        owner = next((one for one in reversed(within) if name.startswith(one + ".")), None)
        part = name.removeprefix(f"{owner}.")
        if (
            owner is None
            or _parted(row)
            or "." in part
            or (part == "null" and row["type"].endswith(("UInt8", "UInt8)")))
        ):
            continue
        yield frame_column(name, row["type"])


def _format_and_path(path: Path) -> tuple[str, str]:
    format_name = _FORMATS.get(path.suffix.lower())
    if format_name is None:
        raise QueryError(
            f"{path} ends like no table that can be read", code="unknown_format", hint=f"Known are {_listed(_FORMATS)}."
        )
    if not path.is_file():
        raise QueryError(
            f"there is no file {path}", code="no_file", hint="Look at the name, and from which directory it counts."
        )
    return format_name, str(path.resolve())


def frame_column(name: str, type_name: str, sql: str = "") -> FrameColumn:
    """The column `name`, of this type of the engine, as `sql` gives it (else the column of that name)."""
    sql = sql or identifier(name)
    plain = re.sub(r"LowCardinality\((.*)\)", r"\1", re.sub(r"Nullable\((.*)\)", r"\1", type_name))
    plain = re.sub(r"Nullable\((.*)\)", r"\1", plain)
    if plain == "Bool":
        return FrameColumn(name, "boolean", f"CAST({sql}, 'Nullable(Bool)')")
    if _NUMBER.match(plain):
        return FrameColumn(name, "numeric", f"CAST({sql}, 'Nullable(Float64)')", bool(_INTEGER.match(plain)))
    if _TEXT.match(plain):
        return FrameColumn(name, "categorical", f"CAST({sql}, 'Nullable(String)')")
    if plain.startswith("Date"):
        return FrameColumn(name, "time", f"CAST({sql}, 'Nullable(DateTime64(9, \\'UTC\\'))')")
    if inner := re.fullmatch(r"Array\((.*)\)", plain):
        of = frame_column(name, inner[1])
        if of.kind in ("numeric", "boolean"):
            return FrameColumn(name, "numeric_list", f"CAST({sql}, 'Array(Nullable(Float64))')", of.integer)
        if of.kind == "categorical":
            return FrameColumn(name, "categorical_list", f"CAST({sql}, 'Array(Nullable(String))')")
    return FrameColumn(name, "other", sql)


def _listed(names: Iterator[str] | Mapping[str, str]) -> str:
    known = list(names)
    return ", ".join(known[:30]) + (f" and {len(known) - 30} more" if len(known) > 30 else "")
