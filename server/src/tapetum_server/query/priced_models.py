"""The models that calls name, those whose price nobody knows first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typing_extensions import TypedDict

from tapetum_server.query.filter import Filter
from tapetum_server.query.llm_calls import call_conditions
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.sources import SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange, format_time

MAX_MODELS = 300
UNKNOWN = ("unknown_model", "unknown_tier")
_COLUMNS = "provider, model, request_model, start_time, cost_usd, cost_status, input_tokens, output_tokens, owns_usage"


class SeenModel(TypedDict):
    """A model, as calls name it."""

    provider: str
    model: str
    request_model: str
    """What the last of these calls asked for."""
    calls: int
    unpriced: int
    """Calls that told their tokens, and of which the price is unknown."""
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    last_seen: str


async def seen_models(
    reader: Reader, *, project: str, time_range: TimeRange, filter: Filter
) -> tuple[list[SeenModel], int]:
    """The models of the range, and how many there are."""
    selection = await select(reader, SPANS, project=project, time_range=time_range, filter=filter)
    rows = rows_of(await reader.query(*models_statement(selection)))
    total = rows[0]["models"] if rows else 0
    return [_model(row) for row in rows], total


def models_statement(selection: Selection) -> Statement:
    """(provider, model, request model, calls, unpriced, tokens, cost, last seen, how many models there are)."""
    parameters = Parameters()
    condition = " AND ".join(call_conditions(selection, parameters))
    unknown = parameters.texts(UNKNOWN)
    sql = f"""SELECT provider, model, argMax(request_model, start_time) AS requested, count() AS calls,
    countIf(has({unknown}, cost_status)) AS unpriced,
    sumIf(input_tokens, owns_usage) AS tokens_in, sumIf(output_tokens, owns_usage) AS tokens_out,
    sumIf(cost_usd, owns_usage) AS spent, toUnixTimestamp64Nano(max(start_time)) AS seen, count() OVER () AS models
FROM (
    SELECT {_COLUMNS}
    FROM {selection.source.relation(_COLUMNS, condition, of=selection.bounds(parameters)[0])}
    WHERE {condition} AND (model != '' OR request_model != '')
)
GROUP BY provider, model
ORDER BY unpriced DESC, calls DESC, provider, model
LIMIT {MAX_MODELS}"""
    return Statement(sql, parameters.values)


def _model(row: Mapping[str, Any]) -> SeenModel:
    return SeenModel(
        provider=row["provider"],
        model=row["model"],
        request_model=row["requested"],
        calls=row["calls"],
        unpriced=row["unpriced"],
        input_tokens=row["tokens_in"],
        output_tokens=row["tokens_out"],
        cost_usd=row["spent"],
        last_seen=format_time(row["seen"]),
    )
