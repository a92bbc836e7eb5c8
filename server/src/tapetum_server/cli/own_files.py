"""What commands on files share: an engine of their own, and errors that say what to do."""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from tapetum_server.cli.asking import fail
from tapetum_server.query.reader import Reader

_Answer = TypeVar("_Answer")


def asked_of_files(question: Callable[[Reader], Coroutine[Any, Any, _Answer]]) -> _Answer:
    """The answer of an engine that is there for this command alone; an exit that tells what is wrong."""
    # Here, because the engine takes a second to load.
    from tapetum_server.analysis.performance.eval_config import ConfigError
    from tapetum_server.query.errors import QueryError
    from tapetum_server.query.on_files import ask_files

    try:
        return ask_files(question)
    except QueryError as error:
        fail(f"{error.message}.", error.hint)
    except ConfigError as error:
        fail(f"{error}.", error.hint or None)


def plain_values(value: Any) -> Any:
    """Dataclasses as dictionaries, and what JSON has no number for as null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain_values(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, dict):
        return {str(key): plain_values(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain_values(each) for each in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None  # a NumPy number is a float, too
    if hasattr(value, "tolist"):
        return plain_values(value.tolist())
    return value


def number(value: float, digits: int = 4) -> str:
    """A number for people; a dash where there is none."""
    if math.isnan(value):
        return "-"
    return f"{value:,.0f}" if value == int(value) and abs(value) >= 10 else f"{value:.{digits}g}"
