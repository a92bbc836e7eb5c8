"""The filter that every explorer, the live tail and the command line share, as a value.

`key:value` · `key:a,b` · `-key:value` · `key:>100` · `key:~one` · `key:*` · `key:val*` · `key:"quoted value"` ·
`word` · `"some phrase"` · `-word`. Terms are separated by spaces and must all hold. Like the UI's
parser it forgives a quote that is not closed yet, so that filtering works while a person types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Operator = Literal["is", "prefix", "exists", ">", ">=", "<", "<=", "contains", "text"]
_SPACE = re.compile(r"\s+")
_HEAD = re.compile(r"[^\s:]*")
_WORD = re.compile(r"[^\s]*")
_VALUE = re.compile(r"[^\s,]*")
_COMPARISON = re.compile(r">=|<=|>|<")


@dataclass(frozen=True, slots=True)
class Choice:
    """One alternative of `key:a,b*` or `key:~a,b*`: an exact value, or a prefix of one."""

    text: str
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. `key` is empty for full text."""

    key: str
    op: Operator
    choices: tuple[Choice, ...] = ()
    negated: bool = False

    @property
    def value(self) -> str:
        """The first value: the only one of a comparison or of full text."""
        return self.choices[0].text if self.choices else ""


@dataclass(frozen=True, slots=True)
class Filter:
    """Terms that must all hold; none at all holds for everything."""

    terms: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    def pins(self, key: str) -> bool:
        """Whether only rows with some exact values of this key pass."""
        return any(
            term.key == key and term.op == "is" and not term.negated and not any(c.is_prefix for c in term.choices)
            for term in self.terms
        )


def parse_filter(text: str | None) -> Filter:
    """The filter that `text` says. Every text is a filter; a key nobody knows is an attribute's."""
    if not text:
        return Filter()
    terms: list[Term] = []
    at = 0
    while at < len(text):
        if space := _SPACE.match(text, at):
            at = space.end()
            continue
        negated = text[at] == "-" and at + 1 < len(text) and not text[at + 1].isspace()
        head, quoted, at = _word(text, at + negated, _HEAD)
        if text[at : at + 1] != ":" or (not head and not quoted):
            if not quoted and text[at : at + 1] == ":":
                rest, _, at = _word(text, at, _WORD)
                head += rest
            terms.append(Term("", "text", (Choice(head),), negated))
            continue
        term, at = _term(text, at + 1, head, negated)
        terms.append(term)
    return Filter(tuple(terms))


def _term(text: str, at: int, key: str, negated: bool) -> tuple[Term, int]:
    if comparison := _COMPARISON.match(text, at):
        value, _, at = _word(text, comparison.end(), _VALUE)
        operator: Operator = comparison.group()  # type: ignore[assignment]
        return Term(key, operator, (Choice(value),), negated), at
    if text[at : at + 1] == "~":
        choices, at = _choices(text, at + 1)
        return Term(key, "contains", choices, negated), at
    choices, at = _choices(text, at)
    if any(choice.is_prefix and not choice.text for choice in choices):
        return Term(key, "exists", (), negated), at
    single_prefix = len(choices) == 1 and choices[0].is_prefix
    return Term(key, "prefix" if single_prefix else "is", choices, negated), at


def _choices(text: str, at: int) -> tuple[tuple[Choice, ...], int]:
    """The values with commas between them; where they ended."""
    choices: list[Choice] = []
    while True:
        value, quoted, at = _word(text, at, _VALUE)
        if quoted and text[at : at + 1] == "*":
            at += 1
            choices.append(Choice(value, is_prefix=True))
        elif quoted or not value.endswith("*"):
            choices.append(Choice(value))
        else:
            choices.append(Choice(value[:-1], is_prefix=True))
        if text[at : at + 1] != ",":
            return tuple(choices), at
        at += 1


def _word(text: str, at: int, unquoted: re.Pattern[str]) -> tuple[str, bool, int]:
    """A quoted string (with `\\"` and `\\\\`), or a run of characters; whether it was quoted; where it ended."""
    if text[at : at + 1] != '"':
        match = unquoted.match(text, at)
        assert match is not None  # the patterns match the empty string too
        return match.group(), False, match.end()
    at += 1
    characters: list[str] = []
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
        characters.append(text[at])
        at += 1
    return "".join(characters), True, at + 1


_TOKEN = re.compile(
    r"(?:[A-Za-z0-9_]|(?<=[A-Za-z])[.':](?=[A-Za-z])|(?<=[0-9])[.'](?=[0-9]))+|[^\x00-\x7f]",
)


def tokens_of(text: str) -> list[str]:
    """Lower-case tokens, as the engine's `unicodeWord` tokenizer makes them.

    ASCII words keep inner dots, apostrophes and (between letters) colons; every other character
    is a token of its own, which is what makes Chinese, Japanese and Arabic searchable.
    """
    return [token for token in _TOKEN.findall(text.lower()) if token.strip("_")]
