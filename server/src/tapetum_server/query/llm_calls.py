"""Calls of models: what is one, which of them a filter means, and what they add up to.

A call is a span of kind llm, embedding or reranker that no other span reports already. What agents, chains and
workflows say about usage repeats their calls and enters no sum. Emitters often name session, user and agent on the
root alone: a call that names none belongs to the one that its trace names, if that is only one. A call belongs to
every tool that it asked for (`llm_asked`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from typing_extensions import TypedDict

from tapetum_server.query.filter import Term
from tapetum_server.query.filter_sql import condition, terms_of
from tapetum_server.query.llm_asked import asked_sql
from tapetum_server.query.selection import Selection
from tapetum_server.query.statement import Parameters

OF_THE_TRACE = ("session_id", "user_id", "agent")
"""Keys that a call takes from its trace where it names none itself."""
TOOL = "tool"
"""The key whose values of a call are the tools that it asked for."""
CALL = "is_call"
CALL_COLUMNS = """status, duration_ms, ttft_ms, cost_usd, input_tokens, output_tokens, cache_read_tokens,
        cache_write_tokens, reasoning_tokens, owns_usage, finish_reason, cache_savings_usd,
        usage_flags"""
"""What `MEASURES` is made of."""
MEASURES = """count() AS calls, countIf(status = 'error') AS errors,
    countIf(finish_reason = 'content_filter') AS blocked,
    countIf(isNull(cost_usd) AND (owns_usage OR status != 'error')) AS unpriced,
    sumIf(cost_usd, owns_usage) AS spent,
    sumIf(input_tokens, owns_usage) AS tokens_in, sumIf(output_tokens, owns_usage) AS tokens_out,
    sumIf(cache_read_tokens, owns_usage) AS cache_read, sumIf(cache_write_tokens, owns_usage) AS cache_write,
    sumIf(reasoning_tokens, owns_usage) AS reasoning,
    quantiles(0.5, 0.95, 0.99)(duration_ms) AS durations, quantiles(0.5, 0.95, 0.99)(ttft_ms) AS first_tokens,
    sumIf(cache_savings_usd, owns_usage) AS saved, countIf(usage_flags != '') AS flagged"""
"""What calls add up to; `measures_of` reads it. A sum of which nobody said a part is NULL, never 0."""
MEASURE_COUNT = 14


class LlmMeasures(TypedDict):
    """What some calls add up to. `null` means that no call said it; rates and shares are of 0 to 1."""

    calls: int
    errors: int
    error_rate: float | None
    refused: int
    """Calls that ended because of what the provider will not say: finish reason `content_filter`."""
    refusal_rate: float | None
    cost_usd: float | None
    """What the calls with a known price cost."""
    unpriced: int
    """Calls whose cost is not known and so not in `cost_usd`: of no known price, or without usage."""
    flagged: int
    """Calls that said a count or a time that cannot be: `usage_flags` names what was wrong."""
    input_tokens: int | None
    """All of the input, what was read from a cache included."""
    output_tokens: int | None
    """All of the output, reasoning included."""
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    reasoning_tokens: int | None
    cached_share: float | None
    """How much of the input was read from a cache."""
    cache_savings_usd: float | None
    """What the cached input would have cost afresh, less what reading and writing it cost; of known prices."""
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    ttft_p50_ms: float | None
    ttft_p95_ms: float | None
    ttft_p99_ms: float | None


def measures_of(values: Sequence[Any]) -> LlmMeasures:
    """The answer to `MEASURES`, in its order."""
    calls, errors, refused, unpriced, cost, tokens_in, tokens_out, read, written, reasoning, durations = values[:11]
    first_tokens, saved, flagged = values[11:]
    p50, p95, p99 = map(_known, durations)
    ttft_p50, ttft_p95, ttft_p99 = map(_known, first_tokens)
    return LlmMeasures(
        calls=calls,
        errors=errors,
        error_rate=errors / calls if calls else None,
        cost_usd=cost,
        refused=refused,
        refusal_rate=refused / calls if calls else None,
        unpriced=unpriced,
        flagged=flagged,
        input_tokens=tokens_in,
        output_tokens=tokens_out,
        cache_read_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=reasoning,
        cached_share=read / tokens_in if tokens_in and read is not None else None,
        cache_savings_usd=saved,
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        ttft_p50_ms=ttft_p50,
        ttft_p95_ms=ttft_p95,
        ttft_p99_ms=ttft_p99,
    )


def _known(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value


NO_CALLS = measures_of((0, 0, 0, 0, None, None, None, None, None, None, [None] * 3, [None] * 3, None, 0))


def call_conditions(selection: Selection, parameters: Parameters, what: str = CALL) -> list[str]:
    """What holds for the calls (or other spans that are `what`) that the selection means: its project first, always."""
    found = selection.bounds(parameters)
    for term in terms_of(selection):
        if term.key in OF_THE_TRACE:
            found.append(_of_the_trace(_exists(term), selection, parameters))
        elif term.key == TOOL and what == CALL:
            found.append(_asked(_exists(term), selection, parameters))
        else:
            found.append(condition(term, selection, parameters))
    return [*found, what]


def _asked(term: Term, selection: Selection, parameters: Parameters) -> str:
    """The call asked for a tool that the term means."""
    which = condition(replace(term, negated=False), selection, parameters)
    asked = asked_sql(selection, parameters, f"tool != '' AND {which}")
    sql = f"(trace_id, span_id) IN (SELECT trace_id, span_id FROM (\n        {asked}\n    ))"
    return f"NOT {sql}" if term.negated else sql


def _of_the_trace(term: Term, selection: Selection, parameters: Parameters) -> str:
    """The call itself names what is asked for; or it names none, and a span of its trace does."""
    own = condition(replace(term, negated=False), selection, parameters)
    within = " AND ".join([*selection.bounds(parameters), own])
    named = f"SELECT trace_id FROM {selection.source.relation('trace_id', within)} WHERE {within}"
    sql = f"({own} OR {term.key} = '' AND trace_id IN ({named}))"
    return f"NOT {sql}" if term.negated else sql


def _exists(term: Term) -> Term:
    """`user_id:""` asks for calls of nobody: of a trace that names none either."""
    if term.op == "is" and [choice.text for choice in term.choices] == [""]:
        return Term(term.key, "exists", (), not term.negated)
    return term
