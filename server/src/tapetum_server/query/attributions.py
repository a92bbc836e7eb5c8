"""Whether predictions come with what each feature did to their answer."""

from __future__ import annotations

from tapetum_server.query.reader import Reader
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange
from tapetum_server.signals.predictions import ATTRIBUTIONS

LOOKED_AT = 200
"""Predictions: who sends attributions sends them with nearly all."""


async def has_attributions(reader: Reader, project: str, model: str, time_range: TimeRange) -> bool:
    """Whether some of the model's predictions have them."""
    answer = await reader.query(*any_attribution_statement(project, model, time_range))
    return bool(answer.columns and len(answer.columns[0]))


def any_attribution_statement(project: str, model: str, time_range: TimeRange) -> Statement:
    """One row, or none."""
    parameters = Parameters()
    where = [f"project = {parameters.text(project)}", f"model = {parameters.text(model)}"]
    if time_range.start is not None:
        where.append(f"time >= {parameters.moment(time_range.start)}")
    if time_range.end is not None:
        where.append(f"time < {parameters.moment(time_range.end)}")
    sql = f"""SELECT 1 AS there
FROM (SELECT mapKeys(numeric) AS names FROM prediction_rows WHERE {" AND ".join(where)} LIMIT {LOOKED_AT})
WHERE arrayExists(name -> startsWith(name, '{ATTRIBUTIONS}'), names)
LIMIT 1"""
    return Statement(sql, parameters.values)
