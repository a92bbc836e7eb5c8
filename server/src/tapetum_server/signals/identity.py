"""Who is calling, and on whose behalf."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from typing import Literal

KeyScope = Literal["ingest", "read", "admin"]
DEFAULT_PROJECT = "default"
PROJECT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What a project may be called (to be matched as a whole)."""
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


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request and which project its headers name."""

    identity: Identity
    project: str | None = None

    @property
    def home(self) -> str:
        """Where records go that name no project: that of the key, else the default one."""
        return self.identity.project or DEFAULT_PROJECT

    @property
    def barred(self) -> str:
        """Why nothing may be written where the headers say, as a reason to count, or ""."""
        if self.project is None:
            return ""
        if not PROJECT_NAME.fullmatch(self.project):
            return "invalid_project"
        return "" if self.identity.may_use(self.project) else "project_not_allowed"

    @property
    def counted_in(self) -> str:
        """Whose count it is when no record's project can be known: the one the headers name if the caller may."""
        return self.home if self.barred or self.project is None else self.project
