"""Log records that carry what their span said: prompts and answers that arrive beside the span.

The official OpenAI instrumentation (and others) put message content into log events, not on the
span. They are kept as logs and, keyed by the span, in `span_enrichments`; the public views fill a
span's empty input and output from there, whichever of the two arrived first. They never add usage.
"""

from __future__ import annotations

import pyarrow as pa

from tapetum_server.signals.attributes import AttributeValue, encode_text
from tapetum_server.signals.logs import LogBatch
from tapetum_server.store import columns as col

OPERATION_DETAILS = "gen_ai.client.inference.operation.details"
"""The OTel GenAI event that carries input and output messages of one inference."""


def enrichments_of(batch: LogBatch, now: int, retention_days: int) -> pa.Table | None:
    """Rows of `span_enrichments` for the records of `batch` that describe a span's messages."""
    found: list[tuple[str, str, str, str]] = []
    for i, event in enumerate(batch.event_name):
        attributes = batch.attributes[i]
        if (event or attributes.get("event.name")) != OPERATION_DETAILS or not batch.span_id[i]:
            continue
        said = _text(attributes.get("gen_ai.input.messages")), _text(attributes.get("gen_ai.output.messages"))
        if any(said):
            found.append((batch.trace_id[i], batch.span_id[i], *said))
    if not found:
        return None
    trace_ids, span_ids, inputs, outputs = (list(c) for c in zip(*found))
    count = len(found)
    return pa.table(
        {
            "project": col.same(batch.project, count),
            "trace_id": col.texts(trace_ids),
            "span_id": col.texts(span_ids),
            "input": col.texts(inputs),
            "output": col.texts(outputs),
            "version": col.numbers([now] * count, "u8"),
            "expires_at": col.numbers([now // 10**9 + (retention_days + 2) * 86_400] * count, "u4"),
        }
    )


def _text(value: AttributeValue) -> str:
    return "" if value is None else encode_text(value)
