"""Tells the server what it was not sent: OpenTelemetry's metrics of SDKs and their like, as deltas, by `error.type`."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from opentelemetry.sdk.resources import Resource

from tapetum import _otlp_json
from tapetum._fork import renew_in_child
from tapetum._http import Post
from tapetum._outbox import Lane
from tapetum._version import __version__

EVERY_S = 5.0
TIMEOUT_S = 2.0
_AT_THE_QUEUE = ("queue_full", "after_shutdown", "no_time_at_shutdown")
_NAMES = {
    "spans": ("otel.sdk.processor.span.processed", "otel.sdk.exporter.span.exported", "{span}"),
    "logs": ("otel.sdk.processor.log.processed", "otel.sdk.exporter.log.exported", "{log_record}"),
    "metrics": (
        "otel.sdk.processor.metric_data_point.processed",
        "otel.sdk.exporter.metric_data_point.exported",
        "{data_point}",
    ),
    # OpenTelemetry has no records of these kinds, and so no names for their losses.
    **{
        f"{kind}s": (f"tapetum.sdk.processor.{kind}.processed", f"tapetum.sdk.exporter.{kind}.exported", f"{{{kind}}}")
        for kind in ("change", "evaluation", "prediction", "label")
    },
}


class LossReport:
    """Remembers what was told already. A source of the outbox."""

    def __init__(
        self,
        lanes: Mapping[str, Lane],
        resource: Resource,
        post: Post,
        redact: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self._lanes = lanes
        self._resource = resource
        self._post = post
        self._redact = redact
        self._renew()
        renew_in_child(self._renew)

    def _renew(self) -> None:
        self._told: Counter[tuple[str, str]] = Counter()
        self._due = 0.0
        self._since = time.time_ns()

    def tell(self, flushing: bool) -> None:
        """Send what was lost since the last time, at most every few seconds; unsent, it waits for the next."""
        now = time.monotonic()
        if now < self._due and not flushing:
            return
        lost = {
            (name, reason): count for name in _NAMES for reason, count in self._lanes[name].losses.snapshot().items()
        }
        fresh = [(name, reason, count - self._told[name, reason]) for (name, reason), count in lost.items()]
        fresh = [entry for entry in fresh if entry[2] > 0]
        if not fresh:
            return
        self._due = now + EVERY_S
        until = time.time_ns()
        document = self._document(fresh, until)
        if self._redact is not None:
            self._redact(document)
        body = json.dumps(document).encode()
        if not self._post.send("/v1/metrics", body, TIMEOUT_S).reason:
            self._since = until
            for name, reason, count in fresh:
                self._told[name, reason] += count

    def _document(self, fresh: Iterable[tuple[str, str, int]], until: int) -> dict[str, Any]:
        points: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for name, reason, count in fresh:
            processed, exported, unit = _NAMES[name]
            metric = processed if reason in _AT_THE_QUEUE else exported
            attributes = {"error.type": reason, "otel.component.type": "tapetum"}
            points.setdefault((metric, unit), []).append({
                "attributes": _otlp_json.attributes(attributes),
                "startTimeUnixNano": str(self._since), "timeUnixNano": str(until), "asInt": str(count),
            })  # fmt: skip
        metrics = [
            {"name": metric, "unit": unit, "description": "Records that the SDK could not deliver, by reason.",
             "sum": {"dataPoints": found, "aggregationTemporality": 1, "isMonotonic": True}}
            for (metric, unit), found in points.items()
        ]  # fmt: skip
        scope = {"scope": {"name": "tapetum", "version": __version__}, "metrics": metrics}
        resource = {"attributes": _otlp_json.attributes(self._resource.attributes)}
        return {"resourceMetrics": [{"resource": resource, "scopeMetrics": [scope]}]}
