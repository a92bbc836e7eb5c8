"""Definitions of scores: what the evaluations of a name look like."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, field_validator
from starlette.requests import Request

from tapetum_server.api.access import Time
from tapetum_server.api.dependencies import Admin, ProjectName, Reader, catalog_of
from tapetum_server.api.errors import ApiError
from tapetum_server.api.questions import router_of
from tapetum_server.catalog.errors import TooMany, UnknownScore
from tapetum_server.catalog.scores import KeptDefinition
from tapetum_server.signals import scores
from tapetum_server.signals.scores import Direction, Kind, ScoreDefinition, Unfit

router = router_of("evaluations")
Number = Annotated[float | None, Field(allow_inf_nan=False)]


class ScoreLabel(BaseModel):
    """One label of a categorical score."""

    model_config = ConfigDict(extra="forbid")
    label: str = Field(min_length=1, max_length=200)
    key: int | None = Field(default=None, ge=1, le=scores.MAX_KEY)
    """By which a reviewer gives it, 1 to 9; without it the next that is left, in the order of the labels."""
    passes: bool | None = None
    """Whether an answer with it passes; `null` where the score is no matter of passing."""


class NewScore(BaseModel):
    """What the evaluations of one name look like."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=256)
    """As the evaluations have it."""
    kind: Kind
    description: str = Field(default="", max_length=2_000)
    """What is judged, for those who judge."""
    direction: Direction | None = None
    """Which end is better. Without it `higher` for numbers and truth values, `none` for labels and texts."""
    minimum: Number = None
    """Numeric: the least it can be."""
    maximum: Number = None
    threshold: Number = None
    """Numeric: from which score on (`higher`), or up to which (`lower`), an answer passes."""
    labels: list[ScoreLabel] = Field(default_factory=list)
    """Categorical: in their order."""

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if not name.strip() or name != name.strip() or len(name.encode("utf-8", "surrogatepass")) > 256:
            raise ValueError("A score's name is the evaluations' name: no space around it, at most 256 bytes.")
        return name

    def definition(self) -> ScoreDefinition:
        """As the catalog keeps it. Raises `Unfit`."""
        usual: Direction = "higher" if self.kind in ("numeric", "boolean") else "none"
        definition = ScoreDefinition(
            name=self.name,
            kind=self.kind,
            description=self.description,
            direction=self.direction or usual,
            minimum=self.minimum,
            maximum=self.maximum,
            threshold=self.threshold,
            labels=scores.with_keys(tuple(scores.ScoreLabel(**label.model_dump()) for label in self.labels)),
        )
        scores.check(definition)
        return definition


class ScoreRow(BaseModel):
    """A definition, and who changed it last."""

    name: str
    kind: Kind
    description: str
    direction: Direction
    minimum: float | None
    maximum: float | None
    threshold: float | None
    labels: list[ScoreLabel]
    updated_at: Time
    updated_by: str


class ScoreRows(BaseModel):
    """The project's definitions, by name."""

    rows: list[ScoreRow]


@router.get("/scores")
def list_scores(request: Request, caller: Reader, project: ProjectName) -> ScoreRows:
    """What is defined of the project's scores."""
    return ScoreRows(rows=[_row(kept) for kept in catalog_of(request).scores.all(project)])


@router.put("/scores")
def define_score(request: Request, caller: Admin, project: ProjectName, new: NewScore) -> ScoreRow:
    """Say what the evaluations of a name look like, in the place of what was said before.

    `/v1/evaluations` refuses from then on what is otherwise; what is there stays.
    """
    try:
        return _row(catalog_of(request).scores.define(project, new.definition(), by=caller.name))
    except Unfit as error:
        message = str(error)
        raise ApiError("invalid_score", f"{message[:1].upper()}{message[1:]}.", 422, field=error.field) from error
    except TooMany as error:
        raise ApiError("too_many_scores", str(error), 409) from error


@router.delete("/scores", status_code=204)
def delete_score(
    request: Request,
    caller: Admin,
    project: ProjectName,
    name: Annotated[str, Query(max_length=256, description="The score's name.")],
) -> None:
    """Forget a definition. Evaluations stay, and may look as they like from then on."""
    try:
        catalog_of(request).scores.delete(project, name)
    except UnknownScore as error:
        raise ApiError(
            "score_not_found", str(error), 404, field="name", hint="GET /api/v1/scores lists them."
        ) from error


def _row(kept: KeptDefinition) -> ScoreRow:
    return ScoreRow(**scores.document_of(kept.definition), updated_at=kept.updated_at, updated_by=kept.updated_by)
