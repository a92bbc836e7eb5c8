"""Where records wait until the one background thread has sent them: bounded, counted, renewed in a forked child."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from opentelemetry import context

from tapetum._fork import renew_in_child
from tapetum._guard import Losses, faults, never_raise

MAX_RECORDS = 10_000
MAX_BYTES = 16 * 2**20
"""What waits in one lane at most. Bytes are an estimate, made without encoding."""
BATCH_RECORDS = 512
BATCH_BYTES = 2 * 2**20
DELAY_S = 1.0
"""A record waits this long for company."""
_SUPPRESS = context._SUPPRESS_INSTRUMENTATION_KEY

AGAIN_S = 2.0
"""How long a batch waits that the server could not take."""

Deliver = Callable[[Sequence[Any]], str]
SENT, LOST, LATER = "sent", "lost", "later"


class Lane:
    """The queue of one kind of record.

    `deliver` sends a batch and says what became of it: `SENT`, `LOST`, which it has counted, or `LATER`. `rows` says
    how many records one entry of the queue is.
    """

    def __init__(
        self, name: str, deliver: Deliver, losses: Losses, rows: Callable[[Any], int] = lambda record: 1
    ) -> None:
        self.name = name
        self.deliver = deliver
        self.losses = losses
        self.rows = rows
        self.waiting: deque[tuple[Any, int]] = deque()
        self.bytes = 0
        """Of what is held: what waits, and what is being sent."""
        self.taken_in = 0
        """Records ever queued, and those of them that are done with, delivered or lost."""
        self.settled = 0
        self.sent = 0
        self.not_before = 0.0

    def count(self, entries: Iterable[tuple[Any, int]]) -> int:
        """How many records these entries of the queue are."""
        return sum(self.rows(record) for record, _ in entries)

    def clear(self) -> None:
        """Forget everything: it is the parent's."""
        self.waiting.clear()
        self.bytes = self.taken_in = self.settled = self.sent = 0
        self.not_before = 0.0

    def has_room(self, size: int) -> bool:
        """Whether a record of this size may wait too; one that is larger than the whole queue may wait alone."""
        held = self.taken_in - self.settled
        return held < MAX_RECORDS and (self.bytes + size <= MAX_BYTES or not held)

    def take(self) -> list[tuple[Any, int]]:
        """The next batch, in the order of arrival, with sizes."""
        batch: list[tuple[Any, int]] = []
        taken = 0
        while self.waiting and len(batch) < BATCH_RECORDS and (not batch or taken + self.waiting[0][1] <= BATCH_BYTES):
            batch.append(self.waiting.popleft())
            taken += batch[-1][1]
        return batch

    def settle(self, batch: Collection[tuple[Any, int]]) -> None:
        """It is done with."""
        self.settled += len(batch)
        self.bytes -= sum(size for _, size in batch)

    def put_back(self, batch: Sequence[tuple[Any, int]], not_before: float) -> None:
        """The server could not take it: it is the next one again, in a while."""
        self.waiting.extendleft(reversed(batch))
        self.not_before = not_before


class Outbox:
    """Takes records from any thread without waiting, and sends them from one daemon thread of its own.

    `sources` are asked once a round for what is due by itself: heartbeats, metrics. Each is told whether somebody
    flushes, and puts what it has.
    """

    def __init__(self, lanes: Iterable[Lane], delay_s: float = DELAY_S) -> None:
        self.lanes: Mapping[str, Lane] = {lane.name: lane for lane in lanes}
        self.sources: list[Callable[[bool], None]] = []
        self.on_start: Callable[[], None] = lambda: None
        """Called in the thread whose record is the first one of this process."""
        self._delay_s = delay_s
        self._closed = False
        self._renew()
        renew_in_child(self._renew)

    def _renew(self) -> None:
        for lane in self.lanes.values():
            lane.clear()
        self._changed = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None
        self._urgent = False
        self._flushes_wanted = self._flushes_seen = 0

    @property
    def closed(self) -> bool:
        """Whether it takes no more."""
        return self._closed

    def put(self, name: str, record: Any, size: int) -> bool:
        """Queue a record; a full queue refuses it, and counts it."""
        lane = self.lanes[name]
        reason = ""
        with self._changed:
            if self._closed:
                reason = "after_shutdown"
            elif not lane.has_room(size):
                reason = "queue_full"
            else:
                lane.waiting.append((record, size))
                lane.bytes += size
                lane.taken_in += 1
                if len(lane.waiting) >= BATCH_RECORDS and not self._urgent:
                    self._urgent = True
                    self._changed.notify_all()
        if reason:
            lane.losses.add(reason, lane.rows(record))  # not under the lock: it logs, and a handler may come back here
            return False
        if self._thread is None:
            self.start()
        return True

    def start(self) -> None:
        """Start the thread, unless it runs."""
        with self._changed:
            if self._thread is not None or self._closed:
                return
            thread = threading.Thread(target=self._run, name="tapetum", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                return  # the interpreter is on its way out: `flush` sends from its own thread
            self._thread = thread
        self.on_start()

    def flush(self, timeout_s: float) -> bool:
        """Wait until what is queued now is settled; `False` when the time was up first."""
        deadline = time.monotonic() + timeout_s
        if self._closed or threading.current_thread() is self._thread:
            return False
        self.start()
        if self._thread is None or not self._thread.is_alive():
            return self._send_here(deadline)
        with self._changed:
            self._flushes_wanted += 1
            wanted = self._flushes_wanted
            self._urgent = True
            self._changed.notify_all()
            if not self._changed.wait_for(lambda: self._flushes_seen >= wanted, deadline - time.monotonic()):
                return False
            targets = [(lane, lane.taken_in) for lane in self.lanes.values()]
            return self._changed.wait_for(
                lambda: all(lane.settled >= target for lane, target in targets), deadline - time.monotonic()
            )

    def close(self, timeout_s: float) -> bool:
        """Send what waits, then take no more. What could not be sent in time is counted as lost."""
        done = self.flush(timeout_s)
        with self._changed:
            self._closed = True
            left = [(lane, lane.count(lane.waiting)) for lane in self.lanes.values() if lane.waiting]
            for lane, _ in left:
                lane.settle(lane.waiting)
                lane.waiting.clear()
            self._changed.notify_all()
        for lane, count in left:
            lane.losses.add("no_time_at_shutdown", count)
        return done

    def _run(self) -> None:
        # Whoever instruments HTTP clients or logging must not see what we send.
        context.attach(context.set_value(_SUPPRESS, True))
        more = False
        while not self._closed:
            with self._changed:
                if not more:
                    self._changed.wait_for(lambda: self._urgent or self._closed, self._delay_s)
                self._urgent = False
            more = self._round()

    def _round(self) -> bool:
        """Ask the sources, send one batch of each lane, and say whether anything still waits."""
        wanted = self._flushes_wanted
        flushing = wanted > self._flushes_seen
        for source in self.sources:
            with never_raise(faults, 1):
                source(flushing)
        with self._changed:
            if wanted > self._flushes_seen:
                self._flushes_seen = wanted
                self._changed.notify_all()
        for lane in self.lanes.values():
            with self._changed:
                batch = lane.take() if flushing or time.monotonic() >= lane.not_before else []
            if not batch:
                continue
            became = LOST
            with never_raise(faults, 1):
                became = lane.deliver([record for record, _ in batch])
            with self._changed:
                if became == LATER and not self._closed:
                    lane.put_back(batch, time.monotonic() + AGAIN_S)
                    continue
                lane.settle(batch)
                lane.sent += lane.count(batch) if became == SENT else 0
                self._changed.notify_all()
            if became == LATER:
                lane.losses.add("no_time_at_shutdown", lane.count(batch))
        now = time.monotonic()
        return any(lane.waiting and lane.not_before <= now for lane in self.lanes.values())

    def _send_here(self, deadline: float) -> bool:
        """Where no thread can be started any more."""
        token = context.attach(context.set_value(_SUPPRESS, True))
        try:
            self._flushes_wanted += 1
            while self._round():
                if time.monotonic() > deadline:
                    return False
            return True
        finally:
            context.detach(token)
