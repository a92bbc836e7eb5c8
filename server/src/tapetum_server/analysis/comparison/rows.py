"""What each row of two aligned traces says: sums of either side, and which of them differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from typing_extensions import TypedDict

from tapetum_server.analysis.comparison.alignment import Step
from tapetum_server.analysis.comparison.span_tree import SpanTree

Difference = Literal["only_a", "only_b", "count", "slower", "faster", "status", "tokens", "cost", "model"]
NOTABLE_SHARE = 0.01
"""Of the longer trace's duration: a smaller change of a row's time is not called a difference."""


class Side(TypedDict):
    """One side of every row. Of a row without spans here, `count` is 0 and the rest says nothing."""

    count: list[int]
    span_id: list[str]
    """The longest of the row's spans."""
    start_ns: list[int]
    """When the first of them began, after the trace's start."""
    end_ns: list[int]
    """When the last of them ended."""
    duration_ns: list[int]
    """Of all of them together."""
    shortest_ns: list[int]
    longest_ns: list[int]
    own_ns: list[int]
    """Without their children."""
    path_ns: list[int]
    """Time of the trace that belongs to these spans alone; of all rows together, the trace's duration."""
    errors: list[int]
    tokens: list[int | None]
    cost_usd: list[float | None]
    model: list[str]
    """Models of these spans, with commas."""


class ComparedColumns(TypedDict):
    """One list per column, all of the same length: parents before children, siblings by their earliest start."""

    parent: list[int]
    depth: list[int]
    name: list[str]
    name_b: list[str]
    """Where B has another name for the same step; else empty."""
    kind: list[str]
    span_kind: list[str]
    convention: list[str]
    service: list[str]
    a: Side
    b: Side
    below_ns: list[int]
    """How much later B is by this row and everything below it: the difference of `path_ns`, summed up."""
    differences: list[list[Difference]]


def compared_columns(steps: Sequence[Step], a: SpanTree, b: SpanTree) -> ComparedColumns:
    """The rows of `steps`, in their order."""
    side_a, side_b = _side(a, [step.a for step in steps]), _side(b, [step.b for step in steps])
    first = [(a, step.a[0]) if step.a else (b, step.b[0]) for step in steps]
    below = [there - here for here, there in zip(side_a["path_ns"], side_b["path_ns"])]
    for row in range(len(steps) - 1, -1, -1):
        if (parent := steps[row].parent) >= 0:
            below[parent] += below[row]
    notable_ns = max(1.0, NOTABLE_SHARE * max(a.duration_ns, b.duration_ns))
    names = [tree.columns["name"][span] for tree, span in first]
    return ComparedColumns(
        parent=[step.parent for step in steps],
        depth=[step.depth for step in steps],
        name=names,
        name_b=[_other_name(b, step, name) for step, name in zip(steps, names)],
        kind=[tree.columns["kind"][span] for tree, span in first],
        span_kind=[tree.columns["span_kind"][span] for tree, span in first],
        convention=[tree.columns["convention"][span] for tree, span in first],
        service=[tree.columns["service"][span] for tree, span in first],
        a=side_a,
        b=side_b,
        below_ns=below,
        differences=[_differences(side_a, side_b, row, notable_ns) for row in range(len(steps))],
    )


def _side(tree: SpanTree, members: Sequence[Sequence[int]]) -> Side:
    columns = tree.columns
    ids, status, models = columns["span_id"], columns["status"], columns["model"]
    tokens_in, tokens_out, costs = columns["input_tokens"], columns["output_tokens"], columns["cost_usd"]
    start, end = tree.start, tree.end
    side = Side(
        count=[], span_id=[], start_ns=[], end_ns=[], duration_ns=[], shortest_ns=[], longest_ns=[], own_ns=[],
        path_ns=[], errors=[], tokens=[], cost_usd=[], model=[],
    )  # fmt: skip
    for spans in members:
        took = [end[span] - start[span] for span in spans] or [0]
        longest = max(took)
        side["count"].append(len(spans))
        side["span_id"].append(ids[spans[took.index(longest)]] if spans else "")
        side["start_ns"].append(start[spans[0]] if spans else 0)
        side["end_ns"].append(max((end[span] for span in spans), default=0))
        side["duration_ns"].append(sum(took))
        side["shortest_ns"].append(min(took))
        side["longest_ns"].append(longest)
        side["own_ns"].append(sum(tree.own_ns[span] for span in spans))
        side["path_ns"].append(sum(tree.path_ns[span] for span in spans))
        side["errors"].append(sum(status[span] == "error" for span in spans))
        tokens = _sum(n for span in spans for n in (tokens_in[span], tokens_out[span]))
        side["tokens"].append(None if tokens is None else round(tokens))
        side["cost_usd"].append(_sum(costs[span] for span in spans))
        side["model"].append(", ".join(sorted({models[span] for span in spans} - {""})))
    return side


def _sum(values: Iterable[float | None]) -> float | None:
    said = [value for value in values if value is not None]
    return sum(said) if said else None


def _other_name(b: SpanTree, step: Step, name: str) -> str:
    theirs = b.columns["name"][step.b[0]] if step.a and step.b else name
    return "" if theirs == name else theirs


def _differences(a: Side, b: Side, row: int, notable_ns: float) -> list[Difference]:
    if not a["count"][row]:
        return ["only_b"]
    if not b["count"][row]:
        return ["only_a"]
    later = b["duration_ns"][row] - a["duration_ns"][row]
    checks: tuple[tuple[Difference, bool], ...] = (
        ("count", a["count"][row] != b["count"][row]),
        ("slower", later >= notable_ns),
        ("faster", -later >= notable_ns),
        ("status", a["errors"][row] != b["errors"][row]),
        ("tokens", a["tokens"][row] != b["tokens"][row]),
        ("cost", a["cost_usd"][row] != b["cost_usd"][row]),
        ("model", a["model"][row] != b["model"][row]),
    )
    return [difference for difference, holds in checks if holds]
