"""How much each model is asked: counted over all of its predictions, in a window and as long a time before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.histograms import step_sql
from tapetum_server.query.prediction_sources import PREDICTIONS
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.selection import Selection
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import Steps

MAX_MODELS = 200
MAX_VERSIONS = 50


@dataclass(frozen=True, slots=True)
class ModelVolume:
    """One model's."""

    model: str
    predictions: int
    before: int
    """In the time before the window."""
    flagged: int
    first_ns: int
    last_ns: int
    versions: tuple[str, ...]
    """Within the window, the one that was seen last first."""
    by_step: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Volumes:
    """Of the models with the most predictions."""

    models: tuple[ModelVolume, ...]
    total: int
    """How many models there are."""
    rows: int
    """Predictions of all of them, with those before the window."""


def volumes_statement(selection: Selection, start: int, steps: Steps, *, final: bool) -> Statement:
    """One row per model, those with the most predictions first. What is earlier than `start` is before the window."""
    parameters = Parameters()
    condition = " AND ".join(conditions(selection, parameters))
    begins = parameters.moment(start)
    step = f"if(time < {begins}, -1, {step_sql(selection, steps, parameters)})"
    columns = "model, version, time, flagged"
    return Statement(
        f"""SELECT toString(model) AS model, sumIf(n, step >= 0) AS predictions, sumIf(n, step < 0) AS before,
    sumIf(odd, step >= 0) AS flagged_count, minIf(first, step >= 0) AS first_ns, maxIf(last, step >= 0) AS last_ns,
    arraySlice(arrayDistinct(arrayMap(v -> v.2, arrayReverseSort(groupArrayIf((last, version), step >= 0)))), 1,
        {MAX_VERSIONS}) AS versions,
    groupArrayIf((step, n), step >= 0) AS by_step, count() OVER () AS total, sum(sum(n)) OVER () AS all_rows
FROM (
    SELECT any(t_model) AS model, toString(any(t_version)) AS version, any(t_step) AS step, count() AS n,
        countIf(flagged) AS odd, toUnixTimestamp64Nano(min(time)) AS first, toUnixTimestamp64Nano(max(time)) AS last
    FROM (
        SELECT model AS t_model, version AS t_version, {step} AS t_step, flagged, time
        FROM {PREDICTIONS.relation(columns, condition, final=final)}
        WHERE {condition}
    )
    GROUP BY cityHash64(cityHash64(t_model), cityHash64(t_version), t_step)
)
GROUP BY model
HAVING predictions > 0
ORDER BY predictions DESC, model
LIMIT {MAX_MODELS}""",
        parameters.values,
    )


async def model_volumes(reader: Reader, selection: Selection, start: int, steps: Steps, *, final: bool) -> Volumes:
    """With `final`, every prediction once; without, one that was delivered twice may count twice until it is merged."""
    found = rows_of(await reader.query(*volumes_statement(selection, start, steps, final=final)))
    return Volumes(
        tuple(_volume(row) for row in found), found[0]["total"] if found else 0, found[0]["all_rows"] if found else 0
    )


def _volume(row: Mapping[str, Any]) -> ModelVolume:
    by_step: dict[int, int] = {}
    for step, n in (tuple(pair.values()) if isinstance(pair, dict) else pair for pair in row["by_step"]):
        by_step[step] = by_step.get(step, 0) + n
    return ModelVolume(
        row["model"], row["predictions"], row["before"], row["flagged_count"], row["first_ns"], row["last_ns"],
        tuple(row["versions"]), by_step,
    )  # fmt: skip
