r"""The words of a text, as full text has them: one expression for the indexes, the views and the questions.

Payloads are kept as they were sent, and most are JSON, in which a line begins with `\n` and its first word: `\nfox`.
Left alone, that is the word `nfox`. So the escapes of JSON become spaces, and all letters small.

In JSON an `n` behind one backslash is no letter. Behind two it may be one (`C:\\new`, `\\nabla`) or none (JSON within
JSON, such as the arguments of a tool), and in any other text also behind one. There the word is kept both with its
first letter and without: what is asked for is found, whichever was meant.
"""

from __future__ import annotations

ESCAPE = r"\\[bfnrt]"
"""An escape that ends in a letter, behind one backslash. All others end in what is no letter anyway."""
AMBIGUOUS = r"\\([bfnrt])([\w.':]+)"
"""The same with the word that follows; in JSON behind two backslashes. Patterns start with what the engine can look
for before it looks at the rest: with `\\+` instead they cost five times as much."""
ESCAPED_AMBIGUOUS = r"\\" + AMBIGUOUS
BOTH = r" \1\2 \2"
JSON = r"""^\s*[\[{"]"""
"""How a text begins that is JSON, or Python's way to write the same."""
SAID_BY_RECORD = "concatWithSeparator(' ', input, output, input_message, output_message)"
"""All texts of one row of `span_enrichments`."""


def words(text: str) -> str:
    """SQL for the words of `text`, itself SQL: small letters, and spaces for the escapes of JSON."""
    once = f"replaceRegexpAll({text}, {_quoted(AMBIGUOUS)}, {_quoted(BOTH)})"
    twice = f"replaceRegexpAll({text}, {_quoted(ESCAPED_AMBIGUOUS)}, {_quoted(BOTH)})"
    escapes = f"replaceRegexpAll({twice}, {_quoted(ESCAPE)}, ' ')"
    return f"lowerUTF8(if(match({text}, {_quoted(JSON)}), {escapes}, {once}))"


def _quoted(pattern: str) -> str:
    return "'" + pattern.replace("\\", "\\\\").replace("'", "\\'") + "'"
