"""Counts and times that cannot be are flagged and left out; what is a subset of a total never exceeds it."""

from __future__ import annotations

from typing import Any

from tapetum_server.processors.plans import AT, TOKEN_PLACES, Plan
from tapetum_server.processors.transforms import INVALID
from tapetum_server.signals.spans import Canonical

OWNERS = frozenset({"llm", "embedding", "reranker"})
"""Kinds whose usage enters sums. Usage on agents, chains and workflows repeats their leaves'."""

_INPUT, _OUTPUT, _READ, _WRITE, _REASONING = (
    AT["input_tokens"], AT["output_tokens"], AT["cache_read_tokens"], AT["cache_write_tokens"], AT["reasoning_tokens"],
)  # fmt: skip
TIME_SLACK_MS = 1000.0
"""Clocks of a call and of its span differ; milliseconds sent as seconds are off by a thousand times."""
_COST, _FLAGS, _CACHED = AT["reported_cost_usd"], AT["usage_flags"], AT["cached_as_sent"]


def check_usage(fields: list[Any], plan: Plan) -> None:
    """Bring the counts in `fields` to totals with subsets, and say in `usage_flags` what was wrong with them."""
    flags = []
    for place in TOKEN_PLACES:
        if fields[place] is not None and fields[place] <= INVALID:
            fields[place] = None
            flags = ["impossible_count"]
    tokens_in, read, write = fields[_INPUT], fields[_READ] or 0, fields[_WRITE] or 0
    fields[_CACHED] = read + write or None
    if plan.excludes_cache and tokens_in is not None:
        fields[_INPUT] = tokens_in = tokens_in + read + write
    if plan.excludes_reasoning and fields[_OUTPUT] is not None:
        fields[_OUTPUT] += fields[_REASONING] or 0
    if tokens_in is not None and read + write > tokens_in:
        flags.append("cache_exceeds_input")
        read = min(read, tokens_in)
        if fields[_READ] is not None:
            fields[_READ] = read
        if fields[_WRITE] is not None:
            fields[_WRITE] = min(write, tokens_in - read)
    if fields[_REASONING] is not None and fields[_OUTPUT] is not None and fields[_REASONING] > fields[_OUTPUT]:
        flags.append("reasoning_exceeds_output")
        fields[_REASONING] = fields[_OUTPUT]
    if fields[_COST] == 0 and (tokens_in or fields[_OUTPUT]):
        fields[_COST] = None  # emitters write 0 where they do not know the price
    if flags:
        fields[_FLAGS] = ",".join(flags)


def check_times(said: Canonical, start: int, end: int) -> Canonical:
    """Without times of tokens that are longer than the span, as in another unit than the emitter's own: flagged."""
    if end <= start:
        return said  # still running, or nobody knows how long
    most = (end - start) / 1e6 + TIME_SLACK_MS
    first, each = said.ttft_ms, said.time_per_output_token_ms
    if (first or 0) <= most and (each or 0) <= most:
        return said
    return said._replace(
        ttft_ms=first if (first or 0) <= most else None,
        time_per_output_token_ms=each if (each or 0) <= most else None,
        usage_flags=f"{said.usage_flags},time_exceeds_span".lstrip(","),
    )
