"""Checks of one's own: SQL expressions over a feature's statistics, as TFDV's `CustomValidationConfig` has them.

An expression is computed here and not by a database: it sees one message and nothing else, and takes no time.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlglot
from google.protobuf.message import Message
from sqlglot import exp
from tensorflow_metadata.proto.v0 import statistics_pb2

from tapetum_server.detectors.validation.findings import Reason, Severity
from tapetum_server.detectors.validation.paths import Path, path_text
from tapetum_server.detectors.validation.view import DEFAULT_SLICE, DatasetView, FeatureView

MAX_EXPRESSION = 10_000


class CustomCheckError(ValueError):
    """An expression that cannot be computed, or a configuration that names what is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomCheck:
    """An expression that is to be true."""

    path: Path
    expression: str
    description: str = ""
    severity: Severity = "ERROR"
    environments: tuple[str, ...] = ()
    dataset: str = ""
    base_path: Path = ()
    """Of the feature it is compared with; () where it stands alone."""
    base_dataset: str = ""


def run_custom_checks(
    checks: tuple[CustomCheck, ...], statistics: statistics_pb2.DatasetFeatureStatistics,
    slices: Mapping[str, statistics_pb2.DatasetFeatureStatistics], environment: str | None,
) -> Iterator[tuple[Path, Reason]]:  # fmt: skip
    """A reason for each check that is not true. Raises `CustomCheckError` where one cannot be told."""
    views: dict[str, DatasetView] = {}

    def feature(dataset: str, path: Path) -> FeatureView:
        if dataset not in views:
            data = statistics if dataset in ("", DEFAULT_SLICE, statistics.name) else slices.get(dataset)
            if data is None:
                raise CustomCheckError(
                    f"A custom check names the data set {dataset!r}, which the statistics do not have."
                )
            views[dataset] = DatasetView(data)
        if path not in views[dataset].features:
            raise CustomCheckError(
                f"A custom check names the feature {path_text(path)!r}, which the statistics do not have."
            )
        return views[dataset].features[path]

    for check in checks:
        if check.environments and environment not in check.environments:
            continue
        tested = feature(check.dataset, check.path).data
        names: dict[str, Message] = {"feature": tested}
        if check.base_path:
            names = {"feature_test": tested, "feature_base": feature(check.base_dataset, check.base_path).data}
        if computed(check.expression, names) is not True:
            base = (
                f", beside {path_text(check.base_path)} of {check.base_dataset or 'all examples'}"
                if check.base_path
                else ""
            )
            yield (
                check.path,
                Reason(
                    "CUSTOM_VALIDATION",
                    check.description or "A check of one's own failed",
                    f"Not true of {check.dataset or 'all examples'}{base}: {check.expression}",
                    (),
                    check.severity,
                ),
            )


_ARITHMETIC: dict[type[exp.Expression], Callable[[Any, Any], Any]] = {
    exp.Add: operator.add, exp.Sub: operator.sub, exp.Mul: operator.mul, exp.Div: operator.truediv, exp.Mod: math.fmod,
    exp.LT: operator.lt, exp.LTE: operator.le, exp.GT: operator.gt, exp.GTE: operator.ge, exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
}  # fmt: skip
_FUNCTIONS: dict[type[exp.Expression], Callable[..., Any]] = {
    exp.Abs: abs, exp.Sqrt: math.sqrt, exp.Ln: math.log, exp.Floor: math.floor, exp.Ceil: math.ceil, exp.Length: len,
    exp.IsNan: math.isnan, exp.ArraySize: len, exp.Lower: str.lower, exp.Upper: str.upper,
}  # fmt: skip


def computed(expression: str, names: Mapping[str, Message]) -> Any:
    """The value of an SQL expression over messages. Raises `CustomCheckError`."""
    if len(expression) > MAX_EXPRESSION:
        raise CustomCheckError(f"An expression has at most {MAX_EXPRESSION} characters.")
    try:
        tree = sqlglot.parse_one(expression, dialect="bigquery")
        return _value(tree, names)
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        raise CustomCheckError(f"{expression[:500]!r} is no SQL expression: {str(error).splitlines()[0]}") from error
    except (TypeError, ValueError, ZeroDivisionError, OverflowError, AttributeError, IndexError) as error:
        raise CustomCheckError(f"{expression[:500]!r} cannot be computed: {error}.") from error


def _value(node: Any, names: Mapping[str, Message]) -> Any:
    if (operation := _ARITHMETIC.get(type(node))) is not None:
        left, right = _value(node.this, names), _value(node.expression, names)
        return None if left is None or right is None else operation(left, right)
    if (function := _FUNCTIONS.get(type(node))) is not None:
        return function(_value(node.this, names))
    match node:
        case exp.Paren():
            return _value(node.this, names)
        case exp.And():
            return bool(_value(node.this, names)) and bool(_value(node.expression, names))
        case exp.Or():
            return bool(_value(node.this, names)) or bool(_value(node.expression, names))
        case exp.Not():
            return not _value(node.this, names)
        case exp.Neg():
            return -_value(node.this, names)
        case exp.Boolean():
            return bool(node.this)
        case exp.Null():
            return None
        case exp.Literal():
            return node.this if node.is_string else float(node.this)
        case exp.Between():
            return _value(node.args["low"], names) <= _value(node.this, names) <= _value(node.args["high"], names)
        case exp.In() if node.expressions:
            return _value(node.this, names) in [_value(one, names) for one in node.expressions]
        case exp.Is():
            return _value(node.this, names) == _value(node.expression, names)
        case exp.Bracket():
            return _value(node.this, names)[int(_value(node.expressions[0], names))]
        case exp.Column() | exp.Dot() | exp.Identifier():
            return _field(node, names)
    raise CustomCheckError(f"{node.sql()[:200]!r} is not among what an expression may have.")


def _field(node: Any, names: Mapping[str, Message]) -> Any:
    if isinstance(node, exp.Dot):
        return getattr(_value(node.this, names), node.expression.name)
    steps = [part.name for part in node.parts] if isinstance(node, exp.Column) else [node.name]
    if steps[0] not in names:
        raise CustomCheckError(f"{steps[0]!r} stands for nothing; there is: {', '.join(names)}.")
    value: Any = names[steps[0]]
    for step in steps[1:]:
        value = getattr(value, step)
    return value
