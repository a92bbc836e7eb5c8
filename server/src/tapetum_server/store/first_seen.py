"""The same time again for a log record without any time of its own, when it is delivered again.

Its identity says nothing about when, and its row is keyed by time: without this memory a retry
would be a second record, at the time of the retry.
"""

from __future__ import annotations

import threading

from tapetum_server.store.engine import Engine

CAPACITY = 200_000
REMEMBERED_HOURS = 1
"""How far back a start looks: senders give up a retry long before."""


class FirstSeen:
    """When each was first seen. Starts from what the store holds, so that a restart forgets nothing."""

    def __init__(self, engine: Engine, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._times: dict[tuple[str, bytes], int] = {}
        # A record without a time was given that of its arrival, to the nanosecond.
        stored = engine.query(
            "SELECT project, log_id, toUnixTimestamp64Nano(time) AS first FROM log_rows "
            "WHERE time > now64(9) - toIntervalHour({hours:UInt8}) AND time = ingested_at "
            "AND observed_time = fromUnixTimestamp64Nano(0) ORDER BY first DESC LIMIT {limit:UInt32}",
            {"hours": REMEMBERED_HOURS, "limit": capacity},
        )
        for row in reversed(stored.to_pylist()):
            self._times.setdefault((row["project"], row["log_id"]), row["first"])

    def __call__(self, project: str, identity: bytes, now: int) -> int:
        """When this record of `project` was first seen, which may be `now`."""
        with self._lock:
            known = self._times.setdefault((project, identity), now)
            if len(self._times) > self._capacity:
                self._times.pop(next(iter(self._times)))
            return known
