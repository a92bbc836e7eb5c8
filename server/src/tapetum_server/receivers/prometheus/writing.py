"""Series of a remote write into points, by sender."""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from tapetum_server.receivers.prometheus import naming
from tapetum_server.receivers.prometheus.families import exemplar_of
from tapetum_server.receivers.prometheus.native import InvalidHistogram, native
from tapetum_server.receivers.prometheus.owners import Owned, Owners
from tapetum_server.receivers.prometheus.write_request import (
    Metadata,
    Undecodable,
    WrittenSeries,
    read_v1,
    read_v2,
)
from tapetum_server.signals.identity import Caller
from tapetum_server.signals.metrics import CUMULATIVE, NO_RECORDED_VALUE, Buckets, Metric, MetricBatch

MAX_HELP = 10_000
"""Metrics of which the help is remembered: version 1.0 sends it apart, once a minute."""
_GAUGE_HISTOGRAM = 3
"""The reset hint of a histogram that is not a counter."""
_LATEST_MS = (2**64 - 1) // 10**6
Help = MutableMapping[tuple[str, str], str]
"""By project and metric."""


@dataclass(slots=True)
class Written:
    """What one request holds, and what was left out of it."""

    project: str
    batches: dict[str, MetricBatch] = field(default_factory=dict)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By sender and reason."""
    messages: list[str] = field(default_factory=list)
    samples: int = 0
    histograms: int = 0
    exemplars: int = 0

    def refuse(self, sender: str, reason: str, message: str, count: int = 1) -> None:
        """Count points that are not kept."""
        if count:
            self.refused[sender, reason] += count
        if message not in self.messages and len(self.messages) < 10:
            self.messages.append(message)


def read_write(body: bytes, sender: Caller, *, version: int, remembered: Help) -> Written:
    """The points of one request; raises `Undecodable`. `remembered` learns the help that comes apart."""
    written = Written(sender.counted_in)
    series = _Series(written, remembered, sender.barred)
    for found in read_v2(body) if version == 2 else read_v1(body):
        if isinstance(found, WrittenSeries):
            series.keep(found)
        elif isinstance(found, Metadata):
            if len(remembered) < MAX_HELP and not sender.barred:
                remembered[written.project, found.name] = found.help
        else:
            refused, count = found
            written.refuse("", refused.reason, str(refused), count)
    return written


class _Series:
    """Keeps the series of one request, one after the other."""

    def __init__(self, written: Written, remembered: Mapping[tuple[str, str], str], barred: str) -> None:
        self._written = written
        self._help = remembered
        self._barred = barred
        # Whoever wrote this scraped it: job and instance are the sample's own.
        self._owners = Owners({"job": "", "instance": ""}, honor_labels=True)
        self._metrics: dict[tuple[str, str, bool], Metric] = {}

    def keep(self, series: WrittenSeries) -> None:
        """All points of one series."""
        owned = self._owners.of(series.labels)
        sender = owned.resource.service
        if self._barred:
            count = len(series.samples) + len(series.histograms) + len(series.exemplars)
            message = "this key may not write to the project that the request names"
            return self._written.refuse(sender, self._barred, message, count)
        batch = self._written.batches.get(sender)
        if batch is None:
            batch = self._written.batches[sender] = MetricBatch(project=self._written.project, sender=sender)
        if series.samples:
            metric = self._number(series)
            for sample in series.samples:
                self._sample(sample, series, metric, owned, batch)
        for histogram in series.histograms:
            self._histogram(histogram, series, owned, batch)
        if series.exemplars:
            self._exemplars(series, owned, batch)

    def _number(self, series: WrittenSeries) -> Metric:
        """The metric of a series of numbers.

        Buckets, sums and counts of a classic histogram or summary arrive as series of their own, and may do so in
        requests of their own: they stay that, and quantiles are asked of `…_bucket`.
        """
        name, said = series.name, series.type
        kind = naming.gauge
        if said in ("info", "stateset"):
            kind = naming.level
        elif said == "counter" or (said != "gauge" and said != "gaugehistogram" and naming.rises(name, series.labels)):
            kind = naming.counter
        return self._metric(kind(name, naming.unit_of(name, series.unit), self._described(series)))

    def _native(self, series: WrittenSeries, kind: str) -> Metric:
        unit = naming.unit_of(series.name, series.unit)
        return self._metric(Metric(series.name, kind, unit, self._described(series), CUMULATIVE))

    def _metric(self, metric: Metric) -> Metric:
        return self._metrics.setdefault((metric.name, f"{metric.type} {metric.unit}", metric.is_monotonic), metric)

    def _described(self, series: WrittenSeries) -> str:
        if series.help:
            return series.help
        for ending in ("", "_bucket", "_count", "_sum", "_total"):
            if series.name.endswith(ending):
                known = self._help.get((self._written.project, series.name.removesuffix(ending)))
                if known:
                    return known
        return ""

    def _sample(self, sample: Any, series: WrittenSeries, metric: Metric, owned: Owned, batch: MetricBatch) -> None:
        time = self._time(sample.timestamp, batch.sender)
        if time is None:
            return
        start = getattr(sample, "start_timestamp", 0) or series.created
        is_stale = sample.value == naming.STALE_BITS
        batch.add(
            owned.resource, owned.scope, metric,
            time_unix_nano=time,
            start_time_unix_nano=_start(start),
            value=None if is_stale else _double(sample.value),
            attributes=owned.attributes,
            flags=NO_RECORDED_VALUE if is_stale else 0,
        )  # fmt: skip
        self._written.samples += 1

    def _histogram(self, message: Any, series: WrittenSeries, owned: Owned, batch: MetricBatch) -> None:
        time = self._time(message.timestamp, batch.sender)
        if time is None:
            return
        is_stale = message.sum == naming.STALE_BITS
        try:
            buckets = Buckets() if is_stale else _buckets(message)
        except InvalidHistogram as error:
            return self._written.refuse(batch.sender, "invalid_histogram", f"{series.name[:80]}: {error}")
        metric = self._native(series, "histogram" if message.custom_values else "exponential_histogram")
        batch.add(
            owned.resource, owned.scope, metric,
            time_unix_nano=time,
            start_time_unix_nano=_start(message.start_timestamp or series.created),
            buckets=buckets,
            attributes=owned.attributes,
            flags=NO_RECORDED_VALUE if is_stale else 0,
        )  # fmt: skip
        self._written.histograms += 1

    def _exemplars(self, series: WrittenSeries, owned: Owned, batch: MetricBatch) -> None:
        """Each in a point without a value: senders part exemplars from the samples they belong to.

        One nanosecond behind the millisecond, the point is never taken for a sample of that time. Only counters and
        histograms have exemplars, so what is no counter is a native histogram.
        """
        metric = self._number(series)
        is_native = bool(series.histograms) or not metric.is_monotonic
        if is_native:
            metric = self._native(series, "exponential_histogram")
        by_time: dict[int, list[Any]] = {}
        for exemplar in series.exemplars:
            time = self._time(exemplar.timestamp, batch.sender)
            if time is not None:
                by_time.setdefault(time, []).append(exemplar_of(exemplar.labels, exemplar.value, time))
        for time, exemplars in by_time.items():
            batch.add(
                owned.resource, owned.scope, metric,
                time_unix_nano=time + 1,
                buckets=Buckets() if is_native else None,
                attributes=owned.attributes,
                exemplars=exemplars,
                flags=NO_RECORDED_VALUE,
            )  # fmt: skip
            self._written.exemplars += len(exemplars)

    def _time(self, milliseconds: int, sender: str) -> int | None:
        if 0 < milliseconds <= _LATEST_MS:
            return milliseconds * 10**6
        message = f"a time is milliseconds since 1970, not {milliseconds}"
        self._written.refuse(sender, "invalid_time", message)
        return None


def _buckets(message: Any) -> Buckets:
    if message.count_float or message.positive_counts or message.negative_counts:
        raise InvalidHistogram("histograms of fractions, as recording rules make them, are not kept")
    if message.reset_hint == _GAUGE_HISTOGRAM:
        raise InvalidHistogram("histograms that are no counters are not kept")
    if not math.isfinite(message.zero_threshold):
        raise InvalidHistogram("its zero threshold is no number")
    return native(
        count=message.count_int, total=_double(message.sum), schema=message.schema,
        zero_threshold=message.zero_threshold, zero_count=message.zero_count_int,
        positive=([(s.offset, s.length) for s in message.positive_spans], message.positive_deltas),
        negative=([(s.offset, s.length) for s in message.negative_spans], message.negative_deltas),
        custom_bounds=message.custom_values,
    )  # fmt: skip


def _start(milliseconds: int) -> int:
    return milliseconds * 10**6 if 0 < milliseconds <= _LATEST_MS else 0


def _double(bits: int) -> float:
    value: float = struct.unpack("<d", bits.to_bytes(8, "little"))[0]
    return value


__all__ = ["Undecodable", "Written", "read_write"]
