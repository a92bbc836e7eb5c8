"""Phoenix's REST API: spans, annotations of spans, traces and sessions, and prompts of a running server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from tapetum_server.cli.moving.live import Live, in_parts
from tapetum_server.moving.found import Fields, Row

_CURSOR = ("cursor", "next_cursor")
_PAGE, _IDS = 500, 100


def phoenix_live(server: Live, project: str | None) -> Iterator[Row]:
    """Everything of one project, or of all of them, and the prompts."""
    names = [project] if project else []
    if not project:
        for page in server.pages("/v1/projects", *_CURSOR, limit=_IDS):
            names += [said["name"] for said in page["data"]]
    for name in names:
        yield from _project(server, name)
    for page in server.pages("/v1/prompts", *_CURSOR, limit=_IDS):
        for prompt in page["data"]:
            yield from _prompt(server, prompt)


def _project(server: Live, name: str) -> Iterator[Row]:
    path = f"/v1/projects/{quote(name, safe='')}"
    own = {} if name == "default" else {"project": name}
    for page in server.pages(f"{path}/spans", *_CURSOR, limit=_PAGE):
        spans: list[Fields] = page["data"]
        for said in spans:
            yield Row(f"{name} span {said['context']['span_id']}", said | own)
        about = (
            ("span_annotations", "span_ids", dict.fromkeys(said["context"]["span_id"] for said in spans)),
            ("trace_annotations", "trace_ids", dict.fromkeys(said["context"]["trace_id"] for said in spans)),
        )
        for kind, key, ids in about:
            for some in in_parts(ids, _IDS):
                yield from _annotations(server, f"{path}/{kind}", name, key, some)
    for page in server.pages(f"{path}/sessions", *_CURSOR, limit=_IDS):
        for some in in_parts((said["session_id"] for said in page["data"]), _IDS):
            yield from _annotations(server, f"{path}/session_annotations", name, "session_ids", some)


def _annotations(server: Live, path: str, project: str, key: str, ids: list[str]) -> Iterator[Row]:
    query: dict[str, Any] = {key: ids, "limit": _PAGE}
    for page in server.pages(path, *_CURSOR, **query):
        for said in page["data"]:
            yield Row(f"{project} annotation {said['name']}", said)


def _prompt(server: Live, prompt: Fields) -> Iterator[Row]:
    path = f"/v1/prompts/{quote(prompt['name'], safe='')}/versions"
    versions = [said for page in server.pages(path, *_CURSOR, limit=_IDS) for said in page["data"]]
    for number, said in enumerate(reversed(versions), 1):  # the newest comes first
        tags = server.get(f"/v1/prompt_versions/{quote(said['id'], safe='')}/tags", limit=_IDS)
        yield Row(
            f"prompt {prompt['name']} {number}",
            said | {"name": prompt["name"], "version": number, "labels": [tag["name"] for tag in tags["data"]],
                    "prompt_description": prompt.get("description")},
        )  # fmt: skip
