"""When each standing evaluation was said first: said again, it keeps that place in time.

Rows are keyed by time, so that a day's evaluations are read without those of other days. Without this memory a changed
thumb would be a second one, at the time of the change.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from tapetum_server.store.engine import Engine

CAPACITY = 200_000
"""What is forgotten is looked up again."""
_STORED = """SELECT evaluation_id, toUnixTimestamp64Nano(min(time)) AS first FROM evaluation_rows
WHERE project = {project:String} AND has({ids:Array(String)}, evaluation_id) GROUP BY evaluation_id"""


class StandingTimes:
    """First times, by project and evaluation id."""

    def __init__(self, engine: Engine, capacity: int = CAPACITY) -> None:
        self._engine = engine
        self._capacity = capacity
        self._lock = threading.Lock()
        self._times: dict[tuple[str, str], int] = {}

    def __call__(self, project: str, said: Mapping[str, int]) -> dict[str, int]:
        """When each of these evaluations was said first; `said` is when each is said now."""
        # One at a time: two opinions that come together must find each other.
        with self._lock:
            unknown = [identity for identity in said if (project, identity) not in self._times]
            if unknown:
                stored = self._engine.query(_STORED, {"project": project, "ids": unknown})
                for row in stored.to_pylist():
                    self._times[project, row["evaluation_id"]] = row["first"]
            found = {identity: self._times.setdefault((project, identity), time) for identity, time in said.items()}
            while len(self._times) > self._capacity:
                self._times.pop(next(iter(self._times)))
            return found
