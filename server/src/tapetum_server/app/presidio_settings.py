"""The table `presidio` of an entry of `redaction`."""

from __future__ import annotations

import importlib.util
import re
from typing import Any

from tapetum_server.app.settings_errors import SettingsError, unknown
from tapetum_server.processors.presidio import EXTRA, MAX_CHARACTERS, Presidio

_NAMES = ("entities", "score", "language", "model", "max_characters")
_ENTITY = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


def read_presidio(table: Any, where: str) -> Presidio:
    """What Presidio is asked for. Raises `SettingsError` naming the setting, or the extra that is not installed."""
    if not isinstance(table, dict):
        raise SettingsError(f"{where} is {table!r}; expected a table: begin it with [redaction.presidio].")
    for name in table:
        if name not in _NAMES:
            raise unknown(f"{where} has no setting", name, _NAMES)
    entities = table.get("entities")
    if not isinstance(entities, list) or not entities or not all(map(_is_entity, entities)):
        raise SettingsError(f'{where}.entities is {entities!r}; expected names such as ["PERSON", "US_PASSPORT"].')
    made = Presidio(entities=tuple(dict.fromkeys(entities)), **{k: v for k, v in table.items() if k != "entities"})
    if isinstance(made.score, bool) or not isinstance(made.score, int | float) or not 0 <= made.score <= 1:
        raise SettingsError(f"{where}.score is {made.score!r}; expected a number of 0 to 1.")
    for name in ("language", "model"):
        if not isinstance(getattr(made, name), str):
            raise SettingsError(f"{where}.{name} is {getattr(made, name)!r}; expected a text.")
    most: Any = made.max_characters
    if isinstance(most, bool) or not isinstance(most, int) or not 1 <= most <= MAX_CHARACTERS:
        raise SettingsError(f"{where}.max_characters is {most!r}; expected 1 to {MAX_CHARACTERS}.")
    if importlib.util.find_spec("presidio_analyzer") is None:
        raise SettingsError(f"{where} needs Presidio, which is not installed: {EXTRA}")
    return made


def _is_entity(name: Any) -> bool:
    return isinstance(name, str) and _ENTITY.fullmatch(name) is not None
