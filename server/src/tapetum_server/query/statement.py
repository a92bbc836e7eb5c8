"""SQL text and its bound parameters, built side by side so that no value is ever spliced into text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tapetum_server.query.time_range import MAX_TIME


class Statement(NamedTuple):
    """A SELECT that is ready to run."""

    sql: str
    parameters: dict[str, object]


class Parameters:
    """Collects the values of one statement and hands out their placeholders.

    The same value of the same type gets the same placeholder, which keeps statements short.
    """

    def __init__(self, prefix: str = "p") -> None:
        self._prefix = prefix
        self.values: dict[str, object] = {}
        self._known: dict[tuple[str, object], str] = {}

    def bind(self, value: object, type_name: str) -> str:
        """The `{name:Type}` placeholder that stands for `value`."""
        key = (type_name, tuple(value) if isinstance(value, list) else value)
        placeholder = self._known.get(key)
        if placeholder is None:
            name = f"{self._prefix}{len(self.values)}"
            self.values[name] = value
            placeholder = self._known[key] = f"{{{name}:{type_name}}}"
        return placeholder

    def text(self, value: str) -> str:
        """A bound `String`."""
        return self.bind(value, "String")

    def texts(self, values: Sequence[str]) -> str:
        """A bound `Array(String)`."""
        return self.bind(list(values), "Array(String)")

    def integer(self, value: int) -> str:
        """A bound `Int64`."""
        return self.bind(value, "Int64")

    def number(self, value: float) -> str:
        """A bound `Float64`."""
        return self.bind(float(value), "Float64")

    def numbers(self, values: Sequence[float]) -> str:
        """A bound `Array(Float64)`."""
        return self.bind([float(v) for v in values], "Array(Float64)")

    def moment(self, time_unix_nano: int) -> str:
        """A bound moment, as the `DateTime64(9, 'UTC')` that time columns compare with."""
        return f"fromUnixTimestamp64Nano({self.integer(time_unix_nano)}, 'UTC')"

    def before(self, column: str, time_unix_nano: int) -> str:
        """Condition that the time in `column` is earlier.

        The last moment that a column holds is where times beyond it were clamped to: a range that reaches beyond
        it, as the one after such a record does, has that moment in it.
        """
        if time_unix_nano > MAX_TIME:
            return f"{column} <= {self.moment(MAX_TIME)}"
        return f"{column} < {self.moment(time_unix_nano)}"
