"""A trace as a graph of what took part: agents, models, tools and graph nodes, however often each was used."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

from typing_extensions import TypedDict

from tapetum_server.analysis.comparison.span_tree import SpanTree, span_tree
from tapetum_server.query.conversation import trace_shape
from tapetum_server.query.reader import Reader
from tapetum_server.query.trace_spans import MAX_SPANS, SpanColumns
from tapetum_server.query.traces import no_trace

MAX_NODES = 150
MAX_SPAN_IDS = 200
"""Spans of a node that are named."""
SHOWN_KINDS = frozenset({
    "agent", "workflow", "llm", "tool", "retriever", "embedding", "reranker", "guardrail", "evaluator", "memory",
})  # fmt: skip
"""Chains, tasks and prompts are how a framework does things; what they call hangs from what called them."""
_ROOT = -1


class GraphNode(TypedDict):
    """All spans of one agent, model or tool. A sum that no span knows is null."""

    id: str
    kind: str
    label: str
    count: int
    repeats: int
    """How often it followed itself directly: a loop of one."""
    errors: int
    duration_ms: float
    own_ms: float
    """Time in which nothing below it ran."""
    path_ms: float
    """Time of the trace that waited for this and nothing below it."""
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    span_ids: list[str]
    """The first 200."""


class GraphEdge(TypedDict):
    """`calls`: the source's spans have the target's below them. `then`: the target began when the source had ended,
    below the same span."""

    source: str
    target: str
    type: str
    count: int
    critical: bool
    """Whether both ends were waited for."""


class AgentGraph(TypedDict):
    """What took part in a trace, and how."""

    nodes: list[GraphNode]
    edges: list[GraphEdge]
    duration_ms: float
    truncated: bool
    """Whether the trace has more than 50,000 spans or 150 nodes."""


async def agent_graph(reader: Reader, *, project: str, trace_id: str) -> AgentGraph:
    """The graph of one trace."""
    shape = await trace_shape(reader, project=project, trace_id=trace_id, limit=MAX_SPANS + 1)
    if not shape.get("span_id"):
        raise no_trace(project, trace_id)
    return await asyncio.to_thread(draw, shape)


def draw(shape: Mapping[str, list[Any]]) -> AgentGraph:
    """The graph of a trace's columns, in order of start."""
    more = len(shape["span_id"]) > MAX_SPANS
    columns = {name: column[:MAX_SPANS] for name, column in shape.items()}
    tree = _timed(columns)
    names = [_name(columns, i) for i in range(len(columns["span_id"]))]
    nodes: dict[tuple[str, str], GraphNode] = {}
    for i, name in enumerate(names):
        if name is None:
            continue
        if name not in nodes:
            if len(nodes) >= MAX_NODES:
                more, names[i] = True, None
                continue
            nodes[name] = _node(name)
        _add(nodes[name], columns, tree, i)
    edges = _edges(tree, columns, names, nodes)
    return AgentGraph(nodes=list(nodes.values()), edges=edges, duration_ms=tree.duration_ns / 1e6, truncated=more)


def _timed(columns: Mapping[str, list[Any]]) -> SpanTree:
    first = min(columns["start_ns"])
    timed = {
        **columns,
        "start_ns": [start - first for start in columns["start_ns"]],
        "duration_ns": [None if e is None else e - s for s, e in zip(columns["start_ns"], columns["end_ns"])],
    }
    return span_tree(cast(SpanColumns, timed))


def _name(columns: Mapping[str, list[Any]], i: int) -> tuple[str, str] | None:
    """Kind and label of the node that a span belongs to; `None` where it has none of its own."""
    kind, name = columns["kind"][i], columns["name"][i]
    if node := columns["graph_node"][i]:
        return (
            ("node", node)
            if kind not in ("llm", "tool")
            else (kind, columns["model" if kind == "llm" else kind][i] or name)
        )
    if kind not in SHOWN_KINDS:
        return None
    label = {"llm": columns["model"], "embedding": columns["model"], "agent": columns["agent"], "tool": columns["tool"]}
    return kind, (label[kind][i] if kind in label else "") or name


def _node(name: tuple[str, str]) -> GraphNode:
    return GraphNode(
        id="\n".join(name), kind=name[0], label=name[1], count=0, repeats=0, errors=0, duration_ms=0.0, own_ms=0.0,
        path_ms=0.0, input_tokens=None, output_tokens=None, cost_usd=None, span_ids=[],
    )  # fmt: skip


def _add(node: GraphNode, columns: Mapping[str, list[Any]], tree: SpanTree, i: int) -> None:
    node["count"] += 1
    node["errors"] += columns["status"][i] == "error"
    node["duration_ms"] += (tree.end[i] - tree.start[i]) / 1e6
    node["own_ms"] += tree.own_ns[i] / 1e6
    node["path_ms"] += tree.path_ns[i] / 1e6
    if columns["usage_counted"][i]:
        node["input_tokens"] = _plus(node["input_tokens"], columns["input_tokens"][i])
        node["output_tokens"] = _plus(node["output_tokens"], columns["output_tokens"][i])
        node["cost_usd"] = _plus(node["cost_usd"], columns["cost_usd"][i])
    if len(node["span_ids"]) < MAX_SPAN_IDS:
        node["span_ids"].append(columns["span_id"][i])


def _plus(sum_: Any, value: Any) -> Any:
    return sum_ if value is None else (sum_ or 0) + value


def _edges(
    tree: SpanTree,
    columns: Mapping[str, list[Any]],
    names: list[tuple[str, str] | None],
    nodes: Mapping[tuple[str, str], GraphNode],
) -> list[GraphEdge]:
    above = _holders(tree, names)
    counts: dict[tuple[str, str, str], int] = {}
    last: dict[int, int] = {}
    for i, name in enumerate(names):
        if name is None:
            continue
        holder = above[i]
        if holder != _ROOT and names[holder] is not None:
            key = ("calls", "\n".join(cast(tuple[str, str], names[holder])), "\n".join(name))
            counts[key] = counts.get(key, 0) + 1
        before = last.get(holder)
        if before is not None and tree.end[before] <= tree.start[i]:
            previous = cast(tuple[str, str], names[before])
            if previous == name:
                nodes[name]["repeats"] += 1
            else:
                key = ("then", "\n".join(previous), "\n".join(name))
                counts[key] = counts.get(key, 0) + 1
        last[holder] = i
    path = {node["id"] for node in nodes.values() if node["path_ms"] > 0}
    return [
        GraphEdge(source=source, target=target, type=kind, count=count, critical=source in path and target in path)
        for (kind, source, target), count in counts.items()
        if source != target or kind == "calls"
    ]


def _holders(tree: SpanTree, names: list[tuple[str, str] | None]) -> list[int]:
    """The nearest span above each that has a node; `_ROOT` where there is none."""
    above = [_ROOT] * len(names)
    stack = list(tree.roots)
    while stack:
        at = stack.pop()
        holder = at if names[at] is not None else above[at]
        for child in tree.children[at]:
            above[child] = holder
            stack.append(child)
    return above
