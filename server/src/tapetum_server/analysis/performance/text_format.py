"""Protocol buffers' text format into dictionaries, for messages whose classes nobody can install.

Without a schema a field that stands once may be one of many: its reader says which are lists.
"""

from __future__ import annotations

import re
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:\#[^\n]*\s*)*(?:
    (?P<name>[A-Za-z_][\w.]*)|(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?f?)|
    (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?P<sign>[{}<>\[\]:;,-]))""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}
MAX_DEPTH = 50


class TextFormatError(ValueError):
    """The text is not in text format; says in which line."""


def parse_text(text: str) -> dict[str, Any]:
    """The message that `text` is; a field that stands several times is a list. Raises `TextFormatError`."""
    reader = _Reader(text)
    message = reader.message("", 0)
    return message


class _Reader:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._kind, self._token = "", ""
        self._next()

    def message(self, closing: str, depth: int) -> dict[str, Any]:
        if depth > MAX_DEPTH:
            raise self._wrong(f"messages stand more than {MAX_DEPTH} deep")
        found: dict[str, Any] = {}
        while self._token != closing or self._kind == "text":
            if self._kind != "name":
                raise self._wrong("a field's name is expected")
            name = self._token
            self._next()
            colon = self._skip(":")
            if self._kind == "sign" and self._token == "[":
                for value in self._list(depth):
                    _put(found, name, value, many=True)
            elif self._kind == "sign" and self._token in "{<":
                _put(found, name, self._message(depth))
            elif colon:
                _put(found, name, self._value())
            else:
                raise self._wrong(f"after {name!r} a colon or a brace is expected")
            while self._skip(",") or self._skip(";"):
                pass
        return found

    def _message(self, depth: int) -> dict[str, Any]:
        closing = "}" if self._token == "{" else ">"
        self._next()
        inner = self.message(closing, depth + 1)
        self._next()
        return inner

    def _list(self, depth: int) -> list[Any]:
        self._next()
        found = []
        while not self._skip("]"):
            found.append(self._message(depth) if self._kind == "sign" and self._token in "{<" else self._value())
            self._skip(",")
        return found

    def _value(self) -> Any:
        negative = self._skip("-")
        kind, token = self._kind, self._token
        if kind == "text":
            parts = []
            while self._kind == "text":
                parts.append(_ESCAPE.sub(_unescaped, self._token[1:-1]))
                self._next()
            return "".join(parts)
        if kind not in ("name", "number"):
            raise self._wrong("a value is expected")
        self._next()
        if kind == "name":
            if token in ("inf", "infinity", "nan"):
                return float(f"-{token}" if negative else token)
            return {"true": True, "false": False}.get(token, token)
        number = float(token.rstrip("f")) if re.search(r"[.eEf]", token) else int(token)
        return -number if negative else number

    def _skip(self, sign: str) -> bool:
        if self._kind == "sign" and self._token == sign:
            self._next()
            return True
        return False

    def _next(self) -> None:
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            rest = re.sub(r"#[^\n]*", "", self._text[self._at :]).strip()
            if rest:
                raise self._wrong(f"{rest[:20]!r} is not understood")
            self._kind, self._token = "end", ""
            return
        self._at = match.end()
        self._kind = match.lastgroup or ""
        self._token = match[self._kind]

    def _wrong(self, why: str) -> TextFormatError:
        line = self._text.count("\n", 0, self._at) + 1
        seen = f", not {self._token!r}" if self._token else ""
        return TextFormatError(f"line {line}: {why}{seen}")


def _put(found: dict[str, Any], name: str, value: Any, *, many: bool = False) -> None:
    if name not in found:
        found[name] = [value] if many else value
    elif isinstance(found[name], list):
        found[name].append(value)
    else:
        found[name] = [found[name], value]


def _unescaped(match: re.Match[str]) -> str:
    octal, hexadecimal, plain = match.groups()
    if octal:
        return chr(int(octal, 8))
    if hexadecimal:
        return chr(int(hexadecimal, 16))
    return _ESCAPED.get(plain, plain)
