"""Sums of expressions over the rows of all slices in one scan, and over resampled rows for intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tapetum_server.query.frames import TIMEOUT_S, Frame
from tapetum_server.query.performance import Periods, bounded, number_sql, period_sql
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.resampling import PARTS, Resampling, drawn_sql, part_sql, row_sql
from tapetum_server.query.slicing import MAX_SLICES, SliceKey, SliceSpec, slicing
from tapetum_server.query.statement import Parameters, Statement


@dataclass(frozen=True, slots=True)
class RowSums:
    """What is summed."""

    values: Mapping[str, str]
    """By a name that starts with `t_`, what is computed of a row; later ones may name earlier ones."""
    sums: Mapping[str, str]
    """By name, what is added up: of `values`, a row's weight `t_w`, and `t_n`, how often the row stands there."""
    usable: str = "true"
    """Condition of rows that count."""
    weight: str = ""
    """Column of the weight; "" where each row weighs 1."""
    parameters: Mapping[str, object] = field(default_factory=dict)
    """Values of the placeholders in the expressions, which no other statement names so."""


@dataclass(frozen=True, slots=True)
class SummedSlice:
    """The sums of one slice in one period."""

    key: SliceKey
    spec: int
    period: int
    sums: Mapping[str, float]
    rows: int
    used: int
    parts: tuple[Mapping[str, float], ...] = ()
    """For intervals: the sums of each bucket of the jackknife, or of each sample of the bootstrap."""


def row_sums_statement(
    frame: Frame, asked: RowSums, specs: Sequence[SliceSpec], *, periods: Periods | None = None,
    resampling: Resampling = "",
) -> Statement:  # fmt: skip
    """Sums by (slice, period), and with `resampling` by part, too."""
    parameters = Parameters()
    slices = slicing(frame, specs, parameters)
    weight = f"ifNull({number_sql(frame, asked.weight, 'weight')}, 0)" if asked.weight else "1"
    row = row_sql(frame)
    values = "".join(f",\n        {sql} AS {name}" for name, sql in asked.values.items())
    sums = ",\n        ".join(f"sumIf({each}, t_usable)" for each in asked.sums.values())
    return Statement(
        f"""SELECT {slices.spec} AS spec, {slices.slice} AS slice, t_period AS period, t_part, count() AS all_rows,
    countIf(t_usable) AS used,
    [{sums}] AS sums
FROM (
    SELECT {slices.select}, {period_sql(frame, periods)} AS t_period, {part_sql(row, resampling)} AS t_part,
        toFloat64({drawn_sql(row, "1", resampling)}) AS t_n, t_n * toFloat64({weight}) AS t_w{values},
        {asked.usable} AS t_usable
    FROM {frame}
)
{slices.grouping("t_period", "t_part")}
ORDER BY spec, slice, period, t_part LIMIT {(MAX_SLICES + 1) * (PARTS if resampling else 1)}""",
        {**frame.parameters, **asked.parameters, **parameters.values},
    )


async def summed_slices(
    reader: Reader, frame: Frame, asked: RowSums, specs: Sequence[SliceSpec], *, periods: Periods | None = None,
    resampling: Resampling = "",
) -> list[SummedSlice]:  # fmt: skip
    """The sums of every slice, with those over resampled rows where intervals are wanted. Raises `QueryError`."""
    statement = row_sums_statement(frame, asked, specs, periods=periods)
    rows = tuples_of(await reader.query(*statement, timeout_s=TIMEOUT_S))
    by_part: defaultdict[tuple[int, str, int], list[Mapping[str, float]]] = defaultdict(list)
    if resampling:
        statement = row_sums_statement(frame, asked, specs, periods=periods, resampling=resampling)
        for spec, text, period, _, _, _, sums in tuples_of(await reader.query(*statement, timeout_s=TIMEOUT_S)):
            by_part[spec, text, period].append(_named(asked, sums))
    slices = slicing(frame, specs, Parameters())
    return bounded(
        [
            SummedSlice(
                slices.key(spec, text), spec, period, _named(asked, sums), all_rows, used,
                tuple(by_part[spec, text, period]),
            )
            for spec, text, period, _, all_rows, used, sums in rows
        ]
    )  # fmt: skip


def _named(asked: RowSums, sums: Sequence[float]) -> Mapping[str, float]:
    return {name: float(value) for name, value in zip(asked.sums, sums)}
