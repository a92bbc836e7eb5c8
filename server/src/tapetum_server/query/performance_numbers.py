"""Sums of errors of predicted numbers for all slices of a frame in one scan, and over resampled rows for intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from tapetum_server.detectors.performance.regression import SUM_NAMES, ErrorSums
from tapetum_server.query.frames import TIMEOUT_S, Frame
from tapetum_server.query.performance import Periods, bounded, number_sql, period_sql
from tapetum_server.query.reader import Reader, first_row, rows_of
from tapetum_server.query.resampling import PARTS, Resampling, drawn_sql, part_sql, row_sql
from tapetum_server.query.slicing import MAX_SLICES, SliceKey, SliceSpec, slicing
from tapetum_server.query.statement import Parameters, Statement

_SUMS = {
    "rows": "t_w", "label": "t_w * t_y", "prediction": "t_w * t_p", "label_squared": "t_w * t_ys * t_ys",
    "prediction_squared": "t_w * t_ps * t_ps", "product": "t_w * t_ys * t_ps", "shifted_label": "t_w * t_ys",
    "shifted_prediction": "t_w * t_ps", "absolute_error": "t_w * abs(t_p - t_y)",
    "squared_error": "t_w * (t_p - t_y) * (t_p - t_y)",
    "absolute_label": "t_w * abs(t_y)", "relative_error": "if(t_y = 0, 0, t_w * abs(t_p - t_y) / abs(t_y))",
    "nonzero": "t_w * (t_y <> 0)",
    "symmetric_error": "if(t_y = 0 AND t_p = 0, 0, t_w * 2 * abs(t_p - t_y) / (abs(t_y) + abs(t_p)))",
    "log_rows": "t_w * (t_y > -1 AND t_p > -1)",
    "squared_log_error": "if(t_y > -1 AND t_p > -1,"
    " t_w * pow(log1p(greatest(t_p, -1)) - log1p(greatest(t_y, -1)), 2), 0)",
}  # fmt: skip
assert tuple(_SUMS) == SUM_NAMES


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
    periods: Periods | None = None, resampling: Resampling = "", parts: int = PARTS,
) -> Statement:  # fmt: skip
    """Sums by (slice, period), and with `resampling` by part, too."""
    parameters = Parameters()
    slices = slicing(frame, specs, parameters)
    label, prediction = number_sql(frame, columns.label, "label"), number_sql(frame, columns.prediction, "prediction")
    weight = f"ifNull({number_sql(frame, columns.weight, 'weight')}, 0)" if columns.weight else "1"
    part = part_sql(row_sql(frame), resampling, parts)
    weight = drawn_sql(row_sql(frame), weight, resampling)
    shifted = parameters.number(shift)
    sums = ",\n    ".join(f"sumIf({each}, t_usable) AS {name}" for name, each in _SUMS.items())
    whole = "" if resampling else (
        ",\n    quantileExactInclusiveIf(0.5)(abs(t_p - t_y), t_usable) AS median_absolute_error,"
        "\n    maxIf(abs(t_p - t_y), t_usable) AS max_error"
    )  # fmt: skip
    return Statement(
        f"""SELECT {slices.spec} AS spec, {slices.slice} AS slice, t_period AS period, t_part, count() AS all_rows,
    countIf(t_has_label) AS labelled, countIf(t_has_prediction) AS scored,
    {sums}{whole}
FROM (
    SELECT {slices.select}, {period_sql(frame, periods)} AS t_period, {part} AS t_part,
        ifNull({label}, nan) AS t_y, ifNull({prediction}, nan) AS t_p, isFinite(t_y) AS t_has_label,
        isFinite(t_p) AS t_has_prediction, t_has_label AND t_has_prediction AS t_usable,
        toFloat64({weight}) AS t_w, t_y - {shifted} AS t_ys, t_p - {shifted} AS t_ps
    FROM {frame}
)
{slices.grouping("t_period", "t_part")}
ORDER BY spec, slice, period, t_part LIMIT {(MAX_SLICES + 1) * (parts if resampling else 1)}""",
        {**frame.parameters, **parameters.values},
    )


async def number_slices(
    reader: Reader, frame: Frame, columns: NumberColumns, specs: Sequence[SliceSpec], *,
    periods: Periods | None = None, resampling: Resampling = "", parts: int = PARTS,
) -> list[NumberSlice]:  # fmt: skip
    """The sums of every slice, with those over resampled rows where intervals are wanted. Raises `QueryError`."""
    label = number_sql(frame, columns.label, "label")
    middle = f"SELECT avgIf({label}, isFinite({label})) AS t_middle FROM {frame}"
    found = first_row(await reader.query(middle, dict(frame.parameters), timeout_s=TIMEOUT_S))
    shift = float(found["t_middle"] or 0.0) if found else 0.0
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
