"""Repeated text is stored once.

An agent resends its whole conversation with every call. A payload text is cut where one JSON
message ends and the next begins; a piece that was stored before is replaced by a reference into
`message_rows`. Cutting is textual, so joining the pieces gives back exactly what was sent, valid
JSON or not.

In a stored text NUL, 32 hex digits, NUL is a reference; NUL NUL is a NUL of the text itself.
The hash is BLAKE2b with 128 bits over the UTF-8 text.

The first sighting of a piece stays inside its own span, where the text index finds it; only from
the second on does it go to `message_rows`. What was seen lives in memory, bounded: forgetting
(a restart, an old piece) costs space, never exactness.
"""

from __future__ import annotations

import hashlib
import re
import threading
from dataclasses import dataclass, field

_MESSAGE_START = re.compile(r'\{"(?:role|type|content|parts|id|message|kwargs|lc)"')
_BEFORE_MESSAGE = re.compile(r"(?:(?<=[}\]]),\s{0,8}|(?<=\[)\s{0,8})\Z")
_AFTER_LAST = re.compile(r"\s*\]\s*\}?\s*\Z")
MIN_PIECE = 96
"""Pieces shorter than this many characters are cheaper inline than as a reference."""
REMEMBERED = 400_000
"""Pieces remembered per generation; two generations are kept (about 100 bytes each)."""


@dataclass(slots=True)
class RepeatedText:
    """Texts that this group of rows refers to and that must be stored before it: hash → text."""

    texts: dict[str, str] = field(default_factory=dict)


class MessageMemory:
    """What one store's writer has seen. Safe to call from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._young: dict[int, int] = {}
        self._old: dict[int, int] = {}
        self._stored: dict[tuple[str, str], int] = {}

    def compact(self, project: str, owner: int, text: str, into: RepeatedText) -> str:
        """`text` as it is stored: repeated pieces replaced by references, whose texts join `into`.

        `owner` is a hash of the record that carries the text. Only what another record said before is
        repeated: a retry, or the end of a span after its start, must not move its text out.
        """
        escaped = text.replace("\0", "\0\0") if "\0" in text else text
        if len(text) < MIN_PIECE:
            return escaped
        project_salt = hash(project)
        out: list[str] = []
        start = 0
        for left, right in _boundaries(text):
            self._piece(text[start:left], project_salt, owner, into, out)
            out.append(text[left:right])
            start = right
        self._piece(text[start:], project_salt, owner, into, out)
        return "".join(out)

    def _piece(self, piece: str, salt: int, owner: int, into: RepeatedText, out: list[str]) -> None:
        if len(piece) >= MIN_PIECE and self._seen(hash(piece) ^ salt, owner):
            out.append(self._reference(piece, into))
        else:
            out.append(piece.replace("\0", "\0\0") if "\0" in piece else piece)

    @staticmethod
    def _reference(piece: str, into: RepeatedText) -> str:
        digest = hashlib.blake2b(piece.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        into.texts[digest] = piece
        return f"\0{digest}\0"

    def _seen(self, piece_hash: int, owner: int) -> bool:
        """Whether another record said this before; remembers who did. A false "yes" only stores a text once more."""
        first = self._young.get(piece_hash)
        if first is not None:
            return first != owner
        first = self._old.get(piece_hash)
        self._young[piece_hash] = owner if first is None else first
        if len(self._young) > REMEMBERED:
            with self._lock:
                if len(self._young) > REMEMBERED:
                    self._old, self._young = self._young, {}
        return first is not None and first != owner

    def missing(self, project: str, texts: RepeatedText, expires_day: int) -> dict[str, str]:
        """The texts that are not stored yet, or that would expire before `expires_day` (days since 1970)."""
        return {h: t for h, t in texts.texts.items() if self._stored.get((project, h), -1) < expires_day}

    def stored(self, project: str, hashes: list[str], expires_day: int) -> None:
        """Remember that `hashes` are durable until `expires_day`."""
        if len(self._stored) > REMEMBERED:
            self._stored.clear()
        for digest in hashes:
            self._stored[(project, digest)] = expires_day


def _boundaries(text: str) -> list[tuple[int, int]]:
    """(start, end) of the text between messages: before the first, the commas, and after the last."""
    found = []
    for message in _MESSAGE_START.finditer(text):
        at = message.start()
        if at == 0:
            continue
        previous = text[at - 1]
        if previous == "[" and (message[0][2:4] != "ro" and message[0][2] not in "mkl"):
            continue  # a list inside a message: its parts travel with it
        if previous in ", \n\t\r[" and (gap := _BEFORE_MESSAGE.search(text, max(0, at - 10), at)):
            found.append((gap.start(), at))
    if found and (end := _AFTER_LAST.search(text, max(found[-1][1], len(text) - 12))) and text[end.start() - 1] == "}":
        found.append((end.start(), len(text)))
    return found


def restore(stored: str, texts: dict[str, str]) -> str:
    """The text that was sent, given the texts of the references in `stored`."""
    if "\0" not in stored:
        return stored
    parts = stored.split("\0")
    return "".join(p if i % 2 == 0 else ("\0" if p == "" else texts[p]) for i, p in enumerate(parts))
