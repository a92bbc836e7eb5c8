"""Which rules hold in a project: those of the configuration, which are the floor, and what the project says itself."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from tapetum.redaction import PII, RULES, SECRETS, BadPattern, Rule, allowing, chosen, own_rules

_FAMILIES = {"secrets": SECRETS, "pii": PII}


class Weakens(BadPattern):
    """A project would do without what the configuration demands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What the configuration switches on for a project."""

    rules: tuple[Rule, ...]
    may_weaken: bool = False
    """Whether the project may switch these off and allow texts that they find."""

    @property
    def names(self) -> frozenset[str]:
        """Of the rules."""
        return frozenset(rule.name for rule in self.rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRules:
    """What a project says itself: names of rules or families, patterns of its own, texts to leave alone."""

    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    pattern: tuple[dict[str, Any], ...] = ()
    """Each `name`, `pattern`, `what` and `ignore_case`."""
    allow: tuple[str, ...] = ()

    def to_json(self) -> str:
        """As the catalog keeps it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, document: str) -> OwnRules:
        """As it was kept; names of rules that this version does not know are left out."""
        kept = json.loads(document)
        on, off = ([name for name in kept[key] if name in RULES or name in _FAMILIES] for key in ("on", "off"))
        return cls(on=tuple(on), off=tuple(off), pattern=tuple(kept["pattern"]), allow=tuple(kept["allow"]))


def check(floor: Floor, own: OwnRules) -> None:
    """Raise `BadPattern`, or `Weakens`, where a project cannot have these rules."""
    chosen(own.on, own.off)
    forbidden = [name for name in _each(own.off) if name in floor.names]
    if forbidden and not floor.may_weaken:
        shown = ", ".join(forbidden[:3]) + (f" and {len(forbidden) - 3} more" if len(forbidden) > 3 else "")
        raise Weakens(f"the server's configuration switches {shown} on, and a project may not switch them off")
    for table in own.pattern:
        if table.get("name") in floor.names:
            raise BadPattern(f"the server's configuration has a pattern named {table['name']}; give yours another name")
    effective(floor, own)


def effective(floor: Floor, own: OwnRules | None) -> tuple[Rule, ...]:
    """The rules that hold, in the order in which they name what is found. Raises `BadPattern`.

    What a project allows does not reach the rules of the configuration, unless it may weaken them.
    """
    if own is None:
        return floor.rules
    off = set(_each(own.off))
    base = [rule for rule in floor.rules if not (floor.may_weaken and rule.name in off)]
    more = chosen(own.on, [*own.off, *(name for name in floor.names if name in RULES)], own_rules(own.pattern))
    allowed = allowing([*base, *more] if floor.may_weaken else more, own.allow)
    by_name = {rule.name: rule for rule in (*base, *allowed)}
    known = [by_name[name] for name in RULES if name in by_name]
    return (*known, *(rule for name, rule in by_name.items() if name not in RULES))


def watches_secrets(floor: Floor, own: OwnRules | None) -> bool:
    """Whether any rule of secrets holds; a project's own patterns are none."""
    plain = None if own is None else replace(own, pattern=(), allow=())
    return any(rule.family == "secret" for rule in effective(floor, plain))


def _each(names: tuple[str, ...]) -> list[str]:
    return [rule.name for name in names for rule in _FAMILIES.get(name, (RULES[name],) if name in RULES else ())]
