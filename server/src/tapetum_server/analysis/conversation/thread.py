"""A whole trace as a chat, however many spans it is made of."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from tapetum_server.analysis.conversation.entries import Entry, TraceConversation
from tapetum_server.analysis.conversation.sources import log_event, read_row
from tapetum_server.analysis.conversation.teller import Teller, end_of
from tapetum_server.processors.messages.events import NAMES, Event, read_events
from tapetum_server.processors.messages.span_content import SpanContent
from tapetum_server.query.conversation import Place, contents, spoken_logs, trace_shape
from tapetum_server.query.reader import Reader
from tapetum_server.query.trace_spans import MAX_SPANS
from tapetum_server.query.traces import no_trace

SPEAKERS = ("llm", "tool", "agent", "workflow", "retriever", "reranker", "chain", "task", "guardrail", "evaluator")
"""Kinds of spans that may say something."""
_DOERS = ("llm", "tool")
MAX_SPEAKERS = 5_000
MAX_BYTES = 64 * 1024 * 1024
"""Text that is read for one answer."""
_PAGE = 250
_MAX_ANCESTORS = 500
"""Levels above a span that are looked at."""
Row = Mapping[str, Any]


async def trace_conversation(reader: Reader, *, project: str, trace_id: str) -> TraceConversation:
    """Everything that was said in a trace, once, in the order in which it happened."""
    shape, records = await asyncio.gather(
        trace_shape(reader, project=project, trace_id=trace_id, limit=MAX_SPANS),
        spoken_logs(reader, project=project, trace_id=trace_id, names=NAMES),
    )
    if not shape.get("span_id"):
        raise no_trace(project, trace_id)
    rows, truncated = await _speakers(reader, project, trace_id)
    return await asyncio.to_thread(tell, shape, rows, records, truncated)


async def _speakers(reader: Reader, project: str, trace_id: str) -> tuple[list[dict[str, Any]], bool]:
    rows: list[dict[str, Any]] = []
    read, after = 0, None
    while len(rows) < MAX_SPEAKERS and read < MAX_BYTES:
        page = await contents(reader, project=project, trace_id=trace_id, kinds=SPEAKERS, after=after, limit=_PAGE)
        rows += page
        if len(page) < _PAGE:
            return rows, False
        read += sum(_length(row) for row in page)
        after = Place(page[-1]["start_ns"], page[-1]["span_id"])
    return rows, True


def _length(row: Row) -> int:
    """Characters of all that a span may say."""
    texts = [value for _, value in row["attributes"]]
    return sum(map(len, (*texts, row["events_json"], row["input"] or "", row["output"] or "")))


def tell(
    shape: Mapping[str, list[Any]], rows: list[dict[str, Any]], records: list[dict[str, Any]], truncated: bool
) -> TraceConversation:
    """The conversation of rows that were read."""
    tree = _Tree(shape)
    start_ns = min(shape["start_ns"])
    teller = Teller(start_ns)
    said_of: dict[str, list[Event]] = {}
    for record in records:
        said_of.setdefault(record["span_id"], []).append(log_event(record))
    read = {row["span_id"]: read_row(row, said_of.get(row["span_id"])) for row in rows}
    flags = list(dict.fromkeys(flag for content in read.values() for flag in content.flags))
    telling = [row for row in rows if not row["duplicate_of"]]
    calls = [row for row in telling if row["kind"] == "llm" and _speaks(read[row["span_id"]], row)]
    outer = tree.above([row["span_id"] for row in calls])
    outer_calls = outer & {row["span_id"] for row in calls}
    spoke = set()
    for row in calls:
        if row["span_id"] in outer:
            continue  # most often another report of the calls below it: what it says besides comes after them
        spoke.add(row["span_id"])
        teller.model_call(row, read[row["span_id"]], tree.agent_of(row["span_id"]))
    tools = [row for row in telling if row["kind"] == "tool"]
    inner = tree.below_same_tool({row["span_id"]: row["tool"] or row["name"] for row in tools})
    for row in tools:
        if row["span_id"] not in inner:
            spoke.add(row["span_id"])
            teller.tool_span(row, read[row["span_id"]], tree.agent_of(row["span_id"]))
    for row in telling:
        content, agent = read[row["span_id"]], tree.agent_of(row["span_id"])
        if row["kind"] in ("retriever", "reranker"):
            spoke.add(row["span_id"])
            teller.retrieval(row, content, agent)
        elif row["kind"] == "agent" or row["span_id"] in outer_calls or (row["kind"] not in _DOERS and not calls):
            before = len(teller.entries)
            teller.aside(content.input, row, agent, row["start_ns"])
            teller.aside(content.output, row, agent, end_of(row))
            if len(teller.entries) > before:
                spoke.add(row["span_id"])
    _asides_of_logs(teller, records, start_ns)
    failed_below = tree.above([row["span_id"] for row in rows if row["status"] == "error"])
    for row in telling:
        alone = row["status"] == "error" and row["span_id"] not in failed_below
        if alone and (row["kind"] not in _DOERS or row["span_id"] in outer_calls):
            teller.error(row, tree.agent_of(row["span_id"]))
    entries = sorted(teller.entries, key=lambda entry: entry["at_ns"])
    return TraceConversation(
        entries=entries,
        span_count=len(shape["span_id"]),
        model_calls=len([row for row in calls if row["span_id"] not in outer]),
        folded_spans=len(shape["span_id"]) - len(spoke),
        errors=[i for i, one in enumerate(entries) if _failed(one)],
        flags=flags,
        truncated=truncated or teller.truncated,
    )


def _failed(entry: Entry) -> bool:
    return bool(entry["error"] or entry["error_type"] or (entry["tool"] and entry["tool"]["failed"]))


def _speaks(content: SpanContent, row: Row) -> bool:
    return bool(content.input or content.output or row["status"] == "error")


def _asides_of_logs(teller: Teller, records: list[dict[str, Any]], start_ns: int) -> None:
    """Prompts and answers that only log records have, as agent CLIs write them."""
    for record in records:
        went, came = read_events([log_event(record)])
        row = {"span_id": record["span_id"], "model": "", "duration_ms": None, "start_ns": record["time_ns"]}
        teller.aside(went.messages, row, "", record["time_ns"])
        teller.aside(came.messages, row, "", record["time_ns"])


class _Tree:
    """Who is below whom, of all spans of the trace."""

    def __init__(self, shape: Mapping[str, list[Any]]) -> None:
        self._parent = dict(zip(shape["span_id"], shape["parent_span_id"]))
        self._agents = {
            span_id: agent or name
            for span_id, kind, agent, name in zip(shape["span_id"], shape["kind"], shape["agent"], shape["name"])
            if kind == "agent" or agent
        }

    def _ancestors(self, span_id: str) -> list[str]:
        found: list[str] = []
        seen = {span_id}
        at = self._parent.get(span_id, "")
        while at and at not in seen and at in self._parent and len(found) < _MAX_ANCESTORS:
            seen.add(at)
            found.append(at)
            at = self._parent[at]
        return found

    def agent_of(self, span_id: str) -> str:
        """The nearest agent at or above a span; empty where there is none."""
        return next((self._agents[at] for at in (span_id, *self._ancestors(span_id)) if at in self._agents), "")

    def above(self, span_ids: list[str]) -> set[str]:
        """Spans that have one of these below them."""
        return {ancestor for span_id in span_ids for ancestor in self._ancestors(span_id)}

    def below_same_tool(self, names: Mapping[str, str]) -> set[str]:
        """Spans of a tool inside another span of the same tool: client and server of one call."""
        return {
            span_id
            for span_id, name in names.items()
            if any(names.get(ancestor) == name for ancestor in self._ancestors(span_id))
        }
