"""The history of alerts: each state that a monitor's series was in, from when to when."""

from __future__ import annotations

from typing_extensions import TypedDict

from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange, format_time

ALERTS_TABLE = "alert_rows"
_LOOKING = "alert_rows.state = 'error' OR alert_rows.previous_state = 'error'"
"""Whether a row is about looking itself: no series is ever in this state. Such a row names no series either, and
must not end that of a monitor whose only series has no name."""


class AlertRow(TypedDict):
    """One state of one series of a monitor."""

    alert_id: str
    monitor_id: str
    monitor: str
    severity: str
    subject: str
    """The series; empty where the query makes only one, `looking` where the query itself failed or works again."""
    previous_state: str
    state: str
    started_at: str
    ended_at: str | None
    value: float | None
    threshold: float | None
    evidence: str


class Alerts(TypedDict):
    """What changed, the newest first."""

    rows: list[AlertRow]


async def list_alerts(
    reader: Reader, *, project: str, time_range: TimeRange, monitor_id: str | None = None, limit: int = 100
) -> Alerts:
    """Changes of state that began within the range, of one monitor or of all, the newest first."""
    found = rows_of(await reader.query(*alerts_statement(project, time_range, monitor_id, limit)))
    return Alerts(
        rows=[
            AlertRow(
                alert_id=row["alert_id"], monitor_id=row["monitor_id"], monitor=row["monitor"],
                severity=row["severity"], subject=row["series"], previous_state=row["previous_state"],
                state=row["state"], started_at=format_time(row["start_ns"]),
                ended_at=None if row["end_ns"] is None else format_time(row["end_ns"]),
                value=row["value"], threshold=row["threshold"], evidence=row["evidence"],
            )
            for row in found
        ]
    )  # fmt: skip


def alerts_statement(project: str, time_range: TimeRange, monitor_id: str | None, limit: int) -> Statement:
    """States with their ends; the end of one may lie beyond the range."""
    parameters = Parameters()
    where = [f"project = {parameters.text(project)}"]
    if monitor_id is not None:
        where.append(f"monitor_id = {parameters.text(monitor_id)}")
    if time_range.start is not None:
        where.append(f"time >= {parameters.moment(time_range.start)}")
    before = f"WHERE {parameters.before('time', time_range.end)}\n" if time_range.end is not None else ""
    sql = f"""SELECT alert_id, monitor_id, monitor, severity, if(looking, 'looking', subject) AS series,
    previous_state, state,
    toUnixTimestamp64Nano(time) AS start_ns, toUnixTimestamp64Nano(ended) AS end_ns, value, threshold, evidence
FROM (
    SELECT *, {_LOOKING} AS looking, leadInFrame(toNullable(time)) OVER (
        PARTITION BY monitor_id, labels, {_LOOKING}
        ORDER BY time, alert_id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
    ) AS ended
    FROM {ALERTS_TABLE} FINAL
    WHERE {" AND ".join(where)}
)
{before}ORDER BY time DESC, alert_id
LIMIT {parameters.integer(limit)}"""
    return Statement(sql, parameters.values)
