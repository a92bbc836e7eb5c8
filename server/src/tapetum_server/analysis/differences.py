"""Two texts side by side: what one has and the other has not, by lines or by words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Literal

from typing_extensions import TypedDict

MAX_LINES = 5_000
MAX_WORDS = 3_000
"""Longer texts are compared by lines: comparing takes the square of the words."""
# Scripts that put no space between words are compared character by character.
_WORD = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\w+|\s+|[^\w\s]")


class Piece(TypedDict):
    """A line, or a run of words, and which of the two texts has it."""

    op: Literal["same", "removed", "added"]
    text: str


def by_lines(before: Sequence[str], after: Sequence[str], *, limit: int = MAX_LINES) -> list[Piece]:
    """A piece for each line; lines beyond `limit` are left out."""
    return _compared(list(before[:limit]), list(after[:limit]))


def by_words(before: str, after: str) -> list[Piece]:
    """Runs of words that both have, or one of them; together they are both texts exactly."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    if max(len(old), len(new)) > MAX_WORDS:
        lines = [text.splitlines(keepends=True) for text in (before, after)]
        if max(map(len, lines)) > MAX_LINES:
            return [Piece(op="removed", text=before), Piece(op="added", text=after)]
        old, new = lines
    pieces: list[Piece] = []
    for piece in _compared(old, new):
        if pieces and pieces[-1]["op"] == piece["op"]:
            pieces[-1]["text"] += piece["text"]
        else:
            pieces.append(piece)
    return pieces


def _compared(old: list[str], new: list[str]) -> list[Piece]:
    pieces: list[Piece] = []
    for op, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if op == "equal":
            pieces.extend(Piece(op="same", text=text) for text in old[i1:i2])
        else:
            pieces.extend(Piece(op="removed", text=text) for text in old[i1:i2])
            pieces.extend(Piece(op="added", text=text) for text in new[j1:j2])
    return pieces
