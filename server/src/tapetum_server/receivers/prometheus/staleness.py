"""Series that end: what a target no longer answers has no value, and must not look as if it had its last one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tapetum_server.signals.attributes import AttributeValue
from tapetum_server.signals.metrics import NO_RECORDED_VALUE, Buckets, Metric, MetricBatch
from tapetum_server.signals.resource import Resource, Scope

_NUMBERS = ("gauge", "sum")


class Series(NamedTuple):
    """What tells one series from all others."""

    metric: Metric
    resource: Resource
    scope: Scope
    attributes: dict[str, AttributeValue]


def end(series: Series, batch: MetricBatch, time_unix_nano: int) -> None:
    """Add the point that says that a series has no value any more."""
    batch.add(
        series.resource, series.scope, series.metric,
        time_unix_nano=time_unix_nano,
        buckets=None if series.metric.type in _NUMBERS else Buckets(),
        attributes=dict(series.attributes),
        flags=NO_RECORDED_VALUE,
    )  # fmt: skip


class Remembered:
    """The series of a target's last scrapes."""

    def __init__(self) -> None:
        self._series: Mapping[object, Series] = {}

    def __len__(self) -> int:
        return len(self._series)

    def ended(self, now: Mapping[object, Series]) -> list[Series]:
        """Those that were there and are not."""
        return [series for key, series in self._series.items() if key not in now]

    def keep(self, now: Mapping[object, Series], *, stored: bool, most: int) -> None:
        """These are there. What could not be `stored` did not tell of any end, which is then told next time."""
        if not stored and len(self._series) + len(now) <= 2 * most:
            now = {**self._series, **now}
        self._series = now
