"""Live tails: what ingest has just acknowledged, to whoever watches.

`app` hands every acknowledged batch to the hub. The hub only queues; each viewer's own task
filters and sends, in small slices, so that neither ingest nor another viewer waits for it. A
viewer that falls behind loses the oldest records and is told how many.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Literal, cast

import orjson
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
MAX_VIEWERS = 200
_SLICE = 100

Signal = Literal["traces", "logs"]


class Viewer:
    """One subscription: a bounded queue of batches that nobody has looked at yet."""

    def __init__(self, signal: Signal, project: str, passes: Predicate) -> None:
        self.signal = signal
        self.project = project
        self.passes = passes
        self.dropped = 0
        self.closed = False
        self._waiting: deque[Batch] = deque()
        self._records = 0
        self._woken = asyncio.Event()

    def offer(self, batch: Batch) -> None:
        """Queue `batch`, dropping the oldest where there is no room."""
        self._waiting.append(batch)
        self._records += len(batch)
        while self._records > QUEUE_RECORDS and len(self._waiting) > 1:
            oldest = self._waiting.popleft()
            self._records -= len(oldest)
            self.dropped += len(oldest)
        self._woken.set()

    def close(self) -> None:
        """End the tail after what is being sent."""
        self.closed = True
        self._woken.set()

    async def wait(self, timeout_s: float) -> bool:
        """Wait for something to look at; whether there is anything."""
        try:
            await asyncio.wait_for(self._woken.wait(), timeout_s)
        except TimeoutError:
            return False
        self._woken.clear()
        return True

    async def take(self) -> tuple[list[dict[str, Any]], int]:
        """The newest records that pass the filter, as lists show them, and how many were dropped so far."""
        kept: deque[dict[str, Any]] = deque()
        while self._waiting:
            batch = self._waiting.popleft()
            self._records -= len(batch)
            rows = span_rows_of(batch) if isinstance(batch, SpanBatch) else log_rows_of(cast(LogBatch, batch))
            for i, (searched, shown) in enumerate(rows):
                if self.passes(searched):
                    kept.append(shown())
                    if len(kept) > FRAME_ROWS:
                        kept.popleft()
                        self.dropped += 1
                if i % _SLICE == _SLICE - 1:
                    await asyncio.sleep(0)
        dropped, self.dropped = self.dropped, 0
        return list(kept), dropped


class LiveHub:
    """Fans acknowledged batches out to live viewers. Belongs to one event loop."""

    def __init__(self) -> None:
        self._viewers: set[Viewer] = set()
        self._closed = False

    def publish(self, batch: Batch) -> None:
        """Show `batch` to whoever watches. Never blocks, never raises."""
        if not self._viewers or not len(batch):
            return
        for viewer in self._viewers:
            if viewer.signal == batch.signal and viewer.project == batch.project:
                viewer.offer(batch)

    @property
    def is_full(self) -> bool:
        """Whether there are as many tails as there may be."""
        return len(self._viewers) >= MAX_VIEWERS

    def join(self, viewer: Viewer) -> None:
        """Start a tail."""
        self._viewers.add(viewer)
        if self._closed:
            viewer.close()

    def leave(self, viewer: Viewer) -> None:
        """End a tail."""
        self._viewers.discard(viewer)

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
        yield b": watching\n\n"
        quiet_since, number = clock(), 0
        while True:
            woken = await viewer.wait(max(0.0, quiet_since + HEARTBEAT_S - clock()))
            if viewer.closed:
                yield b"event: end\ndata: {}\n\n"
                return
            rows, dropped = await viewer.take() if woken else ([], 0)
            if rows or dropped:
                number += 1
                data = orjson.dumps({"rows": rows, "dropped": dropped})
                yield b"id: %d\nevent: %b\ndata: %b\n\n" % (number, event.encode(), data)
                quiet_since = clock()
                await asyncio.sleep(FRAME_S)
            elif clock() - quiet_since >= HEARTBEAT_S:
                yield b": still here\n\n"
                quiet_since = clock()
    finally:
        hub.leave(viewer)


_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `data` is {rows, dropped}.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@router.get("/logs/tail", response_class=Response, responses=_STREAM)
async def tail_logs(request: Request, caller: Reader, project: ProjectName, q: FilterText = None) -> Response:
    """Log records that pass the filter, as they arrive: events `logs`."""
    return _tail(request, "logs", "logs", project, predicate(parse_filter(q), LOGS))


@router.get("/spans/tail", response_class=Response, responses=_STREAM)
async def tail_spans(request: Request, caller: Reader, project: ProjectName, q: FilterText = None) -> Response:
    """Spans that pass the filter, as they arrive: events `spans`."""
    return _tail(request, "traces", "spans", project, predicate(parse_filter(q), SPANS))


def _tail(request: Request, signal: Signal, event: str, project: str, passes: Predicate) -> Response:
    hub = cast(LiveHub, request.app.state.hub)
    if hub.is_full:
        raise ApiError(
            "too_many_viewers",
            f"{MAX_VIEWERS} live tails are open already.",
            503,
            hint="Close one, or try again later.",
        )
    return StreamingResponse(
        frames(hub, Viewer(signal, project, passes), event),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )
