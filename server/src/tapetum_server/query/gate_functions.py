"""Which of the engine's functions a user may call: the file `gate_functions.toml`, read once.

Deny by default: a name that nobody has classified, such as one of a newer engine, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import tomllib


@dataclass(frozen=True, slots=True)
class Functions:
    """The classification. Every mapping is from a name in lower case to its group or reason."""

    allowed: Mapping[str, str]
    operators: Mapping[str, str]
    """Membership tests, written between their operands and never called by name."""
    refused: Mapping[str, str]
    tables: Mapping[str, str]
    """Table functions that may stand behind FROM."""
    refused_tables: Mapping[str, str]
    combinators: tuple[str, ...]
    """Endings that make a new aggregate function out of another (`sum` → `sumIf`)."""
    refused_combinators: tuple[str, ...]
    spelling: Mapping[str, str]
    """The engine's own spelling of each allowed name, for hints and completion."""

    def may_call(self, name: str) -> bool:
        """Whether `name`, with any aggregate endings, may be called."""
        lower = name.lower()
        if lower in self.allowed:
            return True
        if lower in self.refused or lower in self.operators:
            return False
        return self._is_combined(name)

    def why_not(self, name: str) -> str | None:
        """The reason for which `name` is refused, or `None` for a name that nobody knows."""
        lower = name.lower()
        if lower in self.operators:
            return "write it between its operands, as in x IN (…)"
        return self.refused.get(lower) or self.refused_tables.get(lower)

    def _is_combined(self, name: str) -> bool:
        """Endings are peeled off one by one; what is left must be an allowed aggregate function."""
        rest = name
        while True:
            if rest != name and self.allowed.get(rest.lower()) == "aggregates":
                return True
            # `_respect_nulls` names have no endings, and endings keep their letter case in the engine.
            ending = next((c for c in self.combinators if rest.endswith(c) and len(rest) > len(c)), None)
            if ending is None:
                return False
            rest = rest[: -len(ending)]


@cache
def functions() -> Functions:
    """The classification that ships with this version."""
    text = files("tapetum_server.query").joinpath("gate_functions.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    tables = data["table_functions"]
    combinators = sorted(data["combinators"]["allowed"].split(), key=len, reverse=True)
    return Functions(
        allowed=_by_name(data["allowed"]),
        operators=_by_name(data["operators"]),
        refused=_by_name(data["refused"]),
        tables=_by_name(tables["allowed"]),
        refused_tables=_by_name(tables["refused"]),
        combinators=tuple(combinators),
        refused_combinators=tuple(data["combinators"]["refused"].split()),
        spelling={name.lower(): name for names in data["allowed"].values() for name in re.split(r"\s+", names.strip())},
    )


def _by_name(groups: Mapping[str, str]) -> dict[str, str]:
    """Each name in lower case → its group. The shorter spelling of a name that is there twice does not matter."""
    return {name.lower(): group for group, names in groups.items() for name in names.split()}
