"""The prompt registry: versions that never change, and labels that are moved from one to another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from tapetum_server.catalog.clock import Clock, utc
from tapetum_server.catalog.database import Database
from tapetum_server.catalog.errors import PromptVersionExists, TooMany, UnknownPrompt
from tapetum_server.catalog.tables import prompt_labels, prompt_versions, prompts
from tapetum_server.signals.prompts import LATEST

MAX_PROMPTS = 2_000
"""Of one project."""
MAX_VERSIONS = 5_000
"""Of one prompt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptSummary:
    """A prompt without its texts."""

    name: str
    description: str
    versions: int
    """How many there are."""
    newest: int
    """The newest one's number: more than there are where numbers were left out when they were imported."""
    labels: dict[str, int]
    """Label → version, without `latest`."""
    updated_at: datetime
    updated_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptVersion:
    """One version, as it was given."""

    name: str
    version: int
    prompt: str
    """JSON (`signals.prompts.encode_prompt`)."""
    config: str
    """JSON: model and parameters, whatever the application wants to keep beside the text."""
    message: str
    labels: list[str]
    created_at: datetime
    created_by: str


class Prompts:
    """The prompts of every project. A version is kept as it is; changing a prompt makes the next one."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def all(self, project: str) -> list[PromptSummary]:
        """The project's prompts, by name."""
        with self._database.reading() as connection:
            labels = _labels(connection, project)
            counts = _counts(connection, project)
            rows = connection.execute(
                select(prompts).where(prompts.c.project == project).order_by(func.lower(prompts.c.name), prompts.c.name)
            )
            return [_summary(row, labels.get(row.name, {}), counts[row.name]) for row in rows]

    def get(self, project: str, name: str) -> PromptSummary:
        """One prompt. Raises `UnknownPrompt`, also for another project's."""
        with self._database.reading() as connection:
            return _prompt(connection, project, name)

    def versions(self, project: str, name: str, *, limit: int = MAX_VERSIONS) -> list[PromptVersion]:
        """The versions, the newest first. Raises `UnknownPrompt`."""
        with self._database.reading() as connection:
            summary = _prompt(connection, project, name)
            rows = connection.execute(
                select(prompt_versions)
                .where(prompt_versions.c.project == project, prompt_versions.c.name == name)
                .order_by(prompt_versions.c.version.desc())
                .limit(limit)
            )
            return [_version(row, summary) for row in rows]

    def find(self, project: str, name: str, *, version: int | None = None, label: str = LATEST) -> PromptVersion:
        """The version of that number, else the one that has the label. Raises `UnknownPrompt` with what there is."""
        with self._database.reading() as connection:
            summary = _prompt(connection, project, name)
            wanted = version if version is not None else _labelled(summary, label)
            row = _row_of(connection, project, summary, wanted)
            return _version(row, summary)

    def add(
        self,
        project: str,
        name: str,
        *,
        prompt: str,
        config: str,
        message: str,
        description: str | None,
        labels: list[str],
        by: str,
        version: int | None = None,
    ) -> PromptVersion:
        """Keep the next version, and give it the labels. Raises `TooMany`.

        `version` is a number beyond the newest, for whoever brings versions that spans name already. Raises
        `PromptVersionExists` for another one.
        """
        now = utc(self._clock())
        with self._database.writing() as connection:
            row = connection.execute(
                select(prompts).where(prompts.c.project == project, prompts.c.name == name).with_for_update()
            ).one_or_none()
            if row is None:
                count = connection.execute(
                    select(func.count()).select_from(prompts).where(prompts.c.project == project)
                ).scalar_one()
                if count >= MAX_PROMPTS:
                    raise TooMany(f"The project has {count} prompts, the most there can be. Delete one first.")
            newest = 0 if row is None else row.versions
            if version is not None and version <= newest:
                raise PromptVersionExists(
                    f"The prompt {name!r} has version {newest} already: the next one has a higher number than that."
                )
            version = version or newest + 1
            if version > MAX_VERSIONS:
                raise TooMany(
                    f"Version {version} of the prompt {name!r} is beyond the last there can be: {MAX_VERSIONS}."
                )
            said = {"versions": version, "updated_at": now, "updated_by": by[:200]}
            if description is not None:
                said["description"] = description
            if row is None:
                connection.execute(
                    insert(prompts).values(**{"project": project, "name": name, "description": "", **said})
                )
            else:
                connection.execute(
                    prompts.update().where(prompts.c.project == project, prompts.c.name == name).values(**said)
                )
            connection.execute(
                insert(prompt_versions).values(
                    project=project,
                    name=name,
                    version=version,
                    prompt=prompt,
                    config=config,
                    message=message,
                    created_at=now,
                    created_by=by[:200],
                )
            )
            for label in labels:
                _put_label(connection, project, name, label, version)
            summary = _prompt(connection, project, name)
            return _version(_row_of(connection, project, summary, version), summary)

    def label(self, project: str, name: str, label: str, version: int) -> tuple[PromptSummary, int | None]:
        """Move a label to a version; the prompt as it is then, and where the label was. Raises `UnknownPrompt`."""
        with self._database.writing() as connection:
            summary = _prompt(connection, project, name)
            _row_of(connection, project, summary, version)
            _put_label(connection, project, name, label, version)
            return _prompt(connection, project, name), summary.labels.get(label)

    def unlabel(self, project: str, name: str, label: str) -> PromptSummary:
        """Take a label away. Raises `UnknownPrompt`, also where no version has it."""
        with self._database.writing() as connection:
            _labelled(_prompt(connection, project, name), label)
            connection.execute(
                delete(prompt_labels).where(
                    prompt_labels.c.project == project, prompt_labels.c.name == name, prompt_labels.c.label == label
                )
            )
            return _prompt(connection, project, name)

    def delete(self, project: str, name: str) -> None:
        """Forget a prompt with all its versions. Raises `UnknownPrompt`."""
        with self._database.writing() as connection:
            _prompt(connection, project, name)
            for table in (prompt_labels, prompt_versions, prompts):
                connection.execute(delete(table).where(table.c.project == project, table.c.name == name))


def _labels(connection: Connection, project: str, name: str | None = None) -> dict[str, dict[str, int]]:
    query = select(prompt_labels).where(prompt_labels.c.project == project)
    if name is not None:
        query = query.where(prompt_labels.c.name == name)
    found: dict[str, dict[str, int]] = {}
    for row in connection.execute(query.order_by(prompt_labels.c.label)):
        found.setdefault(row.name, {})[row.label] = row.version
    return found


def _counts(connection: Connection, project: str, name: str | None = None) -> dict[str, int]:
    """How many versions each prompt has."""
    of = prompt_versions.c
    query = select(of.name, func.count()).where(of.project == project).group_by(of.name)
    found = connection.execute(query if name is None else query.where(of.name == name))
    return {row[0]: row[1] for row in found}


def _prompt(connection: Connection, project: str, name: str) -> PromptSummary:
    row = connection.execute(select(prompts).where(prompts.c.project == project, prompts.c.name == name)).one_or_none()
    if row is None:
        raise UnknownPrompt(f"There is no prompt {name[:200]!r} in this project.", "name")
    return _summary(row, _labels(connection, project, name).get(name, {}), _counts(connection, project, name)[name])


def _labelled(summary: PromptSummary, label: str) -> int:
    if label == LATEST:
        return summary.newest
    if label not in summary.labels:
        there = ", ".join([LATEST, *summary.labels])
        raise UnknownPrompt(
            f"No version of the prompt {summary.name!r} has the label {label!r}; its labels are {there}.", "label"
        )
    return summary.labels[label]


def _row_of(connection: Connection, project: str, summary: PromptSummary, version: int) -> Row[Any]:
    """The version of that number. Raises `UnknownPrompt`."""
    row = connection.execute(
        select(prompt_versions).where(
            prompt_versions.c.project == project,
            prompt_versions.c.name == summary.name,
            prompt_versions.c.version == version,
        )
    ).one_or_none()
    if row is None:
        raise UnknownPrompt(
            f"The prompt {summary.name!r} has no version {version}: the newest is {summary.newest}.", "version"
        )
    return row


def _put_label(connection: Connection, project: str, name: str, label: str, version: int) -> None:
    where = (prompt_labels.c.project == project, prompt_labels.c.name == name, prompt_labels.c.label == label)
    connection.execute(delete(prompt_labels).where(*where))
    connection.execute(insert(prompt_labels).values(project=project, name=name, label=label, version=version))


def _summary(row: Row[Any], labels: dict[str, int], versions: int) -> PromptSummary:
    return PromptSummary(
        name=row.name,
        description=row.description,
        versions=versions,
        newest=row.versions,
        labels=labels,
        updated_at=row.updated_at,
        updated_by=row.updated_by,
    )


def _version(row: Row[Any], summary: PromptSummary) -> PromptVersion:
    return PromptVersion(
        name=row.name,
        version=row.version,
        prompt=row.prompt,
        config=row.config,
        message=row.message,
        labels=[label for label, version in summary.labels.items() if version == row.version]
        + ([LATEST] if row.version == summary.newest else []),
        created_at=row.created_at,
        created_by=row.created_by,
    )
