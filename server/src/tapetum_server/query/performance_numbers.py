"""Sums of errors of predicted numbers for all slices of a frame in one scan, and over resampled rows for intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tapetum_server.detectors.performance.regression import SUM_NAMES, ErrorSums
from tapetum_server.query.frames import Frame
from tapetum_server.query.own_engine import TIMEOUT_S
from tapetum_server.query.performance import Periods, bounded, number_sql, period_sql
from tapetum_server.query.reader import Reader, first_row, rows_of
from tapetum_server.query.slicing import MAX_SLICES, SliceKey, SliceSpec, slicing
from tapetum_server.query.statement import Parameters, Statement

_SUMS = {
    "rows": "w", "label": "w * y", "prediction": "w * p", "label_squared": "w * ys * ys",
    "prediction_squared": "w * ps * ps", "product": "w * ys * ps", "shifted_label": "w * ys",
    "shifted_prediction": "w * ps", "absolute_error": "w * abs(p - y)", "squared_error": "w * (p - y) * (p - y)",
    "absolute_label": "w * abs(y)", "relative_error": "if(y = 0, 0, w * abs(p - y) / abs(y))",
    "nonzero": "w * (y <> 0)",
    "symmetric_error": "if(y = 0 AND p = 0, 0, w * 2 * abs(p - y) / (abs(y) + abs(p)))",
    "log_rows": "w * (y > -1 AND p > -1)",
    "squared_log_error": "if(y > -1 AND p > -1, w * pow(log1p(greatest(p, -1)) - log1p(greatest(y, -1)), 2), 0)",
}  # fmt: skip
assert tuple(_SUMS) == SUM_NAMES
_POISSON = (0.36787944117144233, 0.7357588823428847, 0.9196986029286058, 0.9810118431238462, 0.9963401531726563,
            0.9994058151824183, 0.9999167588507119, 0.9999897508033253)  # fmt: skip
"""The chance of at most 0, 1, 2 … of a Poisson(1)."""

Resampling = Literal["", "jackknife", "poisson_bootstrap"]


@dataclass(frozen=True, slots=True)
class NumberColumns:
    """Which columns hold what."""

    label: str
    prediction: str
    weight: str = ""


@dataclass(frozen=True, slots=True)
class NumberSlice:
    """What was summed of one slice in one period."""

    key: SliceKey
    spec: int
    period: int
    sums: ErrorSums
    rows: int
    labelled: int
    scored: int
    parts: tuple[ErrorSums, ...] = ()
    """For intervals: the sums of each bucket of the jackknife, or of each sample of the bootstrap."""


def numbers_statement(
    frame: Frame, columns: NumberColumns, specs: Sequence[SliceSpec], *, shift: float = 0.0,
    periods: Periods | None = None, resampling: Resampling = "", parts: int = 20,
) -> Statement:  # fmt: skip
    """Sums by (slice, period), and with `resampling` by part, too."""
    parameters = Parameters()
    slices = slicing(frame, specs, parameters)
    label, prediction = number_sql(frame, columns.label, "label"), number_sql(frame, columns.prediction, "prediction")
    weight = f"ifNull({number_sql(frame, columns.weight, 'weight')}, 0)" if columns.weight else "1"
    if resampling == "poisson_bootstrap":
        uniform = f"cityHash64({row_sql(frame)}, part) / 18446744073709551616."
        steps = ", ".join(f"u < {limit!r}, {k}" for k, limit in enumerate(_POISSON))
        weight = f"{weight} * arrayMap(u -> multiIf({steps}, {len(_POISSON)}), [{uniform}])[1]"
    part = {
        "": "0",
        "jackknife": f"cityHash64({row_sql(frame)}) % {int(parts)}",
        "poisson_bootstrap": f"arrayJoin(range({int(parts)}))",
    }[resampling]
    shifted = parameters.number(shift)
    sums = ",\n    ".join(f"sumIf({each}, usable) AS {name}" for name, each in _SUMS.items())
    whole = "" if resampling else (
        ",\n    quantileExactInclusiveIf(0.5)(abs(p - y), usable) AS median_absolute_error,"
        "\n    maxIf(abs(p - y), usable) AS max_error"
    )  # fmt: skip
    return Statement(
        f"""SELECT {slices.spec} AS spec, {slices.slice} AS slice, period, part, count() AS all_rows,
    countIf(has_label) AS labelled, countIf(has_prediction) AS scored,
    {sums}{whole}
FROM (
    SELECT {slices.select}, {period_sql(frame, periods)} AS period, {part} AS part,
        ifNull({label}, nan) AS y, ifNull({prediction}, nan) AS p, isFinite(y) AS has_label,
        isFinite(p) AS has_prediction, has_label AND has_prediction AS usable, toFloat64({weight}) AS w,
        y - {shifted} AS ys, p - {shifted} AS ps
    FROM {frame}
)
{slices.grouping("period", "part")}
ORDER BY spec, slice, period, part LIMIT {(MAX_SLICES + 1) * (parts if resampling else 1)}""",
        {**frame.parameters, **parameters.values},
    )


def row_sql(frame: Frame) -> str:
    """Expression that tells a row from others: its place where it has one, else all that it holds."""
    return frame.order or f"tuple({', '.join(column.sql for column in frame.columns)})"


async def number_slices(
    reader: Reader, frame: Frame, columns: NumberColumns, specs: Sequence[SliceSpec], *,
    periods: Periods | None = None, resampling: Resampling = "", parts: int = 20,
) -> list[NumberSlice]:  # fmt: skip
    """The sums of every slice, with those over resampled rows where intervals are wanted. Raises `QueryError`."""
    label = number_sql(frame, columns.label, "label")
    middle = f"SELECT avgIf({label}, isFinite({label})) AS middle FROM {frame}"
    found = first_row(await reader.query(middle, dict(frame.parameters), timeout_s=TIMEOUT_S))
    shift = float(found["middle"] or 0.0) if found else 0.0
    shift = shift if shift == shift else 0.0
    statement = numbers_statement(frame, columns, specs, shift=shift, periods=periods)
    rows = rows_of(await reader.query(*statement, timeout_s=TIMEOUT_S))
    by_part: defaultdict[tuple[int, str, int], list[ErrorSums]] = defaultdict(list)
    if resampling:
        statement = numbers_statement(
            frame, columns, specs, shift=shift, periods=periods, resampling=resampling, parts=parts
        )
        for row in rows_of(await reader.query(*statement, timeout_s=TIMEOUT_S)):
            by_part[row["spec"], row["slice"], row["period"]].append(_sums(row))
    slices = slicing(frame, specs, Parameters())
    return bounded(
        [
            NumberSlice(
                slices.key(row["spec"], row["slice"]), row["spec"], row["period"], _sums(row), row["all_rows"],
                row["labelled"], row["scored"], tuple(by_part[row["spec"], row["slice"], row["period"]]),
            )
            for row in rows
        ]
    )  # fmt: skip


def _sums(row: dict[str, float]) -> ErrorSums:
    extra = {name: row[name] for name in ("median_absolute_error", "max_error") if name in row}
    return ErrorSums(**{name: float(row[name]) for name in SUM_NAMES}, **extra)
