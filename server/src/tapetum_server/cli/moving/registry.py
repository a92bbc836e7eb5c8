"""Prompts of another registry into ours, with the numbers that spans name them by."""

from __future__ import annotations

from typing import Any

import httpx

from tapetum_server.cli.moving.doors import Doors
from tapetum_server.moving.found import Prompt, Skipped
from tapetum_server.moving.index import Index
from tapetum_server.moving.otlp import encoded
from tapetum_server.moving.prompt_texts import registry_name
from tapetum_server.signals.prompts import LABEL, LATEST, NAME


def keep_prompts(doors: Doors, index: Index, client: httpx.Client | None, project: str | None) -> None:
    """Keep every version that the registry does not have yet, and move labels as they stood.

    A version whose number is taken by another text becomes the next one, which is said.
    """
    asked = {"project": project} if project else {}
    name, there = "", {}
    for number, prompt in enumerate(index.prompts()):
        if not number and client is not None and project:
            _make_project(client, project)
        renamed = registry_name(prompt.name)
        if not NAME.match(renamed):
            doors.skipped(Skipped(prompt.place, f"prompt {prompt.name!r} has no name that the registry takes"))
            continue
        if renamed != prompt.name and prompt.name != name:
            doors.note(f"Prompt {prompt.name!r} is kept as {renamed}.")
        if prompt.name != name:
            name, there = prompt.name, _versions(client, renamed, asked)
        if client is None:
            doors.totals["prompt_versions"] += 1
            continue
        _keep(doors, client, asked, renamed, prompt, there)


def _make_project(client: httpx.Client, project: str) -> None:
    """Make the project if it is new, as the first span would; what is wrong with it the first prompt will tell."""
    if client.get("/api/v1/prompts", params={"project": project}).status_code == 404:
        client.post("/api/v1/projects", json={"name": project})


def _keep(
    doors: Doors, client: httpx.Client, asked: dict[str, str], name: str, prompt: Prompt, there: dict[int, Any]
) -> None:
    labels = [label for label in dict.fromkeys(map(str.lower, prompt.labels)) if LABEL.match(label) and label != LATEST]
    newest = max(there, default=0)
    said = (prompt.prompt, prompt.config)
    # A number that is free is used even where the text is known: going back to an old text is a version too.
    same = [number for number, kept in there.items() if kept == said]
    free = prompt.version is not None and prompt.version > newest
    if same and not free:
        doors.totals["already_there"] += 1
        version = prompt.version if prompt.version in same else same[-1]
        for label in labels:
            at = asked | {"name": name, "label": label}
            moved = client.put("/api/v1/prompts/labels", params=at, json={"version": version})
            if not moved.is_success:
                doors.refused(prompt.place, f"label {label}: {doors.words(moved)}")
        return
    body: dict[str, Any] = {"name": name, "prompt": prompt.prompt, "config": prompt.config, "labels": labels,
            "message": prompt.message[:2_000], "description": prompt.description}  # fmt: skip
    if free:
        body["version"] = prompt.version
    answer = doors.post("/api/v1/prompts", encoded(body), **asked)
    if answer is None or answer.status_code != 201:
        doors.refused(prompt.place, f"prompt {prompt.name!r}: {doors.words(answer)}")
        return
    kept = answer.json()["version"]
    there[kept] = said
    doors.totals["prompt_versions"] += 1
    if prompt.version is not None and kept != prompt.version:
        doors.note(f"Version {prompt.version} of prompt {name} is kept as {kept}: its number was taken.")


def _versions(client: httpx.Client | None, name: str, asked: dict[str, str]) -> dict[int, Any]:
    """The versions that the registry has, by number."""
    if client is None:
        return {}
    answer = client.get("/api/v1/prompts/versions", params=asked | {"name": name})
    if not answer.is_success:
        return {}
    return {row["version"]: (row["prompt"], row["config"]) for row in answer.json()["rows"]}
