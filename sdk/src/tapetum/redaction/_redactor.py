"""Finds what rules describe and puts a mark in its place. Nothing is matched before a plain search found a keyword."""

from __future__ import annotations

import bisect
import hashlib
import itertools
import json
import re
import secrets
from collections.abc import Callable, Iterable
from typing import NamedTuple

from tapetum.redaction._keywords import Keywords
from tapetum.redaction._rule import Rule
from tapetum.redaction._secrets import SECRETS

Note = Callable[[str], None]
"""Told the name of the rule of everything that was replaced."""
Sieve = Callable[[str, list[str]], list[str]]
"""The texts in which a regular expression is found; for whoever has a faster engine than Python's."""

_MARK = re.compile(r"\[redacted:[a-z0-9_-]{1,64}:[0-9a-f]{12}\]")
_MARK_BEGINS = "[redacted:"
_SHORTEST = 8
"""No secret is shorter with what says that it is one."""
_NEAR = 48
_MAX_PASSES = 32
_SEPARATOR = "\n\0\n"
_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_process_key = secrets.token_bytes(32)


class Finding(NamedTuple):
    """What is replaced, and why."""

    start: int
    end: int
    rule: str


class Redactor:
    """Rules and the key of their marks. Made once, used from any thread.

    The same text under the same `key` and `salt` gets the same mark, so that records can be joined on it. Without a key
    one of this process is used: marks then agree within the process only.
    """

    def __init__(self, rules: Iterable[Rule] = SECRETS, *, key: bytes | None = None, salt: bytes = b"") -> None:
        self.rules = tuple(rules)
        self._key = (key or _process_key)[:64]
        self._salt = hashlib.blake2b(salt, digest_size=16).digest()
        self._keywords = Keywords(self.rules)
        own = [rule for rule in self.rules if rule.alone]
        self._own = self if len(own) == len(self.rules) else Redactor(own, key=key, salt=salt) if own else None
        self._ours = Redactor([r for r in self.rules if not r.alone], key=key, salt=salt) if own else self
        self._needs = [(at, rule.needs) for at, rule in enumerate(self.rules) if rule.needs]
        self._scans = [at for at, rule in enumerate(self.rules) if not rule.keywords]

    def __eq__(self, other: object) -> bool:
        """Two are equal that put the same marks at the same places."""
        if not isinstance(other, Redactor):
            return NotImplemented
        return (self.rules, self._key, self._salt) == (other.rules, other._key, other._salt)

    def __hash__(self) -> int:
        return hash((self._key, self._salt))

    def screened(self, texts: Iterable[str], sieve: Sieve | None = None) -> Screened | None:
        """Many texts at once: which hold something, or `None` for none. Much cheaper than one by one.

        Texts without any keyword are left out by `sieve`, if there is one.
        """
        held = list(texts)
        # Rules without keywords search everything.
        sifted = held if sieve is None or self._ours._scans else sieve(self._ours._keywords.pattern, held)
        # No rule of ours reaches over a separator; own patterns might, and finders: they see each text by itself.
        ends = list(itertools.accumulate(len(text) + len(_SEPARATOR) for text in sifted))
        dirty: set[str] = set()
        for finding in self._ours.find(_SEPARATOR.join(sifted)):
            first, last = (bisect.bisect_right(ends, at) for at in (finding.start, finding.end - 1))
            dirty.update(sifted[first : last + 1])
        if self._own is not None:
            dirty.update(text for text in held if text not in dirty and self._own.find(text))
        return Screened(self, dirty) if dirty else None

    def find(self, text: str) -> list[Finding]:
        """What is to be replaced, from left to right, without overlaps."""
        if len(text) < _SHORTEST:
            return []
        found: list[tuple[int, int, int]] = []
        done: dict[tuple[int, str], int] = {}
        wanting: set[int] | None = None  # most texts have no keyword: nobody asks what else they lack
        for at, keyword in self._keywords.hits(text):
            if wanting is None:
                wanting = {index for index, needs in self._needs if needs not in text}
            for index in keyword.rules:
                if index in wanting or at < done.get((index, keyword.text), 0):
                    continue
                rule = self.rules[index]
                if rule.whole_word and not rule.lead and _within_a_word(text, at):
                    continue
                match = rule.pattern.match(text, max(0, at - rule.lead))
                if match is not None and _fits(rule, text, match):
                    found.append((*match.span(rule.group), index))
                    done[index, keyword.text] = match.end()
                    break
        for index in self._scans:
            self._throughout(text, index, found)
        return self._merged(text, found) if found else []

    def redact(self, text: str, note: Note | None = None) -> str:
        """`text` with marks for what was found; the very same object where that is nothing."""
        # A mark ends words: what was glued to a secret may be one too, and is found in the next pass.
        for _ in range(_MAX_PASSES):
            found = self.find(text)
            if not found:
                break
            text = self._marked(text, found, note)
        return text

    def _marked(self, text: str, found: list[Finding], note: Note | None) -> str:
        quoted = _outside_strings(text, found)
        parts: list[str] = []
        done = 0
        for finding in found:
            if note is not None:
                note(finding.rule)
            mark = self.mark(finding.rule, text[finding.start : finding.end])
            parts += (text[done : finding.start], f'"{mark}"' if finding.start in quoted else mark)
            done = finding.end
        parts.append(text[done:])
        return "".join(parts)

    def mark(self, rule: str, text: str) -> str:
        """What stands for `text`: the name of the rule, and a hash that nobody without the key can try words on."""
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6, key=self._key, salt=self._salt)
        return f"{_MARK_BEGINS}{rule}:{digest.hexdigest()}]"

    def _throughout(self, text: str, index: int, found: list[tuple[int, int, int]]) -> None:
        rule = self.rules[index]
        if rule.needs and rule.needs not in text:
            return
        if rule.finder is not None:
            for start, end in rule.finder(text):
                if start < end and (rule.check is None or rule.check(text[start:end])):
                    found.append((start, end, index))
            return
        if rule.window:
            for start in range(0, len(text), rule.window - rule.window // 4):
                for match in rule.pattern.finditer(text[start : start + rule.window]):
                    first, last = match.span(rule.group)
                    begin = _past_escape(text, start + first)
                    if begin < start + last and (rule.check is None or rule.check(match[rule.group])):
                        found.append((begin, start + last, index))
            return
        words = rule.whole_word and not any(begin in text for begin in _ESCAPE_BEGINS)
        position = 0
        while (hit := rule.pattern.search(text, position)) is not None:
            if _fits(rule, text, hit):
                found.append((*hit.span(rule.group), index))
                position = hit.end()
            elif words and (begins := hit.start()) and text[begins - 1].isalnum():
                # Nor can it begin at the next letter: all the rest of the word is passed over.
                boundary = _BOUNDARY.search(text, begins)
                position = boundary.start() if boundary else len(text)
            else:
                position = hit.start() + 1

    def _merged(self, text: str, found: list[tuple[int, int, int]]) -> list[Finding]:
        """Overlapping ones become one, named by the first of their rules. Marks of earlier passes stay as they are."""
        marks = [match.span() for match in _MARK.finditer(text)] if _MARK_BEGINS in text else []
        found.sort()
        merged: list[tuple[int, int, int]] = []
        for start, end, index in found:
            if any(start < there_end and there < end for there, there_end in marks):
                continue
            if merged and start < merged[-1][1]:
                before = merged[-1]
                merged[-1] = (before[0], max(before[1], end), min(before[2], index))
            else:
                merged.append((start, end, index))
        return [Finding(start, end, self.rules[index].name) for start, end, index in merged]


class Screened:
    """A redactor that knows which texts it need not look at."""

    def __init__(self, redactor: Redactor, dirty: set[str]) -> None:
        self._redactor = redactor
        self._dirty = dirty

    def redact(self, text: str, note: Note | None = None) -> str:
        """As `Redactor.redact`."""
        return self._redactor.redact(text, note) if text in self._dirty else text

    def mark(self, rule: str, text: str) -> str:
        """As `Redactor.mark`."""
        return self._redactor.mark(rule, text)


def _fits(rule: Rule, text: str, match: re.Match[str]) -> bool:
    start, end = match.span(rule.group)
    if _past_escape(text, start) > start:
        return False
    if rule.whole_word:
        if _within_a_word(text, match.start()):
            return False
        if end < len(text) and text[end].isalnum() and text[end - 1].isalnum() and not rule.keywords:
            return False
    if rule.near:
        before = text[max(0, start - _NEAR) : start].lower()
        if not any(word in before for word in rule.near):
            return False
    return rule.check is None or rule.check(text[start:end])


def _within_a_word(text: str, at: int) -> bool:
    return at > 0 and text[at - 1].isalnum() and not _escape_before(text, at)


_BOUNDARY = re.compile(r"[\W_]")
_ESCAPE_BEGINS = ("\\", "%", "\x1b")
_JSON_ESCAPE = re.compile(r"\\(?:[nrtbf]|u[0-9a-fA-F]{4})")
_ESCAPE = re.compile(r"(?:\\[nrtbf]|\\u[0-9a-fA-F]{4}|%[0-9a-fA-F]{2}|\x1b\[[0-9;]{0,8}m)\Z")


def _escape_before(text: str, at: int) -> bool:
    """Whether what stands before is an escape of JSON or of a URL, whose last letter is no part of a word."""
    return _ESCAPE.search(text[max(0, at - 12) : at]) is not None


def _past_escape(text: str, at: int) -> int:
    """`at`, or where the escape of JSON ends that has begun before it: a mark of its rest would leave half of it."""
    back = text.rfind("\\", max(0, at - 5), at)
    if back < 0 or (escape := _JSON_ESCAPE.match(text, back)) is None or escape.end() <= at:
        return at
    # A backslash that is escaped itself begins nothing.
    first = back
    while first > 0 and text[first - 1] == "\\":
        first -= 1
    return at if (back - first) % 2 else escape.end()


def _outside_strings(text: str, found: list[Finding]) -> set[int]:
    """Where a number of a JSON document was found outside its strings: a mark there needs quotes to stay JSON."""
    numbers = [finding for finding in found if text[finding.start : finding.end].isdigit()]
    if not numbers or text.lstrip()[:1] not in ("{", "["):
        return set()
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return set()
    strings = [match.span() for match in _JSON_STRING.finditer(text)]
    return {f.start for f in numbers if not any(start < f.start < end for start, end in strings)}
