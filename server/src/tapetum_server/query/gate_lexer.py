"""A user's SQL text into tokens that can be read in one way only.

sqlglot and the engine disagree about the edges of SQL: nested and `#` comments, heredocs, curly
quotes, `@@variables`. Whatever lies there could be a string to one and a function call to the
other, so this lexer refuses it, and what it lets through means the same to both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

from tapetum_server.query.gate_errors import SqlRefused

MAX_LENGTH = 65_536
"""Characters of one query; a longer one is a program, not a question."""
MAX_DEPTH = 60
"""Brackets inside one another. The parser's work grows fast with depth."""
MAX_TOKENS = 5_000

TokenKind = Literal["word", "quoted", "string", "number", "parameter", "symbol"]

_SPACE = re.compile(r"[ \t\r\n\f\v]+")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|(?:\d+(?:_\d+)*)(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?")
_INTEGER = re.compile(r"\d+")
_STRING = re.compile(r"'(?:[^'\\]|\\.|'')*'", re.DOTALL)
_QUOTED = {'"': re.compile(r'"([^"\\\x00-\x1f]+)"'), "`": re.compile(r"`([^`\\\x00-\x1f]+)`")}
_PARAMETER = re.compile(r"\{[ \t\r\n]*([A-Za-z_][A-Za-z0-9_]*)[ \t\r\n]*:((?:[^{}'\"`\\]|'[A-Za-z0-9_/+\-]*')*)\}")
_SYMBOL = re.compile(r"<=>|->|::|\|\||==|!=|<>|<=|>=|[()\[\],.+\-*/%=<>?:]")
_OPEN, _CLOSE = "([", ")]"

_FORBIDDEN = {
    "#": "A comment starts with --, not with #.",
    "$": "Write a text as 'text'.",
    "@": "There are no variables here; bind a value as {name:Type}.",
    "{": "Write a map as map('key', value), and a bound value as {name:Type}.",
    "\\": "A backslash belongs inside a text only.",
    ";": "Send one statement at a time.",
}


class Token(NamedTuple):
    """One token and where it stands."""

    kind: TokenKind
    text: str
    """As written: quotes, braces and all."""
    start: int

    @property
    def end(self) -> int:
        """The position behind its last character."""
        return self.start + len(self.text)

    @property
    def lower(self) -> str:
        """A word's text without its letter case; nothing for what is not a word."""
        return self.text.lower() if self.kind == "word" else ""

    @property
    def name(self) -> str:
        """The name a word or a quoted name stands for."""
        return self.text[1:-1] if self.kind == "quoted" else self.text


class Parameter(NamedTuple):
    """A `{name:Type}` in the text."""

    name: str
    type_text: str
    start: int


@dataclass(frozen=True, slots=True)
class Lexed:
    """One statement in tokens, with the text in two forms of the same length as the user's."""

    tokens: tuple[Token, ...]
    text: str
    """What the engine gets to read: comments are blanks, and the closing semicolon is gone."""
    masked: str
    """What the parser gets to read: as `text`, with every character inside a string an `x`."""
    parameters: tuple[Parameter, ...]


def lex(source: str) -> Lexed:
    """Read one statement, or refuse it at the first character that could be read in two ways."""
    if len(source) > MAX_LENGTH:
        raise SqlRefused(f"The query has {len(source)} characters; at most {MAX_LENGTH} are read.")
    tokens: list[Token] = []
    parameters: list[Parameter] = []
    text: list[str] = []
    masked: list[str] = []
    depth = 0
    at = 0
    while at < len(source):
        blank = _blank_end(source, at)
        if blank > at:
            space = "".join("\n" if c == "\n" else " " for c in source[at:blank])
            text.append(space)
            masked.append(space)
            at = blank
            continue
        if source[at] == ";":
            _only_blanks_follow(source, at)
            break
        token = _token_at(source, at, tokens)
        if token.kind == "parameter":
            parameters.append(_parameter(token))
        depth += (token.text in _OPEN) - (token.text in _CLOSE)
        if depth > MAX_DEPTH:
            raise SqlRefused(f"Brackets are more than {MAX_DEPTH} deep here.", position=at)
        tokens.append(token)
        if len(tokens) > MAX_TOKENS:
            raise SqlRefused(f"The query has more than {MAX_TOKENS} words and signs.", position=at)
        text.append(token.text)
        masked.append("'" + "x" * (len(token.text) - 2) + "'" if token.kind == "string" else token.text)
        at = token.end
    if not tokens:
        raise SqlRefused("There is no query.", hint="Try: SELECT name, count() FROM spans GROUP BY name")
    return Lexed(tuple(tokens), "".join(text), "".join(masked), tuple(parameters))


def _blank_end(source: str, at: int) -> int:
    """Where the blanks and comments that start at `at` end."""
    while at < len(source):
        space = _SPACE.match(source, at)
        if space:
            at = space.end()
        elif source.startswith("--", at):
            line_end = source.find("\n", at)
            at = len(source) if line_end < 0 else line_end
        elif source.startswith("/*", at):
            close = source.find("*/", at + 2)
            if close < 0:
                raise SqlRefused("This comment does not end.", position=at)
            # The engine nests comments and others do not: what follows the first end is code to
            # one and comment to the other.
            if "/*" in source[at + 2 : close]:
                raise SqlRefused("A comment inside a comment can be read in two ways.", position=at)
            at = close + 2
        else:
            break
    return at


def _only_blanks_follow(source: str, at: int) -> None:
    rest = at
    while rest < len(source) and source[rest] == ";":
        rest = _blank_end(source, rest + 1)
    if rest < len(source):
        raise SqlRefused("There is more than one statement.", hint=_FORBIDDEN[";"], position=rest)


def _token_at(source: str, at: int, before: list[Token]) -> Token:
    character = source[at]
    if character == "'":
        return _string_at(source, at)
    if character in _QUOTED:
        quoted = _QUOTED[character].match(source, at)
        if not quoted or (quoted.end() < len(source) and source[quoted.end()] == character):
            raise SqlRefused(
                "This quoted name does not end, or holds a quote, a backslash or a control character.", position=at
            )
        return Token("quoted", quoted.group(), at)
    word = _WORD.match(source, at)
    if word:
        _ends(source, word.end(), at, "word")
        return Token("word", word.group(), at)
    if character == "{":
        parameter = _PARAMETER.match(source, at)
        if parameter:
            return Token("parameter", parameter.group(), at)
    # `pair.1.2` is two steps into a tuple, not the number 1.2.
    step = bool(before) and before[-1].text == "." and before[-1].end == at
    number = (_INTEGER if step else _NUMBER).match(source, at)
    if number and not (number.group().startswith(".") and _continues_a_name(before, at)):
        _ends(source, number.end(), at, "number")
        return Token("number", number.group(), at)
    symbol = _SYMBOL.match(source, at)
    if symbol:
        return Token("symbol", symbol.group(), at)
    hint = _FORBIDDEN.get(character)
    if not character.isascii():
        hint = "Letters and signs beyond ASCII belong inside 'text' or \"name\"."
    raise SqlRefused(f"The character {character!r} has no meaning here.", hint=hint, position=at)


def _string_at(source: str, at: int) -> Token:
    found = _STRING.match(source, at)
    if not found:
        raise SqlRefused("This text does not end.", position=at)
    if "\x00" in found.group():
        raise SqlRefused("A text may not hold the character NUL.", position=at)
    _ends(source, found.end(), at, "text")
    return Token("string", found.group(), at)


def _continues_a_name(before: list[Token], at: int) -> bool:
    return (
        bool(before) and before[-1].end == at and (before[-1].kind in ("word", "quoted") or before[-1].text in _CLOSE)
    )


def _ends(source: str, end: int, start: int, what: str) -> None:
    """A token that runs into the next without a blank (`1e5x`, `x'41'`, `a$b`) is read differently elsewhere."""
    following = source[end : end + 1]
    if following and (following.isalnum() or following in "_$'\"`\\" or not following.isascii()):
        raise SqlRefused(f"The {what} {source[start : end + 1]!r} runs into what follows it.", position=start)


def _parameter(token: Token) -> Parameter:
    found = _PARAMETER.fullmatch(token.text)
    assert found is not None
    return Parameter(found.group(1), found.group(2), token.start)
