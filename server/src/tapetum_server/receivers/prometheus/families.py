"""Metric families of one scrape into points, as OpenTelemetry's compatibility with Prometheus wants it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from prometheus_client.metrics_core import Metric as Family

from tapetum_server.receivers.prometheus import naming
from tapetum_server.receivers.prometheus.exposition import Families
from tapetum_server.receivers.prometheus.native import InvalidHistogram, classic, native, whole
from tapetum_server.receivers.prometheus.owners import Owners, scopes_of
from tapetum_server.receivers.prometheus.staleness import Series
from tapetum_server.receivers.prometheus.target import NameFilter, ScrapeTarget
from tapetum_server.signals.attributes import AttributeValue
from tapetum_server.signals.metrics import CUMULATIVE, Buckets, Exemplar, Metric, MetricBatch

_STARTS = ("counter", "histogram", "summary")
Labels = Mapping[str, str]
Pairs = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Scraped:
    """The points of one scrape, and what was left out."""

    batch: MetricBatch
    series: dict[object, Series] = field(default_factory=dict)
    """Those whose end is to be noticed: all whose samples came without a time."""
    refused: Counter[str] = field(default_factory=Counter)
    messages: list[str] = field(default_factory=list)

    def refuse(self, reason: str, message: str) -> None:
        """Leave one point out."""
        self.refused[reason] += 1
        if message not in self.messages and len(self.messages) < 20:
            self.messages.append(message)


@dataclass(slots=True)
class _Distribution:
    """The samples of one histogram or summary at one time."""

    labels: dict[str, str]
    at: Any
    parts: list[tuple[float, float]] = field(default_factory=list)
    """Bounds and counts, or quantiles and values."""
    count: float | None = None
    sum: float | None = None
    exemplars: list[Any] = field(default_factory=list)
    native: Any = None


class Reading:
    """Turns the families of one scrape into points."""

    def __init__(
        self, families: Families, target: ScrapeTarget, resource: Mapping[str, AttributeValue], time_unix_nano: int
    ) -> None:
        self._families = families
        self._target = target
        self._now = time_unix_nano
        self._kept: Callable[[str], bool] = NameFilter(target.keep, target.drop)
        infos = {name: list(_info(families.found, name)) for name in ("target", "otel_scope")}
        more = dict(resource)
        for labels in infos["target"]:
            more |= {name: value for name, value in labels.items() if value and name not in target.own_labels}
        self._owners = Owners(
            target.own_labels, honor_labels=target.honor_labels, more=more, scopes=scopes_of(infos["otel_scope"])
        )
        self._created = _created_gauges(families.found)
        self._scraped = Scraped(MetricBatch(project=target.project, sender=target.job))

    def points(self) -> Scraped:
        """Every point that can be made."""
        consumed = {f"{base}_created" for base in self._created}
        for family in self._families.found:
            if family.name in ("target", "otel_scope") and family.type == "info":
                continue
            if family.name in consumed or family.name in ("target_info", "otel_scope_info"):
                continue
            _READ.get(family.type, Reading._gauges)(self, family)
        return self._scraped

    def _gauges(self, family: Family) -> None:
        self._numbers(family, family.samples, naming.gauge)

    def _levels(self, family: Family) -> None:
        self._numbers(family, family.samples, naming.level)

    def _counters(self, family: Family) -> None:
        starts = self._starts(family)
        name = family.name if family.name in self._families.bare_counters else f"{family.name}_total"
        self._numbers(family, [s for s in family.samples if s.name.endswith("_total")], naming.counter, name, starts)

    def _numbers(
        self,
        family: Family,
        samples: Iterable[Any],
        kind: Callable[[str, str, str], Metric],
        name: str = "",
        starts: Mapping[Pairs, int] | None = None,
    ) -> None:
        metrics: dict[str, Metric] = {}
        for sample in samples:
            own = name or sample.name
            if own not in metrics:
                if not self._kept(own):
                    continue
                metrics[own] = kind(own, naming.unit_of(own, family.unit), family.documentation)
            value = sample.value
            if isinstance(value, int) and not -(2**63) <= value < 2**63:
                value = float(value) if abs(value) < 2**1023 else math.copysign(math.inf, value)
            self._add(
                metrics[own], sample.labels, sample.timestamp, value=value,
                start=(starts or {}).get(_pairs(sample.labels), 0),
                exemplars=[sample.exemplar] if sample.exemplar else [],
            )  # fmt: skip

    def _distributions(self, family: Family) -> None:
        if not self._kept(family.name):
            return
        is_histogram = family.type == "histogram"
        edge = "le" if is_histogram else "quantile"
        found: dict[tuple[Pairs, object], _Distribution] = {}
        for sample in family.samples:
            if sample.name == f"{family.name}_created":
                continue
            labels = dict(sample.labels or {})
            bound = labels.pop(edge, None)
            one = found.setdefault((_pairs(labels), sample.timestamp), _Distribution(labels, sample.timestamp))
            if sample.native_histogram is not None:
                one.native = sample.native_histogram
            elif sample.name == f"{family.name}_count":
                one.count = sample.value
            elif sample.name == f"{family.name}_sum":
                one.sum = float(sample.value)
            elif bound is not None:
                try:
                    one.parts.append((float(bound), float(sample.value)))
                except ValueError:
                    one.parts.append((math.nan, 0.0))
            else:
                one.parts.append((math.nan, 0.0))
            if sample.exemplar:
                one.exemplars.append(sample.exemplar)
        starts = self._starts(family)
        for one in found.values():
            kind = family.type
            try:
                buckets = _buckets(one) if is_histogram else _summary(one)
            except InvalidHistogram as error:
                self._scraped.refuse("invalid_histogram", f"{family.name}: {error}")
                continue
            if one.native is not None and not buckets.explicit_bounds:
                kind = "exponential_histogram"
            metric = Metric(
                family.name, kind, naming.unit_of(family.name, family.unit), family.documentation,
                CUMULATIVE if is_histogram else 0,
            )  # fmt: skip
            self._add(
                metric, one.labels, one.at, buckets=buckets, start=starts.get(_pairs(one.labels), 0),
                exemplars=one.exemplars,
            )  # fmt: skip

    def _starts(self, family: Family) -> dict[Pairs, int]:
        found = dict(self._created.get(family.name, {}))
        for sample in family.samples:
            if sample.name == f"{family.name}_created":
                found[_pairs(sample.labels)] = _nanoseconds(sample.value) or 0
        return found

    def _add(
        self,
        metric: Metric,
        labels: Labels,
        at: Any,
        *,
        value: int | float | None = None,
        buckets: Buckets | None = None,
        start: int = 0,
        exemplars: Iterable[Any] = (),
    ) -> None:
        time: int | None = self._now
        if at is not None and self._target.honor_timestamps:
            time = _nanoseconds(at)
            if time is None:
                return self._scraped.refuse("invalid_time", f"{metric.name}: a sample's time is {at}")
        assert time is not None
        owned = self._owners.of(labels)
        self._scraped.batch.add(
            owned.resource, owned.scope, metric,
            time_unix_nano=time,
            start_time_unix_nano=start,
            value=value,
            buckets=buckets,
            attributes=owned.attributes,
            exemplars=[exemplar_of(e.labels, e.value, _nanoseconds(e.timestamp) or time) for e in exemplars],
        )  # fmt: skip
        if time == self._now:
            key = (metric.name, metric.type, metric.unit, owned.key, frozenset(owned.attributes.items()))
            self._scraped.series[key] = Series(metric, owned.resource, owned.scope, owned.attributes)


_READ: Mapping[str, Callable[[Reading, Family], None]] = {
    "counter": Reading._counters,
    "histogram": Reading._distributions,
    "summary": Reading._distributions,
    "info": Reading._levels,
    "stateset": Reading._levels,
}
"""Gauges, gauge histograms and what nobody says the type of are gauges, each sample under its own name."""


def exemplar_of(labels: Labels, value: float, time_unix_nano: int) -> Exemplar:
    """An exemplar with the span that its labels name."""
    rest: dict[str, AttributeValue] = dict(labels)
    ids = []
    for name, digits in (("trace_id", 32), ("span_id", 16)):
        text = labels.get(name, "").lower()
        sound = len(text) == digits and all(c in "0123456789abcdef" for c in text) and text.strip("0") != ""
        ids.append(text if sound else "")
        if sound:
            del rest[name]
    return Exemplar(time_unix_nano, value, ids[0], ids[1], rest)


def _buckets(one: _Distribution) -> Buckets:
    if one.native is None:
        return classic(one.parts, one.count, one.sum)
    said = one.native
    return native(
        count=said.count_value, total=said.sum_value, schema=said.schema, zero_threshold=said.zero_threshold,
        zero_count=said.zero_count,
        positive=(said.pos_spans or (), said.pos_deltas or ()),
        negative=(said.neg_spans or (), said.neg_deltas or ()),
    )  # fmt: skip


def _summary(one: _Distribution) -> Buckets:
    # A quantile is NaN where nothing was observed for a while: no value is better than one that poisons every maximum.
    known = sorted((level, value) for level, value in one.parts if not math.isnan(level) and not math.isnan(value))
    count = 0 if one.count is None else whole(one.count, "the count")
    return Buckets(count=count, sum=one.sum, quantiles=tuple(known))


def _info(families: Iterable[Family], name: str) -> Iterable[Labels]:
    """Labels of an info's samples, in OpenMetrics, or of a gauge of that name in the older format."""
    for family in families:
        if family.name in (name, f"{name}_info"):
            for sample in family.samples:
                if sample.name == f"{name}_info":
                    yield sample.labels


def _created_gauges(families: Iterable[Family]) -> dict[str, dict[Pairs, int]]:
    """Start times by family. In the older text format they are gauges of their own."""
    families = list(families)
    bases = {family.name for family in families if family.type in _STARTS}
    found: dict[str, dict[Pairs, int]] = {}
    for family in families:
        base = family.name.removesuffix("_created")
        if family.type in ("gauge", "unknown") and base != family.name and base in bases:
            found[base] = {_pairs(sample.labels): _nanoseconds(sample.value) or 0 for sample in family.samples}
    return found


def _pairs(labels: Labels) -> Pairs:
    return tuple(sorted(labels.items()))


def _nanoseconds(moment: Any) -> int | None:
    """Of a time of the parsers: seconds, or seconds and nanoseconds. `None` for one that no column holds."""
    if moment is None:
        return None
    if hasattr(moment, "nsec"):
        found = int(moment.sec) * 10**9 + int(moment.nsec)
    elif not math.isfinite(moment) or abs(moment) > 1e11:
        return None
    else:
        # Whole microseconds: a float has no more of a second of this century.
        found = round(moment * 10**6) * 1000
    return found if 0 < found < 2**64 else None
