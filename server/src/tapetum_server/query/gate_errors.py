"""Why a user's SQL was refused, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class SqlRefused(Exception):
    """The text asks for something that the gate does not let through. Nothing was run."""

    def __init__(self, message: str, *, hint: str | None = None, position: int | None = None):
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.position = position
        """Where in the user's text, counted in characters from 0; `None` when it is about the whole."""


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """The choice that `name` was probably meant to be, without regard to letter case."""
    by_lower = {choice.lower(): choice for choice in choices}
    found = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def did_you_mean(name: str, choices: Iterable[str]) -> str | None:
    """A hint that names the nearest choice, where there is one."""
    closest = nearest(name, choices)
    return f"Did you mean {closest}?" if closest else None
