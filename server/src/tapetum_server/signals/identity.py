"""Who is calling, and on whose behalf."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Literal

KeyScope = Literal["ingest", "read", "admin"]
DEFAULT_PROJECT = "default"
OWN_SENDER = "__tapetum__"
"""Under which the server counts the samples of its own machine. No caller can take this name."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a caller may do. `app` makes it from a key (or from open loopback) for every request."""

    name: str
    """Shown to people as the sender: the key's name, or `loopback`."""
    scopes: Set[KeyScope]
    project: str | None = None
    """The only project this caller may touch; `None` is every project."""

    def may(self, scope: KeyScope) -> bool:
        """Whether the caller holds `scope`. `admin` implies `read` and `ingest`."""
        return scope in self.scopes or "admin" in self.scopes

    def may_use(self, project: str) -> bool:
        """Whether the caller may read from or write to `project`."""
        return self.project is None or self.project == project


LOOPBACK = Identity(name="loopback", scopes=frozenset({"ingest", "read", "admin"}))
"""The caller on an open loopback bind: an admin of every project."""
