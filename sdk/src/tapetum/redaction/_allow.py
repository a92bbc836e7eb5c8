"""Texts that rules leave alone, though they look like secrets: keys of documentation, addresses of one's own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence

from tapetum.redaction._own import BadPattern
from tapetum.redaction._rule import Rule

MAX_ALLOWED = 200
MAX_ALLOWED_CHARACTERS = 200
_SHORTEST = 4
"""Characters beside the *: what is shorter would let nearly everything through."""


@dataclasses.dataclass(frozen=True)
class _Unless:
    """A check of a rule, that an allowed text does not pass."""

    exact: frozenset[str]
    begins: tuple[str, ...]
    ends: tuple[str, ...]
    check: Callable[[str], bool] | None

    def __call__(self, text: str) -> bool:
        if text in self.exact or text.startswith(self.begins) or text.endswith(self.ends):
            return False
        return self.check is None or self.check(text)


def allowing(rules: Iterable[Rule], allow: Sequence[str]) -> tuple[Rule, ...]:
    """The rules, but for these texts: whole, or with one `*` at an end for any. Raises `BadPattern`."""
    checked_allow(allow)
    if not allow:
        return tuple(rules)
    exact = frozenset(text for text in allow if "*" not in text)
    begins = tuple(text[:-1] for text in allow if text.endswith("*"))
    ends = tuple(text[1:] for text in allow if text.startswith("*"))
    return tuple(dataclasses.replace(rule, check=_Unless(exact, begins, ends, rule.check)) for rule in rules)


def checked_allow(allow: Sequence[str]) -> None:
    """Raise `BadPattern` for a list that cannot be one."""
    if isinstance(allow, str) or not all(isinstance(text, str) for text in allow):
        raise BadPattern('allow is a list of texts, such as ["AKIAIOSFODNN7EXAMPLE", "*@example.org"]')
    if len(allow) > MAX_ALLOWED:
        raise BadPattern(f"allow has {len(allow)} texts; expected at most {MAX_ALLOWED}")
    for text in allow:
        bare = text[1:] if text.startswith("*") else text[:-1] if text.endswith("*") else text
        if "*" in bare or not _SHORTEST <= len(bare) <= MAX_ALLOWED_CHARACTERS:
            raise BadPattern(
                f"allow has {text[:80]!r}; expected {_SHORTEST} to {MAX_ALLOWED_CHARACTERS} characters, "
                "and one * at most, at its beginning or end"
            )
