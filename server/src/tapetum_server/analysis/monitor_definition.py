"""What a monitor looks at and when it calls somebody, as people write it."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from tapetum_server.analysis.saved_queries import MetricQuery, SavedQuery, SqlQuery
from tapetum_server.query.record_series import COUNTS

Operator = Literal[">", ">=", "<", "<="]
WindowAggregate = Literal["last", "avg", "min", "max", "sum"]
NoData = Literal["alert", "ok", "keep"]
Severity = Literal["info", "warning", "critical"]
DAY_S = 86_400
_SAID = {">": "above", ">=": "at or above", "<": "below", "<=": "at or below"}
_AGGREGATES = {
    "last": "the latest value", "avg": "the average", "min": "the smallest value", "max": "the largest value",
    "sum": "the sum",
}  # fmt: skip


class Condition(BaseModel):
    """When a value is beyond its limit."""

    model_config = ConfigDict(extra="forbid")

    op: Operator
    limit: FiniteFloat
    aggregate: WindowAggregate = "avg"
    """What is made of the values within the window."""
    recovery_limit: FiniteFloat | None = None
    """The alert ends only when the value is on the good side of this one too; without it, of `limit`."""

    @model_validator(mode="after")
    def _recovers(self) -> Condition:
        if self.recovery_limit is not None:
            wrong = self.recovery_limit > self.limit if self.op in (">", ">=") else self.recovery_limit < self.limit
            if wrong:
                raise ValueError(f"recovery_limit must lie on the good side of the limit ({self.limit:g})")
        return self

    def breached(self, value: float, *, recovering: bool = False) -> bool:
        """Whether `value` is beyond the limit, or while `recovering` not yet back behind the recovery limit."""
        limit = self.recovery_limit if recovering and self.recovery_limit is not None else self.limit
        if self.op == ">":
            return value > limit
        if self.op == ">=":
            return value >= limit
        return value < limit if self.op == "<" else value <= limit


class MonitorDefinition(BaseModel):
    """What a monitor looks at, how often, and what it takes to fire."""

    model_config = ConfigDict(extra="forbid")

    query: SavedQuery
    condition: Condition | None = None
    """Without it only missing data counts."""
    no_data: NoData = "keep"
    """When the window holds no value: call somebody, take it for well, or stay as it is."""
    window_s: Annotated[int, Field(ge=5, le=7 * DAY_S)] = 300
    interval_s: Annotated[int, Field(ge=1, le=DAY_S)] = 60
    for_s: Annotated[int, Field(ge=0, le=7 * DAY_S)] = 0
    """How long the value must stay beyond the limit before anybody is called."""
    severity: Severity = "warning"
    description: Annotated[str, Field(max_length=2_000)] = ""
    runbook: Annotated[str, Field(max_length=2_000)] = ""
    """What to do, or where that is written."""

    @model_validator(mode="after")
    def _looks_at_something(self) -> MonitorDefinition:
        if self.condition is None and self.no_data != "alert":
            raise ValueError("a monitor needs a condition, or no_data: alert")
        return self

    @property
    def absence(self) -> float | None:
        """The value of a window without a single record: 0 of what is counted, else unknown.

        Who says that missing data is to call, or is well, says what it means; then it is unknown of counts too.
        """
        return 0.0 if self._counted and self.no_data == "keep" else None

    @property
    def wants_much(self) -> bool:
        """Whether too little of something that is counted calls: then a window must be whole to say anything."""
        return self._counted and self.condition is not None and self.condition.op in ("<", "<=")

    @property
    def _counted(self) -> bool:
        query = self.query
        return not isinstance(query, MetricQuery | SqlQuery) and query.measure in COUNTS

    @property
    def step_s(self) -> int:
        """The step its query is asked in: whole ones only, so that a minute that just began does not look bad."""
        if self.window_s <= 60:
            return self.window_s
        return 60 if self.window_s <= 6 * 3_600 else 300


_UNITS = {
    "error_rate": "%", "cached_share": "%", "refusal_rate": "%", "cost_usd": "USD", "label_coverage": "%",
    "flagged_share": "%",
}  # fmt: skip


def unit_of(query: SavedQuery) -> str:
    """The unit of what a query measures, where that is known without asking it."""
    if query.kind not in ("spans", "predictions"):
        return ""
    return _UNITS.get(query.measure, "ms" if query.measure.endswith("_ms") else "")


def in_words(definition: MonitorDefinition, unit: str = "") -> str:
    """The condition as a sentence: `Fires when the average of p95_ms over 5 min is above 500 ms for 5 min`."""
    unit = unit or unit_of(definition.query)
    said = []
    if definition.condition is not None:
        condition = definition.condition
        plain = "" if unit == "1" else re.sub(r"\{([^}]*)\}", r"\1", unit)
        limit = number(condition.limit) + (f" {plain}" if plain else "")
        held = f" for {spoken(definition.for_s)}" if definition.for_s else ""
        said.append(
            f"{_AGGREGATES[condition.aggregate]} of {query_in_words(definition.query)} over "
            f"{spoken(definition.window_s)} is {_SAID[condition.op]} {limit}{held}"
        )
    if definition.no_data == "alert":
        what = "it" if said else query_in_words(definition.query)
        said.append(f"{what} has no data for {spoken(definition.window_s)}")
    return "Fires when " + ", or when ".join(said)


def query_in_words(query: SavedQuery) -> str:
    """What a query measures, briefly."""
    if query.kind == "sql":
        return "the SQL"
    if query.kind == "metric":
        what = f"{query.aggregation} of {query.name}"
    else:
        what = f"{query.measure} of {query.kind}"
    where = f" where {query.q}" if query.q else ""
    return f"{what}{where}" + (f" by {', '.join(query.group_by)}" if query.group_by else "")


def spoken(seconds: float) -> str:
    """A length of time as people say it."""
    for unit, size in (("d", DAY_S), ("h", 3_600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def number(value: float) -> str:
    """A value with the figures that matter."""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"
