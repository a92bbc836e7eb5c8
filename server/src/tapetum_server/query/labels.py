"""Whether anybody ever said what was true of a model's predictions."""

from __future__ import annotations

from tapetum_server.query.reader import Reader
from tapetum_server.query.statement import Parameters, Statement


async def has_labels(reader: Reader, project: str, model: str) -> bool:
    """Whether there are labels of the model."""
    answer = await reader.query(*any_label_statement(project, model))
    return bool(answer.columns and len(answer.columns[0]))


def any_label_statement(project: str, model: str) -> Statement:
    """One row, or none."""
    parameters = Parameters()
    return Statement(any_label(project, model, parameters), parameters.values)


def any_label(project: str, model: str, parameters: Parameters) -> str:
    """The same, to stand in another statement."""
    return f"""SELECT 1 AS there
FROM label_rows
WHERE project = {parameters.text(project)} AND model = {parameters.text(model)}
LIMIT 1"""
