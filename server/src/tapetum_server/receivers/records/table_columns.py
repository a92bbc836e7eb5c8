"""Columns of a table that a sender made, as the columns that records have: what does not fit is said by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tapetum_server.receivers.records import fields
from tapetum_server.receivers.records.feature_maps import entries_of, map_of_columns, numbers_by_row, texts_by_row
from tapetum_server.receivers.records.fields import Undecodable, Wrong

_EARLIEST_MS, _LATEST_MS = 10**11, (2**63 - 1) // 10**6
_TEXT, _NUMBER = pa.string(), pa.float64()
_AS_NUMBER = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
_AS_TEXT = (
    pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_integer, pa.types.is_floating,
    pa.types.is_boolean,
)  # fmt: skip


class Rows:
    """The columns of a table by name, and what is wrong with which row."""

    def __init__(self, table: pa.Table) -> None:
        names = table.column_names
        repeated = [name for name, often in Counter(names).items() if often > 1]
        if repeated:
            raise Undecodable(f"there are two columns {repeated[0][:80]!r}", "Give every column a name of its own.")
        self.columns: dict[str, pa.Array] = {
            # What pandas adds for its index says nothing.
            name: _whole(column) for name, column in zip(names, table.columns)
            if not name.startswith("__index_level_")
        }  # fmt: skip
        self.count = int(table.num_rows)
        self.wrong: dict[int, tuple[str, str]] = {}

    def refuse(self, where: pa.Array | np.ndarray, field: str, message: Callable[[int], str]) -> None:
        """The rows where `where` holds are not kept; `message` says what is wrong with one of them."""
        holes = where if isinstance(where, np.ndarray) else pc.fill_null(where, False).to_numpy(False)
        for row in np.nonzero(holes)[0].tolist():
            self.wrong.setdefault(row, (field, message(row)))

    def text(self, name: str, most: int, otherwise: str = "") -> pa.Array:
        """A column of texts of at most `most` bytes; `otherwise` where there is none. Numbers become texts."""
        column = self.columns.get(name)
        if column is None or pa.types.is_null(column.type):
            return _same(otherwise, self.count)
        held = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if not any(fits(held) for fits in _AS_TEXT):
            raise wrong_type(name, column, "texts")
        values = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        texts = pc.fill_null(values.cast(_TEXT), otherwise)
        if otherwise:
            texts = pc.if_else(pc.equal(texts, ""), otherwise, texts)
        sizes = pc.binary_length(texts)
        if (pc.max(sizes).as_py() or 0) > most:
            self.refuse(
                pc.greater(sizes, most), name, lambda row: f"{name} has {sizes[row].as_py()} bytes; at most {most}"
            )
        return texts

    def hexadecimal(self, name: str, digits: int) -> pa.Array:
        """A column of ids of so many hex digits, in lower case; "" where there is none."""
        if name not in self.columns:
            return _same("", self.count)
        texts = pc.utf8_lower(self.text(name, 1_024))
        bad = pc.invert(pc.match_substring_regex(texts, f"^([0-9a-f]{{{digits}}})?$"))
        self.refuse(bad, name, lambda row: f"{name} is {digits} hex digits, not {fields.shown(texts[row].as_py())}")
        return texts

    def number(self, name: str) -> pa.Array:
        """A column of numbers, of which some may not be finite; null where there is none."""
        column = self.columns.get(name)
        if column is None or pa.types.is_null(column.type):
            return pa.nulls(self.count, _NUMBER)
        if not (
            pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type)
        ):
            raise wrong_type(name, column, "numbers")
        return column.cast(_NUMBER, safe=False)

    def said(self, name: str) -> tuple[pa.Array, pa.Array]:
        """A column of outputs or labels as texts and numbers, as `labels.said_as` has it."""
        column = self.columns.get(name)
        nothing = _same("", self.count), pa.nulls(self.count, _NUMBER)
        if column is None or pa.types.is_null(column.type):
            return nothing
        if pa.types.is_boolean(column.type):
            return pc.fill_null(column.cast(_TEXT), ""), column.cast(pa.int8()).cast(_NUMBER)
        if pa.types.is_integer(column.type):
            return pc.fill_null(column.cast(_TEXT), ""), column.cast(_NUMBER, safe=False)
        if pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
            return nothing[0], column.cast(_NUMBER, safe=False)
        if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
            listed = [None if each is None else fields.json_of(each) for each in column.to_pylist()]
            return pc.fill_null(pa.array(listed, _TEXT), ""), nothing[1]
        return self.text(name, 1_024), nothing[1]

    def time(self, name: str = "time") -> pa.Array:
        """Nanoseconds since 1970, 0 where there is none."""
        column = self.columns.get(name)
        if column is None or pa.types.is_null(column.type):
            return pa.array(np.zeros(self.count, np.int64))
        if pa.types.is_date(column.type):
            column = column.cast(pa.timestamp("ms"))
        if pa.types.is_timestamp(column.type):
            per_unit = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[column.type.unit]
            return self._moments(name, column.cast(pa.int64()), per_unit, 0)
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            whole = column if pa.types.is_integer(column.type) else pc.multiply(column, 1e6)
            per_unit = 10**6 if pa.types.is_integer(column.type) else 1
            return self._moments(name, whole.cast(pa.int64(), safe=False), per_unit, _EARLIEST_MS * 10**6)
        texts, found = self.text(name, 64), np.zeros(self.count, np.int64)
        for row, text in enumerate(texts.to_pylist()):
            try:
                found[row] = fields.time({name: text}, name) if text else 0
            except Wrong as wrong:
                self.wrong.setdefault(row, (name, str(wrong)))
        return pa.array(found)

    def _moments(self, name: str, units: pa.Array, per_unit: int, earliest: int) -> pa.Array:
        latest = (2**63 - 1) // per_unit
        bad = pc.or_(pc.less(units, max(1, earliest // per_unit)), pc.greater(units, latest))
        self.refuse(
            bad, name,
            lambda row: f"{name} is a time from 1970 to 2262, or milliseconds since 1970, not {units[row].as_py()}",
        )  # fmt: skip
        kept = pc.if_else(pc.fill_null(bad, True), pa.scalar(0, pa.int64()), units)
        return pc.multiply(kept, pa.scalar(per_unit, pa.int64()))

    def map_of(self, name: str, held: pa.DataType) -> pa.MapArray:
        """A column that maps names to numbers or texts: a map, a struct, or (of numbers) a list, by position."""
        column = self.columns.get(name)
        if column is None or pa.types.is_null(column.type):
            return map_of_columns([], pa.array([], held), self.count)
        nothing = np.nan if held == _NUMBER else ""
        try:
            if pa.types.is_map(column.type):
                offsets, keys, items = entries_of(column)
                return pa.MapArray.from_arrays(offsets, keys, pc.fill_null(items.cast(held), nothing))
            if pa.types.is_struct(column.type):
                names = [field.name for field in column.type]
                inner = [part.cast(held) for part in column.flatten()]
                joined = numbers_by_row(inner, self.count) if held == _NUMBER else texts_by_row(inner, self.count)
                return map_of_columns(names, pc.fill_null(joined, nothing), self.count)
            if held == _NUMBER and (
                pa.types.is_list(column.type) or pa.types.is_large_list(column.type)
                or pa.types.is_fixed_size_list(column.type)
            ):  # fmt: skip
                return _by_position(column.cast(pa.list_(_NUMBER)))
        except pa.ArrowException as error:
            raise Undecodable(f"the column {name!r} cannot be read: {error}", _MAPS) from None
        raise wrong_type(name, column, "maps")

    def kept(self) -> pa.Array | None:
        """Which rows are kept; `None` for all of them."""
        if not self.wrong:
            return None
        keep = np.ones(self.count, bool)
        keep[list(self.wrong)] = False
        return pa.array(keep)


_MAPS = "Send a map of text to number or text, a struct, or for scores a list of numbers."


def wrong_type(name: str, column: pa.Array, expected: str) -> Undecodable:
    """The refusal of a table with a column of another type than the one that its name has."""
    return Undecodable(
        f"the column {name!r} holds {column.type}, not {expected}",
        "Convert it; a feature of that name goes into a struct or map column `features`.",
    )


def _by_position(lists: pa.ListArray) -> pa.MapArray:
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    places = pa.array(np.arange(offsets[-1], dtype=np.int64) - np.repeat(offsets[:-1], lengths))
    return pa.MapArray.from_arrays(pa.array(offsets), places.cast(_TEXT), pc.fill_null(lists.flatten(), np.nan))


def _same(text: str, count: int) -> pa.Array:
    return pa.array([text], _TEXT).take(pa.array(np.zeros(count, np.int32)))


def _whole(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
