"""What was changed, and when: the marks on every time chart."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import TypedDict

from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange, format_time


class Change(TypedDict):
    """One change, recorded or derived."""

    time: str
    kind: str
    subject: str
    before: str
    after: str
    source: str
    attributes: dict[str, str]


class Changes(TypedDict):
    """Changes within a range, the newest first."""

    rows: list[Change]
    truncated: bool
    """Whether there are more, earlier within the range."""


async def list_changes(
    reader: Reader,
    *,
    project: str,
    time_range: TimeRange,
    subjects: Sequence[str] = (),
    kinds: Sequence[str] = (),
    limit: int = 500,
) -> Changes:
    """Changes of the named subjects and kinds, or of all, the newest first."""
    found = rows_of(await reader.query(*changes_statement(project, time_range, subjects, kinds, limit + 1)))
    return Changes(
        rows=[
            Change(
                time=format_time(row["time_ns"]), kind=row["kind"], subject=row["subject"], before=row["before"],
                after=row["after"], source=row["source"], attributes=dict(row["attributes"]),
            )
            for row in found[:limit]
        ],
        truncated=len(found) > limit,
    )  # fmt: skip


def changes_statement(
    project: str, time_range: TimeRange, subjects: Sequence[str], kinds: Sequence[str], limit: int
) -> Statement:
    """From the view: both of its tables are small, and what is derived stands there only."""
    parameters = Parameters()
    where = [f"project = {parameters.text(project)}"]
    if time_range.start is not None:
        where.append(f"time >= {parameters.moment(time_range.start)}")
    if time_range.end is not None:
        where.append(parameters.before("time", time_range.end))
    if subjects:
        where.append(f"has({parameters.texts(subjects)}, subject)")
    if kinds:
        where.append(f"has({parameters.texts(kinds)}, kind)")
    sql = f"""SELECT toUnixTimestamp64Nano(time) AS time_ns, kind, subject, before, after, source, attributes
FROM changes
WHERE {" AND ".join(where)}
ORDER BY time DESC, kind, subject, after
LIMIT {parameters.integer(limit)}"""
    return Statement(sql, parameters.values)
