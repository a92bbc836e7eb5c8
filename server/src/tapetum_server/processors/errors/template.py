"""A message into its template: what stays the same when the same thing goes wrong again."""

from __future__ import annotations

import re

MAX_CHARACTERS = 1_000
"""Of the first line of a message that are looked at."""

PATTERNS: tuple[tuple[str, str], ...] = (
    ("url", r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s'\"<>()]+"),
    ("email", r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"),
    ("uuid", r"\b[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}\b"),
    ("time", r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?"),
    ("ip", r"\b(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?\b|(?<![\w:])(?:[0-9a-fA-F]{0,4}:){3,7}[0-9a-fA-F]{1,4}(?![\w:])"),
    ("text", r"\"[^\"\n]{0,300}\"|(?<!\w)'[^'\n]{0,300}'(?!\w)|`[^`\n]{1,300}`|“[^”\n]{0,300}”|«[^»\n]{0,300}»"),
    ("path", r"(?<![\w<])(?:~|\.{1,2})?(?:/[\w.@+%-]+){2,}/?|\b[A-Za-z]:\\[^\s:'\"]+"),
    ("hex", r"\b0[xX][0-9a-fA-F]+\b|\b(?=[a-fA-F]*\d)(?=\d*[a-fA-F])[0-9a-fA-F]{8,}\b"),
    ("id", r"\b(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{12,}\b"),
    ("number", r"(?<![A-Za-z])[-+]?\d+(?:[.,_]\d+)*(?:[eE][-+]?\d+)?"),
)
"""Name of the placeholder, and what it stands for; where two match at one place, the first of the list wins."""

_ANY = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in PATTERNS))
_SPACE = re.compile(r"\s+")


def template_of(message: str) -> str:
    """The first line of `message` with everything that varies replaced by placeholders such as `<number>`."""
    line = first_line(message)[:MAX_CHARACTERS]
    return _SPACE.sub(" ", _ANY.sub(lambda m: f"<{m.lastgroup}>", line)).strip()


def first_line(text: str) -> str:
    """The first line of `text` that is not empty."""
    return text.lstrip().split("\n", 1)[0].rstrip()
