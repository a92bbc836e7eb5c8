"""The same provider call, reported twice, is recognised across requests and traces.

Two instrumentors of one call report it in two spans: nested in one trace with the same usage, or anywhere with the
provider's response id. Whichever arrives first claims the call. Where the other one knows more, the claim passes to it.
The span without the claim is written to `span_duplicates`, and the public views leave its usage out of sums.
So is a span that reports the use of a tool which one around it reports already.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

import pyarrow as pa

from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.spans import SPAN_KINDS, Canonical, SpanBatch
from tapetum_server.store import columns as col
from tapetum_server.store.engine import Engine
from tapetum_server.store.nesting import Ids, Nesting, SpanKey, Usage
from tapetum_server.store.recent import Recent
from tapetum_server.store.tool_uses import ToolUses, Use
from tapetum_server.store.unplaced import Unplaced, response_id_of

WINDOW_NANOS = 10 * 60 * 10**9
CAPACITY = 200_000


@dataclass(slots=True)
class Call:
    """A span that owns the usage of one provider call."""

    ids: Ids
    start: int
    richness: int
    response_id: str
    model: str
    usage: Usage
    trusted: bool = False
    cached: int | None = None
    """Tokens from and to the cache, as sent."""

    def outdoes(self, other: Call) -> bool:
        """Whether this report of a call is to be counted instead of `other`."""
        if self.trusted != other.trusted and self.usage != other.usage:
            return self.trusted
        if self.says_less_than(other) or other.says_less_than(self):
            return other.says_less_than(self)
        return self.richness > other.richness

    def readings(self) -> tuple[Usage, ...]:
        """What the call may have used: as it is said, and with the cached tokens besides."""
        tokens_in, tokens_out = self.usage
        if tokens_in is None or not self.cached:
            return (self.usage,)
        return self.usage, (tokens_in + self.cached, tokens_out)

    def says_less_than(self, other: Call) -> bool:
        """Whether this is what `other` says, but for the cached tokens, which are in the input of `other` alone."""
        return bool(self.cached) and other.usage == self.readings()[-1] and other.cached in (None, self.cached)


class Claims:
    """Calls reported lately. Starts from what the store holds, so that a restart forgets nothing."""

    def __init__(self, engine: Engine) -> None:
        self._lock = threading.Lock()
        self._by_response: Recent[tuple[str, str], Call] = Recent(CAPACITY)
        self._nesting = Nesting()
        self._uses = ToolUses(self._nesting)
        self._unplaced = Unplaced()
        self._lost: Recent[SpanKey, tuple[str, str]] = Recent(CAPACITY)
        known = engine.query(
            "SELECT project, trace_id, span_id, duplicate_of, response_id FROM span_duplicates "
            "WHERE version > toUnixTimestamp64Nano(now64(9) - toIntervalMinute(10)) LIMIT {limit:UInt32}",
            {"limit": CAPACITY},
        )
        for row in known.to_pylist():
            span = row["project"], row["trace_id"], row["span_id"]
            self._lost.put(span, (row["duplicate_of"], row["response_id"]))
        recent = engine.query(
            "SELECT project, response_id, trace_id, span_id, parent_span_id, "
            "toUnixTimestamp64Nano(start_time) AS start, owns_usage, input_tokens, output_tokens, model, "
            "kind, tool, tool_call_id, scope, span_kind, "
            "ifNull(cache_read_tokens, 0) + ifNull(cache_write_tokens, 0) AS cached, "
            "(cache_read_tokens IS NOT NULL) + (reasoning_tokens IS NOT NULL) + (input != '') * 2 + (output != '') * 2 "
            "+ (session_id != '') + (user_id != '') + (response_id != '') AS richness "
            "FROM span_rows WHERE ingested_at > now64(9) - toIntervalMinute(10) AND kind != 'span' "
            "ORDER BY version LIMIT {limit:UInt32}",
            {"limit": CAPACITY},
        )
        used: list[tuple[str, Use]] = []
        for row in recent.to_pylist():
            ids = row["trace_id"], row["span_id"]
            self._nesting.saw(row["project"], ids, row["parent_span_id"])
            if row["kind"] == "tool":
                side = row["scope"], row["span_kind"]
                use = Use(ids, row["parent_span_id"], row["tool"], row["tool_call_id"], side)
                self._uses.keep(row["project"], use)
                used.append((row["project"], use))
            if row["owns_usage"] and (row["project"], *ids) not in self._lost:
                usage = row["input_tokens"], row["output_tokens"] or 0
                call = Call(
                    ids, row["start"], row["richness"], row["response_id"], row["model"], usage,
                    cached=row["cached"] or None,
                )  # fmt: skip
                claim = row["project"], row["response_id"]
                if row["response_id"] and claim not in self._by_response:
                    self._by_response.put(claim, call)
                self._nesting.keep(row["project"], call)
        for project, use in used:
            deque(self._uses.around(project, use), 0)  # those that are not alone are known already; the others wait

    def place(self, batch: LogBatch) -> None:
        """Give what records say of a response the ids of the span that owns it; what has no span yet waits for it."""
        placed = []
        with self._lock:
            for said in batch.facts:
                response_id = response_id_of(said)
                if response_id:
                    call = self._by_response.get((batch.project, response_id))
                    if call is None:
                        self._unplaced.keep(batch.project, response_id, said)
                        continue
                    said = said._replace(trace_id=call.ids[0], span_id=call.ids[1])
                placed.append(said)
        batch.facts = placed

    def duplicates(self, batch: SpanBatch, now: int, retention_days: int) -> pa.Table | None:
        """Rows of `span_duplicates` for calls that spans of `batch` and others report twice.

        What records said before of calls of `batch` joins its facts.
        """
        found: dict[Ids, tuple[str, str]] = {}
        project = batch.project
        with self._lock:
            for i, fields in enumerate(batch.canonical):
                ids = batch.trace_id[i], batch.span_id[i]
                self._nesting.saw(project, ids, batch.parent_span_id[i], plain=fields.kind == "span")
            for i, fields in enumerate(batch.canonical):
                if not fields.usage_counted:
                    continue
                me = Call(
                    (batch.trace_id[i], batch.span_id[i]), batch.start_time_unix_nano[i], _richness(fields),
                    fields.response_id, fields.model, (fields.input_tokens, fields.output_tokens or 0),
                    fields.usage_trusted, fields.cached_as_sent,
                )  # fmt: skip
                if lost := self._lost.get((project, *me.ids)):
                    found[me.ids] = lost  # sent again: what was decided stays
                    continue
                other = self._claim_of(project, me) or self._nesting.twin(project, me)
                owner = me if other is None else self._settle(project, me, other, found)
                if owner is me:
                    self._nesting.keep(project, me)
                if me.response_id:
                    waited = self._unplaced.take(project, me.response_id)
                    batch.facts += [said._replace(trace_id=owner.ids[0], span_id=owner.ids[1]) for said in waited]
            for trace in {batch.trace_id[i] for i, fields in enumerate(batch.canonical) if not fields.usage_counted}:
                for inner, outer in self._nesting.late_twins(project, trace):
                    if (project, *inner.ids) not in self._lost and (project, *outer.ids) not in self._lost:
                        self._settle(project, inner, outer, found)
            self._settle_uses(batch, found)
        if not found:
            return None
        count = len(found)
        return pa.table(
            {
                "project": col.same(project, count),
                "trace_id": col.texts([ids[0] for ids in found]),
                "span_id": col.texts([ids[1] for ids in found]),
                "duplicate_of": col.texts([owner for owner, _ in found.values()]),
                "response_id": col.texts([response for _, response in found.values()]),
                "version": col.numbers([now] * count, "u8"),
                "expires_at": col.numbers([now // 10**9 + (retention_days + 2) * 86_400] * count, "u4"),
            }
        )

    def _settle_uses(self, batch: SpanBatch, found: dict[Ids, tuple[str, str]]) -> None:
        """Reports of a tool's use that one around them makes already are `found` too."""
        project, uses = batch.project, []
        for i, fields in enumerate(batch.canonical):
            if fields.kind == "tool":
                ids = batch.trace_id[i], batch.span_id[i]
                if lost := self._lost.get((project, *ids)):
                    found[ids] = lost
                side = batch.scope[i].name, SPAN_KINDS[batch.span_kind[i]]
                uses.append(Use(ids, batch.parent_span_id[i], fields.tool, fields.tool_call_id, side))
                self._uses.keep(project, uses[-1])
        pairs = [pair for use in uses for pair in self._uses.around(project, use)]
        for i, fields in enumerate(batch.canonical if self._uses.waits else ()):
            if fields.kind in ("tool", "span"):
                pairs += self._uses.arrived(project, (batch.trace_id[i], batch.span_id[i]))
        for lesser, owner in pairs:
            if (project, *lesser.ids) not in self._lost:
                found[lesser.ids] = self._loses(project, lesser.ids, owner.ids, "")

    def _settle(self, project: str, me: Call, other: Call, found: dict[Ids, tuple[str, str]]) -> Call:
        """Which of two reports of one call owns its usage; the other one is `found`, and compared no more."""
        lesser, owner = (other, me) if me.outdoes(other) else (me, other)
        found[lesser.ids] = self._loses(project, lesser.ids, owner.ids, me.response_id)
        self._nesting.forget(project, lesser)
        if owner is me and me.response_id:
            self._by_response.put((project, me.response_id), me)
        return owner

    def _loses(self, project: str, lesser: Ids, owner: Ids, response_id: str) -> tuple[str, str]:
        said = owner[1], response_id
        self._lost.put((project, *lesser), said)
        return said

    def _claim_of(self, project: str, me: Call) -> Call | None:
        """Who else has claimed this response id; nobody else: then it is claimed now."""
        if not me.response_id:
            return None
        key = (project, me.response_id)
        claim = self._by_response.get(key)
        if claim is None or abs(claim.start - me.start) > WINDOW_NANOS:
            self._by_response.put(key, me)
            return None
        return claim if claim.ids != me.ids else None


def _richness(fields: Canonical) -> int:
    """How much a span knows of its call."""
    return (
        (fields.cache_read_tokens is not None)
        + (fields.reasoning_tokens is not None)
        + (fields.input != "") * 2
        + (fields.output != "") * 2
        + (fields.session_id != "")
        + (fields.user_id != "")
        + (fields.response_id != "")
    )
