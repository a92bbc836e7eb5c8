"""Features in columns into the maps that predictions are kept in: names in order, nulls in their place."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tapetum_server.receivers.records.fields import Undecodable
from tapetum_server.signals.predictions import FEATURE_MAPS, PREDICTION_SCHEMA

MAX_FEATURES = 10_000
"""In one prediction."""
MAX_NAME_BYTES = 256
LONG_TEXT = 512
"""A text of more characters is a text to read, and no category."""
_EMPTY = pa.nulls(0, pa.string())
"""Not `pa.array`: what makes arrays of values looks for pandas first, and imports it where it is installed."""


def layout_of(names: Sequence[Sequence[str]]) -> int:
    """What rows have in common whose maps (in the order of `FEATURE_MAPS`) have these names."""
    said = "\0".join("\1".join(some) for some in names)
    return int.from_bytes(hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def features_of_columns(columns: Mapping[str, pa.Array], texts: Mapping[str, pa.Array], count: int) -> pa.Table:
    """The maps, nulls and layouts of `count` rows, whose features are these columns. Raises `Undecodable`."""
    kinds: dict[str, list[str]] = {name: [] for name in FEATURE_MAPS}
    unknown: list[str] = []
    given = dict(columns) | dict(texts)
    _check_names([*columns, *texts])
    for name in sorted(given):
        kind = "texts" if name in texts else kind_of(name, given[name])
        (kinds[kind] if kind else unknown).append(name)
    made = {kind: _interleaved(kind, names, given, count) for kind, names in kinds.items()}
    missing = [pc.is_null(given[name]).to_numpy(False) for name in (*kinds["number_lists"], *kinds["text_lists"])]
    missing += [np.ones(count, bool)] * len(unknown)
    made["nulls"] = _names_where(missing, [*kinds["number_lists"], *kinds["text_lists"], *unknown], count)
    made["layout"] = pa.array(np.full(count, layout_of([kinds[kind] for kind in FEATURE_MAPS]), np.uint64))
    return pa.table(made)


def features_of_map(given: pa.Array, texts: Mapping[str, pa.Array], count: int) -> pa.Table:
    """The same of a column that maps names to values, where every row may have names of its own."""
    held = given.type.item_type
    kind = "numeric" if _is_number(held) else "booleans" if pa.types.is_boolean(held) else "categorical"
    offsets, keys, items = entries_of(given)
    if len(keys):
        _check_names(pc.unique(keys).to_pylist())
    if count and int(np.diff(offsets.to_numpy()).max()) > MAX_FEATURES:
        raise Undecodable(f"a row has more than {MAX_FEATURES} features", "Send fewer features a row.")
    named = features_of_columns({}, texts, count)
    value_type = PREDICTION_SCHEMA.field(kind).type.item_type
    made = pa.MapArray.from_arrays(offsets, keys, items.cast(value_type))
    named = named.set_column(named.column_names.index(kind), kind, made)
    said = pc.binary_join(pa.ListArray.from_arrays(offsets, keys), "\1").dictionary_encode()
    others = [sorted(texts) if name == "texts" else [] for name in FEATURE_MAPS]
    at = FEATURE_MAPS.index(kind)
    layouts = [layout_of([*others[:at], [each], *others[at + 1 :]]) for each in said.dictionary.to_pylist()]
    layout = pa.array(layouts, pa.uint64()).take(said.indices)
    return named.set_column(named.column_names.index("layout"), "layout", layout)


def kind_of(name: str, column: pa.Array) -> str:
    """Which map holds a column, "" for one that holds only nulls. Raises `Undecodable` for what no map can hold."""
    held = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_null(held):
        return ""
    if pa.types.is_boolean(held):
        return "booleans"
    if _is_number(held):
        return "numeric"
    if _is_text(held):
        values = column.dictionary if pa.types.is_dictionary(column.type) else column
        longest = pc.max(pc.utf8_length(values.cast(pa.string()))).as_py() or 0
        return "texts" if longest > LONG_TEXT else "categorical"
    if pa.types.is_temporal(held):
        return "categorical"
    if pa.types.is_list(held) or pa.types.is_large_list(held) or pa.types.is_fixed_size_list(held):
        inner = held.value_type
        if _is_number(inner) or pa.types.is_boolean(inner) or pa.types.is_null(inner):
            return "number_lists"
        if _is_text(inner):
            return "text_lists"
    raise Undecodable(
        f"the column {name[:80]!r} has the type {held}, which is no feature",
        "Features are numbers, texts, truth values, times, or lists of numbers or texts.",
    )


def entries_of(given: pa.MapArray) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Offsets, keys and values of a map column; a row without a map has no entries."""
    places = pa.array(np.arange(len(given.keys), dtype=np.int64))
    rows = pa.ListArray.from_arrays(given.offsets, places, mask=pc.is_null(given) if given.null_count else None)
    kept = rows.flatten()
    lengths = pc.fill_null(pc.list_value_length(rows), 0).to_numpy()
    keys = given.keys.take(kept)
    if keys.null_count:
        raise Undecodable("a map has an entry without a name", "Give every entry a name.")
    return offsets_of(lengths), keys.cast(pa.string()), given.items.take(kept)


def offsets_of(lengths: np.ndarray) -> pa.Array:
    """Where each row begins, and the end, of rows with these lengths."""
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return pa.array(offsets.astype(np.int32))


def map_of_columns(names: Sequence[str], values: pa.Array, count: int) -> pa.MapArray:
    """A map with the same names in every row; `values` go row by row."""
    width = len(names)
    keys = pa.array(names, pa.string()).take(pa.array(np.tile(np.arange(width, dtype=np.int32), count)))
    return pa.MapArray.from_arrays(pa.array(np.arange(count + 1, dtype=np.int32) * width), keys, values)


def numbers_by_row(columns: Sequence[pa.Array], count: int) -> pa.Array:
    """The numbers of all columns, row by row."""
    flat = np.empty((count, len(columns)), np.float64)
    holes = np.zeros((count, len(columns)), bool) if any(column.null_count for column in columns) else None
    for position, column in enumerate(columns):
        if column.null_count and holes is not None:
            holes[:, position] = pc.is_null(column).to_numpy(False)
            column = pc.fill_null(column, pa.scalar(0).cast(column.type))
        flat[:, position] = column.cast(pa.float64(), safe=False).to_numpy(False)
    return pa.array(flat.ravel(), mask=None if holes is None else holes.ravel())


def texts_by_row(columns: Sequence[pa.Array], count: int) -> pa.Array:
    """The texts of all columns, row by row."""
    codes = np.empty((count, len(columns)), np.int32)
    holes = np.zeros((count, len(columns)), bool)
    words: list[pa.Array] = []
    before = 0
    for position, column in enumerate(columns):
        if not pa.types.is_dictionary(column.type):
            column = column.cast(pa.string()).dictionary_encode()
        indices = column.indices
        if column.null_count:
            holes[:, position] = pc.is_null(column).to_numpy(False)
            indices = pc.fill_null(indices, pa.scalar(0).cast(indices.type))
        codes[:, position] = indices.to_numpy(False).astype(np.int32) + before
        dictionary = column.dictionary.cast(pa.string())
        words.append(dictionary if len(dictionary) else pa.array([""]))
        before += len(words[-1])
    mask = holes.ravel() if holes.any() else None
    return pa.concat_arrays(words or [_EMPTY]).take(pa.array(codes.ravel(), mask=mask))


def _interleaved(kind: str, names: Sequence[str], given: Mapping[str, pa.Array], count: int) -> pa.MapArray:
    columns = [given[name] for name in names]
    if kind == "numeric":
        values = numbers_by_row(columns, count)
    elif kind == "booleans":
        values = numbers_by_row([column.cast(pa.int8()) for column in columns], count).cast(pa.bool_())
    elif kind in ("categorical", "texts"):
        values = texts_by_row(columns, count)
    else:
        values = _lists_by_row(columns, count, PREDICTION_SCHEMA.field(kind).type.item_type)
    return map_of_columns(names, values, count)


def _lists_by_row(columns: Sequence[pa.Array], count: int, held: pa.DataType) -> pa.Array:
    if not columns:
        return pa.array([], held)
    empty = pa.scalar([], held)
    filled = [pc.fill_null(column.cast(held), empty) if column.null_count else column.cast(held) for column in columns]
    width = len(columns)
    order = np.arange(count * width).reshape(width, count).T.ravel()
    return pa.concat_arrays(filled).take(pa.array(order))


def _names_where(missing: Sequence[np.ndarray], names: Sequence[str], count: int) -> pa.ListArray:
    if not names:
        return pa.ListArray.from_arrays(pa.array(np.zeros(count + 1, np.int32)), _EMPTY)
    holes = np.column_stack(missing)
    which = np.nonzero(holes)[1].astype(np.int32)
    return pa.ListArray.from_arrays(offsets_of(holes.sum(axis=1)), pa.array(names, pa.string()).take(pa.array(which)))


def _check_names(names: Sequence[str]) -> None:
    if len(names) > MAX_FEATURES:
        raise Undecodable(f"there are {len(names)} features; at most {MAX_FEATURES}", "Send fewer features a row.")
    for name in names:
        if not name or len(name.encode()) > MAX_NAME_BYTES:
            raise Undecodable(
                f"the name of the feature {name[:80]!r} has {len(name.encode())} bytes; expected 1 to {MAX_NAME_BYTES}",
                "Shorten the name.",
            )


def _is_number(held: pa.DataType) -> bool:
    return bool(pa.types.is_integer(held) or pa.types.is_floating(held) or pa.types.is_decimal(held))


def _is_text(held: pa.DataType) -> bool:
    return bool(pa.types.is_string(held) or pa.types.is_large_string(held) or pa.types.is_string_view(held))
