"""What a log record says of a call and its span leaves out goes into the span's own columns, whichever comes first.

Nearly every call leaves something out, and looking each of them up when somebody asks costs far more than reading it.
So a span is filled before it is written where the record came first, and written again where the span did.
Usage is never filled: it would be counted.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tapetum_server.signals.span_facts import SpanFacts
from tapetum_server.signals.spans import Canonical, SpanBatch
from tapetum_server.store.bound_values import literal
from tapetum_server.store.nesting import SpanKey
from tapetum_server.store.recent import Recent

_CALLS = frozenset({"llm", "embedding", "reranker"})
TOLD, SEEN = 20_000, 100_000
"""Calls that records told of lately, and calls written lately that leave something out."""
MAX_AT_ONCE = 500
"""Spans in one statement: its text is bounded by the engine."""
_MAX_TEXT = 1_000


class Fill(NamedTuple):
    """What a record says that a span may leave out."""

    response_id: str = ""
    finish_reason: str = ""
    session_id: str = ""
    reasoning_tokens: int | None = None

    def says(self) -> int:
        """Which of its fields say something, a bit each."""
        return sum(1 << n for n, value in enumerate(self) if _said(value))

    def over(self, before: Fill) -> Fill:
        """This, and what only `before` says."""
        return Fill._make(mine if _said(mine) else theirs for mine, theirs in zip(self, before))


def _said(value: str | int | None) -> bool:
    return value is not None and value != ""


class LateFill(NamedTuple):
    """A fill for a span that is in the store already."""

    span: SpanKey
    start: int
    fill: Fill


class Lacking(NamedTuple):
    """A call that is written, and which fields of a `Fill` it leaves out, a bit each."""

    start: int
    lacks: int


Written = dict[SpanKey, Lacking]


class Fills:
    """What records told of calls lately, and what calls written lately leave out. Safe to call from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: Recent[SpanKey, Fill] = Recent(TOLD)
        self._written: Recent[SpanKey, Lacking] = Recent(SEEN)

    def into(self, batch: SpanBatch) -> Written:
        """Fill the calls of `batch` that records told of before; what they still leave out, for `written`."""
        lacking = {}
        with self._lock:
            for i, fields in enumerate(batch.canonical):
                if fields.kind not in _CALLS:
                    continue
                key = batch.project, batch.trace_id[i], batch.span_id[i]
                if (told := self._told.get(key)) is not None:
                    batch.canonical[i] = fields = _filled(fields, told)
                if lacks := _lacks(fields):
                    lacking[key] = Lacking(batch.start_time_unix_nano[i], lacks)
        return lacking

    def told(self, project: str, facts: Iterable[SpanFacts]) -> list[LateFill]:
        """Remember what records say of spans; of those that are written already, what is to be filled now."""
        late = []
        with self._lock:
            for said in facts:
                fill = Fill(
                    _bounded(said.response_id), _bounded(said.finish_reason), _bounded(said.session_id),
                    said.reasoning_tokens,
                )  # fmt: skip
                if not said.trace_id or not fill.says():
                    continue
                key = project, said.trace_id, said.span_id
                if (before := self._told.get(key)) is not None:
                    fill = fill.over(before)
                self._told.put(key, fill)
                late += self._late(key, fill)
        return late

    def written(self, lacking: Mapping[SpanKey, Lacking]) -> list[LateFill]:
        """These calls are in the store now; what records told of them in the meantime."""
        late = []
        with self._lock:
            for key, what in lacking.items():
                self._written.put(key, what)
                if (told := self._told.get(key)) is not None:
                    late += self._late(key, told)
        return late

    def filled(self, late: Iterable[LateFill]) -> None:
        """These are in the store now: a record that says the same again changes nothing."""
        with self._lock:
            for key, start, fill in late:
                if (span := self._written.get(key)) is not None:
                    self._written.put(key, Lacking(start, span.lacks & ~fill.says()))

    def _late(self, key: SpanKey, fill: Fill) -> list[LateFill]:
        span = self._written.get(key)
        return [LateFill(key, span.start, fill)] if span is not None and fill.says() & span.lacks else []


def _lacks(fields: Canonical) -> int:
    """The bits of `Fill` that a call leaves out, in its order."""
    return (
        (not fields.response_id)
        | (not fields.finish_reason) << 1
        | (not fields.session_id) << 2
        | (fields.reasoning_tokens is None) << 3
    )


def _bounded(text: str) -> str:
    return text[:_MAX_TEXT].encode("utf-8", "replace").decode()


def _filled(fields: Canonical, told: Fill) -> Canonical:
    reasoning = fields.reasoning_tokens
    if reasoning is None and told.reasoning_tokens is not None and told.reasoning_tokens <= (fields.output_tokens or 0):
        reasoning = told.reasoning_tokens
    return fields._replace(
        response_id=fields.response_id or told.response_id,
        finish_reason=fields.finish_reason or told.finish_reason,
        session_id=fields.session_id or told.session_id,
        reasoning_tokens=reasoning,
    )


def fill_statements(database: str, late: Sequence[LateFill]) -> Iterator[str]:
    """Write spans again, with what records say of them, where they leave it out still."""
    for project in dict.fromkeys(each.span[0] for each in late):
        # Of several for one span the last knows what the ones before said.
        of_it = list({each.span: each for each in late if each.span[0] == project}.values())
        for first in range(0, len(of_it), MAX_AT_ONCE):
            yield _statement(database, project, of_it[first : first + MAX_AT_ONCE])


def _statement(database: str, project: str, late: Sequence[LateFill]) -> str:
    responses, finishes, sessions, reasonings = (literal(list(column)) for column in zip(*(e.fill for e in late)))
    traces, spans = literal([each.span[1] for each in late]), literal([each.span[2] for each in late])
    starts = [min(each.start, 2**63 - 1) for each in late]
    nth = f"indexOf(arrayZip({traces}, {spans}), (span_rows.trace_id, span_rows.span_id))"
    reasoning = f"arrayElement(CAST({reasonings}, 'Array(Nullable(UInt64))'), {nth})"
    fits = f"isNull(span_rows.reasoning_tokens) AND {reasoning} <= ifNull(span_rows.output_tokens, 0)"
    return f"""INSERT INTO {database}.span_rows
SELECT * REPLACE (
    if(span_rows.response_id = '', {responses}[{nth}], span_rows.response_id) AS response_id,
    if(span_rows.finish_reason = '', {finishes}[{nth}], span_rows.finish_reason) AS finish_reason,
    if(span_rows.session_id = '', {sessions}[{nth}], span_rows.session_id) AS session_id,
    if({fits}, {reasoning}, span_rows.reasoning_tokens) AS reasoning_tokens,
    span_rows.version + 1 AS version)
FROM {database}.span_rows FINAL
WHERE project = {literal(project)} AND kind IN ({", ".join(map(literal, sorted(_CALLS)))})
    AND start_time BETWEEN {_moment(min(starts))} AND {_moment(max(starts))}
    AND trace_id IN {traces} AND {nth} > 0"""


def _moment(nanos: int) -> str:
    return f"fromUnixTimestamp64Nano(toInt64({nanos}), 'UTC')"
