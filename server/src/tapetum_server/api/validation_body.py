"""What a validation of statistics is sent: `FeatureStats.pb` alone, or with what it is held against."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from fastapi.exceptions import RequestValidationError
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from starlette.requests import Request

from tapetum_server.api.errors import ApiError
from tapetum_server.query.kept_windows import Subject
from tapetum_server.query.time_range import parse_range
from tapetum_server.signals.feature_statistics import ALL_ROWS

if TYPE_CHECKING:
    from tapetum_server.analysis.validation.given import Source

MAX_STATISTICS = 64 << 20
FILE = "application/octet-stream"


def _decoded(value: Any) -> bytes:
    """Base64 on one line or on several, and nothing else: what is left out in silence would be another file."""
    if not isinstance(value, str):
        raise ValueError("a file is a text in base64")
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("this is no base64") from error


File = Annotated[bytes, BeforeValidator(_decoded), WithJsonSchema({"type": "string", "format": "base64"})]


class StatisticsSource(BaseModel):
    """Statistics: a file, or what is kept of a data set or a model."""

    model_config = ConfigDict(extra="forbid")

    file: File | None = Field(default=None, description="`FeatureStats.pb` of TFDV, in base64.")
    dataset: str = Field(default="", max_length=1_000, description="Of which statistics are kept.")
    model: str = Field(default="", max_length=1_000, description="The same of a model.")
    version: str | None = Field(default=None, max_length=1_000, description="Of the model; else all together.")
    slice: str = Field(default=ALL_ROWS, max_length=1_000)
    from_: str | None = Field(
        default=None, alias="from", max_length=100, description="Of what is kept; else of all time."
    )
    to: str | None = Field(default=None, max_length=100)

    @model_validator(mode="after")
    def _one(self) -> StatisticsSource:
        if (self.file is not None) + bool(self.dataset) + bool(self.model) != 1:
            raise ValueError("statistics are a file, or those of a dataset or of a model: name one of them")
        return self

    def source(self, now: int) -> Source:
        """What it means at this time. Raises `QueryError` for a time that is none."""
        from tapetum_server.analysis.validation.given import Kept

        if self.file is not None:
            return self.file
        subject = Subject(self.dataset, self.model, self.version, self.slice)
        return Kept(subject, parse_range(self.from_ or "all", self.to, now))


class ValidationBody(BaseModel):
    """Statistics, and what the schema's comparators are measured against, as TFDV's `validate_statistics` names it."""

    model_config = ConfigDict(extra="forbid")

    statistics: StatisticsSource
    previous: StatisticsSource | None = Field(default=None, description="Of an earlier span: drift.")
    serving: StatisticsSource | None = Field(default=None, description="Of what the model is asked: skew.")
    training: StatisticsSource | None = Field(
        default=None, description="Of what the model was trained on, where `statistics` are of what it is asked: skew."
    )
    previous_version: StatisticsSource | None = Field(
        default=None, description="Of an earlier version of the same span: numbers of examples."
    )

    @model_validator(mode="after")
    def _one_side(self) -> ValidationBody:
        if self.serving is not None and self.training is not None:
            raise ValueError("skew is against serving, or of serving against training, and not both")
        return self

    def controls(self, now: int) -> dict[str, Source]:
        """What is given beside the statistics, by the name that `given.validated` has for it."""
        named = {
            "previous": self.previous, "serving": self.serving, "training": self.training,
            "version": self.previous_version,
        }  # fmt: skip
        return {name: one.source(now) for name, one in named.items() if one is not None}


def _resolved(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """A JSON schema without references: the document of the API keeps its own elsewhere."""
    if isinstance(schema, list):
        return [_resolved(one, definitions) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if reference := schema.get("$ref"):
        found = definitions[reference.rpartition("/")[2]]
        return _resolved({**found, **{k: v for k, v in schema.items() if k != "$ref"}}, definitions)
    return {key: _resolved(one, definitions) for key, one in schema.items() if key != "$defs"}


def _document() -> dict[str, Any]:
    schema = ValidationBody.model_json_schema()
    content = {
        FILE: {"schema": {"type": "string", "format": "binary", "description": "`FeatureStats.pb` of TFDV."}},
        "application/json": {"schema": _resolved(schema, schema.get("$defs", {}))},
    }
    return {"requestBody": {"required": True, "content": content}}


DOCUMENT = _document()
"""Two forms of one body, which the framework has no word for."""


async def validation_body(request: Request, now: int) -> tuple[Source, dict[str, Source]]:
    """The statistics, and what they are held against. Raises `ApiError`, `RequestValidationError`, `QueryError`."""
    content = await request.body()
    if len(content) > MAX_STATISTICS:
        raise ApiError("too_large", f"The body has more than {MAX_STATISTICS >> 20} MiB.", 413)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return content, {}
    try:
        told = ValidationBody.model_validate_json(content)
    except ValidationError as error:
        # Without what was sent: a file is of no use in an error.
        found = error.errors(include_url=False, include_input=False, include_context=False)
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in found]) from error
    return told.statistics.source(now), told.controls(now)
