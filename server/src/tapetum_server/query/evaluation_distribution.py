"""How the scores and labels of one name are distributed."""

from __future__ import annotations

from typing_extensions import TypedDict

from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.sources import EVALUATIONS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange
from tapetum_server.signals.scores import ScoreDefinition

BINS = 10
"""As many as can be pressed side by side with a finger."""
MAX_LABELS = 50


class ScoreBin(TypedDict):
    """Scores from `start` to below `end`, the last bin's up to it; of one value where both are the same."""

    start: float
    end: float
    count: int


class LabelShare(TypedDict):
    """One label and how often it was given."""

    label: str
    count: int


class EvaluationDistribution(TypedDict):
    """Scores in even bins between the ends of their definition or of the scores; each value by itself where few."""

    scored: int
    bins: list[ScoreBin]
    labels: list[LabelShare]
    """The most frequent ones."""


async def evaluation_distribution(
    reader: Reader,
    *,
    project: str,
    time_range: TimeRange,
    filter: Filter,
    name: str,
    definition: ScoreDefinition | None = None,
) -> EvaluationDistribution:
    """The distribution of the evaluations of that name which pass the filter."""
    selection = await select(reader, EVALUATIONS, project=project, time_range=time_range, filter=filter)
    row, *labels = rows_of(await reader.query(*ends_and_labels_statement(selection, name)))
    found = [LabelShare(label=label["of_label"], count=label["records"]) for label in labels]
    if not row["scored"]:
        return EvaluationDistribution(scored=0, bins=[], labels=found)
    low, high = row["low"], row["high"]
    if row["distinct"] <= BINS:
        values = rows_of(await reader.query(*values_statement(selection, name)))
        bins = [ScoreBin(start=value["at"], end=value["at"], count=value["records"]) for value in values]
    else:
        if definition is not None and definition.minimum is not None and definition.maximum is not None:
            low, high = min(low, definition.minimum), max(high, definition.maximum)
        counts = {
            row["bin"]: row["records"]
            for row in rows_of(await reader.query(*bins_statement(selection, name, low, high)))
        }
        edges = [low + (high - low) * i / BINS for i in range(BINS + 1)]
        bins = [ScoreBin(start=edges[i], end=edges[i + 1], count=counts.get(i, 0)) for i in range(BINS)]
    return EvaluationDistribution(scored=row["scored"], bins=bins, labels=found)


def ends_and_labels_statement(selection: Selection, name: str) -> Statement:
    """First the ends of the scores and whether they are few; then how often each label is given."""
    columns = f"""toString(label) AS of_label, count() AS records, toInt64(count(score)) AS scored, min(score) AS low,
    max(score) AS high, uniqUpTo({BINS})(score) AS distinct"""
    return _of(
        selection, name, Parameters(), columns, "label score",
        "GROUP BY GROUPING SETS ((), (of_label))\nHAVING grouping(of_label) = 1 OR of_label != ''\n"
        f"ORDER BY grouping(of_label) DESC, records DESC, of_label\nLIMIT {MAX_LABELS + 1}",
    )  # fmt: skip


def values_statement(selection: Selection, name: str) -> Statement:
    """How often each score was given."""
    return _of(
        selection, name, Parameters(), "score AS at, count() AS records", "score",
        f"AND isNotNull(score)\nGROUP BY at\nORDER BY at\nLIMIT {BINS}",
    )  # fmt: skip


def bins_statement(selection: Selection, name: str, low: float, high: float) -> Statement:
    """How many scores are in each bin that has any."""
    parameters = Parameters()
    start, length = parameters.number(low), parameters.number(high - low)
    place = f"toInt64(least({BINS - 1}, floor((score - {start}) / {length} * {BINS})))"
    return _of(
        selection,
        name,
        parameters,
        f"{place} AS bin, count() AS records",
        "score",
        "AND isNotNull(score)\nGROUP BY bin",
    )


def _of(selection: Selection, name: str, parameters: Parameters, columns: str, read: str, then: str) -> Statement:
    condition = " AND ".join([*conditions(selection, parameters), f"name = {parameters.text(name)}"])
    sql = f"SELECT {columns}\nFROM {EVALUATIONS.relation(columns, condition, read)}\nWHERE {condition} {then}"
    return Statement(sql.rstrip(), parameters.values)
