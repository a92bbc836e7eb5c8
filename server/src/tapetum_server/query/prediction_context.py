"""Where one prediction's features lie among those of other predictions of its model: one scan for all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tapetum_server.query.frames import TIMEOUT_S, Frame, FrameColumn
from tapetum_server.query.reader import Reader, first_row
from tapetum_server.query.statement import Parameters, Statement

MAX_FEATURES = 500
SAMPLED_ROWS = 100_000
"""Others beyond which one in so many is looked at."""


@dataclass(frozen=True, slots=True)
class Among:
    """One feature of the others, by the value that the prediction has."""

    name: str
    present: int
    """Others that have a value."""
    below: int
    """Of numbers: those that are less."""
    same: int
    low: float | None
    """Of numbers: what one in a hundred is below, half are, and 99 in a hundred."""
    median: float | None
    high: float | None
    different: int | None = None
    """Of values that are no numbers: about how many differ; `None` where nobody knows."""
    at_most: bool = False
    """Whether `same` is only known to be no more."""


def number_of(value: object) -> float | None:
    """A feature's value as a number, also one that JSON can only name; `None` where it is none."""
    if isinstance(value, str):
        return float(value) if value in ("NaN", "Infinity", "-Infinity") else None
    return float(value) if isinstance(value, int | float) else None


def others_statement(frame: Frame, prediction_id: str) -> Statement:
    """One row: how many others there are."""
    parameters = Parameters("other_")
    return Statement(
        f"SELECT count() AS t_rows\nFROM {frame} AND prediction_id != {parameters.text(prediction_id)}",
        {**frame.parameters, **parameters.values},
    )


def context_statement(
    frame: Frame, prediction_id: str, values: Mapping[str, Any], one_in: int
) -> tuple[Statement, list[FrameColumn]]:
    """One row with all features, `n0, b0, s0, q0, d0 …`, and the columns in that order."""
    parameters = Parameters("other_")
    where = f"prediction_id != {parameters.text(prediction_id)}"
    if one_in > 1:
        where += f" AND cityHash64(prediction_id) % {int(one_in)} = 0"
    used = [
        column for column in frame.columns
        if column.name in values and column.kind in ("numeric", "boolean", "categorical")
    ][:MAX_FEATURES]  # fmt: skip
    parts = ["count() AS t_rows"]
    for place, column in enumerate(used):
        sql, value = column.sql, values[column.name]
        parts.append(f"countIf(isNotNull({sql})) AS n{place}")
        if column.kind == "numeric":
            number = number_of(value)
            known = number is not None and not math.isnan(number)
            bound = parameters.number(number) if number is not None and known else "nan"
            same = f"{sql} = {bound}" if known or number is None else f"isNaN({sql})"
            parts += [
                f"countIf({sql} < {bound}) AS b{place}", f"countIf({same}) AS s{place}",
                f"quantilesIf(0.01, 0.5, 0.99)({sql}, isFinite({sql})) AS q{place}",
            ]  # fmt: skip
        else:
            text = parameters.text(value if isinstance(value, str) else str(value).lower())
            parts += [f"countIf(CAST({sql}, 'Nullable(String)') = {text}) AS s{place}", f"uniq({sql}) AS d{place}"]
    listed = ",\n    ".join(parts)
    return Statement(f"SELECT {listed}\nFROM {frame} AND {where}", {**frame.parameters, **parameters.values}), used


async def among_others(
    reader: Reader, frame: Frame, prediction_id: str, values: Mapping[str, Any]
) -> tuple[int, int, list[Among]]:
    """How many others were looked at, one in how many that is, and each feature. `values` are by column."""
    count = first_row(await reader.query(*others_statement(frame, prediction_id), timeout_s=TIMEOUT_S)) or {}
    one_in = max(1, -(-count["t_rows"] // SAMPLED_ROWS))
    statement, used = context_statement(frame, prediction_id, values, one_in)
    row = first_row(await reader.query(*statement, timeout_s=TIMEOUT_S)) or {}
    found = []
    for place, column in enumerate(used):
        low, median, high = (_finite(q) for q in row.get(f"q{place}", (None, None, None)))
        found.append(
            Among(column.name, row[f"n{place}"], row.get(f"b{place}", 0), row[f"s{place}"], low, median, high,
                  row.get(f"d{place}"))
        )  # fmt: skip
    return row["t_rows"], one_in, found


def _finite(value: float | None) -> float | None:
    return None if value is None or value != value else float(value)
