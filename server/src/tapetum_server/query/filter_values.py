"""What the values of a filter mean for a column of some kind: numbers, durations, moments, severities."""

from __future__ import annotations

import re

from tapetum_server.query.errors import QueryError
from tapetum_server.query.filter import Term
from tapetum_server.query.sources import FieldKind
from tapetum_server.query.time_range import parse_duration_ms, parse_moment

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.I)
ATTRIBUTE_PREFIX = "attributes."
RESOURCE_PREFIX = "resource."
RESOURCE_PREFIXES = (RESOURCE_PREFIX, "resource_attributes.")

LEVELS = ("trace", "debug", "info", "warn", "error", "fatal")
"""What the store makes of severity numbers and texts, mildest first."""
_LEVEL_ALIASES = {
    "warning": "warn",
    "critical": "fatal",
    "err": "error",
    "notice": "info",
    "information": "info",
}


def level_of(severity_number: int, severity_text: str) -> str:
    """The level of a log record: by its number, else by its text, else ""."""
    if 1 <= severity_number <= 24:
        return LEVELS[(severity_number - 1) // 4]
    return level_named(severity_text) or ""


def level_named(text: str) -> str | None:
    """The level that a person or program means by `text`."""
    word = text.strip().lower()
    word = _LEVEL_ALIASES.get(word, word)
    return word if word in LEVELS else None


def number_or_none(text: str) -> float | None:
    """The number that `text` is, if it is one."""
    return float(text) if _NUMBER.fullmatch(text.strip()) else None


def number_of(term: Term, text: str, kind: FieldKind) -> float:
    """The number to compare a column of `kind` with."""
    if kind == "duration":
        value = parse_duration_ms(text)
        hint = f"Write {term.key}:>250, {term.key}:>250ms or {term.key}:>1.5s."
    elif kind == "time":
        if text.startswith("now"):
            raise _bad(term, text, "an absolute time", "Use the time range for relative times.")
        return float(parse_moment(text, 0, field="q"))
    elif kind == "bool":
        value = {"true": 1.0, "false": 0.0, "1": 1.0, "0": 0.0}.get(text.lower())
        hint = f"Write {term.key}:true or {term.key}:false."
    else:
        value = number_or_none(text)
        hint = f"Write {term.key}:>100."
    if value is None:
        raise _bad(term, text, "a number" if kind != "duration" else "a duration", hint)
    return value


def moment_of(term: Term, text: str) -> int:
    """The moment to compare a time column with."""
    if text.startswith("now"):
        raise _bad(term, text, "an absolute time", "Use the time range for relative times.")
    return parse_moment(text, 0, field="q")


def levels_of(term: Term) -> list[str]:
    """The levels that a term about severity accepts."""
    if term.op in (">", ">=", "<", "<="):
        level = level_named(term.value)
        if level is None:
            raise _bad(term, term.value, "a severity", f"One of {', '.join(LEVELS)}.")
        at = LEVELS.index(level)
        return list({">": LEVELS[at + 1 :], ">=": LEVELS[at:], "<": LEVELS[:at], "<=": LEVELS[: at + 1]}[term.op])
    found = []
    for choice in term.choices:
        word = choice.text.lower()
        if choice.is_prefix:
            found += [level for level in LEVELS if level.startswith(word)]
        else:
            found.append(level_named(word) or word)
    return found


def attribute_key(key: str) -> tuple[str, bool, bool]:
    """The attribute's own key, and whether span (or record) attributes and resource attributes may hold it."""
    key = key.replace("\0", "\u2400")
    if key.startswith(ATTRIBUTE_PREFIX) and len(key) > len(ATTRIBUTE_PREFIX):
        return key[len(ATTRIBUTE_PREFIX) :], True, False
    for prefix in RESOURCE_PREFIXES:
        if key.startswith(prefix) and len(key) > len(prefix):
            return key[len(prefix) :], False, True
    return key, True, True


def _bad(term: Term, text: str, expected: str, hint: str) -> QueryError:
    return _refused(f"{term.key}: {text!r} is not {expected}", hint)


def no_list(term: Term) -> QueryError:
    """The refusal to look for a value within what is never a list."""
    hint = f"Ask for the value itself: {term.key}:{term.value}."
    return _refused(f"{term.key} is never a list, so it contains nothing", hint)


def no_prefix(term: Term) -> QueryError:
    """The refusal of a prefix of what is not a text."""
    return _refused(f"{term.key} is not a text and has no prefix", f"Compare it: {term.key}:>100.")


def _refused(said: str, hint: str) -> QueryError:
    return QueryError(said, code="bad_filter", field="q", hint=hint)
