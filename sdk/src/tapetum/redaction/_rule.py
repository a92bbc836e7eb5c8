"""What a rule of redaction is: data, and no more than one regular expression."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

Family = Literal["secret", "pii", "own"]


@dataclass(frozen=True)
class Rule:
    """Where one kind of secret or personal data can be, and how to be sure of it.

    A rule with keywords looks at the places where one of them is in the text, and nowhere else: its expression is
    matched `lead` characters before. A rule without any searches the whole text.
    """

    name: str
    family: Family
    what: str
    """One line for people."""
    pattern: re.Pattern[str]
    """Its group `v`, else all of it, is what is replaced."""
    keywords: tuple[str, ...] = ()
    ignore_case: bool = False
    """Whether the keywords, in lower case, stand for any case. The pattern says so for itself."""
    lead: int = 0
    needs: str = ""
    """Some text that must be somewhere too, before anything is matched."""
    whole_word: bool = True
    """Whether it may not begin or end within a longer word."""
    check: Callable[[str], bool] | None = None
    near: tuple[str, ...] = ()
    """Words, in lower case, of which one must be in the 48 characters before."""
    window: int = 0
    """Search in pieces of this many characters: for patterns that nobody has proved to be linear."""

    finder: Callable[[str], Iterable[tuple[int, int]]] | None = None
    """Says from where to where, for what no expression finds: the pattern is not asked."""

    @property
    def alone(self) -> bool:
        """Whether it must see each text by itself: it might reach over what stands between two."""
        return bool(self.window) or self.finder is not None

    @property
    def group(self) -> str | int:
        """Which group of the pattern is replaced."""
        return "v" if "v" in self.pattern.groupindex else 0


def rule(name: str, family: Family, what: str, pattern: str, *keywords: str, **more: object) -> Rule:
    """A line of a table of rules."""
    return Rule(name, family, what, re.compile(pattern), keywords, **more)  # type: ignore[arg-type]
