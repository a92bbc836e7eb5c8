"""The same time again for a record without any time of its own, when it is delivered again.

Its identity says nothing about when, and its row is keyed by time: without this memory a retry
would be a second record, at the time of the retry.
"""

from __future__ import annotations

import threading

from tapetum_server.store.engine import Engine, Parameters

CAPACITY = 200_000
REMEMBERED_HOURS = 1
"""How far back a start looks: senders give up a retry long before."""
# A record without a time was given that of its arrival, to the nanosecond.
_LOGS = """SELECT project, log_id AS id, toUnixTimestamp64Nano(time) AS first FROM log_rows
WHERE time > now64(9) - toIntervalHour({hours:UInt8}) AND time = ingested_at
AND observed_time = fromUnixTimestamp64Nano(0) ORDER BY first DESC LIMIT {limit:UInt32}"""


def timeless_logs(engine: Engine, capacity: int = CAPACITY) -> FirstSeen:
    """When each log record without any time was seen first."""
    return FirstSeen(engine, _LOGS, {"hours": REMEMBERED_HOURS}, capacity=capacity)


class FirstSeen:
    """When each was first seen. Starts from what the store holds, so that a restart forgets nothing.

    `stored` selects `project`, `id` and `first` of at most `limit` records, the latest first. With `forget_after_s`
    what comes again after that long is seen for the first time again.
    """

    def __init__(
        self,
        engine: Engine,
        stored: str,
        parameters: Parameters,
        *,
        capacity: int = CAPACITY,
        forget_after_s: int | None = None,
    ) -> None:
        self._capacity = capacity
        self._forget_after = None if forget_after_s is None else forget_after_s * 10**9
        self._lock = threading.Lock()
        self._times: dict[tuple[str, bytes], int] = {}
        for row in reversed(engine.query(stored, {**parameters, "limit": capacity}).to_pylist()):
            self._times.setdefault((row["project"], row["id"]), row["first"])

    def __call__(self, project: str, identity: bytes, now: int) -> int:
        """When this record of `project` was first seen, which may be `now`."""
        with self._lock:
            known = self._times.setdefault((project, identity), now)
            if self._forget_after is not None and now - known > self._forget_after:
                known = self._times[project, identity] = now
            if len(self._times) > self._capacity:
                self._times.pop(next(iter(self._times)))
            return known
