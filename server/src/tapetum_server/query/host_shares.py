"""How much of each machine is in use: CPU, memory, file systems and GPUs, under OpenTelemetry's names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import orjson

from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.selection import Selection, resource_pattern
from tapetum_server.query.sources import METRICS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import SECOND, TimeRange
from tapetum_server.store.attribute_shape import rebuild

HostResource = Literal["cpu", "memory", "disk", "gpu", "gpu_memory"]
METRIC_OF: dict[HostResource, str] = {
    "cpu": "system.cpu.utilization",
    "memory": "system.memory.utilization",
    "disk": "system.filesystem.utilization",
    "gpu": "hw.gpu.utilization",
    "gpu_memory": "hw.gpu.memory.utilization",
}
MAX_PARTS = 300
STEP_S = 60
_PART_KEYS = ("system.filesystem.mountpoint", "mountpoint", "hw.name", "hw.id", "system.device", "device")
"""What tells the disks and GPUs of a machine apart: today's names before older ones."""


@dataclass(frozen=True, slots=True)
class HostShares:
    """One resource of one machine: shares in use over time."""

    host: str
    resource: HostResource
    part: str
    """Which disk or GPU; empty for CPU and memory."""
    points: Sequence[tuple[int, float]]
    """(nanoseconds since 1970, share of 0 to 1), the oldest first."""


async def host_shares(reader: Reader, *, project: str, time_range: TimeRange) -> list[HostShares]:
    """Everything that machines say of themselves within the range."""
    names = {metric: resource for resource, metric in METRIC_OF.items()}
    statement = host_shares_statement(Selection(METRICS, project, time_range))
    return [
        HostShares(
            host=orjson.loads(f'"{row["host"]}"'),
            resource=names[row["metric"]],
            part=_part(row["shape"], row["texts"]),
            points=sorted((tuple(p.values()) if isinstance(p, dict) else tuple(p)) for p in row["points"]),
        )
        for row in rows_of(await reader.query(*statement))
    ]


def _part(shape: str, texts: Sequence[str]) -> str:
    attributes = {key: text for key, _type, text in rebuild(shape, texts, ())} if shape else {}
    return next((attributes[key] for key in _PART_KEYS if attributes.get(key)), "")


def host_shares_statement(selection: Selection) -> Statement:
    """(host, metric, shape and texts of the part's attributes, [(minute, share)]).

    CPUs and the states of memory are put together: busy is what is not idle (a value without a mode is
    busy), memory in use is the state `used`. Attribute texts are compared as they are: whether the state is called
    `cpu.mode` or, as it was, `state`.
    """
    parameters = Parameters()
    where = selection.bounds(parameters)
    metrics = ", ".join(parameters.text(metric) for metric in METRIC_OF.values())
    cpu, memory = parameters.text(METRIC_OF["cpu"]), parameters.text(METRIC_OF["memory"])
    where.append(f"name IN ({metrics})")
    where.append("isNotNull(value)")
    where.append(f"(name != {cpu} OR has(attr_values, 'idle') OR empty(attr_values))")
    where.append(f"(name != {memory} OR has(attr_values, 'used'))")
    condition = " AND ".join(where)
    pattern = parameters.text(resource_pattern("host.name", group_value=True))
    whole = f"name IN ({cpu}, {memory})"
    columns = f"""name, extract(resource, {pattern}) AS host,
        if({whole}, '', toString(attr_shape)) AS shape,
        if({whole}, [], attr_values) AS texts,
        intDiv(toUnixTimestamp64Nano(time), {STEP_S * SECOND}) * {STEP_S * SECOND} AS at,
        avg(if(name = {cpu} AND has(attr_values, 'idle'), 1 - value, value)) AS share"""
    sql = f"""SELECT host, name AS metric, shape, texts, groupArray(1000)((at, assumeNotNull(share))) AS points
FROM (
    SELECT {columns}
    FROM {selection.source.relation(columns, condition)}
    WHERE {condition}
    GROUP BY name, host, shape, texts, at
)
WHERE host != ''
GROUP BY host, metric, shape, texts
ORDER BY host, metric, shape, texts
LIMIT {MAX_PARTS}"""
    return Statement(sql, parameters.values)
