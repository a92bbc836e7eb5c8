"""Which kinds of syntax a user's SELECT may be made of."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.dialects.clickhouse import ClickHouse

from tapetum_server.query.gate_errors import SqlRefused

_QUERIES: tuple[type[exp.Expr], ...] = (
    exp.Select, exp.Union, exp.Intersect, exp.Except, exp.Subquery, exp.With, exp.CTE, exp.From, exp.Join, exp.Table,
    exp.TableAlias, exp.Values, exp.Where, exp.Having, exp.Qualify, exp.Group, exp.GroupingSets, exp.Rollup, exp.Cube,
    exp.Order, exp.Ordered, exp.WithFill, exp.Limit, exp.Offset, exp.Distinct, exp.Window, exp.WindowSpec, exp.Star,
)  # fmt: skip
_VALUES: tuple[type[exp.Expr], ...] = (
    exp.Column, exp.Identifier, exp.Var, exp.Alias, exp.Aliases, exp.Literal, exp.Boolean, exp.Null, exp.Placeholder,
    exp.Paren, exp.Tuple, exp.Bracket, exp.Slice, exp.Dot, exp.Lambda, exp.Interval, exp.IntervalSpan, exp.DataType,
    exp.DataTypeParam, exp.IgnoreNulls, exp.RespectNulls, exp.HavingMax, exp.Filter, exp.WithinGroup,
)  # fmt: skip
_OPERATORS: tuple[type[exp.Expr], ...] = (
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.DPipe, exp.EQ, exp.NEQ, exp.GT, exp.GTE,
    exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Is, exp.In, exp.Between, exp.Like, exp.ILike, exp.Not,
    exp.And, exp.Or, exp.Exists, exp.If, exp.Case, exp.Cast, exp.RegexpLike,
)  # fmt: skip
_ALLOWED = frozenset((*_QUERIES, *_VALUES, *_OPERATORS))

# Written without brackets, these calls have no name in front of a bracket for `gate_calls` to look up.
_BARE_CALLS = frozenset(ClickHouse.Parser.NO_PAREN_FUNCTIONS.values()) - {exp.CurrentDate, exp.CurrentTimestamp}
_REFUSED_CALLS = frozenset((*_BARE_CALLS, exp.Columns, exp.Apply, exp.Unnest, exp.CastToStrType))

_TABLE_PARTS = frozenset(("this", "alias", "joins"))
_IN_LIST = (exp.Literal, exp.Placeholder, exp.Neg, exp.Boolean, exp.Null, exp.Cast, exp.Array, exp.Tuple)


def check_node(node: exp.Expr) -> None:
    """Refuse a node of a kind that is not listed, or in a place where it means something else."""
    kind = type(node)
    # The parts of a JSON path are what sqlglot makes of a text in JSONExtract…(json, 'path').
    known = kind in _ALLOWED or isinstance(node, (exp.Func, exp.JSONPath, exp.JSONPathPart))
    if kind in _REFUSED_CALLS or not known:
        raise SqlRefused(f"{kind.__name__.upper()} is not part of the SQL that can be run here{_excerpt(node)}.")
    if isinstance(node, exp.Table):
        _table(node)
    elif isinstance(node, (exp.From, exp.Join)):
        _source(node)
    elif isinstance(node, exp.In):
        _in(node)
    elif isinstance(node, exp.TableAlias) and node.args.get("columns"):
        raise SqlRefused("A table's alias cannot rename its columns here; rename them with AS.")
    elif isinstance(node, exp.Star) and node.args.get("rename"):
        raise SqlRefused("RENAME is not part of the SQL that can be run here; rename with AS.")


def _table(node: exp.Table) -> None:
    if node.args.get("db") or node.args.get("catalog"):
        raise SqlRefused(
            f"Views are named without a database{_excerpt(node)}.", hint=f"Write {node.name} instead of {_short(node)}."
        )
    extra = {name for name, value in node.args.items() if value} - _TABLE_PARTS
    if extra:
        raise SqlRefused(f"{', '.join(sorted(extra)).upper()} cannot follow a view's name{_excerpt(node)}.")
    if isinstance(node.this, exp.Identifier):
        return
    if not (isinstance(node.this, exp.Anonymous) and str(node.this.this).lower() in ("numbers", "values")):
        raise SqlRefused(
            f"Only views, sub-selects, numbers() and values() can stand behind FROM{_excerpt(node)}.",
        )


def _source(node: exp.From | exp.Join) -> None:
    """What FROM and JOIN read. ARRAY JOIN reads columns of the row, not tables."""
    source = node.this
    if isinstance(node, exp.Join) and (node.args.get("kind") or "").upper() == "ARRAY":
        if source is None or isinstance(source, (exp.Table, exp.Query, exp.Values)):
            raise SqlRefused(f"ARRAY JOIN takes columns{_excerpt(node)}.")
        return
    if not isinstance(source, (exp.Table, exp.Subquery, exp.Values)):
        raise SqlRefused(f"Only views, sub-selects, numbers() and values() can stand behind FROM{_excerpt(node)}.")


def _in(node: exp.In) -> None:
    """`x IN name` and `x IN (name)` read a table of that name, so a bare name is never let through."""
    field, query, listed = node.args.get("field"), node.args.get("query"), node.expressions
    if node.args.get("is_global") or node.args.get("unnest"):
        raise SqlRefused("This form of IN is not part of the SQL that can be run here.")
    if query is not None or len(listed) > 1:
        return
    single = field if field is not None else (listed[0] if listed else None)
    while isinstance(single, exp.Paren):
        single = single.this
    if not isinstance(single, _IN_LIST):
        raise SqlRefused(
            f"The right side of IN can be read as a table{_excerpt(node)}.",
            hint="Write IN (SELECT …), IN ('a', 'b'), IN {names:Array(String)}, has(list, x), or = for one value.",
        )


def _excerpt(node: exp.Expr) -> str:
    return f": {_short(node)}"


def _short(node: exp.Expr) -> str:
    try:
        text = node.sql(dialect="clickhouse")
    except Exception:  # only for the message: whatever sqlglot cannot render goes by its kind
        return type(node).__name__
    return text if len(text) <= 80 else text[:80] + "…"
