"""What a text has as a list: a list is kept as JSON, and a word by itself is a list of one."""

from __future__ import annotations

from collections.abc import Sequence

from tapetum_server.query.filter import Choice
from tapetum_server.query.statement import Parameters


def listed(text: str) -> str:
    """SQL for the elements of a text, as texts."""
    return f"if(startsWith({text}, '['), JSONExtract({text}, 'Array(String)'), arrayFilter(w -> w <> '', [{text}]))"


def contains(elements: str, choices: Sequence[Choice], parameters: Parameters) -> list[str]:
    """Conditions, of which one holds where one of the elements is as one of the choices says."""
    exact = [choice.text for choice in choices if not choice.is_prefix]
    found = [f"has({elements}, {parameters.text(exact[0])})"] if len(exact) == 1 else []
    found += [f"hasAny({elements}, {parameters.texts(exact)})"] if len(exact) > 1 else []
    return found + [
        f"arrayExists(w -> startsWith(ifNull(w, ''), {parameters.text(choice.text)}), {elements})"
        for choice in choices
        if choice.is_prefix
    ]
