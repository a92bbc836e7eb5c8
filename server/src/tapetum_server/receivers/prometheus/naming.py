"""What Prometheus' names say: units by their ending, and types where nobody says them."""

from __future__ import annotations

from tapetum_server.signals.metrics import CUMULATIVE, Metric

STALE_BITS = 0x7FF0000000000002
"""The NaN by which Prometheus says that a series has ended."""

_UNITS = {
    "seconds": "s", "milliseconds": "ms", "microseconds": "us", "nanoseconds": "ns", "minutes": "min", "hours": "h",
    "days": "d", "bytes": "By", "kilobytes": "kBy", "megabytes": "MBy", "gigabytes": "GBy", "kibibytes": "KiBy",
    "mebibytes": "MiBy", "gibibytes": "GiBy", "meters": "m", "volts": "V", "amperes": "A", "joules": "J", "watts": "W",
    "grams": "g", "kilograms": "kg", "celsius": "Cel", "hertz": "Hz", "ratio": "1", "percent": "%",
}  # fmt: skip
"""Prometheus' words for units, in the notation that OpenTelemetry uses (UCUM)."""
_ENDINGS = ("_total", "_bucket", "_sum", "_count")


def unit_of(name: str, said: str = "") -> str:
    """The unit that the target says, else the one that the name ends with, in OpenTelemetry's notation.

    `_count` counts; what it counts has no unit.
    """
    if said:
        return _UNITS.get(said, said)
    if name.endswith(("_count", "_bucket")):
        return ""
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return _UNITS.get(name.rpartition("_")[2], "") if "_" in name else ""


def gauge(name: str, unit: str = "", description: str = "") -> Metric:
    """A value that is what it is now; also what is known of a metric of unknown type."""
    return Metric(name, "gauge", unit, description)


def counter(name: str, unit: str = "", description: str = "") -> Metric:
    """A sum that only rises."""
    return Metric(name, "sum", unit, description, CUMULATIVE, True)


def level(name: str, unit: str = "", description: str = "") -> Metric:
    """A sum that rises and falls: OpenTelemetry's form of an info or a state set."""
    return Metric(name, "sum", unit, description, CUMULATIVE, False)


def rises(name: str, labels: object) -> bool:
    """Whether a series whose type nobody says is taken to only rise: by Prometheus' own endings."""
    if name.endswith("_bucket"):
        return isinstance(labels, dict) and "le" in labels
    return name.endswith(("_total", "_sum", "_count"))
