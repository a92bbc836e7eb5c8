"""Which spans of two traces are the same step.

Two spans are the same step when their parents are, and they have the same name (without the model that some
conventions put at its end), kind and service. Of several such siblings:

- those that stand beside each other are repetitions (a query in a loop): all of them are one row, ×N;
- those that other siblings separate are turns (an agent's calls of its model): the first pairs with the first, the
  second with the second, up to `MAX_TURNS` of them, beyond which they are repetitions too;
- below a row ×N everything of one name is one row.

A single root on each side is a pair whatever the names: it is what was asked to be compared.

Every span is in exactly one row, every row is made once, and siblings are sorted once: time in n log n of the number of
spans of both, memory in n, no recursion. Which of the two comes first changes nothing but the sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, groupby

from tapetum_server.analysis.comparison.span_tree import SpanTree

MAX_TURNS = 32
Signature = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """One row: the spans of either side that are this step; one side may have none."""

    parent: int
    """Place of the parent's row, -1 for none."""
    depth: int
    a: Sequence[int]
    b: Sequence[int]


def align(a: SpanTree, b: SpanTree) -> list[Step]:
    """All steps, parents before children, siblings by their earliest start."""
    steps: list[Step] = []
    waiting: list[tuple[int, int, Sequence[int], Sequence[int]]] = []

    def meet(parent: int, depth: int, pairs: list[tuple[Sequence[int], Sequence[int]]]) -> None:
        waiting.extend((parent, depth, *pair) for pair in reversed(pairs))

    if len(a.roots) == len(b.roots) == 1:
        meet(-1, 0, [(a.roots, b.roots)])
    else:
        meet(-1, 0, _pairs(a, sorted(a.roots), b, sorted(b.roots), repeated=False))
    while waiting:
        parent, depth, ours, theirs = waiting.pop()
        row = len(steps)
        steps.append(Step(parent, depth, ours, theirs))
        below_a = sorted(child for span in ours for child in a.children[span])
        below_b = sorted(child for span in theirs for child in b.children[span])
        if below_a or below_b:
            repeated = len(ours) > 1 or len(theirs) > 1
            meet(row, depth + 1, _pairs(a, below_a, b, below_b, repeated=repeated))
    return steps


def signature(tree: SpanTree, span: int) -> Signature:
    """What makes a span the same step as another below the same parent."""
    columns = tree.columns
    name, model, kind = columns["name"][span], columns["model"][span], columns["kind"][span]
    if model and name.endswith(model):
        name = name[: -len(model)]
    return name, kind if kind != "span" else columns["span_kind"][span], columns["service"][span]


def _pairs(
    a: SpanTree, ours: list[int], b: SpanTree, theirs: list[int], *, repeated: bool
) -> list[tuple[Sequence[int], Sequence[int]]]:
    runs_a, runs_b = _runs(a, ours), _runs(b, theirs)
    found: list[tuple[int, Signature, int, Sequence[int], Sequence[int]]] = []
    for name in runs_a.keys() | runs_b.keys():
        here, there = runs_a.get(name, []), runs_b.get(name, [])
        most = max(len(here), len(there))
        single = all(len(run) == 1 for run in here) and all(len(run) == 1 for run in there)
        if repeated or not single or most > MAX_TURNS:
            here, there = _together(here), _together(there)
            most = 1
        for turn in range(most):
            left = here[turn] if turn < len(here) else []
            right = there[turn] if turn < len(there) else []
            starts = [tree.start[spans[0]] for tree, spans in ((a, left), (b, right)) if spans]
            found.append((min(starts), name, turn, left, right))
    # The smaller of two starts keeps every order that both sides share.
    found.sort(key=lambda row: row[:3])
    return [(left, right) for *_, left, right in found]


def _together(runs: list[list[int]]) -> list[list[int]]:
    return [list(chain.from_iterable(runs))] if runs else []


def _runs(tree: SpanTree, spans: list[int]) -> dict[Signature, list[list[int]]]:
    """Siblings, in order of start, that stand beside each other and are the same step; by what they are."""
    runs: dict[Signature, list[list[int]]] = {}
    for name, run in groupby(spans, key=lambda span: signature(tree, span)):
        runs.setdefault(name, []).append(list(run))
    return runs
