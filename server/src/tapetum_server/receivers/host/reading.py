"""What a source of host metrics answers: readings, and the metrics that they are readings of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from tapetum_server.signals.attributes import AttributeValue
from tapetum_server.signals.metrics import CUMULATIVE, Metric


class Reading(NamedTuple):
    """One number of one metric, as of now."""

    metric: Metric
    value: int | float
    attributes: Mapping[str, AttributeValue] = {}
    start_time_unix_nano: int = 0
    """When a sum began to count; 0 for gauges."""


class Source(NamedTuple):
    """Something that can be read again and again. `read` may block and may raise."""

    name: str
    """What the log calls it when it fails."""
    read: Callable[[], list[Reading]]


def gauge(name: str, unit: str, description: str) -> Metric:
    """A value that is what it is now."""
    return Metric(name, "gauge", unit, description)


def counter(name: str, unit: str, description: str) -> Metric:
    """A sum that only grows."""
    return Metric(name, "sum", unit, description, CUMULATIVE, True)


def up_down_counter(name: str, unit: str, description: str) -> Metric:
    """A sum that grows and shrinks, and adds up across its attributes."""
    return Metric(name, "sum", unit, description, CUMULATIVE, False)


class Shares:
    """Turns cumulative seconds by mode into the share of each since the last call."""

    def __init__(self) -> None:
        self._before: Mapping[str, float] = {}

    def since_last(self, seconds: Mapping[str, float], available: float | None = None) -> dict[str, float]:
        """Mode to 0..1 of `available` seconds, or of all modes together; nothing at the first call."""
        before, self._before = self._before, dict(seconds)
        if not before:
            return {}
        # The kernel corrects iowait and steal downwards now and then.
        spent = {mode: max(0.0, value - before.get(mode, value)) for mode, value in seconds.items()}
        whole = sum(spent.values()) if available is None else available
        return {mode: min(1.0, value / whole) for mode, value in spent.items()} if whole > 0 else {}
