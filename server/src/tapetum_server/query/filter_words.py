"""How the words of a search may be written in the texts that are stored.

Payloads are kept as they were sent, and most are JSON. Whoever writes JSON with escapes, as Python does unless told
otherwise, writes `é` as `\\u00e9`, and every writer puts an `n` before the word that begins a line (`\\nword`). An
accent is a part of its letter or a character behind it. And indexes make small letters of ASCII alone. A search
finds all of these spellings, by words that indexes have.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from tapetum_server.query.filter import cased_tokens_of, tokens_of

LONG_ENOUGH = 5
"""A word of fewer letters with an `n` before it is too often another word: `now` for `ow`, `never` for `ever`."""

_CAPITALS = re.compile(r"[A-Z]+")
_ESCAPED_LETTER = re.compile(r"u[0-9a-f]{4}")
_ESCAPE = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|[nrt])")


class Spelling(NamedTuple):
    """One way to write the words of a search: a text with it has all of `tokens`, and one of each of `either`."""

    tokens: tuple[str, ...]
    either: tuple[tuple[str, ...], ...] = ()


def forms_of(text: str) -> list[str]:
    """A text as it was typed, and with accents as parts of their letters and behind them, where that differs."""
    forms = (text, unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text))
    return list(dict.fromkeys(form for form in forms if tokens_of(form)))


def spellings_of(text: str) -> list[Spelling]:
    """Every way in which a text with these words may have been stored."""
    forms = forms_of(text)
    found = [_plain(form) for form in forms]
    found += [_escaped(form) for form in forms if not form.isascii()]
    return list(dict.fromkeys(found))


def unescaped(text: str) -> str:
    """A text without the escapes of JSON, for whoever holds the text itself."""
    if "\\" not in text:
        return text
    letters = _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else " ", text)
    return letters.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _plain(text: str) -> Spelling:
    ascii_small = _CAPITALS.sub(lambda capitals: capitals.group().lower(), text)
    return _spelling(_cases(token) for token in cased_tokens_of(ascii_small))


def _escaped(text: str) -> Spelling:
    written = [tokens_of(_with_escapes(form)) for form in (text, _each(text, str.lower), _each(text, str.upper))]
    return _spelling([token for one in alike for token in _cases(one)] for alike in zip(*written, strict=True))


def _with_escapes(text: str) -> str:
    return "".join(c if c.isascii() else json.dumps(c)[1:-1] for c in text)


def _each(text: str, case: Callable[[str], str]) -> str:
    """The other letters than ASCII's in a case, each a letter still, so that the tokens stay as many."""
    return "".join(c if c.isascii() or len(case(c)) > 1 or case(c).isascii() else case(c) for c in text)


def _cases(token: str) -> list[str]:
    """A token as an index may have it: one letter in either case, a word of ASCII also where it begins a line."""
    if not token.isascii():
        return [c for c in (token, token.lower(), token.upper()) if len(c) == 1]
    begins = len(token) >= LONG_ENOUGH and not _ESCAPED_LETTER.match(token)
    return [token, f"n{token}"] if begins else [token]


def _spelling(alternatives: Iterable[Sequence[str]]) -> Spelling:
    each = dict.fromkeys(tuple(sorted(set(alike))) for alike in alternatives)
    return Spelling(tuple(a[0] for a in each if len(a) == 1), tuple(a for a in each if len(a) > 1))
