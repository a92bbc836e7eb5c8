"""Reads a dashboard's file, and says exactly what it cannot read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from pydantic import ValidationError

from tapetum_server.analysis.dashboards.document import SCHEMA_VERSION, DashboardDocument

MAX_DOCUMENT_BYTES = 512 * 1024
_SHOWN_PROBLEMS = 5
_SHOWN_CHARACTERS = 80


class DashboardRefused(Exception):
    """A document that cannot be a dashboard here, and what to do about it."""

    def __init__(self, code: str, message: str, *, field: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.hint = hint


def read_dashboard(file: bytes, *, version: str) -> DashboardDocument:
    """The dashboard in an exported file. `version` is this Tapetum's, for the message about a newer file.

    Raises `DashboardRefused`. Nothing of a file is taken unless all of it is understood: a field that is
    unknown here means something to whoever wrote it.
    """
    if len(file) > MAX_DOCUMENT_BYTES:
        raise DashboardRefused(
            "dashboard_too_large",
            f"The file is larger than {MAX_DOCUMENT_BYTES} bytes, the most that a dashboard can have.",
            field="body",
            hint="Divide its panels among several dashboards.",
        )
    try:
        content = orjson.loads(file)
    except orjson.JSONDecodeError as error:
        raise DashboardRefused("invalid_dashboard", f"The file is not JSON: {error}.", field="body") from error
    if not isinstance(content, dict) or "schema_version" not in content:
        raise DashboardRefused(
            "invalid_dashboard",
            "The file is no dashboard of Tapetum: it has no schema_version.",
            field="schema_version",
            hint="Import what GET /api/v1/dashboards/{id}/export, or Export on a dashboard's page, wrote.",
        )
    written = content["schema_version"]
    if isinstance(written, int) and not isinstance(written, bool) and written > SCHEMA_VERSION:
        raise DashboardRefused(
            "newer_dashboard",
            f"The file has schema version {written}; this Tapetum {version} reads versions up to {SCHEMA_VERSION}.",
            field="schema_version",
            hint="Install a newer Tapetum here, or import it into the one that wrote it. Nothing was changed.",
        )
    try:
        return DashboardDocument.model_validate(content)
    except ValidationError as error:
        raise _refusal(error) from error


def write_dashboard(document: DashboardDocument) -> bytes:
    """The document as a file that a person can read and a repository can keep: no defaults, in a stable order."""
    # The version is a default too, but the one thing that a reader of any version needs.
    content = {
        "schema_version": document.schema_version,
        **document.model_dump(mode="json", by_alias=True, exclude_defaults=True),
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _refusal(error: ValidationError) -> DashboardRefused:
    problems = error.errors(include_url=False, include_context=False)
    unknown = [_place(problem["loc"]) for problem in problems if problem["type"] == "extra_forbidden"]
    others = [
        f"{_place(problem['loc'])}: {_reason(problem['msg'])}"
        for problem in problems
        if problem["type"] != "extra_forbidden"
    ]
    said = [f"unknown {'field' if len(unknown) == 1 else 'fields'} {_some(unknown, ', ')}"] if unknown else []
    said += [_some(others, "; ")] if others else []
    return DashboardRefused(
        "invalid_dashboard",
        f"The dashboard cannot be read: {'; '.join(said)}.",
        field=_place(problems[0]["loc"]),
        hint="Nothing was changed. docs/dashboards.md lists every field.",
    )


_KINDS = ("metric", "spans", "logs", "sql", "text", "list", "values")
"""Branches of unions, which the validator puts into a location and the file does not have."""


def _place(location: Sequence[Any]) -> str:
    """`panels[3].query.measure` for a person. A name that somebody invented is cut."""
    out = ""
    for before, part in zip((None, *location), location):
        if isinstance(part, int):
            out += f"[{part}]"
        elif part in _KINDS and (before == "query" or isinstance(before, int)):
            continue
        else:
            out += f"{'.' if out else ''}{part if len(part) <= _SHOWN_CHARACTERS else part[:_SHOWN_CHARACTERS] + '…'}"
    return out or "the file"


def _reason(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _some(texts: Sequence[str], between: str) -> str:
    more = len(texts) - _SHOWN_PROBLEMS
    return between.join(texts[:_SHOWN_PROBLEMS]) + (f" and {more} more" if more > 0 else "")
