"""What a dashboard is: panels on a grid, each with a saved query, and variables they share.

A document is kept, exported and imported as JSON. `SCHEMA_VERSION` goes up when a document of the new form
would mislead a Tapetum that knows the old one only.
"""

from __future__ import annotations

from typing import Annotated, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from tapetum_server.analysis.saved_queries import SavedQuery
from tapetum_server.query.errors import QueryError
from tapetum_server.query.time_range import MAX_TIME, parse_range

SCHEMA_VERSION = 1
GRID_COLUMNS = 12
MAX_PANELS = 60
MAX_VARIABLES = 20
RESERVED_VARIABLES = ("from", "to", "step_s", "project")
"""What SQL gets of the page under these names, a variable cannot be called."""

Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")
]
Chart = Literal["line", "area", "bar", "table", "stat"]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
OneValue = Annotated[str, Field(max_length=1_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Variable(_Strict):
    """A name that panels use, as `$name` in a filter and `{name:Type}` in SQL."""

    name: VariableName
    label: str = Field(default="", max_length=100)
    multi: bool = False
    """Whether several values can be chosen at once."""
    default: list[OneValue] = Field(default=[], max_length=50)
    """Chosen where the address says nothing. Empty: every value."""

    @model_validator(mode="after")
    def _sensible(self) -> _Variable:
        if self.name in RESERVED_VARIABLES:
            raise ValueError(f"{self.name!r} is the page's own; choose another name")
        if len(self.default) > 1 and not self.multi:
            raise ValueError(f"{len(self.default)} defaults of a variable that takes one value")
        return self


class TextVariable(_Variable):
    """Whatever is typed."""

    kind: Literal["text"]


class ListVariable(_Variable):
    """These values and no others."""

    kind: Literal["list"]
    values: list[OneValue] = Field(min_length=1, max_length=200)


class KeyVariable(_Variable):
    """The values that a key has in the page's time range."""

    kind: Literal["values"]
    signal: Literal["spans", "logs", "metrics", "errors", "evaluations", "predictions", "findings"]
    key: str = Field(min_length=1, max_length=500)


Variable = Annotated[Union[TextVariable, ListVariable, KeyVariable], Field(discriminator="kind")]


class Panel(_Strict):
    """One frame on the grid of twelve columns: a saved query and how it is drawn."""

    id: Id
    title: Title
    query: SavedQuery
    chart: Chart = "line"
    unit: str | None = Field(default=None, max_length=60)
    """Instead of the unit of the query's answer."""
    x: int = Field(ge=0, lt=GRID_COLUMNS)
    y: int = Field(ge=0, le=1_000)
    w: int = Field(ge=1, le=GRID_COLUMNS)
    h: int = Field(ge=1, le=40)

    @model_validator(mode="after")
    def _within_the_grid(self) -> Panel:
        if self.x + self.w > GRID_COLUMNS:
            raise ValueError(f"x {self.x} and w {self.w} reach beyond the grid's {GRID_COLUMNS} columns")
        return self


class DefaultRange(_Strict):
    """The time range of a dashboard whose address names none."""

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True)

    from_: str = Field(alias="from", max_length=40)
    to: str = Field(default="now", max_length=40)

    @model_validator(mode="after")
    def _is_a_range(self) -> DefaultRange:
        try:
            # Any late moment will do as now: what counts is whether the texts are times, in this order.
            parse_range(self.from_, self.to, MAX_TIME // 2)
        except QueryError as error:
            raise ValueError(error.message) from error
        return self


class DashboardDocument(_Strict):
    """A whole dashboard, as it is kept, exported and imported."""

    schema_version: Literal[1] = 1
    title: Title
    # PostgreSQL keeps no NUL in a text.
    description: str = Field(default="", max_length=2_000, pattern=r"^[^\x00]*$")
    time: DefaultRange | None = None
    variables: list[Variable] = Field(default=[], max_length=MAX_VARIABLES)
    panels: list[Panel] = Field(default=[], max_length=MAX_PANELS)

    @field_validator("variables")
    @classmethod
    def _variables_are_told_apart(cls, variables: list[Variable]) -> list[Variable]:
        _told_apart("name", [variable.name for variable in variables])
        return variables

    @field_validator("panels")
    @classmethod
    def _panels_are_told_apart(cls, panels: list[Panel]) -> list[Panel]:
        _told_apart("id", [panel.id for panel in panels])
        return panels


def _told_apart(what: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"the {what} {twice[0]!r} is there twice")
