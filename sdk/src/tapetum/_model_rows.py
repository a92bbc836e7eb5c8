"""Features as people hold them (dictionaries, NumPy, pandas, Polars, Arrow) as columns of plain values.

None of those libraries is loaded: what they make is known by what it can do.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

KNOWN = ("a dictionary", "a list of dictionaries", "arrays of NumPy", "pandas", "Polars", "Arrow")
_PLAIN = (str, bool, int)


class Table:
    """Rows of features. `many` is whether they were given as many, even if that is one."""

    def __init__(self, columns: Mapping[str, Sequence[Any]], rows: int, many: bool) -> None:
        self._columns = columns
        self.rows = rows
        self.many = many

    @property
    def bytes(self) -> int:
        """About how much they take."""
        return sum(
            24 * self.rows + sum(len(v) for v in column if isinstance(v, str)) for column in self._columns.values()
        )

    @property
    def names(self) -> list[str]:
        """Of the columns, in their order."""
        return list(self._columns)

    def part(self, start: int, end: int) -> Table:
        """Rows from `start` to before `end`."""
        return Table({name: column[start:end] for name, column in self._columns.items()}, end - start, self.many)

    def records(self) -> list[dict[str, Any]]:
        """A dictionary for each row, in which missing values are `None`."""
        names = list(self._columns)
        return [dict(zip(names, row)) for row in zip(*self._columns.values())] if names else [{}] * self.rows


def table_of(features: Any, names: Sequence[str] | None) -> Table | None:
    """What was given, copied so that it may be changed afterwards; `None` for what is none of `KNOWN`."""
    if isinstance(features, Mapping):
        return Table({str(key): [plain(value)] for key, value in features.items()}, 1, False)
    if isinstance(features, (list, tuple)) and all(isinstance(row, Mapping) for row in features):
        found = dict.fromkeys(str(key) for row in features for key in row)
        rows = [{str(key): plain(value) for key, value in row.items()} for row in features]
        return Table({name: [row.get(name) for row in rows] for name in found}, len(rows), True)
    if hasattr(features, "to_pylist") and hasattr(features, "column_names"):  # Arrow's Table
        return _of_columns(
            {name: features.column(name).to_pylist() for name in features.column_names}, features.num_rows
        )
    if hasattr(features, "to_pylist") and hasattr(features, "schema"):  # Arrow's RecordBatch
        known = features.schema.names
        return _of_columns({name: features.column(i).to_pylist() for i, name in enumerate(known)}, features.num_rows)
    if hasattr(features, "get_columns") and hasattr(features, "to_dicts"):  # Polars
        return _of_columns({column.name: column.to_list() for column in features.get_columns()}, len(features))
    if hasattr(features, "iloc") and hasattr(features, "columns"):  # pandas
        return _of_columns({str(name): _missing_as_none(features[name]) for name in features.columns}, len(features))
    if hasattr(features, "iloc") and hasattr(features, "index"):  # a row of pandas
        return Table({str(name): [plain(features[name])] for name in features.index}, 1, False)
    if hasattr(features, "__array__") or (isinstance(features, (list, tuple)) and features):
        return _of_array(features, names)
    return None


def values_of(given: Any, count: int) -> list[Any]:
    """One value for each of `count` rows: as given, or the same for all."""
    if given is None or isinstance(given, (*_PLAIN, float, bytes, Mapping, dt.date, dt.time)):
        return [plain(given)] * count
    as_list: Callable[[], Any] | None = (
        getattr(given, "to_pylist", None) or getattr(given, "tolist", None) or getattr(given, "to_list", None)
    )
    found = as_list() if as_list is not None else list(given)
    if not isinstance(found, list):
        return [plain(found)] * count
    if len(found) != count:
        raise ValueError(f"{count} rows of features came with {len(found)} values")
    return [plain(value) for value in found]


def scores_of(given: Any, count: int) -> list[Any]:
    """The scores of each row: a list of dictionaries, of rows, or a dictionary with a list for each class."""
    if isinstance(given, Mapping):
        columns = {str(name): values_of(column, count) for name, column in given.items()}
        return [dict(zip(columns, row)) for row in zip(*columns.values())]
    return values_of(given, count)


def attributions_of(given: Any, table: Table) -> Any:
    """By feature, of one row or of each: from what a table can be made of, in the order of the table's features."""
    if isinstance(given, (list, tuple)) and not (given and isinstance(given[0], Mapping)) and not table.many:
        return dict(zip(table.names, (plain(each) for each in given)))
    found = table_of(given, table.names)
    if found is None or found.rows != table.rows:
        rows = "none that can be read" if found is None else f"{found.rows} rows"
        raise ValueError(f"{table.rows} rows of features came with attributions of {rows}")
    records = found.records()
    return records if table.many else records[0]


def plain(value: Any) -> Any:
    """A value as JSON has it. NaN and infinities stay what they are."""
    if value is None or isinstance(value, (*_PLAIN, float)):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    as_python = getattr(value, "item", None)
    if callable(as_python) and getattr(value, "ndim", 1) == 0:  # a scalar of NumPy
        return plain(as_python())
    as_list = getattr(value, "tolist", None) or getattr(value, "to_list", None)
    if callable(as_list):
        return plain(as_list())
    return _nothing_or_text(value)


def _nothing_or_text(value: Any) -> str | None:
    # pandas has two of its own for what is missing, and neither equals itself.
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    return str(value)


def _of_columns(columns: Mapping[str, Sequence[Any]], rows: int) -> Table:
    return Table({name: _all_plain(column) for name, column in columns.items()}, rows, True)


def _all_plain(column: Sequence[Any]) -> Sequence[Any]:
    kinds = set(map(type, column))
    return column if kinds <= {str, bool, int, float, type(None)} else [plain(value) for value in column]


def _missing_as_none(column: Any) -> list[Any]:
    """A column of pandas. Where it has numbers, NaN is a value; among texts it stands for what is missing."""
    values: list[Any] = column.tolist()
    if getattr(column.dtype, "kind", "O") in "fiub":
        return values
    return [None if isinstance(value, float) and math.isnan(value) else value for value in values]


def _of_array(features: Any, names: Sequence[str] | None) -> Table | None:
    rows = features.tolist() if hasattr(features, "tolist") else features
    if not isinstance(rows, (list, tuple)):
        return None
    many = bool(rows) and isinstance(rows[0], (list, tuple))
    rows = rows if many else [rows]
    width = len(rows[0]) if rows else 0
    known = [str(name) for name in names] if names is not None else [f"feature_{i}" for i in range(width)]
    if len(known) != width:
        raise ValueError(f"{len(known)} feature_names came with {width} features")
    return Table({name: [plain(row[i]) for row in rows] for i, name in enumerate(known)}, len(rows), many)
