"""A trace with what surrounded it: the state of its hosts while it ran."""

from __future__ import annotations

from tapetum_server.query.errors import NotFound
from tapetum_server.query.host_metrics import HostMetrics, host_metrics, resources_of_trace
from tapetum_server.query.reader import Reader
from tapetum_server.query.time_range import SECOND, TimeRange
from tapetum_server.query.traces import no_trace

MARGIN = 60 * SECOND
"""How much of the time before and after a trace is shown with it."""


async def trace_metrics(reader: Reader, *, project: str, trace_id: str) -> HostMetrics:
    """System, process and hardware metrics of the hosts and instances that a trace ran on, while it ran.

    A trace whose spans name no `host.name` and no `service.instance.id` has none.
    """
    where = await resources_of_trace(reader, project=project, trace_id=trace_id)
    if where is None:
        missing: NotFound = no_trace(project, trace_id)
        raise missing
    time_range = TimeRange(where.start - MARGIN, where.end + MARGIN)
    return await host_metrics(reader, project=project, time_range=time_range, entities=where.entities)
