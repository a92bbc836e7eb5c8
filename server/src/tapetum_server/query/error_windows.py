"""Errors in even windows of time, with since when each is known: what tells a new one and a burst from the usual."""

from __future__ import annotations

from typing import NamedTuple

from tapetum_server.query.error_groups import title_of
from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.histograms import step_sql
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.selection import Selection
from tapetum_server.query.sources import ERRORS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import Steps, TimeRange

MAX_ERRORS = 500
"""The new ones first, then those that occur most."""


class ErrorWindows(NamedTuple):
    """One error that occurred lately."""

    fingerprint: str
    title: str
    services: list[str]
    first_ns: int
    """When it was seen for the first time ever."""
    unhandled: int
    severity: str
    """Of the latest."""
    counts: list[int]
    """By window."""


class ProjectErrors(NamedTuple):
    """The errors of a project that occurred lately."""

    errors: list[ErrorWindows]
    known_since_ns: int | None
    """When any error was seen first; `None` where none ever was."""


async def error_windows(reader: Reader, *, project: str, steps: Steps, lately: int) -> ProjectErrors:
    """Every error with an occurrence in the last `lately` windows."""
    selection = Selection(ERRORS, project, TimeRange(steps.start, steps.end))
    rows = rows_of(await reader.query(*windows_statement(selection, steps, lately)))
    found = []
    for row in rows:
        type, message, template, culprit, severity = row["latest"]
        found.append(
            ErrorWindows(
                row["print"], title_of(type, message, template, culprit), list(row["services"]), row["first_ns"],
                row["unhandled"], severity, list(row["counts"]),
            )
        )  # fmt: skip
    return ProjectErrors(found, rows[0]["known_ns"] if rows else None)


def windows_statement(selection: Selection, steps: Steps, lately: int) -> Statement:
    """One row per error that occurred in the last windows, with its occurrences by window."""
    parameters = Parameters()
    condition = " AND ".join(conditions(selection, parameters))
    columns = f"""toString(fingerprint) AS print,
        countResample(0, {steps.count}, 1)(time, toInt64({step_sql(selection, steps, parameters)})) AS counts,
        toInt64(countIf(NOT handled)) AS unhandled,
        arraySort(arrayMap(s -> toString(s), groupUniqArray(20)(service))) AS services,
        argMax([toString(type), message, toString(template), toString(culprit), toString(severity)],
            time) AS latest"""
    first = parameters.moment(steps.end - lately * steps.step)
    sql = f"""SELECT *, min(first_ns) OVER () AS known_ns
FROM (
    SELECT {columns}
    FROM {selection.source.relation(columns, condition)}
    WHERE {condition}
    GROUP BY print
) AS found
RIGHT JOIN (
    SELECT fingerprint AS print, toUnixTimestamp64Nano(min(first_seen)) AS first_ns
    FROM error_groups
    WHERE project = {parameters.text(selection.project)}
    GROUP BY print
) AS known USING (print)
QUALIFY arraySum(arraySlice(counts, -{int(lately)})) > 0
ORDER BY first_ns >= toUnixTimestamp64Nano({first}) DESC, arraySum(arraySlice(counts, -{int(lately)})) DESC, print
LIMIT {MAX_ERRORS}"""
    return Statement(sql, parameters.values)
