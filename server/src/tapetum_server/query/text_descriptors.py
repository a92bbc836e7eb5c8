"""What a text is like, as numbers: SQL that a report counts with, and that a filter finds the same texts by."""

from __future__ import annotations

DESCRIPTORS = ("characters", "words", "not_letters")
"""Those that a text has by itself, whatever other texts say."""


def descriptor(name: str, text: str) -> str:
    """One of them, NULL where the text is; `text` is SQL that may be NULL."""
    if name == "characters":
        return characters(text)
    if name == "words":
        return f"if(isNull({text}), NULL, length({words_of(text)}))"
    letters = f"lengthUTF8(replaceRegexpAll({text}, '[^\\\\p{{L}}\\\\s]', ''))"
    return f"if({characters(text)} > 0, 1 - {letters} / {characters(text)}, NULL)"


def characters(text: str) -> str:
    """How many it has."""
    return f"lengthUTF8({text})"


def words_of(text: str) -> str:
    """Its words, in lower case."""
    return f"extractAll(lowerUTF8(ifNull({text}, '')), '[\\\\p{{L}}\\\\p{{N}}]+')"
