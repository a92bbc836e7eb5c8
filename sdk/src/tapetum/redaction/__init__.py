"""Secrets and personal data out of telemetry: one set of rules, before sending and before storing.

from tapetum.redaction import redact

redact("key sk-ant-…")    # "key [redacted:anthropic_key:3f9a1b2c4d5e]"
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from tapetum.redaction._allow import MAX_ALLOWED, allowing
from tapetum.redaction._own import MAX_OWN, MAX_PATTERN, BadPattern, own_rule, own_rules
from tapetum.redaction._pii import PII
from tapetum.redaction._redactor import Finding, Redactor, Screened
from tapetum.redaction._rule import Rule
from tapetum.redaction._secrets import SECRETS
from tapetum.redaction._values import is_secret_key, redact_mapping, redact_value

__all__ = [
    "MAX_ALLOWED",
    "MAX_OWN",
    "MAX_PATTERN",
    "PII",
    "RULES",
    "SECRETS",
    "BadPattern",
    "Finding",
    "Redactor",
    "Rule",
    "Screened",
    "allowing",
    "chosen",
    "is_secret_key",
    "own_rule",
    "own_rules",
    "redact",
    "redact_mapping",
    "redact_value",
]

RULES: Mapping[str, Rule] = {rule.name: rule for rule in (*SECRETS, *PII)}
"""Every rule that Tapetum knows, by name."""
_FAMILIES: Mapping[str, tuple[Rule, ...]] = {"secrets": SECRETS, "pii": PII}
_lock = threading.Lock()
_default: Redactor | None = None


def chosen(on: Iterable[str] = ("secrets",), off: Iterable[str] = (), own: Iterable[Rule] = ()) -> tuple[Rule, ...]:
    """Rules by name or family (`secrets`, `pii`), less those switched off, and one's own. Raises `BadPattern`."""
    names = {name for each in on for name in _named(each)} - {name for each in off for name in _named(each)}
    own = tuple(own)
    if clash := sorted({rule.name for rule in own} & set(RULES)):
        raise BadPattern(f"{clash[0]} is the name of a rule of Tapetum's; give the pattern another")
    return (*(rule for name, rule in RULES.items() if name in names), *own)


def _named(name: str) -> tuple[str, ...]:
    if name in _FAMILIES:
        return tuple(rule.name for rule in _FAMILIES[name])
    if name not in RULES:
        raise BadPattern(f"there is no rule {name!r}; expected secrets, pii, or one of {', '.join(RULES)}")
    return (name,)


def redact(value: Any, redactor: Redactor | None = None) -> Any:
    """The text, or the values of a list or mapping, with marks in the place of secrets.

    It is the same object where there are none. Without a `redactor` it is the rules of secrets, with marks that agree
    within this process.
    """
    global _default
    if redactor is None:
        with _lock:
            _default = redactor = _default or Redactor()
    return redact_value(redactor, value)
