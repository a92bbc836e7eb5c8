"""The `redaction` list of the configuration file into rules, by project; and the key of the marks."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tapetum.redaction import BadPattern, Redactor, Rule, allowing, chosen, own_rules
from tapetum_server.app.presidio_settings import read_presidio
from tapetum_server.app.settings_errors import SettingsError, unknown
from tapetum_server.catalog.redaction import StoredRedaction
from tapetum_server.processors.presidio import Presidio, PresidioUnfit, presidio_rules
from tapetum_server.processors.redaction_rules import Floor, OwnRules, effective
from tapetum_server.signals.identity import PROJECT_NAME

logger = logging.getLogger("tapetum")
KEY_FILE = "redaction.key"
_KEY_BYTES = 32
_NAMES = ("project", "on", "off", "pattern", "allow", "may_weaken", "presidio")
_MAX_REDACTORS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRules:
    """What is redacted in one project; `project` "" is every one without an entry of its own."""

    project: str = ""
    floor: Floor
    presidio: Presidio | None = None
    allow: tuple[str, ...] = ()
    """Texts that Presidio's findings leave alone too."""


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
    may_weaken = entry.get("may_weaken", False)
    if not isinstance(may_weaken, bool):
        raise SettingsError(f"{where}.may_weaken is {may_weaken!r}; expected true or false.")
    try:
        allow = entry.get("allow", [])
        rules = allowing(chosen(on, off, own_rules(patterns)), allow)
    except BadPattern as error:
        raise SettingsError(f"{where}: {error}.") from error
    presidio = read_presidio(entry["presidio"], f"{where}.presidio") if "presidio" in entry else None
    floor = Floor(rules=rules, may_weaken=may_weaken)
    return ProjectRules(project=project, floor=floor, presidio=presidio, allow=tuple(allow))


def _with_presidio(each: ProjectRules, at: int) -> Floor:
    if each.presidio is None:
        return each.floor
    try:
        more = allowing(presidio_rules(each.presidio), each.allow)
    except PresidioUnfit as error:
        raise SettingsError(f"redaction[{at}].presidio: {error}.") from error
    names = {rule.name for rule in more}
    if clash := sorted(names & each.floor.names):
        raise SettingsError(f"redaction[{at}].pattern is named {clash[0]!r}, as what Presidio finds; give it another.")
    return replace(each.floor, rules=(*each.floor.rules, *more))


class Redactors:
    """The redactor of each project: the rules of the configuration and its own, and marks that agree within it only."""

    def __init__(
        self,
        configured: tuple[ProjectRules, ...],
        directory: Path,
        stored: Callable[[str], StoredRedaction | None] = lambda project: None,
    ) -> None:
        # Presidio takes seconds to start: here, where it is asked for, and not where settings are only read.
        self._by_project = {each.project: _with_presidio(each, at) for at, each in enumerate(configured)}
        self._otherwise = self._by_project.get("", Floor(rules=chosen()))
        self._key = _key_in(directory)
        self._stored = stored
        self._made: dict[str, tuple[str, Redactor | None]] = {}

    def floor(self, project: str) -> Floor:
        """What the configuration says of a project."""
        return self._by_project.get(project, self._otherwise)

    def of(self, project: str) -> Redactor | None:
        """`None` where nothing is switched on. What a project changed holds from the next call on."""
        stored = self._stored(project)
        document = stored.document if stored is not None else ""
        made = self._made.get(project)
        if made is None or made[0] != document:
            if len(self._made) >= _MAX_REDACTORS:
                self._made.clear()
            rules = self._rules(project, document)
            redactor = Redactor(rules, key=self._key, salt=project.encode()) if rules else None
            made = self._made[project] = (document, redactor)
        return made[1]

    def text(self, project: str, text: str) -> str:
        """A text of the project's telemetry as it may be shown and counted."""
        redactor = self.of(project)
        return text if redactor is None else redactor.redact(text)

    def _rules(self, project: str, document: str) -> tuple[Rule, ...]:
        floor = self.floor(project)
        if not document:
            return floor.rules
        own = OwnRules.from_json(document)
        try:
            return effective(floor, own)
        except BadPattern as error:
            # It could be kept once; the configuration or this version has changed since.
            logger.error("Patterns of project %s are left out of redaction: %s.", project, error)
            return effective(floor, replace(own, pattern=(), allow=()))


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
