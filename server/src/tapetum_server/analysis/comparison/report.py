"""Two traces of a project, read, aligned, and said in one sentence."""

from __future__ import annotations

import asyncio

from typing_extensions import TypedDict

from tapetum_server.analysis.comparison.alignment import align
from tapetum_server.analysis.comparison.rows import ComparedColumns, compared_columns
from tapetum_server.analysis.comparison.span_tree import SpanTree, span_tree
from tapetum_server.analysis.words import counted, duration
from tapetum_server.query.reader import Reader
from tapetum_server.query.trace_spans import MAX_SPANS, Trace, get_trace
from tapetum_server.query.traces import TraceSummary

MAX_CONTRIBUTORS = 8
_SAID_SHARE = 0.1
"""A step that makes less of the difference than this is not named in the sentence."""


class Contributor(TypedDict):
    """A row that made B later (or earlier, below zero) than A."""

    row: int
    delta_ns: int


class TraceComparison(TypedDict):
    """Trace B beside trace A. Of a trace with more than 50,000 spans, the first of them are compared."""

    verdict: str
    a: TraceSummary
    b: TraceSummary
    duration_a_ns: int
    """From the first start to the last end of the spans that are compared; what still runs, runs until then."""
    duration_b_ns: int
    gap_a_ns: int
    """Of it, time in which no span ran."""
    gap_b_ns: int
    contributors: list[Contributor]
    """The rows that make the most of the difference, the largest first."""
    columns: ComparedColumns
    count: int
    truncated: bool


async def compare_traces(reader: Reader, *, project: str, a: str, b: str) -> TraceComparison:
    """What trace `b` did otherwise than trace `a`."""
    first, second = await asyncio.gather(
        get_trace(reader, project=project, trace_id=a, limit=MAX_SPANS),
        get_trace(reader, project=project, trace_id=b, limit=MAX_SPANS),
    )
    # Beside the event loop: fifty thousand spans on either side take a second.
    return await asyncio.to_thread(compare, first, second)


def compare(first: Trace, second: Trace) -> TraceComparison:
    """The comparison of two traces that were read."""
    a, b = span_tree(first["spans"]["columns"]), span_tree(second["spans"]["columns"])
    steps = align(a, b)
    columns = compared_columns(steps, a, b)
    changes = [there - here for here, there in zip(columns["a"]["path_ns"], columns["b"]["path_ns"])]
    ranked = sorted((row for row, change in enumerate(changes) if change), key=lambda row: (-abs(changes[row]), row))
    contributors = [Contributor(row=row, delta_ns=changes[row]) for row in ranked[:MAX_CONTRIBUTORS]]
    return TraceComparison(
        verdict=_verdict(first["trace"], second["trace"], a, b, columns, contributors),
        a=first["trace"],
        b=second["trace"],
        duration_a_ns=a.duration_ns,
        duration_b_ns=b.duration_ns,
        gap_a_ns=a.gap_ns,
        gap_b_ns=b.gap_ns,
        contributors=contributors,
        columns=columns,
        count=len(steps),
        truncated=first["next_cursor"] is not None or second["next_cursor"] is not None,
    )


def _verdict(
    first: TraceSummary,
    second: TraceSummary,
    a: SpanTree,
    b: SpanTree,
    columns: ComparedColumns,
    contributors: list[Contributor],
) -> str:
    later = b.duration_ns - a.duration_ns
    said = []
    if later:
        took = f"{duration(b.duration_ns / 1e6)} against {duration(a.duration_ns / 1e6)}"
        said.append(f"B is {duration(abs(later) / 1e6)} {'slower' if later > 0 else 'faster'} ({took})")
        shares = [
            f"{duration(abs(one['delta_ns']) / 1e6)} of it in {_named(columns, one['row'])}"
            for one in contributors
            if one["delta_ns"] * later > 0 and abs(one["delta_ns"]) >= _SAID_SHARE * abs(later)
        ]
        if shares:
            said[0] += ": " + ", ".join(shares[:2])
    else:
        said.append(f"Both take {duration(a.duration_ns / 1e6)}")
    if first["error_count"] != second["error_count"]:
        said.append(f"B has {counted(second['error_count'], 'error')}, A has {first['error_count']:,}")
    for only, word in (("only_a", "A"), ("only_b", "B")):
        side = columns["a"] if only == "only_a" else columns["b"]
        spans = sum(n for n, found in zip(side["count"], columns["differences"]) if only in found)
        if spans:
            said.append(f"{counted(spans, 'span')} {'is' if spans == 1 else 'are'} only in {word}")
    if first["trace_id"] == second["trace_id"]:
        return "A and B are the same trace."
    return "; ".join(said) + "."


def _named(columns: ComparedColumns, row: int) -> str:
    return f"{columns['name'][row]} ({columns['service'][row]})"
