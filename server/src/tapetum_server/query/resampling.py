"""Rows dealt into buckets, or drawn again and again: what confidence intervals are made of, in SQL."""

from __future__ import annotations

from typing import Literal

from tapetum_server.query.frames import Frame

Resampling = Literal["", "jackknife", "poisson_bootstrap"]
PARTS = 20
"""TFMA's: buckets of the jackknife, and samples of the bootstrap."""
_POISSON = (0.36787944117144233, 0.7357588823428847, 0.9196986029286058, 0.9810118431238462, 0.9963401531726563,
            0.9994058151824183, 0.9999167588507119, 0.9999897508033253)  # fmt: skip
"""The chance of at most 0, 1, 2 … of a Poisson(1)."""


def row_sql(frame: Frame) -> str:
    """Expression that tells a row from others: its place where it has one, else all that it holds."""
    return frame.order or f"tuple({', '.join(column.sql for column in frame.columns)})"


def part_sql(row: str, resampling: Resampling, parts: int = PARTS) -> str:
    """Expression of the part that a row is in, for `t_part`; the bootstrap has every row in all parts."""
    return {
        "": "0",
        "jackknife": f"cityHash64({row}) % {int(parts)}",
        "poisson_bootstrap": f"arrayJoin(range({int(parts)}))",
    }[resampling]


def drawn_sql(row: str, weight: str, resampling: Resampling) -> str:
    """Expression of a row's weight in its part: of the bootstrap, as often as a Poisson(1) has it."""
    if resampling != "poisson_bootstrap":
        return weight
    uniform = f"cityHash64({row}, t_part) / 18446744073709551616."
    steps = ", ".join(f"u < {limit!r}, {k}" for k, limit in enumerate(_POISSON))
    return f"{weight} * arrayMap(u -> multiIf({steps}, {len(_POISSON)}), [{uniform}])[1]"
