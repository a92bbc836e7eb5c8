"""Features that stand together in a map of each row, asked together: as one array, and not as one expression each.

To plan hundreds of expressions takes the engine longer than to count what some thousand rows hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tapetum_server.query.frames import Cell, Frame, FrameColumn

Batch = tuple[list[list[FrameColumn]], list[FrameColumn]]
"""What one statement asks: groups of columns that are cells of one map, and columns one by one."""
_AT_ONCE = 40
"""Columns one by one: the engine takes 256 KiB of text, and plans thousands of expressions slowly."""
_CELLS_AT_ONCE, _KEYS_AT_ONCE = 500, 40_000
"""Columns that are cells: what each is counted by takes memory, and the text of keys is part of the same bound."""
_GAP = 20
"""So many cells between two columns are read for nothing rather than as two arrays."""
_FEW_ROWS, _MANY_COLUMNS = 100_000, 200
"""Fewer columns of more rows are counted sooner one by one (docs/performance.md)."""


def batches(frame: Frame) -> Iterator[Batch]:
    """Every column of the frame, those that are cells together where that is quicker."""
    together: list[tuple[FrameColumn, Cell]] = []
    if len(frame.columns) > _MANY_COLUMNS or (frame.rows is not None and frame.rows <= _FEW_ROWS):
        together = [(column, column.cell) for column in frame.columns if column.cell is not None]
    names = {column.name for column, _ in together}
    others = one_by_one([column for column in frame.columns if column.name not in names])
    groups: list[list[FrameColumn]] = []
    last: Cell | None = None
    count = text = 0
    for column, cell in sorted(together, key=lambda one: (one[1].map, one[1].place)):
        if count >= _CELLS_AT_ONCE or text + len(cell.key) > _KEYS_AT_ONCE:
            yield groups, next(others, ([], []))[1]
            groups, last, count, text = [], None, 0, 0
        if last is None or last.map != cell.map or cell.place > last.place + _GAP:
            groups.append([])
        groups[-1].append(column)
        last, count, text = cell, count + 1, text + len(cell.key) + 2
    if groups:
        yield groups, next(others, ([], []))[1]
    yield from others


def one_by_one(columns: Sequence[FrameColumn]) -> Iterator[Batch]:
    """None of them together. Also of no columns: how many rows there are is asked anyway."""
    for begin in range(0, max(1, len(columns)), _AT_ONCE):
        yield [], list(columns[begin : begin + _AT_ONCE])


def cell_values(group: Sequence[FrameColumn]) -> str:
    """Expression for the cells of a row from the first to the last of these, each in its place (`places_in`):
    `Array(Nullable(Float64))`, or of texts `Array(Nullable(String))`."""
    cells = {column.cell.place: column.cell for column in group if column.cell is not None}
    first, last = min(cells), max(cells)
    one = cells[first]
    values = f"arraySlice({one.map}.values, {first:d}, {last - first + 1:d})"
    if one.alike:
        keys = [cells[place].key if place in cells else "''" for place in range(first, last + 1)]
        values = f"if({one.alike}, {values}, arrayMap(k -> {one.map}[k], [{', '.join(keys)}]))"
    return f"CAST({values}, 'Array(Nullable({'String' if group[0].kind == 'categorical' else 'Float64'}))')"


def places_in(group: Sequence[FrameColumn]) -> list[tuple[FrameColumn, int]]:
    """Where in the array each column is, from 0 on."""
    cells = [(column, column.cell.place) for column in group if column.cell is not None]
    first = min(place for _, place in cells)
    return [(column, place - first) for column, place in cells]
