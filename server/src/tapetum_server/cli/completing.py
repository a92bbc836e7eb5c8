"""What a shell offers after Tab where only the server knows: asked with little patience, and never an error."""

from __future__ import annotations

import os
from typing import Any

import typer

_PATIENCE_S = 1.0
_DEFAULT_URL = "http://127.0.0.1:4318"


def projects(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of projects that the server at `--url` or TAPETUM_URL shows to this key."""
    return _beginning(incomplete, _asked(ctx, "/info").get("projects"))


def backups(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of that server's backups."""
    return _beginning(incomplete, [row["name"] for row in _asked(ctx, "/backups").get("backups", [])])


def _asked(ctx: typer.Context, path: str) -> dict[str, Any]:
    import httpx

    given = ctx.params
    url = str(given.get("url") or os.environ.get("TAPETUM_URL") or _DEFAULT_URL).rstrip("/")
    key = given.get("key") or os.environ.get("TAPETUM_KEY")
    headers = {"authorization": f"Bearer {key}"} if key else {}
    try:
        answer = httpx.get(f"{url}/api/v1{path}", headers=headers, timeout=_PATIENCE_S)
        content = answer.json() if answer.status_code == 200 else {}
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return {}  # a line that is being typed is no place for an error: there is nothing to offer
    return content if isinstance(content, dict) else {}


def _beginning(incomplete: str, names: list[str] | None) -> list[str]:
    return [name for name in names or [] if name.startswith(incomplete)]
