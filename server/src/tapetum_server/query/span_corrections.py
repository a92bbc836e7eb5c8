"""What people say that the answer of a span should have been."""

from __future__ import annotations

from typing import Any

from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.sources import EVALUATIONS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.signals.evaluations import CORRECTION

MAX_CORRECTIONS = 50
"""Of one span, the latest."""


async def expected_output_of(reader: Reader, *, project: str, trace_id: str, span_id: str) -> str | None:
    """The latest correction of a span, a reviewer's before anybody else's; `None` where nobody wrote one."""
    rows = await corrections_of(reader, project=project, trace_id=trace_id, span_id=span_id, limit=1)
    return str(rows[0]["expected_output"]) if rows else None


async def corrections_of(
    reader: Reader, *, project: str, trace_id: str, span_id: str, limit: int = MAX_CORRECTIONS
) -> list[dict[str, Any]]:
    """The corrections of a span whole: reviewers' first, the latest first."""
    return rows_of(await reader.query(*corrections_statement(project, trace_id, span_id, limit)))


def corrections_statement(project: str, trace_id: str, span_id: str, limit: int) -> Statement:
    """Evaluations of the span that say an expected output."""
    parameters = Parameters()
    ours = f"project = {parameters.text(project)} AND trace_id = {parameters.text(trace_id)}"
    of = f"span_id = {parameters.text(span_id)} AND expected_output != ''"
    columns = """evaluation_id, toUnixTimestamp64Nano(updated_at) AS updated_ns, name, expected_output, comment,
    evaluator, source"""
    reviewed = f"(name = {parameters.text(CORRECTION)} AND source = 'human')"
    sql = f"""SELECT {columns}
FROM {EVALUATIONS.relation(columns + reviewed, ours, of)}
WHERE {ours} AND {of}
ORDER BY {reviewed} DESC, updated_at DESC, evaluation_id
LIMIT {limit}"""
    return Statement(sql, parameters.values)
