"""The `redaction` list of the configuration file into rules, by project; and the key of the marks."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tapetum.redaction import BadPattern, Redactor, Rule, chosen, own_rules
from tapetum_server.app.settings_errors import SettingsError, unknown
from tapetum_server.signals.identity import PROJECT_NAME

KEY_FILE = "redaction.key"
_KEY_BYTES = 32
_NAMES = ("project", "on", "off", "pattern")
_MAX_REDACTORS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRules:
    """What is redacted in one project; `project` "" is every one without an entry of its own."""

    project: str = ""
    rules: tuple[Rule, ...]


def read_redaction(entries: Any, path: str) -> tuple[ProjectRules, ...]:
    """The entries of one file. Raises `SettingsError` naming `redaction[1].on` (counted from 0)."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SettingsError(f"{path}: redaction is a list of tables: begin each with [[redaction]].")
    made = [_read(entry, f"{path}: redaction[{n}]") for n, entry in enumerate(entries)]
    projects = [each.project for each in made]
    for n, project in enumerate(projects):
        if project in projects[:n]:
            raise SettingsError(f"{path}: redaction[{n}].project is {project!r}, as in another entry; write one.")
    return tuple(made)


def _read(entry: Mapping[str, Any], where: str) -> ProjectRules:
    for name in entry:
        if name not in _NAMES:
            raise unknown(f"{where} has no setting", name, _NAMES)
    project = entry.get("project", "")
    if not isinstance(project, str) or (project and not PROJECT_NAME.fullmatch(project)):
        raise SettingsError(f"{where}.project is {project!r}; expected the name of a project, or none for all.")
    on, off, patterns = entry.get("on", ["secrets"]), entry.get("off", []), entry.get("pattern", [])
    for name, value in (("on", on), ("off", off)):
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise SettingsError(f'{where}.{name} is {value!r}; expected a list such as ["secrets", "email"].')
    if not isinstance(patterns, list) or not all(isinstance(each, dict) for each in patterns):
        raise SettingsError(f"{where}.pattern is a list of tables: begin each with [[redaction.pattern]].")
    try:
        return ProjectRules(project=project, rules=chosen(on, off, own_rules(patterns)))
    except BadPattern as error:
        raise SettingsError(f"{where}: {error}.") from error


class Redactors:
    """The redactor of each project: the rules of the configuration, and marks that agree within one project only."""

    def __init__(self, configured: tuple[ProjectRules, ...], directory: Path) -> None:
        by_project = {each.project: each.rules for each in configured}
        self._otherwise = by_project.get("", chosen())
        self._by_project = by_project
        self._key = _key_in(directory)
        self._made: dict[str, Redactor | None] = {}

    def of(self, project: str) -> Redactor | None:
        """`None` where nothing is switched on."""
        if project not in self._made:
            if len(self._made) >= _MAX_REDACTORS:
                self._made.clear()
            rules = self._by_project.get(project, self._otherwise)
            self._made[project] = Redactor(rules, key=self._key, salt=project.encode()) if rules else None
        return self._made[project]


def _key_in(directory: Path) -> bytes:
    """The key of this data directory, made on the first start: without it nobody can try words on the marks."""
    path = directory / KEY_FILE
    with contextlib.suppress(FileNotFoundError):
        if len(key := path.read_bytes()) == _KEY_BYTES:
            return key
    key = secrets.token_bytes(_KEY_BYTES)
    unfinished = path.with_suffix(".new")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    return key
