"""What is said about a setting that is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SettingsError(Exception):
    """A setting is wrong; the message names it, what was seen and what is expected."""


def unknown(where: str, name: str, known: Iterable[str]) -> SettingsError:
    """The error for a name that does not exist, with the nearest one that does."""
    names = list(known)
    near = difflib.get_close_matches(name, names, 1)
    hint = f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(names)}."
    return SettingsError(f"{where} {name!r}.{hint}")
