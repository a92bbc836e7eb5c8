"""Which windows of predictions have got rows since somebody looked at them, and what was found then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tapetum_server.query.reader import Reader, rows_of, tuples_of
from tapetum_server.query.statement import Parameters, Statement

WINDOW_S = 300
WINDOW_NS = WINDOW_S * 10**9
MOST_WINDOWS = 50
"""Of one look: the others are still due at the next one."""


@dataclass(frozen=True, slots=True)
class LiveWindow:
    """Of one version of a model, in nanoseconds since 1970."""

    model: str
    version: str
    start: int
    received: int
    """Rows that had come, as they lie there."""
    newest: int
    """When the last of them came."""

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.start + WINDOW_NS


async def due_windows(
    reader: Reader, project: str, models: Sequence[str], schema_versions: Sequence[int], *, since: int, until: int
) -> list[LiveWindow]:
    """Windows of these models in which something came since they were looked at, or whose schema has changed.

    `schema_versions` are those in force, one for each model. The newest windows come first.
    """
    found = rows_of(await reader.query(*due_statement(project, models, schema_versions, since, until)))
    return [
        LiveWindow(row["model"], row["version"], row["start_ns"], int(row["received"]), int(row["newest_ns"]))
        for row in found
    ]


async def found_before(reader: Reader, project: str, window: LiveWindow) -> set[tuple[str, str, str]]:
    """(detector, feature, type) of what an earlier look at the window found, and still holds."""
    return {
        (detector, feature, type)
        for detector, feature, type in tuples_of(await reader.query(*found_statement(project, window)))
    }


def due_statement(
    project: str, models: Sequence[str], schema_versions: Sequence[int], since: int, until: int
) -> Statement:
    """No FINAL: a prediction that came twice makes a window due once more than it need be."""
    parameters = Parameters()
    of_project = f"project = {parameters.text(project)}"
    named = parameters.texts(models)
    in_force = parameters.bind(list(schema_versions), "Array(Int64)")
    start, end = parameters.moment(since), parameters.before("time", until)
    window = f"toStartOfInterval(time, toIntervalSecond({WINDOW_S}))"
    sql = f"""SELECT model, version, toUnixTimestamp64Nano(toDateTime64(start, 9, 'UTC')) AS start_ns, received,
    newest_ns
FROM (
    SELECT toString(model) AS model, toString(version) AS version, {window} AS start, count() AS received,
        toUInt64(toUnixTimestamp64Nano(max(ingested_at))) AS newest_ns
    FROM prediction_rows
    WHERE {of_project} AND time >= {start} AND {end} AND model IN {named}
    GROUP BY model, version, start
) AS held
LEFT JOIN (
    SELECT toString(subject) AS model, toString(version) AS version, toDateTime(window_start, 'UTC') AS start,
        argMax(finding_rows.received, said) AS received_then, argMax(newest, said) AS newest_then,
        argMax(schema_version, said) AS schema_then
    FROM finding_rows
    WHERE {of_project} AND subject_type = 'model' AND subject IN {named} AND window_start >= {start} AND type = ''
    GROUP BY model, version, start
) AS looked USING (model, version, start)
WHERE received > received_then OR newest_ns > newest_then OR schema_then != {in_force}[indexOf({named}, model)]
ORDER BY start DESC, newest_ns, model, version
LIMIT {MOST_WINDOWS}"""
    return Statement(sql, parameters.values)


def found_statement(project: str, window: LiveWindow) -> Statement:
    """(detector, feature, type) of one window."""
    parameters = Parameters()
    sql = f"""SELECT toString(detector), toString(feature), toString(type)
FROM finding_rows FINAL
WHERE project = {parameters.text(project)} AND subject_type = 'model' AND subject = {parameters.text(window.model)}
    AND version = {parameters.text(window.version)} AND window_start = {parameters.moment(window.start)}
    AND slice = '' AND type != '' AND NOT withdrawn"""
    return Statement(sql, parameters.values)
