"""Which versions of each service were seen, and since when: from this the view `changes` derives deploys.

Nearly every batch brings nothing new, and finding that out must cost next to nothing: per resource one look into a
dictionary and the earliest time of its records.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

import pyarrow as pa

from tapetum_server.signals.attributes import AttributeValue
from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.metrics import MetricBatch
from tapetum_server.signals.resource import Resource
from tapetum_server.signals.spans import SpanBatch
from tapetum_server.store import columns as col
from tapetum_server.store.engine import Engine

CAPACITY = 50_000
"""Versions that are remembered; one that is forgotten is written again, which changes nothing."""
MAX_CHARACTERS = 256
Release = tuple[str, str, str, str]
"""project, service, environment, version"""
_NEVER = 2**64


class Releases:
    """Versions seen so far. Starts from what the store holds, so that a restart derives nothing twice."""

    def __init__(self, engine: Engine) -> None:
        self._lock = threading.Lock()
        stored = engine.query(
            "SELECT project, service, environment, release, toUnixTimestamp64Nano(min(first_seen)) AS first "
            "FROM release_rows GROUP BY project, service, environment, release "
            "ORDER BY first DESC LIMIT {limit:UInt32}",
            {"limit": CAPACITY},
        )
        self._first: dict[Release, int] = {
            (row["project"], row["service"], row["environment"], row["release"]): row["first"]
            for row in reversed(stored.to_pylist())
        }

    def unseen(self, batch: SpanBatch | LogBatch | MetricBatch, now: int) -> dict[Release, int]:
        """Versions that `batch` is the first to bring, or brings from an earlier time than was known."""
        times = batch.start_time_unix_nano if isinstance(batch, SpanBatch) else batch.time_unix_nano
        # Records without a time, and clocks that run ahead, say nothing about the past.
        earliest = min(times) or min((time for time in times if time), default=now)
        first = batch.resource[0]
        alike = batch.resource.count(first) == len(batch)
        distinct = [first] if alike else {id(resource): resource for resource in batch.resource}.values()
        news: dict[int, Release] = {}
        for resource in distinct:
            release = _release(batch.project, resource)
            if release is not None and earliest < self._first.get(release, _NEVER):
                news[id(resource)] = release
        if not news:
            return {}
        found: dict[Release, int] = {}
        for time, resource in zip(times, batch.resource):
            release = news.get(id(resource))
            if release is not None:
                found[release] = min(time or now, now, found.get(release, now))
        return {release: time for release, time in found.items() if time < self._first.get(release, _NEVER)}

    def stored(self, releases: Mapping[Release, int]) -> None:
        """These are in the store now."""
        with self._lock:
            for release, first in releases.items():
                self._first[release] = min(first, self._first.get(release, first))
            while len(self._first) > CAPACITY:
                self._first.pop(next(iter(self._first)))


def release_rows(releases: Mapping[Release, int]) -> pa.Table:
    """Rows of `release_rows`."""
    columns: Sequence[Sequence[str]] = list(zip(*releases))
    project, service, environment, release = columns
    return pa.table(
        {
            "project": col.names(project),
            "service": col.names(service),
            "environment": col.names(environment),
            "release": col.texts(release),
            "first_seen": col.times(list(releases.values())),
        }
    )


def release_of(attributes: Mapping[str, AttributeValue]) -> str:
    """The version of the service that a resource names, or ""."""
    return _text(attributes.get("service.version"))


def environment_of(attributes: Mapping[str, AttributeValue]) -> str:
    """The deployment environment that a resource names, by its new or its old attribute, or ""."""
    return _text(attributes.get("deployment.environment.name")) or _text(attributes.get("deployment.environment"))


def _release(project: str, resource: Resource) -> Release | None:
    version = release_of(resource.attributes)
    if not version:
        return None
    return project, resource.service[:MAX_CHARACTERS], environment_of(resource.attributes), version


def _text(value: AttributeValue) -> str:
    return value[:MAX_CHARACTERS] if isinstance(value, str) else ""
