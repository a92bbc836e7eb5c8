"""Spans that are open for long are reported before they end, and again and again until they do.

A report is the span itself without an end time, through the same door, with where it stands (`tapetum.heartbeat.*`).
A span that ends within a second costs one entry in a dictionary.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from tapetum import _weight, semconv
from tapetum._fork import renew_in_child
from tapetum._guard import faults, never_raise
from tapetum._outbox import Outbox
from tapetum._whereabouts import MAX_BYTES, Whereabouts

FIRST_S = 1.0
"""How long a span is open before it is reported."""
MAX_OPEN = 10_000
PER_SECOND = 20
"""Reports a second at most: with many open spans, each is reported less often, and says so."""


class _Open:
    __slots__ = ("active", "due", "place", "seen", "sequence", "span", "stays", "who")

    def __init__(self, span: Span, now: float, due: float) -> None:
        self.span = span
        self.active = now
        self.due = due
        self.sequence = 0
        self.who = Whereabouts()
        self.place: tuple[str, ...] = ()
        self.stays = now
        self.seen = -1


class InFlight(SpanProcessor):
    """Knows the open spans of this process; the outbox asks it what to report."""

    def __init__(self, outbox: Outbox, interval_s: float) -> None:
        self._outbox = outbox
        self._interval_s = interval_s
        self._first_s = min(FIRST_S, interval_s)
        self._open: dict[int, _Open] = {}
        self.unwatched = 0
        """Open spans beyond `MAX_OPEN`: they arrive when they end, like any others."""
        self._lock = threading.Lock()
        renew_in_child(self._renew)

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self._open = {}  # the parent reports its own
        self.unwatched = 0

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """A span began: remember it, and that its parent is alive."""
        with never_raise(faults, 1):
            context = span.get_span_context()
            if context is None or not context.trace_flags.sampled or self._outbox.closed:
                return
            now = time.monotonic()
            with self._lock:
                if len(self._open) >= MAX_OPEN:
                    self.unwatched += 1
                    return
                self._touch(span, now)
                self._open[context.span_id] = _Open(span, now, now + self._first_s)
            self._outbox.start()

    def on_end(self, span: ReadableSpan) -> None:
        """It ended: its own record says the rest."""
        context = span.get_span_context()
        if context is not None:
            with self._lock:
                self._open.pop(context.span_id, None)
                self._touch(span, time.monotonic())

    def _touch(self, span: ReadableSpan, now: float) -> None:
        if span.parent is not None and (parent := self._open.get(span.parent.span_id)) is not None:
            parent.active = now

    def report(self, flushing: bool) -> None:
        """Put into the outbox what is due: a source of the outbox."""
        now = time.monotonic()
        with self._lock:
            every_s = max(self._interval_s, len(self._open) / PER_SECOND)
            due = [known for known in self._open.values() if known.due <= now]
        for known in sorted(due, key=lambda one: one.due)[:PER_SECOND]:
            known.due = now + every_s
            self._say(known, now, every_s)

    def last_words(self) -> None:
        """The process ends: what is still open will not be heard of again."""
        now = time.monotonic()
        with self._lock:
            left = list(self._open.values())
        for known in left:
            self._say(known, now, self._interval_s, exited=True)

    def _say(self, known: _Open, now: float, every_s: float, exited: bool = False) -> None:
        self._look(known, now)
        frames = known.who.frames()
        self._stay(known, tuple(line for line, _ in frames), now)
        extra: dict[str, Any] = {
            semconv.TAPETUM_HEARTBEAT_SEQUENCE: known.sequence,
            semconv.TAPETUM_HEARTBEAT_TIME: time.time_ns(),
            semconv.TAPETUM_HEARTBEAT_INTERVAL: round(every_s, 3),
            semconv.TAPETUM_HEARTBEAT_IDLE: round(now - known.active, 3),
        }
        if exited:
            extra[semconv.TAPETUM_HEARTBEAT_EXITED] = True
        if name := known.who.name():
            extra[semconv.TAPETUM_HEARTBEAT_THREAD] = name
        if frames:
            extra[semconv.TAPETUM_HEARTBEAT_LOCATION] = next((line for line, own in frames if own), frames[0][0])
            extra[semconv.TAPETUM_HEARTBEAT_STACK] = _cut(known.place)
            extra[semconv.TAPETUM_HEARTBEAT_SAME_PLACE] = round(now - known.stays, 3)
        report = _snapshot(known.span, extra)
        with self._lock:
            context = known.span.get_span_context()
            if context is None or context.span_id not in self._open:
                return  # it ended meanwhile
        known.sequence += 1
        self._outbox.put("spans", report, _weight.of_span(report))

    def _look(self, known: _Open, now: float) -> None:
        """Attributes and events of its own are activity too."""
        said = len(known.span.events) * 1_000_003 + hash(str(sorted(map(str, (known.span.attributes or {}).items()))))
        if known.seen not in (-1, said):
            known.active = now
        known.seen = said

    def _stay(self, known: _Open, place: tuple[str, ...], now: float) -> None:
        """Since when it stands where it stands. What happens inside of it, at any depth, is movement."""
        busy = self._newest_inside(known)
        if place != known.place:
            known.place, known.stays = place, now
        known.active = max(known.active, busy)
        known.stays = max(known.stays, known.active)

    def _newest_inside(self, known: _Open) -> float:
        with self._lock:
            others = list(self._open.values())
        inside, newest = {_id(known)}, known.active
        for other in others:  # a parent is older than its children, and the dictionary keeps that order
            parent = other.span.parent
            if parent is not None and parent.span_id in inside:
                inside.add(_id(other))
                newest = max(newest, other.active)
        return newest


def _id(known: _Open) -> int:
    context = known.span.get_span_context()
    return context.span_id if context is not None else 0


def _cut(place: tuple[str, ...]) -> str:
    text = "\n".join(place)
    return text if len(text) <= MAX_BYTES else text[: MAX_BYTES - 1] + "…"


def _snapshot(span: Span, extra: Mapping[str, Any]) -> ReadableSpan:
    """The span as it is, while its own thread may go on changing it."""
    attributes: dict[str, Any] = {}
    for _ in range(5):
        try:
            attributes = dict(span.attributes or {})
            break
        except RuntimeError:
            continue  # it was given another attribute while we looked
    return ReadableSpan(
        name=span.name,
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes={**attributes, **extra},
        events=tuple(span.events),
        links=tuple(span.links),
        kind=span.kind,
        status=span.status,
        start_time=span.start_time,
        instrumentation_scope=span.instrumentation_scope,
    )
