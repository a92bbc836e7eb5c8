"""From metrics as senders name them to four measures: how much CPU, memory, GPU and GPU memory is in use.

The names and states are those of OpenTelemetry's conventions, as `tapetum serve`, `tapetum.resources`, the Collector's
`hostmetrics`, `kubeletstats` and `docker_stats` receivers, `opentelemetry-instrumentation-system-metrics` and the Java
agent send them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tapetum_server.analysis.resources.participants import Kind
from tapetum_server.query.resource_metrics import ResourceSeries

Measure = Literal["cpu", "memory", "gpu", "gpu_memory"]
Points = dict[int, float]
Read = Callable[[Sequence[ResourceSeries]], Mapping[str, Points]]
"""Series of one sender and metric → points of each part (a GPU), `""` for the whole."""
_IDLE = frozenset({"idle", "iowait", "wait"})


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way to know a measure. `unit` is `1` for a share of what there is."""

    kind: Kind
    measure: Measure
    metrics: tuple[str, ...]
    unit: str
    read: Read


def _states(series: ResourceSeries, *keys: str) -> str:
    return next((series.attributes[key] for key in keys if key in series.attributes), "")


def _mode(series: ResourceSeries) -> str:
    return _states(series, "cpu.mode", "state", "system.cpu.state", "process.cpu.state", "type")


def _added(all_series: Sequence[ResourceSeries]) -> Points:
    points: Points = {}
    for series in all_series:
        for time, value in series.points:
            points[time] = points.get(time, 0.0) + value
    return points


def _divided(part: Points, whole: Points) -> Points:
    return {time: value / whole[time] for time, value in part.items() if whole.get(time)}


def _busy_shares(all_series: Sequence[ResourceSeries]) -> Mapping[str, Points]:
    """Shares of each CPU's time by mode: all but idling, the mean of the CPUs."""
    modes = {_mode(series) for series in all_series}
    busy = _added([series for series in all_series if _mode(series) not in _IDLE])
    if modes <= _IDLE:
        busy = {time: 1.0 - value for time, value in _added(all_series).items()}
    cpus: dict[int, set[str]] = {}
    for series in all_series:
        number = _states(series, "cpu.logical_number", "system.cpu.logical_number", "cpu")
        for time, _ in series.points:
            cpus.setdefault(time, set()).add(number)
    return {"": {time: value / len(cpus[time]) for time, value in busy.items()}}


def _busy_seconds(all_series: Sequence[ResourceSeries]) -> Mapping[str, Points]:
    """Seconds per second by mode: all but idling, of all."""
    if not any(_mode(series) in _IDLE for series in all_series):
        return {}
    return {"": _divided(_added([s for s in all_series if _mode(s) not in _IDLE]), _added(all_series))}


def _sum(all_series: Sequence[ResourceSeries]) -> Mapping[str, Points]:
    return {"": _added(all_series)}


def _memory_state(series: ResourceSeries) -> str:
    return _states(series, "system.memory.state", "state")


def _used(all_series: Sequence[ResourceSeries]) -> Mapping[str, Points]:
    return {"": _added([series for series in all_series if _memory_state(series) in ("used", "")])}


def _used_of_all(all_series: Sequence[ResourceSeries]) -> Mapping[str, Points]:
    """Bytes by state, which add up to the whole, unless a limit says what that is."""
    usage = [series for series in all_series if series.name.endswith("usage")]
    limit = _added([series for series in all_series if series.name.endswith("limit")])
    several = len({_memory_state(series) for series in usage}) > 1
    whole = limit or (_added(usage) if several else {})
    used = [series for series in usage if _memory_state(series) in ("used", "")]
    return {"": _divided(_added(used), whole)}


def _resident(all_series: Sequence[ResourceSeries]) -> Mapping[str, Points]:
    return {"": _added([series for series in all_series if series.attributes.get("type", "rss") == "rss"])}


def _each_gpu(all_series: Sequence[ResourceSeries]) -> Mapping[str, Points]:
    """The busiest engine of each GPU."""
    gpus: dict[str, Points] = {}
    for series in all_series:
        points = gpus.setdefault(_gpu(series), {})
        for time, value in series.points:
            points[time] = max(value, points.get(time, 0.0))
    return gpus


def _each_gpu_of_its_limit(all_series: Sequence[ResourceSeries]) -> Mapping[str, Points]:
    return {
        gpu: _used_of_all([series for series in all_series if _gpu(series) == gpu])[""]
        for gpu in sorted({_gpu(series) for series in all_series})
    }


def _gpu(series: ResourceSeries) -> str:
    return series.attributes.get("hw.name") or series.attributes.get("hw.id") or "GPU"


RECIPES: tuple[Recipe, ...] = (
    Recipe("host", "cpu", ("system.cpu.utilization",), "1", _busy_shares),
    Recipe("host", "cpu", ("system.cpu.time",), "1", _busy_seconds),
    Recipe("host", "memory", ("system.memory.utilization",), "1", _used),
    Recipe("host", "memory", ("system.memory.usage", "system.memory.limit"), "1", _used_of_all),
    Recipe("host", "memory", ("system.memory.usage",), "By", _used),
    Recipe("host", "gpu", ("hw.gpu.utilization",), "1", _each_gpu),
    Recipe("host", "gpu_memory", ("hw.gpu.memory.utilization",), "1", _each_gpu),
    Recipe("host", "gpu_memory", ("hw.gpu.memory.usage", "hw.gpu.memory.limit"), "1", _each_gpu_of_its_limit),
    Recipe("process", "cpu", ("process.cpu.utilization",), "1", _sum),
    Recipe("process", "cpu", ("process.runtime.cpython.cpu.utilization",), "1", _sum),
    Recipe("process", "cpu", ("jvm.cpu.recent_utilization",), "1", _sum),
    Recipe("process", "cpu", ("k8s.pod.cpu_limit_utilization",), "1", _sum),
    Recipe("process", "cpu", ("process.cpu.time",), "{cpu}", _sum),
    Recipe("process", "cpu", ("process.runtime.cpython.cpu_time",), "{cpu}", _sum),
    Recipe("process", "cpu", ("container.cpu.usage",), "{cpu}", _sum),
    Recipe("process", "cpu", ("k8s.pod.cpu.usage",), "{cpu}", _sum),
    Recipe("process", "memory", ("k8s.pod.memory_limit_utilization",), "1", _sum),
    Recipe("process", "memory", ("process.memory.usage",), "By", _sum),
    Recipe("process", "memory", ("process.memory.physical_usage",), "By", _sum),
    Recipe("process", "memory", ("process.runtime.cpython.memory",), "By", _resident),
    Recipe("process", "memory", ("k8s.pod.memory.working_set",), "By", _sum),
    Recipe("process", "memory", ("container.memory.working_set",), "By", _sum),
    Recipe("process", "memory", ("container.memory.usage",), "By", _sum),
    Recipe("process", "memory", ("jvm.memory.used",), "By", _sum),
)
"""In order of preference: of one kind and measure the first that has points is shown."""


def metrics_of(kind: Kind) -> tuple[str, ...]:
    """Names that the recipes of a kind read."""
    return tuple(dict.fromkeys(name for recipe in RECIPES if recipe.kind == kind for name in recipe.metrics))
