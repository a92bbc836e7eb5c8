"""`redaction` of `tapetum.init` and TAPETUM_REDACTION: which rules take secrets out before anything is sent."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Union

from tapetum._settings import Unusable
from tapetum.redaction import BadPattern, Redactor, allowing, chosen, own_rules

Redaction = Union[bool, Sequence[str], Mapping[str, Any], Redactor, None]
_NAMES = ("on", "off", "pattern", "allow", "key")
_EXPECTED = (
    "expected True, False, names of rules or families such as ['secrets', 'email'], "
    "or a table of on, off, pattern, allow and key"
)


def redactor_of(given: Redaction, project: str | None) -> Redactor | None:
    """The redactor that was asked for, if any. Raises `Unusable`: nothing is sent by rules that nobody understood."""
    if isinstance(given, Redactor):
        return given
    table = _table(_from_environment() if given is None else given)
    if table is None:
        return None
    key = table.get("key") or os.environ.get("TAPETUM_REDACTION_KEY") or None
    if isinstance(key, str):
        key = key.encode()
    if not (key is None or isinstance(key, bytes)):
        raise Unusable(f"the key of redaction is a {type(key).__name__}; expected a text or bytes")
    try:
        rules = chosen(table.get("on", ["secrets"]), table.get("off", []), own_rules(table.get("pattern", [])))
        rules = allowing(rules, table.get("allow", []))
    except (BadPattern, TypeError, AttributeError) as error:
        raise Unusable(f"redaction cannot work: {error}") from error
    salt = (project or os.environ.get("TAPETUM_PROJECT") or "").encode()
    return Redactor(rules, key=key, salt=salt) if rules else None


def _table(given: Any) -> Mapping[str, Any] | None:
    if isinstance(given, bool):
        return {} if given else None
    if isinstance(given, Mapping):
        if unknown := sorted(set(map(str, given)) - set(_NAMES)):
            raise Unusable(f"redaction has no {unknown[0]!r}; {_EXPECTED}")
        for name in ("on", "off"):
            if isinstance(given.get(name, []), str):
                raise Unusable(f"{name} of redaction is {given[name]!r}; expected a list of names")
        return given
    if isinstance(given, Sequence) and not isinstance(given, (str, bytes)):
        return {"on": given}
    raise Unusable(f"redaction is {given!r}; {_EXPECTED}")


def _from_environment() -> bool | Mapping[str, Any]:
    """`true`, `false`, or names such as `secrets,email,-twilio_key`, where `-` takes one away again."""
    text = os.environ.get("TAPETUM_REDACTION", "").strip()
    if text.lower() in ("", "0", "false", "no", "off"):
        return False
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    names = [name.strip() for name in text.split(",") if name.strip()]
    return {
        "on": [name for name in names if not name.startswith("-")],
        "off": [name[1:] for name in names if name.startswith("-")],
    }
