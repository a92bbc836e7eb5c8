"""Counts what arrived: for `/metrics` at once, and for the Ingest page through the store."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pyarrow as pa
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from tapetum_server.store.engine import Engine, StoreError
from tapetum_server.store.writer import StoreWriter

logger = logging.getLogger("tapetum.ingest")
Key = tuple[str, str, str, str, str]
"""project, sender, signal, outcome, reason"""
Row = tuple[str, str, str, str, str, str]
"""The same, and the place."""


class IngestCounters:
    """`signals.IngestObserver`: never raises, never blocks, flushed to the store every few seconds."""

    def __init__(self) -> None:
        self.shown: Callable[[str, str], str] = lambda project, sender: sender
        """The name of a sender as it may be kept: it is that of a service, which may hold a secret as any text may."""
        self._lock = threading.Lock()
        self._totals: Counter[Key] = Counter()
        self._unsaved: Counter[Row] = Counter()
        self._places: Counter[tuple[str, str, str]] = Counter()
        """By project, rule and place, of which there are few (`signals.names.CountedPlaces`)."""

    def record(
        self, *, project: str, sender: str, signal: str, outcome: str, reason: str, count: int, place: str = ""
    ) -> None:
        """See `signals.IngestObserver`."""
        if count <= 0:
            return
        key = (project, sender, signal, outcome, reason)
        with self._lock:
            self._totals[key] += count
            self._unsaved[(*key, place)] += count
            if place:
                self._places[project, reason, place] += count

    def totals(self) -> dict[Key, int]:
        """All counts since the start of the process."""
        with self._lock:
            totals = dict(self._totals)
        named: Counter[Key] = Counter()
        for (project, sender, signal, outcome, reason), count in totals.items():
            named[project, self.shown(project, sender), signal, outcome, reason] += count
        return named

    def places(self) -> dict[tuple[str, str, str], int]:
        """What was redacted since the start of the process, by project, rule and place."""
        with self._lock:
            return dict(self._places)

    def save(self, engine: Engine) -> None:
        """Write what is new since the last call as rows of this minute. Blocks; kept for the next call on failure."""
        with self._lock:
            counts, self._unsaved = self._unsaved, Counter()
        if not counts:
            return
        minute = int(time.time()) // 60 * 60
        columns = list(zip(*counts))
        columns[1] = tuple(self.shown(project, sender) for project, sender in zip(*columns[:2]))
        names = ("project", "sender", "signal", "outcome", "reason", "place")
        rows = {name: pa.array(column, pa.string()) for name, column in zip(names, columns)}
        rows["count"] = pa.array(list(counts.values()), pa.uint64())
        rows["time"] = pa.array([minute] * len(counts), pa.uint32())
        try:
            engine.insert("ingest_rows", pa.table(rows))
        except StoreError as error:
            with self._lock:
                self._unsaved.update(counts)
            logger.warning("Ingest counts could not be saved, will try again: %s", error)


class ProcessCollector(Collector):
    """Tapetum's own Prometheus metrics."""

    def __init__(self, counters: IngestCounters, writer: StoreWriter) -> None:
        self._counters = counters
        self._writer = writer

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """One family per question an operator asks: what arrives, what waits, what writing costs."""
        records = CounterMetricFamily(
            "tapetum_ingest_records",
            "Records by what became of them.",
            labels=["project", "sender", "signal", "outcome", "reason"],
        )
        for key, count in self._counters.totals().items():
            records.add_metric(list(key), count)
        yield records
        redacted = CounterMetricFamily(
            "tapetum_redacted_places",
            "Places that were redacted, by rule and by the key that they were found under.",
            labels=["project", "rule", "key"],
        )
        for where, count in self._counters.places().items():
            redacted.add_metric(list(where), count)
        yield redacted
        waiting = GaugeMetricFamily("tapetum_ingest_waiting_records", "Records received and not durable yet.")
        waiting.add_metric([], self._writer.waiting)
        yield waiting
        timings = self._writer.timings
        for name, text in (("groups", "Group commits."), ("rows", "Rows committed.")):
            family = CounterMetricFamily(f"tapetum_store_{name}", text)
            family.add_metric([], timings[name])
            yield family
        seconds = CounterMetricFamily(
            "tapetum_ingest_seconds", "Work by step: CPU of encoding, wall time of commits.", labels=["step"]
        )
        for step, timing in (("encode", "encode_ns"), ("commit", "commit_wall_ns")):
            seconds.add_metric([step], timings[timing] / 1e9)
        yield seconds
