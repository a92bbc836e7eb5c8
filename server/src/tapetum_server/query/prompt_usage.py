"""How each version of each prompt did, told by the calls of models that name it, whoever sent them."""

from __future__ import annotations

import math

from typing_extensions import TypedDict

from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.sources import SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange, format_time

MAX_ROWS = 2_000


class PromptUsage(TypedDict):
    """The calls of one version of one prompt. A sum is null where no call said it."""

    name: str
    version: str
    """As the spans name it; empty where they name none."""
    calls: int
    """Of models. Tools and agents that name the prompt too, as all do inside of a block that names it, are none."""
    traces: int
    """In which any span names it."""
    errors: int
    p50_ms: float | None
    p95_ms: float | None
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    models: list[str]
    first_seen: str
    last_seen: str


async def prompt_usage(
    reader: Reader, *, project: str, time_range: TimeRange, filter: Filter, name: str | None = None
) -> list[PromptUsage]:
    """Every version of the prompt, or of all prompts, named by spans that pass the filter; the latest used first."""
    selection = await select(reader, SPANS, project=project, time_range=time_range, filter=filter)
    rows = rows_of(await reader.query(*usage_statement(selection, name)))
    return [
        PromptUsage(
            name=row["of_prompt"], version=row["of_version"], calls=row["calls"], traces=row["traces"],
            errors=row["failed"], p50_ms=_number(row["p50"]), p95_ms=_number(row["p95"]), input_tokens=row["tokens_in"],
            output_tokens=row["tokens_out"], cost_usd=row["cost"], models=list(row["models"]),
            first_seen=format_time(row["first_ns"]), last_seen=format_time(row["last_ns"]),
        )
        for row in rows
    ]  # fmt: skip


def usage_statement(selection: Selection, name: str | None) -> Statement:
    """One row per prompt and version."""
    parameters = Parameters()
    where = conditions(selection, parameters)
    where.append("prompt_name != ''" if name is None else f"prompt_name = {parameters.text(name)}")
    condition = " AND ".join(where)
    # No alias may be a name that a filter can say: the engine would put it into WHERE.
    columns = """toString(prompt_name) AS of_prompt, toString(prompt_version) AS of_version, countIf(is_call) AS calls,
    uniqExact(trace_id) AS traces, countIf(is_call AND status = 'error') AS failed,
    quantileIf(0.5)(duration_ms, is_call) AS p50, quantileIf(0.95)(duration_ms, is_call) AS p95,
    sumIf(input_tokens, usage_counted) AS tokens_in, sumIf(output_tokens, usage_counted) AS tokens_out,
    sumIf(cost_usd, usage_counted) AS cost,
    arraySort(arrayMap(m -> toString(m), groupUniqArrayIf(20)(model, is_call AND model != ''))) AS models,
    toUnixTimestamp64Nano(min(start_time)) AS first_ns, toUnixTimestamp64Nano(max(start_time)) AS last_ns"""
    sql = f"""SELECT {columns}
FROM {selection.source.relation(columns, condition)}
WHERE {condition}
GROUP BY of_prompt, of_version
ORDER BY last_ns DESC, of_prompt, of_version
LIMIT {MAX_ROWS}"""
    return Statement(sql, parameters.values)


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value
