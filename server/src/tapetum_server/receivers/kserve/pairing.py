"""A request and its response into one prediction, whichever comes first.

Each half is kept as it comes, so that nothing that was answered is lost; the second one replaces the first by both.
What waits for its other half is in memory for a while, and beyond that in the store.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tapetum_server.receivers.kserve.answers import answer_of
from tapetum_server.receivers.kserve.cloudevents import CloudEvent
from tapetum_server.receivers.kserve.completions import answer_record, is_question, question_of
from tapetum_server.receivers.kserve.tensors import NoInference, json_of, rows_of

PATIENCE_S = 600.0
"""How long a half is remembered."""
MAX_WAITING = 50_000
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_BOTH = "both"
_DAY = 86_400 * 10**9
MOVED_FROM = "moved_from"
"""In a record: the time at which one half of it was kept, on another day."""

Record = dict[str, Any]
"""A prediction as `/v1/predictions` takes it."""
Stored = Callable[[str, str, Sequence[str]], Awaitable[Mapping[str, Record]]]
"""(project, model, ids) → what is kept of them."""


@dataclass(slots=True)
class Half:
    """What one event says of the rows of an inference."""

    part: str
    time: int
    records: list[Record] = field(default_factory=list)


class Pairing:
    """Remembers halves that wait. `stored` finds those that came before this process or long ago."""

    def __init__(self, stored: Stored, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._stored = stored
        self._monotonic = monotonic
        self._began = monotonic()
        self._waiting: OrderedDict[tuple[str, str, str, str], tuple[float, Half]] = OrderedDict()

    async def records(self, project: str, event: CloudEvent) -> list[Record]:
        """The predictions that this event makes or completes. Raises `NoInference`."""
        half = half_of(event)
        key = (project, event.source, event.id, event.component)
        now = self._monotonic()
        while self._waiting and (len(self._waiting) > MAX_WAITING or self._oldest() < now - PATIENCE_S):
            self._waiting.popitem(last=False)
        if (known := self._with_other(key, half)) is not None:
            return known
        self._waiting[key] = (now, half)
        # A response always had a request. A request's response may have come first, before this process began.
        if half.part == "response" or now - self._began < PATIENCE_S:
            ids = [record["prediction_id"] for record in half.records]
            found = await self._stored(project, half.records[0]["model"], ids) if ids else {}
            if (known := self._with_other(key, half)) is not None:
                return known  # it came meanwhile
            if found:
                return [_completed(record, found.get(record["prediction_id"]), half) for record in half.records]
        return half.records

    def _with_other(self, key: tuple[str, str, str, str], half: Half) -> list[Record] | None:
        """Both halves as one, also when one of them is delivered again; `None` while the other is missing."""
        other = self._waiting.get(key)
        if other is None or other[1].part == half.part:
            return None
        if other[1].part != _BOTH:
            self._waiting[key] = (other[0], Half(_BOTH, half.time, _both(half, other[1])))
        return self._waiting[key][1].records

    def _oldest(self) -> float:
        return next(iter(self._waiting.values()))[0]


def half_of(event: CloudEvent) -> Half:
    """The records that one event makes by itself. Raises `NoInference`."""
    is_answer = event.part == "response"
    made: list[Record]
    model, version, left_out = event.model, "" if event.endpoint in ("", "default") else event.endpoint, {}
    error = ""
    completion = answer_record(event.body) if is_answer else None
    if completion is not None:
        made = [completion]
    elif not is_answer and is_question(document := _document(event.body)):
        row, texts = question_of(document)
        made = [{"features": row, "text_features": texts}]
    else:
        rows = rows_of(event.body, answer=is_answer)
        model, version, left_out, error = model or rows.model, rows.version or version, rows.left_out, rows.error
        made = [_answered(row) for row in rows.rows] if is_answer else [{"features": row} for row in rows.rows]
        if error:
            made = [{}]
    if not model:
        raise NoInference("nobody says which model this is: neither inferenceservicename nor model_name")
    same = _same(event, model, version)
    tags = {**_tags(event), **({"error": error[:1000]} if error else {})}
    tags.update((f"left_out.{name}"[:200], shape) for name, shape in left_out.items())
    base = event.id if event.component in ("", "predictor") else f"{event.component}:{event.id}"
    records = [
        {**same, **record, "prediction_id": f"{base}/{i}" if i else base, "tags": {**tags, **record.get("tags", {})}}
        for i, record in enumerate(made)
    ]
    return Half(event.part, event.time_unix_nano, records)


def _document(body: bytes) -> Any:
    return json_of(body)[0]


def _same(event: CloudEvent, model: str, version: str) -> Record:
    same: Record = {"model": model, "source": "kserve", "time": event.time_unix_nano}
    if version:
        same["version"] = version
    if found := _TRACEPARENT.fullmatch(event.headers.get("traceparent", "").strip().lower()):
        same.update(trace_id=found[1], span_id=found[2])
    return same


def _tags(event: CloudEvent) -> dict[str, str]:
    told = {"namespace": event.namespace, "component": event.component, "endpoint": event.endpoint,
            "status_code": event.status_code}  # fmt: skip
    told.update(
        (f"header.{name}"[:200], value)
        for name, value in event.headers.items()
        if name not in ("traceparent", "tracestate")
    )
    told.update((f"annotation.{name}"[:200], value) for name, value in event.annotations.items())
    return {name: value[:1000] for name, value in told.items() if value}


def _answered(row: Mapping[str, Any]) -> Record:
    answer = answer_of(dict(row))
    record: Record = {}
    if answer.output is not None and not isinstance(answer.output, list):
        record["output"] = answer.output
    if answer.score is not None:
        record["score"] = answer.score
    if answer.scores:
        record["scores"] = answer.scores
    if answer.more:
        record["tags"] = {f"output.{name}"[:200]: str(value)[:1000] for name, value in answer.more.items()}
    return record


def _both(one: Half, other: Half) -> list[Record]:
    """As many as the request has rows; a response with more or fewer is kept as far as it goes."""
    asked, answered = (one, other) if one.part == "request" else (other, one)
    count = max(len(asked.records), len(answered.records))
    latency = (answered.time - asked.time) / 1e6 if answered.time >= asked.time > 0 else None
    begun = asked.time or answered.time
    # Rows are kept by day: an answer that came first, from beyond midnight, is on its own day already.
    moved = other is answered and answered.time // _DAY != begun // _DAY
    merged = []
    for i in range(count):
        question = asked.records[i] if i < len(asked.records) else {}
        answer = answered.records[i] if i < len(answered.records) else {}
        record = _merged(question, answer)
        record["time"] = begun
        if moved:
            record[MOVED_FROM] = answered.time
        if latency is not None:
            record["latency_ms"] = latency
        merged.append(record)
    return merged


def _completed(record: Record, stored: Record | None, half: Half) -> Record:
    """A record with the half that the store has, if that is the other half."""
    if stored is None:
        return record
    if stored.get("latency_ms") is not None:
        return stored  # it has both, and this half is delivered again
    is_question = bool(stored.get("features") or stored.get("text_features"))
    if is_question == (half.part == "request"):
        return record
    other = Half("request" if is_question else "response", stored["time"], [stored])
    return _both(Half(half.part, half.time, [record]), other)[0]


def _merged(question: Record, answer: Record) -> Record:
    record = {**answer, **question, "tags": {**question.get("tags", {}), **answer.get("tags", {})}}
    if texts := {**question.get("text_features", {}), **answer.get("text_features", {})}:
        record["text_features"] = texts
    if answer.get("version"):
        record["version"] = answer["version"]
    return record
