"""What features did to the answers of a model, summed over rows: a number a row, or a list, one for each class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tapetum_server.query.class_scores import MAX_CLASSES
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import TIMEOUT_S, Frame, FrameColumn
from tapetum_server.query.reader import Reader, first_row
from tapetum_server.query.row_sums import RowSums


@dataclass(frozen=True, slots=True)
class Attribution:
    """One number of each row."""

    column: FrameColumn
    of: Literal["", "class", "k"] = ""
    """Of a list: of the class at `place`, counted from 0, or the `place`-highest, counted from 1."""
    place: int = 0

    @property
    def sql(self) -> str:
        """Expression; null where the row has none."""
        if not self.of:
            return self.column.sql
        values = f"arrayReverseSort({self.column.sql})" if self.of == "k" else self.column.sql
        place = self.place if self.of == "k" else self.place + 1
        return f"if(length({values}) >= {int(place)}, ({values})[{int(place)}], NULL)"


def attribution_columns(frame: Frame, prefixes: Iterable[str]) -> Mapping[str, FrameColumn]:
    """By feature, the column of its attributions: those of the first of `prefixes` with which any begins."""
    for prefix in prefixes:
        found = {
            column.name.removeprefix(prefix): column for column in frame.columns
            if column.name.startswith(prefix) and column.name != prefix and column.kind in ("numeric", "numeric_list")
        }  # fmt: skip
        if found:
            return found
    return {}


def attribution_sums(attributions: Sequence[Attribution], weight: str) -> RowSums:
    """`total_` and `absolute_` of each by its place, and the `weight` of all rows. A row without one adds nothing."""
    values = {f"t_v{place}": f"toFloat64(ifNull({each.sql}, 0))" for place, each in enumerate(attributions)}
    sums = {"weight": "t_w"}
    for place in range(len(attributions)):
        sums[f"total_{place}"] = f"t_w * t_v{place}"
        sums[f"absolute_{place}"] = f"abs(t_w * t_v{place})"
    return RowSums(values, sums, weight=weight)


async def classes_of(reader: Reader, frame: Frame, columns: Sequence[FrameColumn]) -> list[int]:
    """How many attributions a row has in each column of lists. Raises `QueryError` where rows have more and fewer."""
    ends = [f"minIf(length({c.sql}), notEmpty({c.sql})), max(length({c.sql}))" for c in columns]
    sql = f"SELECT [{', '.join(ends)}] AS t_ends FROM {frame}"
    found = (first_row(await reader.query(sql, dict(frame.parameters), timeout_s=TIMEOUT_S)) or {})["t_ends"]
    most = []
    for place, column in enumerate(columns):
        low, high = (int(found[2 * place + end] or 0) for end in (0, 1))
        if low != high or not 1 <= high <= MAX_CLASSES:
            raise QueryError(
                f"{column.name!r} has lists of {low} to {high} attributions", code="ragged_attributions",
                field=column.name, hint=f"Give one for each class in every row, of at most {MAX_CLASSES} classes.",
            )  # fmt: skip
        most.append(high)
    return most
