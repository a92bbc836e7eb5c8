"""How the words of a search may be written in the texts that are stored.

Payloads are kept as they were sent, and most are JSON. Whoever writes JSON with escapes, as Python does unless told
otherwise, writes `é` as `\\u00e9`, and an accent is a part of its letter or a character behind it. A search finds all
of these spellings, by words that indexes have; what else JSON escapes, indexes see to (`store.full_text`).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import NamedTuple

from tapetum_server.query.filter import tokens_of
from tapetum_server.store import full_text

_ESCAPED_LETTER = re.compile(r"\\+u([0-9a-fA-F]{4})")
_JSON = re.compile(full_text.JSON, re.ASCII)
_ESCAPE = re.compile(full_text.ESCAPE)
_AMBIGUOUS = re.compile(full_text.AMBIGUOUS, re.ASCII)
_ESCAPED_AMBIGUOUS = re.compile(full_text.ESCAPED_AMBIGUOUS, re.ASCII)


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
    found = [Spelling(tuple(dict.fromkeys(tokens_of(form)))) for form in forms]
    found += [_escaped(form) for form in forms if not form.isascii()]
    return list(dict.fromkeys(found))


def words_of(text: str) -> str:
    """What `full_text.words` says in SQL, for whoever holds the text itself."""
    if "\\" not in text:
        return text.lower()
    if _JSON.match(text):
        return _ESCAPE.sub(" ", _ESCAPED_AMBIGUOUS.sub(full_text.BOTH, text)).lower()
    return _AMBIGUOUS.sub(full_text.BOTH, text).lower()


def unescaped(text: str) -> str:
    """A text with the letters that JSON escapes, for whoever holds the text itself."""
    letters = _ESCAPED_LETTER.sub(lambda m: chr(int(m[1], 16)), text)
    return letters.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _escaped(text: str) -> Spelling:
    written = [tokens_of(_with_escapes(form)) for form in (text, _each(text, str.lower), _each(text, str.upper))]
    return _spelling(zip(*written, strict=True))


def _with_escapes(text: str) -> str:
    return "".join(c if c.isascii() else json.dumps(c)[1:-1] for c in text)


def _each(text: str, case: Callable[[str], str]) -> str:
    """The other letters than ASCII's in a case, each a letter still, so that the tokens stay as many."""
    return "".join(c if c.isascii() or len(case(c)) > 1 or case(c).isascii() else case(c) for c in text)


def _spelling(alternatives: Iterable[tuple[str, ...]]) -> Spelling:
    each = dict.fromkeys(tuple(sorted(set(alike))) for alike in alternatives)
    return Spelling(tuple(a[0] for a in each if len(a) == 1), tuple(a for a in each if len(a) > 1))
