"""SpanBatch into rows of `span_rows`."""

from __future__ import annotations

from typing import Any

import orjson
import pyarrow as pa

from tapetum_server.signals.attributes import encode_text, type_of
from tapetum_server.signals.spans import NOTHING_CANONICAL, SPAN_KINDS, STATUS_CODES, Canonical, SpanBatch
from tapetum_server.store import columns as col
from tapetum_server.store.attribute_shape import LETTERS, PROMOTED, pairs, pairs_json
from tapetum_server.store.messages import MIN_PIECE, MessageMemory, RepeatedText

ENDED_VERSION = 1 << 63
"""An ended span outranks its own start record, however late that one arrives."""

_FIELD = {name: i for i, name in enumerate(Canonical._fields)}
_PROMOTED_AT = [(letter, _FIELD[name]) for letter, name in zip(LETTERS, PROMOTED)]
_INPUT, _OUTPUT = _FIELD["input"], _FIELD["output"]
_NAMES = (
    "operation", "provider", "model", "agent", "tool", "prompt_name", "prompt_version", "error_type", "emitter",
    "request_model", "response_model", "finish_reason", "graph_node", "usage_flags",
    "cost_status", "price_version", "service_tier",
)  # fmt: skip
_TEXTS = ("response_id", "session_id", "user_id", "tool_call_id", "log_key")
_TOKENS = (
    "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens",
    "audio_input_tokens", "audio_output_tokens", "image_input_tokens",
)  # fmt: skip
_NUMBERS = (
    "cost_usd", "reported_cost_usd", "ttft_ms", "time_per_output_token_ms", "input_rate", "cache_read_rate",
    "cache_write_rate", "output_rate",
)  # fmt: skip


def span_rows(
    batch: SpanBatch, memory: MessageMemory, repeated: RepeatedText, retention_days: int, ingested_at: int
) -> tuple[pa.Table, int]:
    """Rows for one batch, and how many spans had a time clamped.

    Columns that hold nothing but their default are left out. Texts that must be stored before
    these rows join `repeated`.
    """
    count = len(batch)
    canonical = batch.canonical or [NOTHING_CANONICAL] * count
    owners = list(map(hash, zip(batch.trace_id, batch.span_id)))
    shapes, offsets, values = _attributes(batch, canonical, owners, memory, repeated)
    compact = memory.compact
    project = batch.project
    fields = list(zip(*canonical))
    ended = [end > 0 for end in batch.end_time_unix_nano]
    out: dict[str, pa.Array] = {
        "project": col.same(project, count),
        "start_time": col.times(batch.start_time_unix_nano),
        "trace_id": col.texts(batch.trace_id),
        "span_id": col.texts(batch.span_id),
        "version": col.numbers([ingested_at | ENDED_VERSION if e else ingested_at for e in ended], "u8"),
        "ingested_at": col.moment(ingested_at, count),
        "retention_days": col.repeated(retention_days, count, "u2"),
        "parent_span_id": col.texts(batch.parent_span_id),
        "name": col.names(batch.name),
        "kind": col.names(fields[0]),
        "span_kind": col.coded(batch.span_kind, SPAN_KINDS),
        "service": col.shared(batch.resource, lambda r: r.service),
        "scope": col.shared(batch.scope, lambda s: s.name),
        "scope_version": col.shared(batch.scope, lambda s: s.version),
        "resource": col.shared(batch.resource, lambda r: pairs_json(r.attributes)),
        "ended": pa.array(ended),
        "end_time": col.times(batch.end_time_unix_nano),
        "status": col.coded(batch.status_code, STATUS_CODES),
        "owns_usage": pa.array(fields[_FIELD["usage_counted"]]),
        "attr_shape": col.names(shapes),
        "attr_values": col.lists(offsets, col.texts(values)),
    }
    if any(column := fields[_FIELD["streaming"]]):
        out["streaming"] = pa.array(column)
    if any(s.attributes for s in batch.scope):
        out["scope_attributes"] = col.shared(batch.scope, lambda s: pairs_json(s.attributes))
    for name in _NAMES:
        if any(column := fields[_FIELD[name]]):
            out[name] = col.names(column)
    for name in _TEXTS:
        if any(column := fields[_FIELD[name]]):
            out[name] = col.texts(column)
    for name in _TOKENS:
        column = fields[_FIELD[name]]
        if column.count(None) != count:
            out[name] = col.optional(column, pa.uint64())
    for name in _NUMBERS:
        column = fields[_FIELD[name]]
        if column.count(None) != count:
            out[name] = col.optional(column, pa.float64())
    for name, at in (("input", _INPUT), ("output", _OUTPUT)):
        if any(column := fields[at]):
            out[name] = col.texts([compact(project, o, t, repeated) if t else "" for o, t in zip(owners, column)])
    if any(batch.status_message):
        out["status_message"] = col.texts(batch.status_message)
    if any(batch.events):
        out["events"] = col.texts([_events(e) if e else "" for e in batch.events])
    if any(batch.links):
        out["links"] = col.texts([_links(e) if e else "" for e in batch.links])
    if any(batch.trace_state):
        out["trace_state"] = col.names(batch.trace_state)
    if any(batch.flags):
        out["flags"] = col.numbers(batch.flags, "u4")
    if any(d != (0, 0, 0) for d in batch.dropped):
        out["dropped"] = col.names([orjson.dumps(d).decode() if any(d) else "" for d in batch.dropped])
    original, clamped = col.clamped(
        {"start_time_unix_nano": batch.start_time_unix_nano, "end_time_unix_nano": batch.end_time_unix_nano}, count
    )
    if original is not None:
        out["original_times"] = col.names(original)
    return pa.table(out), clamped


def _attributes(
    batch: SpanBatch, canonical: list[Canonical], owners: list[int], memory: MessageMemory, repeated: RepeatedText
) -> tuple[list[str], list[int], list[str]]:
    """Shapes, list offsets and all values; a value that a promoted column holds is only named."""
    shapes: list[str] = []
    offsets = [0]
    values: list[str] = []
    append = values.append
    project, compact = batch.project, memory.compact
    join = "\0".join
    for attributes, fields, owner in zip(batch.attributes, canonical, owners):
        # Text of each promoted field → its letter. Reversed, so that the first column wins a tie.
        held = (
            _NOTHING_HELD if fields is NOTHING_CANONICAL else {fields[at]: c for c, at in _HELD_REVERSED if fields[at]}
        )
        entries = []
        for key, value in attributes.items():
            if isinstance(value, str):
                letter = held.get(value)
                if letter is not None and letter < _FIRST_NUMBER:
                    entries.append("s" + letter + key)
                    continue
                entries.append("s." + key)
                append(compact(project, owner, value, repeated) if len(value) >= MIN_PIECE or "\0" in value else value)
            elif value.__class__ is int:
                letter = held.get(value)
                if letter is not None and letter >= _FIRST_NUMBER:
                    entries.append("i" + letter + key)
                    continue
                entries.append("i." + key)
                append(str(value))
            else:
                entries.append(type_of(value) + "." + key)
                text = encode_text(value)
                append(compact(project, owner, text, repeated) if len(text) >= MIN_PIECE or "\0" in text else text)
        shape = join(entries)
        if len(entries) > 1 and shape.count("\0") != len(entries) - 1:
            shape = join(e.replace("\0", "\u2400") for e in entries)
        elif len(entries) == 1 and "\0" in shape:
            shape = shape.replace("\0", "\u2400")
        shapes.append(shape)
        offsets.append(len(values))
    return shapes, offsets, values


# Token columns hold numbers, the others text: an int attribute may only point at a number.
_FIRST_NUMBER = LETTERS[PROMOTED.index("input_tokens")]
_HELD_REVERSED = list(reversed(_PROMOTED_AT))
_NOTHING_HELD: dict[Any, str] = {}


def _events(events: list[Any]) -> str:
    return orjson.dumps(
        [(e.time_unix_nano, e.name, pairs(e.attributes), e.dropped_attributes) for e in events]
    ).decode()


def _links(links: list[Any]) -> str:
    return orjson.dumps(
        [(k.trace_id, k.span_id, k.trace_state, pairs(k.attributes), k.dropped_attributes, k.flags) for k in links]
    ).decode()
