"""Who asks whom: edges between services, and from services to what they use, from the parentage of spans.

A span of kind server or consumer whose parent is a span of another service is one request along the edge between the
two. A span of kind client or producer that no such span answers went to something that sends no spans: a database, a
queue, a model's provider or another host, told by its attributes (OpenTelemetry's semantic conventions, also names of
before they were stable). Such a span without any of these attributes is not drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from typing_extensions import TypedDict

from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_sql import conditions, value_sql
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.services import Measures, list_services
from tapetum_server.query.sources import SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange

NodeKind = Literal["service", "database", "messaging", "model", "external"]
MAX_EDGES = 1_000
_SYSTEM_KEYS: Mapping[NodeKind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "database": (("db.system.name", "db.system"), ("db.namespace", "db.name")),
    "messaging": (("messaging.system",), ("messaging.destination.name", "messaging.destination")),
    "external": (("peer.service", "server.address", "net.peer.name", "rpc.service"), ()),
}
"""Kind of a node → keys that name its system, and keys that name the part of it; of each the first that is there."""
_KEYS = tuple(dict.fromkeys(key for names in _SYSTEM_KEYS.values() for group in names for key in group))


class MapNode(TypedDict):
    """A service, or something that services use. `id` is its name; that of others begins with their kind."""

    id: str
    label: str
    kind: NodeKind
    requests: int
    rate_per_s: float
    error_rate: float
    p95_ms: float | None


class MapEdge(TypedDict):
    """Requests from one node to another, as the one that asks saw them (its client span)."""

    source: str
    target: str
    requests: int
    rate_per_s: float
    error_rate: float
    p50_ms: float | None
    p95_ms: float | None


class ServiceMap(TypedDict):
    """Everything that spans of the range tell of who asks whom."""

    nodes: list[MapNode]
    edges: list[MapEdge]
    truncated: bool


async def service_map(reader: Reader, *, project: str, time_range: TimeRange, filter: Filter) -> ServiceMap:
    """Nodes and edges of the range; the filter is about the spans of whoever asks."""
    services = await list_services(reader, project=project, time_range=time_range, filter=filter)
    if not services["rows"]:
        return ServiceMap(nodes=[], edges=[], truncated=False)
    nodes = {row["service"]: _node(row["service"], row["service"], "service", row) for row in services["rows"]}
    some = services["rows"][0]
    seconds = some["requests"] / some["rate_per_s"] if some["rate_per_s"] else 1.0
    selection = await select(reader, SPANS, project=project, time_range=time_range, filter=filter, keys=_KEYS)
    found = list(tuples_of(await reader.query(*edges_statement(selection))))
    edges = []
    totals: dict[str, list[tuple[int, int]]] = {}
    kinds: dict[str, tuple[str, NodeKind]] = {}
    for source, target, kind, requests, errors, durations in found[:MAX_EDGES]:
        node_id = target if kind == "service" else f"{kind}:{target}"
        kinds[node_id] = (target, kind)
        totals.setdefault(node_id, []).append((requests, errors))
        p50, p95 = (None if d is None or math.isnan(d) else d for d in durations)
        edges.append(
            MapEdge(
                source=source, target=node_id, requests=requests, rate_per_s=requests / seconds,
                error_rate=errors / requests, p50_ms=p50, p95_ms=p95,
            )
        )  # fmt: skip
    for node_id, (label, kind) in kinds.items():
        if node_id not in nodes:
            requests = sum(count for count, _ in totals[node_id])
            into = [edge["p95_ms"] for edge in edges if edge["target"] == node_id and edge["p95_ms"] is not None]
            nodes[node_id] = MapNode(
                id=node_id, label=label, kind=kind, requests=requests, rate_per_s=requests / seconds,
                error_rate=sum(errors for _, errors in totals[node_id]) / requests, p95_ms=max(into, default=None),
            )  # fmt: skip
    for edge in edges:
        # A filter may leave the asked without the asker.
        if edge["source"] not in nodes:
            nodes[edge["source"]] = MapNode(
                id=edge["source"], label=edge["source"], kind="service", requests=0, rate_per_s=0.0, error_rate=0.0,
                p95_ms=None,
            )  # fmt: skip
    return ServiceMap(
        nodes=list(nodes.values()), edges=edges, truncated=services["truncated"] or len(found) > MAX_EDGES
    )


def edges_statement(selection: Selection) -> Statement:
    """(source, target, kind, requests, errors, quantiles), the busiest first."""
    parameters = Parameters()
    condition = " AND ".join(conditions(selection, parameters))
    # Whoever answers is found in the whole range of the project: the filter is about whoever asks.
    answering = " AND ".join(
        [*selection.bounds(parameters), "span_kind IN ('server', 'consumer')", "parent_span_id != ''"]
    )
    inner = f"""trace_id, span_id, service, span_kind IN ('client', 'producer') AS asks, duration_ms, status,
        if(asks, {_target(selection, parameters)}, ('', '')) AS outside"""
    answers = "trace_id AS of_trace, parent_span_id AS of_span, service AS answered_by"
    sql = f"""SELECT service AS source, if(answered_by != '', answered_by, outside.2) AS target,
    if(answered_by != '', 'service', outside.1) AS target_kind, count() AS requests,
    countIf(status = 'error') AS errors, quantiles(0.5, 0.95)(duration_ms) AS durations
FROM (SELECT {inner} FROM {selection.source.relation(inner, condition)} WHERE {condition}) AS asking
LEFT JOIN (SELECT {answers} FROM {selection.source.relation(answers, answering)} WHERE {answering}) AS answering
ON asking.trace_id = answering.of_trace AND asking.span_id = answering.of_span
WHERE if(answered_by != '', answered_by != service, outside.2 != '')
GROUP BY source, target, target_kind
ORDER BY requests DESC, source, target
LIMIT {MAX_EDGES + 1}"""
    return Statement(sql, parameters.values)


def _target(selection: Selection, parameters: Parameters) -> str:
    """(kind, name) of what a client span went to; ('', '') where nothing tells."""

    def first(keys: tuple[str, ...]) -> str:
        texts = [value_sql(key, selection, parameters) for key in keys]
        known = [text for text in texts if text != "''"]
        return "''" if not known else known[0] if len(known) == 1 else f"firstNonDefault({', '.join(known)})"

    cases = ["provider != '', ('model', if(model != '', concat(provider, ' ', model), toString(provider)))"]
    for kind, (systems, parts) in _SYSTEM_KEYS.items():
        system, part = first(systems), first(parts)
        if system == "''":
            continue
        name = system if part == "''" else f"if({part} != '', concat({system}, ' ', {part}), {system})"
        cases.append(f"{system} != '', ('{kind}', {name})")
    return f"multiIf({', '.join(cases)}, ('', ''))"


def _node(node_id: str, label: str, kind: NodeKind, measures: Measures) -> MapNode:
    return MapNode(
        id=node_id, label=label, kind=kind, requests=measures["requests"], rate_per_s=measures["rate_per_s"],
        error_rate=measures["error_rate"], p95_ms=measures["p95_ms"],
    )  # fmt: skip
