"""Redaction of a project: which rules hold and why, what they found, and a text tried out on them."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any, Literal, cast

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from tapetum.redaction import MAX_ALLOWED, MAX_OWN, MAX_PATTERN, RULES, BadPattern, Redactor, Rule
from tapetum_server.api.access import Time
from tapetum_server.api.dependencies import Admin, ProjectName, Reader, catalog_of
from tapetum_server.api.errors import ApiError
from tapetum_server.api.questions import Question, answer, now_of, router_of
from tapetum_server.api.spans import Buckets
from tapetum_server.catalog.errors import RedactionChanged
from tapetum_server.catalog.redaction import StoredRedaction
from tapetum_server.processors.redaction_rules import Floor, OwnRules, Weakens, check, effective, watches_secrets
from tapetum_server.query import redactions as queries

router = router_of("redaction")
Floors = Callable[[str], Floor]
"""What the configuration says of a project."""
MAX_TRIED_CHARACTERS = 100_000
_DAY = 86_400 * 10**9
_KEPT_DAYS = 90
"""How long counts are kept."""
Name = Annotated[str, StringConstraints(max_length=64)]
Revision = Annotated[
    int | None, Query(ge=0, le=2**31 - 2, description="The revision that the change was made from; 0 for none.")
]


class OwnPattern(BaseModel):
    """A pattern of the project's own."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    """Of a-z, 0-9 and _: what stands in the marks."""
    pattern: str = Field(max_length=MAX_PATTERN)
    """A regular expression of Python. One that could stall ingest is refused."""
    what: str = Field(default="", max_length=200)
    ignore_case: bool = False


class RedactionChoice(BaseModel):
    """What a project says itself, beside the server's configuration."""

    model_config = ConfigDict(extra="forbid")

    on: list[Name] = Field(default_factory=list, max_length=200)
    """Names of rules, or the families `secrets` and `pii`."""
    off: list[Name] = Field(default_factory=list, max_length=200)
    """The same, taken away again; not what the configuration switches on, unless it says so."""
    pattern: list[OwnPattern] = Field(default_factory=list, max_length=MAX_OWN)
    allow: list[Annotated[str, StringConstraints(max_length=201)]] = Field(default_factory=list, max_length=MAX_ALLOWED)
    """Texts that are left alone: whole, or with one `*` at an end."""


class RedactionRule(BaseModel):
    """One rule, and whether it holds here."""

    name: str
    family: Literal["secret", "pii", "own"]
    what: str
    on: bool
    by: Literal["configuration", "project", ""]
    """Who switched it on."""
    locked: bool
    """Whether the project cannot switch it off."""


class RedactionState(BaseModel):
    """The rules of a project."""

    project: str
    rules: list[RedactionRule]
    choice: RedactionChoice
    may_weaken: bool
    """Whether the configuration lets the project switch its rules off, and `allow` reach them."""
    revision: int
    """Of the project's own choice; 0 where it has none."""
    updated_at: Time | None
    updated_by: str | None


class RedactionTrial(BaseModel):
    """A text to try the rules on."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=MAX_TRIED_CHARACTERS)
    choice: RedactionChoice | None = None
    """Rules that are not saved yet; left out, those that hold."""


class RedactionFinding(BaseModel):
    """What would be replaced, in characters from the beginning."""

    start: int
    end: int
    rule: str


class RedactionTried(BaseModel):
    """What would be stored instead of the text."""

    text: str
    """With marks of a key that is used once: no text can be tried out against marks that are stored."""
    findings: list[RedactionFinding]
    counts: dict[str, int]
    """By rule."""


@router.get("/redaction")
def get_redaction(request: Request, caller: Reader, project: ProjectName) -> RedactionState:
    """Every rule, whether it holds in this project, and who says so."""
    return _state(project, _floor(request, project), catalog_of(request).redaction.of(project))


@router.put("/redaction")
def set_redaction(
    request: Request, caller: Admin, project: ProjectName, choice: RedactionChoice, revision: Revision = None
) -> RedactionState:
    """Choose the rules of this project. They hold for whatever arrives from now on."""
    floor, own = _floor(request, project), _own(choice)
    _checked(floor, own)
    redaction = catalog_of(request).redaction
    try:
        kept = redaction.set(project, own.to_json(), by=caller.name, revision=revision)
    except RedactionChanged as error:
        raise ApiError(
            "changed_meanwhile",
            str(error),
            409,
            field="revision",
            hint="Read the rules again and make your change there.",
        ) from error
    return _state(project, floor, kept)


@router.delete("/redaction", status_code=204)
def clear_redaction(request: Request, caller: Admin, project: ProjectName) -> None:
    """Leave this project with the rules of the server's configuration alone."""
    catalog_of(request).redaction.clear(project)


@router.post("/redaction/try")
def try_redaction(request: Request, caller: Reader, project: ProjectName, trial: RedactionTrial) -> RedactionTried:
    """What would be stored of a text. Nothing of it is kept."""
    floor = _floor(request, project)
    if trial.choice is None:
        stored = catalog_of(request).redaction.of(project)
        own = OwnRules.from_json(stored.document) if stored is not None else None
    else:
        own = _own(trial.choice)
        _checked(floor, own)
    redactor = Redactor(effective(floor, own), key=secrets.token_bytes(32))
    counts: Counter[str] = Counter()
    text = redactor.redact(trial.text, lambda rule: counts.update([rule]))
    found = [RedactionFinding(start=f.start, end=f.end, rule=f.rule) for f in redactor.find(trial.text)]
    return RedactionTried(text=text, findings=found, counts=dict(counts))


@router.get("/redaction/counts", response_model=queries.Redactions)
async def get_redaction_counts(request: Request, asked: Question, buckets: Buckets = 60) -> Response:
    """What was redacted, by rule, by key and sender, and over time: places, not records."""
    end = asked.time_range.end if asked.time_range.end is not None else now_of(request)
    start = asked.time_range.start if asked.time_range.start is not None else end - _KEPT_DAYS * _DAY
    return answer(
        await queries.redactions(
            asked.reader, project=asked.project, start=max(start, end - _KEPT_DAYS * _DAY), end=end, buckets=buckets
        )
    )


def secrets_watched(request: Request, project: str) -> bool:
    """Whether secrets are looked for in what arrives in the project."""
    stored = catalog_of(request).redaction.of(project)
    return watches_secrets(_floor(request, project), OwnRules.from_json(stored.document) if stored else None)


def _floor(request: Request, project: str) -> Floor:
    return cast(Floors, request.app.state.redaction_floor)(project)


def _own(choice: RedactionChoice) -> OwnRules:
    return OwnRules(
        on=tuple(choice.on),
        off=tuple(choice.off),
        pattern=tuple(pattern.model_dump() for pattern in choice.pattern),
        allow=tuple(choice.allow),
    )


def _checked(floor: Floor, own: OwnRules) -> None:
    try:
        check(floor, own)
    except Weakens as error:
        raise ApiError(
            "switched_on_by_configuration",
            _sentence(error),
            409,
            field="off",
            hint="Whoever runs the server can allow it: may_weaken = true in a [[redaction]] table of its file.",
        ) from error
    except BadPattern as error:
        raise ApiError("bad_rules", _sentence(error), 422, hint="GET /api/v1/redaction lists the rules.") from error


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def _state(project: str, floor: Floor, stored: StoredRedaction | None) -> RedactionState:
    own = OwnRules.from_json(stored.document) if stored is not None else OwnRules()
    held = {rule.name: rule for rule in effective(floor, own if stored is not None else None)}
    every: dict[str, Rule] = {**RULES, **{rule.name: rule for rule in floor.rules}, **held}
    kept: dict[str, Any] = {"on": own.on, "off": own.off, "pattern": own.pattern, "allow": own.allow}
    return RedactionState(
        project=project,
        rules=[
            RedactionRule(
                name=name,
                family=rule.family,
                what=rule.what,
                on=name in held,
                by="" if name not in held else "configuration" if name in floor.names else "project",
                locked=name in floor.names and not floor.may_weaken,
            )
            for name, rule in every.items()
        ],
        choice=RedactionChoice.model_validate({key: list(value) for key, value in kept.items()}),
        may_weaken=floor.may_weaken,
        revision=stored.revision if stored is not None else 0,
        updated_at=stored.updated_at if stored is not None else None,
        updated_by=stored.updated_by if stored is not None else None,
    )
