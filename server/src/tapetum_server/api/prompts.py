"""The prompt registry: versions, labels, differences, and how each version did."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, Field, field_validator
from starlette.requests import Request
from starlette.responses import Response

from tapetum_server.analysis.differences import MAX_LINES, Piece, by_lines
from tapetum_server.api.access import Time
from tapetum_server.api.dependencies import Admin, ProjectName, Reader, catalog_of
from tapetum_server.api.errors import ApiError
from tapetum_server.api.questions import Question, answer, router_of
from tapetum_server.catalog.errors import PromptVersionExists, TooMany, UnknownPrompt
from tapetum_server.catalog.prompts import PromptSummary, PromptVersion
from tapetum_server.query.prompt_usage import PromptUsage, prompt_usage
from tapetum_server.signals.prompts import (
    LABEL,
    LATEST,
    NAME,
    PRODUCTION,
    decode_prompt,
    encode_prompt,
    lines_of,
    variables_of,
)

router = router_of("prompts")
MAX_PROMPT_CHARACTERS = 500_000
MAX_CONFIG_CHARACTERS = 20_000
MAX_MESSAGES = 200
MAX_LABELS = 20
Name = Annotated[str, Query(max_length=200, description="The prompt's name.")]
FetchLabel = Annotated[
    str | None, Query(max_length=64, description="Default `production`; `latest` is the newest version.")
]
VersionNumber = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="The version, by its number.")]


class ChatMessage(BaseModel):
    """One message of a chat prompt."""

    role: Literal["system", "developer", "user", "assistant", "tool", "placeholder"]
    """`placeholder` stands for messages that the application puts in; its content is their name."""
    content: str


class NewPromptVersion(BaseModel):
    """The next version of a prompt; the first makes the prompt."""

    name: str = Field(description="Letters, digits and . _ : / -, at most 200.")
    prompt: str | list[ChatMessage]
    """A text, or chat messages; `{{name}}` is a variable."""
    config: dict[str, Any] = Field(default_factory=dict)
    """Whatever belongs beside the text: model, temperature, tools."""
    labels: list[str] = Field(default_factory=list, max_length=MAX_LABELS)
    """Labels that this version gets; another version that has one loses it."""
    message: str = Field(default="", max_length=2_000)
    """What was changed and why."""
    description: str | None = Field(default=None, max_length=2_000)
    """What the prompt is for; kept from before where it is left out."""
    version: int | None = Field(default=None, ge=1, le=2**31 - 1)
    """A number beyond the newest, so that versions from elsewhere keep theirs. Without it, the next one."""

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if not NAME.match(name):
            raise ValueError(
                "A prompt's name has letters, digits and . _ : / -, begins with a letter or digit, at most 200."
            )
        return name

    @field_validator("labels")
    @classmethod
    def _labels(cls, labels: list[str]) -> list[str]:
        return [_checked_label(label) for label in labels]

    @field_validator("prompt")
    @classmethod
    def _prompt(cls, prompt: str | list[ChatMessage]) -> str | list[ChatMessage]:
        texts = [prompt] if isinstance(prompt, str) else [message.content for message in prompt]
        if not any(texts):
            raise ValueError("A prompt needs some text.")
        if len(texts) > MAX_MESSAGES:
            raise ValueError(f"A chat prompt has at most {MAX_MESSAGES} messages.")
        if sum(map(len, texts)) > MAX_PROMPT_CHARACTERS:
            raise ValueError(f"A prompt has at most {MAX_PROMPT_CHARACTERS} characters.")
        return prompt

    @field_validator("config")
    @classmethod
    def _config(cls, config: dict[str, Any]) -> dict[str, Any]:
        if len(json.dumps(config)) > MAX_CONFIG_CHARACTERS:
            raise ValueError(f"A prompt's config has at most {MAX_CONFIG_CHARACTERS} characters as JSON.")
        return config


class PromptLabelMove(BaseModel):
    """Where a label is to stand."""

    version: int = Field(ge=1, le=2**31 - 1)


class PromptRow(BaseModel):
    """A prompt in a list."""

    name: str
    description: str
    versions: int
    """How many there are."""
    newest: int
    """The newest one's number; imports may have left numbers out."""
    labels: dict[str, int]
    updated_at: Time
    updated_by: str


class PromptRows(BaseModel):
    """The project's prompts, by name."""

    rows: list[PromptRow]


class PromptVersionRow(BaseModel):
    """One version of a prompt."""

    name: str
    version: int
    prompt: str | list[ChatMessage]
    variables: list[str]
    config: dict[str, Any]
    labels: list[str]
    message: str
    created_at: Time
    created_by: str


class PromptVersionRows(BaseModel):
    """The versions of a prompt, the newest first."""

    prompt: PromptRow
    rows: list[PromptVersionRow]


class PromptDiff(BaseModel):
    """What stands in one version and not in the other, line by line."""

    before: int
    after: int
    added: int
    removed: int
    lines: list[Piece]
    truncated: bool
    config_before: dict[str, Any]
    config_after: dict[str, Any]


class PromptUsageRows(BaseModel):
    """What calls of models say of prompts and their versions, the latest used first."""

    rows: list[PromptUsage]


@router.get("/prompts")
def list_prompts(request: Request, caller: Reader, project: ProjectName) -> PromptRows:
    """The project's prompts."""
    return PromptRows(rows=[_row(summary) for summary in catalog_of(request).prompts.all(project)])


@router.post("/prompts", status_code=201)
def create_prompt_version(
    request: Request, caller: Admin, project: ProjectName, new: NewPromptVersion
) -> PromptVersionRow:
    """Keep the next version of a prompt. Versions never change: this is how a prompt is edited."""
    prompt = new.prompt if isinstance(new.prompt, str) else [message.model_dump() for message in new.prompt]
    try:
        kept = catalog_of(request).prompts.add(
            project,
            new.name,
            prompt=encode_prompt(prompt),
            config=json.dumps(new.config, ensure_ascii=False),
            message=new.message,
            description=new.description,
            labels=list(dict.fromkeys(new.labels)),
            by=caller.name,
            version=new.version,
        )
    except TooMany as error:
        raise ApiError("too_many_prompts", str(error), 409) from error
    except PromptVersionExists as error:
        raise ApiError("prompt_version_exists", str(error), 409, field="version") from error
    return _version(kept)


@router.delete("/prompts", status_code=204)
def delete_prompt(request: Request, caller: Admin, project: ProjectName, name: Name) -> None:
    """Forget a prompt with all its versions. Traces that name it stay."""
    try:
        catalog_of(request).prompts.delete(project, name)
    except UnknownPrompt as error:
        raise _unknown(error) from error


@router.get("/prompts/version")
def get_prompt(
    request: Request,
    caller: Reader,
    project: ProjectName,
    name: Name,
    version: VersionNumber = None,
    label: Annotated[
        str | None, Query(max_length=64, description="Default `production`; `latest` is the newest.")
    ] = None,
) -> PromptVersionRow:
    """One version: by its number, else by its label. This is what applications fetch."""
    try:
        found = catalog_of(request).prompts.find(project, name, version=version, label=label or PRODUCTION)
    except UnknownPrompt as error:
        raise _unknown(error) from error
    return _version(found)


@router.get("/prompts/versions")
def list_prompt_versions(request: Request, caller: Reader, project: ProjectName, name: Name) -> PromptVersionRows:
    """All versions of a prompt, the newest first."""
    prompts = catalog_of(request).prompts
    try:
        return PromptVersionRows(
            prompt=_row(prompts.get(project, name)), rows=[_version(kept) for kept in prompts.versions(project, name)]
        )
    except UnknownPrompt as error:
        raise _unknown(error) from error


@router.put("/prompts/labels")
def move_prompt_label(
    request: Request,
    caller: Admin,
    project: ProjectName,
    name: Name,
    label: Annotated[str, Query(max_length=64)],
    move: PromptLabelMove,
) -> PromptRow:
    """Give a label to a version. Applications that fetch by it get that version from then on."""
    try:
        checked = _checked_label(label)
    except ValueError as error:
        raise ApiError("invalid_label", str(error), 422, field="label") from error
    try:
        summary, _before = catalog_of(request).prompts.label(project, name, checked, move.version)
    except UnknownPrompt as error:
        raise _unknown(error) from error
    return _row(summary)


@router.delete("/prompts/labels")
def remove_prompt_label(
    request: Request, caller: Admin, project: ProjectName, name: Name, label: Annotated[str, Query(max_length=64)]
) -> PromptRow:
    """Take a label away."""
    if label == LATEST:
        raise ApiError("invalid_label", "`latest` always stands at the newest version.", 422, field="label")
    try:
        return _row(catalog_of(request).prompts.unlabel(project, name, label))
    except UnknownPrompt as error:
        raise _unknown(error) from error


@router.get("/prompts/diff")
def compare_prompt_versions(
    request: Request,
    caller: Reader,
    project: ProjectName,
    name: Name,
    before: Annotated[int, Query(ge=1, le=2**31 - 1)],
    after: Annotated[int, Query(ge=1, le=2**31 - 1)],
) -> PromptDiff:
    """Two versions of a prompt, line by line."""
    prompts = catalog_of(request).prompts
    try:
        one, other = (prompts.find(project, name, version=version) for version in (before, after))
    except UnknownPrompt as error:
        raise _unknown(error) from error
    old, new = (lines_of(decode_prompt(version.prompt)) for version in (one, other))
    lines = by_lines(old, new)
    return PromptDiff(
        before=before,
        after=after,
        added=sum(line["op"] == "added" for line in lines),
        removed=sum(line["op"] == "removed" for line in lines),
        lines=lines,
        truncated=max(len(old), len(new)) > MAX_LINES,
        config_before=json.loads(one.config),
        config_after=json.loads(other.config),
    )


@router.get("/prompts/usage", response_model=PromptUsageRows)
async def list_prompt_usage(
    asked: Question, name: Annotated[str | None, Query(max_length=200, description="Default: every prompt.")] = None
) -> Response:
    """How each version did within the range, by the calls of models that name it (`gen_ai.prompt.name` …)."""
    return answer(
        {
            "rows": await prompt_usage(
                asked.reader, project=asked.project, time_range=asked.time_range, filter=asked.filter, name=name
            )
        }
    )


def _checked_label(label: str) -> str:
    if not LABEL.match(label):
        raise ValueError("A label has lower-case letters, digits and . _ -, at most 64.")
    if label == LATEST:
        raise ValueError("`latest` always stands at the newest version and cannot be given.")
    return label


def _unknown(error: UnknownPrompt) -> ApiError:
    return ApiError("prompt_not_found", str(error), 404, field=error.field, hint="GET /api/v1/prompts lists them.")


def _row(summary: PromptSummary) -> PromptRow:
    return PromptRow(
        name=summary.name,
        description=summary.description,
        versions=summary.versions,
        newest=summary.newest,
        labels=summary.labels,
        updated_at=summary.updated_at,
        updated_by=summary.updated_by,
    )


def _version(kept: PromptVersion) -> PromptVersionRow:
    prompt = decode_prompt(kept.prompt)
    return PromptVersionRow(
        name=kept.name,
        version=kept.version,
        prompt=prompt if isinstance(prompt, str) else [ChatMessage.model_validate(message) for message in prompt],
        variables=variables_of(prompt),
        config=json.loads(kept.config),
        labels=kept.labels,
        message=kept.message,
        created_at=kept.created_at,
        created_by=kept.created_by,
    )
