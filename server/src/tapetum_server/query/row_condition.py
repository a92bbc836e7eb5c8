"""A condition over rows in SQL, as somebody wrote it: only columns of the frame, values, and operators get through.

It is parsed, and written anew from what was understood: so it can do nothing but tell rows apart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlglot
from sqlglot import expressions as exp

from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import Frame
from tapetum_server.query.reader import Reader
from tapetum_server.query.statement import Parameters
from tapetum_server.store.engine import StoreError

MAX_CHARACTERS = 4_000
_PAIRS: dict[type[exp.Expression], str] = {
    exp.And: "AND", exp.Or: "OR", exp.EQ: "=", exp.NEQ: "<>", exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<=",
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%",
}  # fmt: skip
_FUNCTIONS: dict[type[exp.Expression], str] = {
    exp.Abs: "abs", exp.Floor: "floor", exp.Ceil: "ceil", exp.Lower: "lower", exp.Upper: "upper", exp.Length: "length",
}  # fmt: skip


def row_condition(text: str, frame: Frame, parameters: Parameters) -> str:
    """`text` as a condition over the relation of `frame`; a row for which it is not known does not meet it.

    Raises `QueryError`, naming what is not understood.
    """
    if len(text) > MAX_CHARACTERS:
        raise _refused(f"it has more than {MAX_CHARACTERS} characters")
    try:
        parsed = sqlglot.parse_one(text, dialect="clickhouse")
    except sqlglot.errors.SqlglotError as error:
        raise _refused(str(error).splitlines()[0]) from error
    return f"ifNull({_written(parsed, frame, parameters)}, false)"


async def check_condition(reader: Reader, text: str, frame: Frame) -> None:
    """Raises `QueryError` for a condition that the rows cannot be asked for: a word held against a number."""
    parameters = Parameters("condition_")
    condition = row_condition(text, frame, parameters)
    try:
        # Of no row at all, the engine does not look at the condition.
        await reader.query(
            f"SELECT {condition} AS t_one FROM {frame} LIMIT 1", {**frame.parameters, **parameters.values}
        )
    except StoreError as error:
        raise _refused("it holds values of different kinds against each other") from error


def _written(node: Any, frame: Frame, parameters: Parameters) -> str:
    def inner(child: Any) -> str:
        return _written(child, frame, parameters)

    if (known := _leaf(node, frame, parameters)) is not None:
        return known
    if (sign := _PAIRS.get(type(node))) is not None:
        return f"({inner(node.left)} {sign} {inner(node.right)})"
    if (function := _FUNCTIONS.get(type(node))) is not None:
        return f"{function}({inner(node.this)})"
    return _shaped(node, inner)


def _leaf(node: Any, frame: Frame, parameters: Parameters) -> str | None:
    if isinstance(node, exp.Column):
        # TFMA's queries say `example.feature`; the engine's own virtual columns are not the frame's.
        return frame.column(node.name).sql
    if isinstance(node, exp.Literal):
        return parameters.text(node.this) if node.is_string else parameters.number(float(node.this))
    if isinstance(node, exp.Boolean):
        return "true" if node.this else "false"
    return "NULL" if isinstance(node, exp.Null) else None


def _shaped(node: Any, inner: Callable[[Any], str]) -> str:
    if isinstance(node, exp.Paren):
        return inner(node.this)
    if isinstance(node, exp.Not):
        return f"(NOT {inner(node.this)})"
    if isinstance(node, exp.Neg):
        return f"(-{inner(node.this)})"
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        return f"isNull({inner(node.this)})"
    if isinstance(node, exp.Between):
        low, high = node.args["low"], node.args["high"]
        # Not the engine's BETWEEN, which NaN is in.
        return f"({inner(node.this)} >= {inner(low)} AND {inner(node.this)} <= {inner(high)})"
    if isinstance(node, exp.In) and node.expressions:
        return f"({inner(node.this)} IN ({', '.join(inner(each) for each in node.expressions)}))"
    if isinstance(node, exp.Like):
        return f"({inner(node.this)} LIKE {inner(node.expression)})"
    raise _refused(f"{node.sql(dialect='clickhouse')[:80]!r} is not known here")


def _refused(why: str) -> QueryError:
    return QueryError(
        f"the condition cannot be used: {why}",
        code="invalid_condition",
        hint="Compare columns with values: AGE > 30 AND country IN ('CH', 'AT'); functions are abs, floor, ceil, "
        "lower, upper, length.",
    )
