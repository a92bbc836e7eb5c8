"""Questions that are kept and asked again: what a dashboard's panel draws and what a monitor watches.

A saved query says what to ask, never of when: the time range comes with each asking. In `q`, a value
`$name` stands for the values of the variable of that name (a term of which no value is chosen asks nothing);
in SQL, a variable is a bound parameter of its name. Neither is ever spliced into text.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from typing_extensions import TypedDict

from tapetum_server.analysis.metric_report import metric_report
from tapetum_server.query.errors import QueryError, Unavailable
from tapetum_server.query.filter import Choice, Filter, Term, parse_filter
from tapetum_server.query.finding_sources import FINDINGS
from tapetum_server.query.gate import gate
from tapetum_server.query.gate_errors import SqlRefused
from tapetum_server.query.metric_statements import Aggregation
from tapetum_server.query.metrics import MetricSeries
from tapetum_server.query.prediction_sources import PREDICTIONS
from tapetum_server.query.reader import Reader
from tapetum_server.query.record_series import (
    ErrorMeasure,
    EvaluationMeasure,
    FindingMeasure,
    LogMeasure,
    PredictionMeasure,
    SpanMeasure,
    record_series,
)
from tapetum_server.query.sources import ERRORS, EVALUATIONS, LOGS, SPANS
from tapetum_server.query.sql_answer import SqlColumn, SqlRows, rows_of_json
from tapetum_server.query.sql_failure import explain_failure
from tapetum_server.query.sql_runner import SqlFailed, SqlRunner, run_gated
from tapetum_server.query.sql_series import series_of_rows
from tapetum_server.query.time_range import MAX_TIME, MILLISECOND, SECOND, TimeRange, format_time, steps_of
from tapetum_server.signals.scores import ScoreDefinition

MAX_SQL_ROWS = 10_000
_SOURCES = {
    "spans": SPANS, "logs": LOGS, "errors": ERRORS, "evaluations": EVALUATIONS, "predictions": PREDICTIONS,
    "findings": FINDINGS,
}  # fmt: skip
FilterText = Annotated[str, Field(max_length=10_000)]
Keys = Annotated[list[str], Field(max_length=4)]
Variables = Mapping[str, Sequence[str]]
"""Chosen values by the variable's name."""


class MetricQuery(BaseModel):
    """One metric over time."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["metric"]
    name: str = Field(min_length=1, max_length=1_000)
    type: str | None = None
    """With `unit`: which of the metrics of this name, where senders disagree; else the one with the most points."""
    unit: str | None = None
    q: FilterText = ""
    group_by: Keys = []
    aggregation: Aggregation = "avg"
    quantile: float = Field(default=0.95, ge=0, le=1)


class SpansQuery(BaseModel):
    """One measure of spans over time."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["spans"]
    q: FilterText = ""
    measure: SpanMeasure = "count"
    group_by: Keys = []


class LogsQuery(BaseModel):
    """One measure of log records over time."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["logs"]
    q: FilterText = ""
    measure: LogMeasure = "count"
    group_by: Keys = []


class ErrorsQuery(BaseModel):
    """One measure of errors over time: occurrences, or the groups that a fingerprint makes of them.

    `new_groups` counts an error once, in the step in which it was seen for the first time ever.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Literal["errors"]
    q: FilterText = ""
    measure: ErrorMeasure = "count"
    group_by: Keys = []


class EvaluationsQuery(BaseModel):
    """One measure of evaluations over time: how many, their scores, or how many of those with a threshold reach it."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["evaluations"]
    q: FilterText = ""
    measure: EvaluationMeasure = "avg_score"
    group_by: Keys = []


class PredictionsQuery(BaseModel):
    """One measure of models' predictions over time. A filter names features, tags and labels too."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["predictions"]
    q: FilterText = ""
    measure: PredictionMeasure = "count"
    group_by: Keys = []


class FindingsQuery(BaseModel):
    """One measure of findings over time: how many, how many predictions, features or models they concern."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["findings"]
    q: FilterText = ""
    measure: FindingMeasure = "count"
    group_by: Keys = []


class SqlQuery(BaseModel):
    """A SELECT over the public views.

    It may use `{from:DateTime64(9)}`, `{to:DateTime64(9)}` and `{step_s:UInt32}`, and variables by their
    names. Where the first column is a time, the others are series (numbers) and their labels (texts);
    otherwise the answer is a table.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Literal["sql"]
    query: str = Field(min_length=1, max_length=100_000)


AnyQuery = Union[
    MetricQuery, SpansQuery, LogsQuery, ErrorsQuery, EvaluationsQuery, PredictionsQuery, FindingsQuery, SqlQuery
]
SavedQuery = Annotated[AnyQuery, Field(discriminator="kind")]
SAVED_QUERY: TypeAdapter[AnyQuery] = TypeAdapter(SavedQuery)
"""Reads and writes saved queries as JSON."""


class QueryColumn(TypedDict):
    """A column of a table, with the engine's type."""

    name: str
    type: str


class QueryTable(TypedDict):
    """The rows of a SELECT that is no series. Integers of 64 bits are texts, times ISO-8601."""

    columns: list[QueryColumn]
    rows: list[list[Any]]


class QueryAnswer(TypedDict):
    """What a saved query found: series, or a table where it is SQL whose first column is no time.

    `total` of a series is the same measure over the whole range, where that can be said. `truncated` when
    there is more than is shown; `note` says in what way values are not exact.
    """

    unit: str
    step_s: int
    series: list[MetricSeries]
    table: QueryTable | None
    truncated: bool
    note: str | None


async def answer_query(
    reader: Reader,
    sql: SqlRunner,
    *,
    project: str,
    query: AnyQuery,
    time_range: TimeRange,
    step_s: int | None = None,
    variables: Variables | None = None,
    definitions: Sequence[ScoreDefinition] = (),
) -> QueryAnswer:
    """Ask `query` of one project and range.

    Raises `QueryError` for what the query's author can mend and `Unavailable` when asking again may help.
    Whether the caller may run SQL is for the caller's door to say. `definitions` are the project's scores.
    """
    chosen = variables or {}
    if isinstance(query, SqlQuery):
        return await _answer_sql(sql, project, query.query, time_range, step_s, chosen)
    filter = with_variables(parse_filter(query.q), chosen)
    if isinstance(query, MetricQuery):
        report = await metric_report(
            reader, project=project, name=query.name, type=query.type, unit=query.unit, time_range=time_range,
            filter=filter, group_by=query.group_by, aggregation=query.aggregation, quantile=query.quantile,
            step_s=step_s,
        )  # fmt: skip
        return QueryAnswer(
            unit=report["unit"], step_s=report["step_s"], series=report["series"], table=None,
            truncated=report["truncated"], note=report["note"],
        )  # fmt: skip
    found = await record_series(
        reader,
        _SOURCES[query.kind],
        project=project,
        time_range=time_range,
        filter=filter,
        measure=query.measure,
        group_by=query.group_by,
        step_s=step_s,
        definitions=definitions,
    )
    return QueryAnswer(
        unit=found.unit,
        step_s=found.steps.step // SECOND if found.steps else step_s or 0,
        series=found.series,
        table=None,
        truncated=found.truncated,
        note=None,
    )


def rows_of_answer(answer: QueryAnswer) -> SqlRows:
    """The answer as rows of one table: a series has one for each of its points, beside its labels."""
    table = answer["table"]
    if table is not None:
        columns = [SqlColumn(column["name"], column["type"]) for column in table["columns"]]
        return SqlRows(columns, table["rows"], 0, 0.0, answer["truncated"])
    keys = list(dict.fromkeys(key for series in answer["series"] for key in series["labels"]))
    rows = [
        [format_time(time * MILLISECOND), *(series["labels"].get(key, "") for key in keys), value]
        for series in answer["series"]
        for time, value in series["points"]
    ]
    columns = [SqlColumn("time", "DateTime64(3)"), *(SqlColumn(key, "String") for key in keys)]
    return SqlRows([*columns, SqlColumn("value", "Float64")], rows, 0, 0.0, answer["truncated"])


def with_variables(filter: Filter, variables: Variables) -> Filter:
    """`filter` with the chosen values in place of every value `$name`.

    Raises `QueryError` for a variable that is not there.
    """
    terms = []
    for term in filter.terms:
        choices: list[Choice] = []
        for choice in term.choices:
            name = re.fullmatch(r"\$([A-Za-z_]\w*)", choice.text)
            if name is None or term.op == "text":
                choices.append(choice)
            elif name[1] in variables:
                choices += [Choice(value, choice.is_prefix) for value in variables[name[1]]]
            else:
                raise QueryError(
                    f"there is no variable ${name[1]}", code="unknown_variable", field="q",
                    hint=f"Known: {', '.join(sorted(variables)) or 'none'}.",
                )  # fmt: skip
        if choices or not term.choices:
            terms.append(_chosen(term, choices))
    return Filter(tuple(terms))


def _chosen(term: Term, choices: list[Choice]) -> Term:
    if len(choices) > 1 and term.op not in ("is", "prefix", "contains"):
        raise QueryError(
            f"{term.key}:{term.op} takes one value, and {len(choices)} are chosen",
            code="bad_filter",
            field="q",
            hint="Choose one value.",
        )
    several = len(choices) > 1 and term.op == "prefix"
    return replace(term, op="is" if several else term.op, choices=tuple(choices))


async def _answer_sql(
    runner: SqlRunner, project: str, text: str, time_range: TimeRange, step_s: int | None, variables: Variables
) -> QueryAnswer:
    start = time_range.start or 0
    end = MAX_TIME if time_range.end is None else time_range.end
    step = step_s or max(1, steps_of(start, end, at_most=120).step // SECOND)
    parameters: dict[str, object] = {
        name: list(values) if _is_list(text, name) else next(iter(values), "") for name, values in variables.items()
    }
    parameters |= {"from": _moment(start), "to": _moment(end), "step_s": step}
    try:
        gated = await asyncio.to_thread(
            gate, text, project=project, parameters=parameters, row_limit=MAX_SQL_ROWS + 1, database=runner.database
        )
        answer = await run_gated(
            runner, gated, format="JSONCompact", profile="gate", query_id=f"saved-{secrets.token_hex(16)}"
        )
    except SqlRefused as error:
        raise QueryError(error.message, code="sql_refused", field="query", hint=error.hint) from error
    except SqlFailed as error:
        message, hint = explain_failure(error.message, error.code, runner.database)
        raise QueryError(message, code="sql_error", field="query", hint=hint) from error
    except TimeoutError as error:
        raise Unavailable("Other queries keep every place busy; ask again in some seconds.") from error
    rows = await asyncio.to_thread(rows_of_json, answer, MAX_SQL_ROWS)
    found = series_of_rows(rows)
    table = None
    if found is None:
        columns = [QueryColumn(name=column.name, type=column.type) for column in rows.columns]
        table = QueryTable(columns=columns, rows=[list(row) for row in rows.rows])
    return QueryAnswer(
        unit="",
        step_s=step,
        series=found.series if found else [],
        table=table,
        truncated=rows.truncated or (found is not None and found.truncated),
        note=None,
    )


def _is_list(text: str, name: str) -> bool:
    return re.search(r"\{\s*" + re.escape(name) + r"\s*:\s*Array\b", text) is not None


def _moment(time_unix_nano: int) -> str:
    # Seconds since 1970 mean the same in every time zone that the engine may take a text to be in.
    seconds, nanoseconds = divmod(time_unix_nano, SECOND)
    return f"{seconds}.{nanoseconds:09d}"
