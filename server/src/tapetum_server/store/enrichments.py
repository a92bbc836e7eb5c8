"""What log records said of spans, into rows of `span_enrichments`.

The official OpenAI instrumentation (and others) put message content into log events, and coding agents their cost,
answers and reasoning tokens. The records are kept as logs; what they say is kept keyed by the span, and the public
views fill what a span leaves out from there, whichever of the two arrived first. They never add usage.
"""

from __future__ import annotations

import pyarrow as pa

from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.span_facts import SpanFacts
from tapetum_server.signals.spans import SpanBatch
from tapetum_server.store import columns as col

_COLUMNS = [name for name in SpanFacts._fields if name not in ("time_unix_nano", "response_id", "session_id")]
_SAID = [SpanFacts._fields.index(name) for name in _COLUMNS if name not in ("trace_id", "span_id", "record")]


def enrichments_of(batch: LogBatch | SpanBatch, now: int, retention_days: int) -> dict[str, pa.Table]:
    """Rows of `span_enrichments`, under its name, for what the records of `batch` say of spans; nothing for nothing."""
    facts = [said for said in batch.facts if any(said[at] for at in _SAID)]
    if not facts:
        return {}
    count = len(facts)
    columns = dict(zip(SpanFacts._fields, (list(c) for c in zip(*facts))))
    rows = {"project": col.same(batch.project, count)}
    for name in _COLUMNS:
        if name.endswith("_tokens"):
            rows[name] = col.optional(columns[name], pa.uint64())
        elif name == "reported_cost_usd":
            rows[name] = col.optional(columns[name], pa.float64())
        else:
            rows[name] = col.texts(columns[name])
    # Of several records of one kind the newest counts; sent again, a record replaces itself.
    rows["version"] = col.numbers(columns["time_unix_nano"], "u8")
    rows["expires_at"] = col.numbers([now // 10**9 + (retention_days + 2) * 86_400] * count, "u4")
    return {"span_enrichments": pa.table(rows)}
