"""Live tails: what ingest has just acknowledged, to whoever watches.

`app` hands every acknowledged batch to the hub. The hub only queues; each viewer's own task
filters and sends, in small slices, so that neither ingest nor another viewer waits for it. A
viewer that falls behind loses the oldest records and is told how many.

Each frame's id says how far its tail has looked: which run of the server, and how many records of
the project it has had since that run began. A viewer whose connection broke sends the last id it
saw and gets what came meanwhile, from a short memory that is kept while somebody watches; what is
no longer there is counted as dropped.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import Counter, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

import orjson
from fastapi import Header
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tapetum_server.api.dependencies import ProjectName, Reader
from tapetum_server.api.errors import ApiError
from tapetum_server.api.live_rows import log_rows_of, span_rows_of
from tapetum_server.api.questions import FilterText, router_of
from tapetum_server.query.filter import parse_filter
from tapetum_server.query.filter_match import Predicate, predicate
from tapetum_server.query.sources import LOGS, SPANS
from tapetum_server.signals.consumer import Batch
from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.spans import SpanBatch

router = router_of("live")

FRAME_S = 0.1
"""Frames come at most this often."""
HEARTBEAT_S = 15.0
FRAME_ROWS = 200
"""Records of one frame at most; a person cannot read more, and the rest counts as dropped."""
QUEUE_RECORDS = 5_000
"""Records that wait for one viewer at most."""
RESUME_S = 30.0
"""How long records are remembered for viewers who come back; a browser does within seconds."""
RESUME_RECORDS = 5_000
"""Records of one signal that are remembered at most."""
MAX_VIEWERS = 200
_SLICE = 100

Signal = Literal["traces", "logs"]


@dataclass(frozen=True, slots=True)
class Published:
    """A batch, and how many records of its signal and project this run has shown up to its end."""

    batch: Batch
    until: int
    at: float
    """By the event loop's clock."""

    @property
    def since(self) -> int:
        """The count before it."""
        return self.until - len(self.batch)


class Viewer:
    """One subscription: a bounded queue of batches that nobody has looked at yet."""

    def __init__(self, signal: Signal, project: str, passes: Predicate, last_id: str | None = None) -> None:
        self.signal = signal
        self.project = project
        self.passes = passes
        self.last_id = last_id
        """The last frame that the viewer saw on a connection before this one."""
        self.seen = 0
        """How far it has looked, as `Published.until` counts."""
        self.dropped = 0
        self.closed = False
        self._waiting: deque[Published] = deque()
        self._records = 0
        self._woken = asyncio.Event()

    def offer(self, published: Published) -> None:
        """Queue a batch, dropping the oldest where there is no room."""
        self._waiting.append(published)
        self._records += len(published.batch)
        while self._records > QUEUE_RECORDS and len(self._waiting) > 1:
            oldest = self._waiting.popleft().batch
            self._records -= len(oldest)
            self.dropped += len(oldest)
        self._woken.set()

    def miss(self, records: int) -> None:
        """Count records that came before the viewer was back and are no longer at hand."""
        if records > 0:
            self.dropped += records
            self._woken.set()

    def close(self) -> None:
        """End the tail after what is being sent."""
        self.closed = True
        self._woken.set()

    async def wait(self, timeout_s: float) -> bool:
        """Wait for something to look at; whether there is anything."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._woken.wait()
        except TimeoutError:
            return False
        self._woken.clear()
        return True

    async def take(self) -> tuple[list[dict[str, Any]], int]:
        """The newest records that pass the filter, as lists show them, and how many were dropped so far."""
        kept: deque[dict[str, Any]] = deque()
        while self._waiting:
            published = self._waiting.popleft()
            batch, skipped = published.batch, max(0, self.seen - published.since)
            self._records -= len(batch)
            rows = span_rows_of(batch) if isinstance(batch, SpanBatch) else log_rows_of(cast(LogBatch, batch))
            for i, (searched, shown) in enumerate(rows):
                if i >= skipped and self.passes(searched):
                    kept.append(shown())
                    if len(kept) > FRAME_ROWS:
                        kept.popleft()
                        self.dropped += 1
                if i % _SLICE == _SLICE - 1:
                    await asyncio.sleep(0)
            self.seen = published.until
        dropped, self.dropped = self.dropped, 0
        return list(kept), dropped


class LiveHub:
    """Fans acknowledged batches out to live viewers. Belongs to one event loop."""

    def __init__(self) -> None:
        self._viewers: set[Viewer] = set()
        self._closed = False
        self._run = secrets.token_hex(4)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._memories: dict[str, deque[Published]] = {"traces": deque(), "logs": deque()}
        self._remembered: Counter[str] = Counter()
        self._left: dict[str, float] = {}
        """When the last viewer of a signal left."""

    def publish(self, batch: Batch) -> None:
        """Show `batch` to whoever watches. Never blocks, never raises."""
        if not len(batch) or batch.signal not in self._memories:
            return
        self._counts[batch.signal, batch.project] += len(batch)
        if not self._viewers and not self._left:
            return
        now = asyncio.get_running_loop().time()
        published = Published(batch, self._counts[batch.signal, batch.project], now)
        watched = False
        for viewer in self._viewers:
            if viewer.signal == batch.signal:
                watched = True
                if viewer.project == batch.project:
                    viewer.offer(published)
        if watched or batch.signal in self._left:
            self._memories[batch.signal].append(published)
            self._remembered[batch.signal] += len(batch)
            self._forget(batch.signal, now)

    def id_of(self, viewer: Viewer) -> bytes:
        """The id of the frame that has just been taken."""
        return f"{self._run}.{viewer.seen}".encode()

    def _forget(self, signal: str, now: float) -> None:
        memory = self._memories[signal]
        while memory and (memory[0].at < now - RESUME_S or self._remembered[signal] > RESUME_RECORDS):
            self._remembered[signal] -= len(memory.popleft().batch)

    def _forget_all(self, signal: str) -> None:
        """Nobody came back in time."""
        if self._left.pop(signal, None) is not None:
            self._memories[signal].clear()
            self._remembered[signal] = 0

    @property
    def is_full(self) -> bool:
        """Whether there are as many tails as there may be."""
        return len(self._viewers) >= MAX_VIEWERS

    def join(self, viewer: Viewer) -> None:
        """Start a tail where the viewer left off, or with what comes from now on."""
        self._viewers.add(viewer)
        self._left.pop(viewer.signal, None)
        viewer.seen = self._counts[viewer.signal, viewer.project]
        place = re.fullmatch(r"([0-9a-f]{8})\.(\d{1,18})", viewer.last_id or "")
        if place is not None:
            # Ids of another run count from another beginning: all that this run has had was missed.
            self._resume(viewer, int(place[2]) if place[1] == self._run else 0)
        if self._closed:
            viewer.close()

    def leave(self, viewer: Viewer) -> None:
        """End a tail. What it watches is remembered a little longer, for when it comes back."""
        self._viewers.discard(viewer)
        if self._closed or any(other.signal == viewer.signal for other in self._viewers):
            return
        loop = asyncio.get_running_loop()
        left = self._left[viewer.signal] = loop.time()

        def expire() -> None:
            if self._left.get(viewer.signal) == left:
                self._forget_all(viewer.signal)

        loop.call_later(RESUME_S, expire)

    def _resume(self, viewer: Viewer, seen: int) -> None:
        now = viewer.seen
        if seen >= now:
            return
        self._forget(viewer.signal, asyncio.get_running_loop().time())
        at_hand = [
            published
            for published in self._memories[viewer.signal]
            if published.batch.project == viewer.project and published.until > seen
        ]
        first = max(seen, at_hand[0].since) if at_hand else now
        viewer.seen = first
        viewer.miss(first - seen)
        for published in at_hand:
            viewer.offer(published)

    def close(self) -> None:
        """End all tails, so that a shutdown does not wait for them."""
        self._closed = True
        for viewer in self._viewers:
            viewer.close()


async def frames(hub: LiveHub, viewer: Viewer, event: str) -> AsyncIterator[bytes]:
    """Server-sent events of one tail: an opening comment, frames of rows, heartbeats, and a last word."""
    clock = asyncio.get_running_loop().time
    hub.join(viewer)
    try:
        # An id without data is remembered by browsers and shown to nobody.
        yield b": watching\nid: %b\n\n" % hub.id_of(viewer)
        quiet_since = clock()
        while True:
            woken = await viewer.wait(max(0.0, quiet_since + HEARTBEAT_S - clock()))
            if viewer.closed:
                yield b"event: end\ndata: {}\n\n"
                return
            rows, dropped = await viewer.take() if woken else ([], 0)
            if rows or dropped:
                data = orjson.dumps({"rows": rows, "dropped": dropped})
                yield b"id: %b\nevent: %b\ndata: %b\n\n" % (hub.id_of(viewer), event.encode(), data)
                quiet_since = clock()
                await asyncio.sleep(FRAME_S)
            elif clock() - quiet_since >= HEARTBEAT_S:
                yield b": still here\nid: %b\n\n" % hub.id_of(viewer)
                quiet_since = clock()
    finally:
        hub.leave(viewer)


_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `data` is {rows, dropped}. Every frame has an id; sent back as "
        "`Last-Event-ID`, it brings what came meanwhile (of the last 30 seconds, 5,000 records at most); what is no "
        "longer at hand is counted in `dropped`. Log records have the ids that `GET /logs` gives them.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


LastEventId = Annotated[
    str | None, Header(description="The last id seen on a connection before this one; browsers send it by themselves.")
]


@router.get("/logs/tail", response_class=Response, responses=_STREAM)
async def tail_logs(
    request: Request, caller: Reader, project: ProjectName, q: FilterText = None, last_event_id: LastEventId = None
) -> Response:
    """Log records that pass the filter, as they arrive: events `logs`."""
    return _tail(request, "logs", Viewer("logs", project, predicate(parse_filter(q), LOGS), last_event_id))


@router.get("/spans/tail", response_class=Response, responses=_STREAM)
async def tail_spans(
    request: Request, caller: Reader, project: ProjectName, q: FilterText = None, last_event_id: LastEventId = None
) -> Response:
    """Spans that pass the filter, as they arrive: events `spans`."""
    return _tail(request, "spans", Viewer("traces", project, predicate(parse_filter(q), SPANS), last_event_id))


def _tail(request: Request, event: str, viewer: Viewer) -> Response:
    hub = cast(LiveHub, request.app.state.hub)
    if hub.is_full:
        raise ApiError(
            "too_many_viewers",
            f"{MAX_VIEWERS} live tails are open already.",
            503,
            hint="Close one, or try again later.",
        )
    return StreamingResponse(
        frames(hub, viewer, event),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )
