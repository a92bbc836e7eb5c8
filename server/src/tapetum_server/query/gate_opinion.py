"""The second opinion: what the engine's own parser made of gated SQL, held against what the gate meant.

`EXPLAIN AST` only parses: it reads no rows and calls nothing. A difference here is a difference
between two parsers, so the query is refused without asking which of them is right.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from tapetum_server.query.gate import GatedSql
from tapetum_server.query.gate_errors import SqlRefused
from tapetum_server.query.gate_functions import functions

_KINDS = frozenset(
    [
        "SelectWithUnionQuery",
        "SelectIntersectExceptQuery",
        "SelectQuery",
        "ExpressionList",
        "TablesInSelectQuery",
        "TablesInSelectQueryElement",
        "TableExpression",
        "TableJoin",
        "TableIdentifier",
        "ArrayJoin",
        "Subquery",
        "WithElement",
        "Function",
        "Identifier",
        "Literal",
        "Asterisk",
        "QualifiedAsterisk",
        "ColumnsTransformerList",
        "ColumnsExceptTransformer",
        "ColumnsReplaceTransformer",
        "ColumnsReplaceTransformer::Replacement",
        "OrderByElement",
        "FillModifier",
        "WindowDefinition",
        "WindowListElement",
    ]
)
_MADE_BY_THE_PARSER = frozenset(("lambda", "exists", "cast", "_cast", "casewithexpression", "interval", "grouping"))
"""Functions that syntax and bound values stand for, beside the operators, which are classified like all others."""
_LISTS = frozenset(("tuple", "array", "cast", "_cast", "negate"))
"""Functions that the right side of IN may be: they make values, and no table has their name."""
_MEMBERSHIP = re.compile(r"(?:not|global|null)*in", re.IGNORECASE)


class _Node(NamedTuple):
    kind: str
    name: str
    depth: int


def confirm(gated: GatedSql, explained: str) -> None:
    """Raise `SqlRefused` unless the answer to `EXPLAIN AST` holds what `gate` let through."""
    nodes = [_node(line) for line in explained.split("\n") if line.strip()]
    tables: Counter[str] = Counter()
    parents: list[_Node] = []
    for index, node in enumerate(nodes):
        parents = [parent for parent in parents if parent.depth < node.depth]
        if node.kind not in _KINDS:
            raise _disagreement(node.kind)
        if node.kind == "TableIdentifier":
            tables[node.name] += 1
        elif node.kind == "Function":
            _function(node, parents)
            if _MEMBERSHIP.fullmatch(node.name):
                _right_side(nodes, index)
        parents.append(node)
    _tables(gated, tables)


def _node(line: str) -> _Node:
    stripped = line.lstrip(" ")
    kind, _, rest = stripped.partition(" ")
    return _Node(kind.rstrip(), rest.split(" ", 1)[0], len(line) - len(stripped))


def _function(node: _Node, parents: list[_Node]) -> None:
    known = functions()
    name = node.name.lower()
    if parents and parents[-1].kind == "TableExpression":
        if name not in known.tables:
            raise _disagreement(node.name)
    elif not (known.may_call(node.name) or name in _MADE_BY_THE_PARSER or name in known.operators):
        raise _disagreement(node.name)


def _right_side(nodes: list[_Node], index: int) -> None:
    """`x IN name` reads a table: the second argument must be a list of values or a sub-select."""
    inside: list[_Node] = []
    for node in nodes[index + 1 :]:
        if node.depth <= nodes[index].depth:
            break
        if node.depth == nodes[index].depth + 2:
            inside.append(node)
    right = inside[1] if len(inside) == 2 else None
    values = (
        right is not None
        and right.kind == "Function"
        and right.name.lower() in ("tuple", "array", "cast", "_cast", "negate")
    )
    if right is None or not (right.kind in ("Subquery", "Literal") or values):
        raise _disagreement("IN")


def _tables(gated: GatedSql, found: Counter[str]) -> None:
    prefix = f"{gated.database}." if gated.database else ""
    meant = Counter(f"{prefix}{view}" for view in gated.views)
    seen = Counter({name: count for name, count in found.items() if name not in gated.queries})
    if seen != meant:
        different = next(iter((seen - meant) + (meant - seen)))
        raise _disagreement(different)


def _disagreement(name: str) -> SqlRefused:
    return SqlRefused(
        f"The engine reads {name[:80]!r} in this query differently from the gate, so it was not run.",
        hint="Write this part in a plainer way; please report the query.",
    )
