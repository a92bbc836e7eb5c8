"""How many things live validation found wrong with each model's predictions within a range."""

from __future__ import annotations

from dataclasses import replace

from tapetum_server.query.finding_sources import FINDINGS
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.selection import Selection
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange

LOOKED_AT = replace(FINDINGS, only="NOT withdrawn")
"""Findings, and the windows that were looked at: a model without either has no schema in force."""
_WHAT = "version, detector, slice, feature, type"


def model_findings_statement(project: str, time_range: TimeRange, models: list[str]) -> Statement:
    """(model, findings, of those errors): each version, feature and type once."""
    parameters = Parameters()
    where = [
        *Selection(LOOKED_AT, project, time_range).bounds(parameters), "subject_type = 'model'",
        f"subject IN {parameters.texts(models)}",
    ]  # fmt: skip
    condition = " AND ".join(where)
    return Statement(
        f"""SELECT toString(subject) AS model, uniqExactIf(({_WHAT}), type != '') AS found,
    uniqExactIf(({_WHAT}), type != '' AND severity = 'ERROR') AS errors
FROM {LOOKED_AT.relation(f"subject, {_WHAT}, severity", condition)}
WHERE {condition}
GROUP BY subject""",
        parameters.values,
    )


async def model_findings(
    reader: Reader, project: str, time_range: TimeRange, models: list[str]
) -> dict[str, tuple[int, int]]:  # fmt: skip
    """By model, findings and how many of them are errors; a model that nothing was held against is not there."""
    if not models:
        return {}
    answer = await reader.query(*model_findings_statement(project, time_range, models))
    return {model: (found, errors) for model, found, errors in tuples_of(answer)}
