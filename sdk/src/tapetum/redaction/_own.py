"""Patterns of one's own: what can take for ever is refused, the rest sees small pieces of a text."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from tapetum.redaction._rule import Rule

try:
    from re import _parser  # type: ignore[attr-defined]
except ImportError:  # Python 3.10
    import sre_parse as _parser

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
MAX_PATTERN = 500
MAX_OWN = 50
WINDOW = 1024
"""An own pattern sees pieces of this many characters, each a quarter of it into the one before."""
_SLOW_S = 0.005
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


class BadPattern(ValueError):
    """A pattern that is not taken; the message says why and what to do."""


def own_rule(name: str, pattern: str, what: str = "", *, ignore_case: bool = False) -> Rule:
    """A rule from a configuration. Raises `BadPattern`."""
    if not NAME.fullmatch(name):
        raise BadPattern(f"the rule's name is {name!r}; expected up to 40 of a-z, 0-9 and _, beginning with a letter")
    if not pattern or len(pattern) > MAX_PATTERN:
        raise BadPattern(f"the pattern of {name} has {len(pattern)} characters; expected 1 to {MAX_PATTERN}")
    try:
        compiled = re.compile(pattern, re.IGNORECASE if ignore_case else 0)
        tree = _parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise BadPattern(f"the pattern of {name} is no regular expression of Python: {error}") from error
    if compiled.match("") is not None:
        raise BadPattern(f"the pattern of {name} matches nothing at all, and so everywhere; let it need a character")
    samples: set[str] = set()
    _inspect(name, tree, False, samples)
    _time(name, compiled, samples)
    return Rule(name, "own", what or "a pattern of your own", compiled, whole_word=False, window=WINDOW)


def own_rules(tables: Sequence[Mapping[str, Any]]) -> list[Rule]:
    """Rules from tables of `name`, `pattern`, `what` and `ignore_case`. Raises `BadPattern`."""
    if len(tables) > MAX_OWN:
        raise BadPattern(f"there are {len(tables)} patterns; expected at most {MAX_OWN}")
    made: list[Rule] = []
    for table in tables:
        if unknown := set(table) - {"name", "pattern", "what", "ignore_case"}:
            raise BadPattern(f"a pattern has no {min(unknown)!r}; expected name, pattern, what and ignore_case")
        name, pattern, what = (table.get(key, "") for key in ("name", "pattern", "what"))
        if not (isinstance(name, str) and isinstance(pattern, str) and isinstance(what, str)):
            raise BadPattern("name, pattern and what of a pattern are texts")
        made.append(own_rule(name, pattern, what, ignore_case=table.get("ignore_case") is True))
    names = [rule.name for rule in made]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadPattern(f"there are two patterns named {twice[0]}")
    return made


def _inspect(name: str, tree: Any, repeated: bool, samples: set[str]) -> None:
    """Refuse choices within repeats, which may take exponential time, and collect characters that the pattern knows."""
    for op, given in tree:
        kind = str(op)
        if kind in _REPEATS:
            least, most, inner = given
            varies = least != most
            if repeated:
                raise BadPattern(f"the pattern of {name} repeats what repeats, which may take for ever; write it flat")
            _inspect(name, inner, repeated or varies, samples)
        elif kind == "SUBPATTERN":
            _inspect(name, given[-1], repeated, samples)
        elif kind == "BRANCH":
            if repeated:
                raise BadPattern(
                    f"the pattern of {name} repeats a choice, which may take for ever; use [a class] for it"
                )
            for branch in given[1]:
                _inspect(name, branch, repeated, samples)
        elif kind in ("ASSERT", "ASSERT_NOT"):
            _inspect(name, given[1], repeated, samples)
        elif kind in ("GROUPREF", "GROUPREF_EXISTS"):
            raise BadPattern(f"the pattern of {name} refers back to a group; that is not taken")
        elif kind == "ATOMIC_GROUP":
            _inspect(name, given, repeated, samples)
        elif kind == "LITERAL":
            samples.add(chr(given))
        elif kind == "IN":
            for inner_kind, inner in given:
                samples.update(_of_class(str(inner_kind), inner))
        elif kind in ("ANY", "NOT_LITERAL"):
            samples.update("a0 ")


def _of_class(kind: str, given: Any) -> str:
    if kind == "LITERAL":
        return chr(given)
    if kind == "RANGE":
        return chr(given[0])
    return "a0 -"


def _time(name: str, compiled: re.Pattern[str], samples: set[str]) -> None:
    """Try it on what it nearly matches, twice as much each time, so that a bad one is known before it takes long."""
    known = sorted(samples)[:24] or ["a"]
    for size in (16, 32, 64, 128, 256, 512, WINDOW):
        for piece in (*known, "".join(known)):
            bait = (piece * size)[:size] + "\0"
            began = time.perf_counter()
            compiled.search(bait)
            if time.perf_counter() - began > _SLOW_S:
                # Once more: a busy machine is no bad pattern.
                began = time.thread_time()
                compiled.search(bait)
                if time.thread_time() - began > _SLOW_S:
                    raise BadPattern(
                        f"the pattern of {name} takes too long on {size} characters that it nearly matches; "
                        "bound its repeats, and let neighbours not match the same characters"
                    )
