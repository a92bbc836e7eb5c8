"""Findings over a time: each by its subject, feature and type, and how they go over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typing_extensions import TypedDict

from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.finding_sources import FINDINGS, LOOKS
from tapetum_server.query.histograms import stepped
from tapetum_server.query.live_windows import WINDOW_NS
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.selection import Selection, select
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import MILLISECOND, Steps, TimeRange, format_time, steps_of

RECENT_S = 900
"""A version that got nothing for so long, while others did, is not what answers now."""
_OF = "subject_type, subject, version, detector, slice, feature, type"


class FindingRow(TypedDict):
    """One thing that is wrong, over all windows of the time in which it was found."""

    subject_type: str
    subject: str
    version: str
    detector: str
    """`schema`, or what a comparator of it measured: `drift`, `skew`."""
    slice: str
    feature: str
    type: str
    """A name of TFDV's list."""
    severity: str
    short: str
    evidence: str
    """Of the newest window, as are the values."""
    offending: list[str]
    value: float | None
    """What was measured, where something was, and the threshold that it is above."""
    threshold: float | None
    rows: int
    """Predictions that it concerns."""
    examples: int
    """Predictions in the windows in which it was found."""
    windows: int
    first_seen: str
    last_seen: str
    current: bool
    """Whether the newest window of its version that was looked at has it, and that version still gets predictions."""
    schema_version: int
    rows_filter: str
    """What finds the predictions that it concerns."""


class FindingRows(TypedDict):
    """Findings: those that hold now first, the worst first."""

    rows: list[FindingRow]
    more: bool
    looked: list[FindingLook]


class FindingLook(TypedDict):
    """How far a version of a model was looked at in this time."""

    subject: str
    version: str
    windows: int
    examples: int
    until: str
    """The end of the newest window."""


class FindingBucket(TypedDict):
    """One step: how many predictions were held against a schema, and how many things were wrong."""

    time: str
    examples: int
    windows: int
    errors: int
    """Findings of this severity: each feature and type once."""
    warnings: int
    rows: int
    """Predictions that the finding with the most of them concerns."""


class FindingHistogram(TypedDict):
    """Findings over time; every step of the range is there, also those in which nothing was looked at."""

    interval_ms: int
    buckets: list[FindingBucket]


async def list_findings(
    reader: Reader, *, project: str, time_range: TimeRange, filter: Filter, limit: int
) -> FindingRows:
    """Findings of the time that pass the filter, and what was looked at. Raises `QueryError`."""
    selection = await select(reader, FINDINGS, project=project, time_range=time_range, filter=filter)
    found = rows_of(await reader.query(*findings_statement(selection, limit + 1)))
    looked = rows_of(await reader.query(*looked_statement(selection)))
    return FindingRows(
        rows=[
            FindingRow(
                subject_type=row["subject_type"], subject=row["subject"], version=row["version"],
                detector=row["detector"], slice=row["slice"], feature=row["feature"], type=row["type"],
                severity=row["worst"], short=row["said"], evidence=row["told"], offending=list(row["values"]),
                value=row["measured"], threshold=row["allowed"], rows=int(row["concerned"]), examples=int(row["held"]),
                windows=int(row["windows"]), first_seen=format_time(row["first_ns"]),
                last_seen=format_time(row["last_ns"]), current=bool(row["current"]),
                schema_version=int(row["against"]), rows_filter=row["finds"],
            )
            for row in found[:limit]
        ],
        more=len(found) > limit,
        looked=[
            FindingLook(
                subject=row["subject"], version=row["version"], windows=int(row["windows"]),
                examples=int(row["held"]), until=format_time(row["until_ns"]),
            )
            for row in looked
        ],
    )  # fmt: skip


async def finding_histogram(
    reader: Reader, *, project: str, time_range: TimeRange, filter: Filter, buckets: int = 60
) -> FindingHistogram:
    """How many predictions were looked at, and what was wrong with them, over time. Raises `QueryError`."""
    selection = await select(reader, FINDINGS, project=project, time_range=time_range, filter=filter)
    selection, steps = await stepped(reader, selection, buckets)
    if steps is None:
        return FindingHistogram(interval_ms=0, buckets=[])
    if steps.step < WINDOW_NS:
        drawn = selection.time_range
        assert drawn.start is not None
        assert drawn.end is not None
        steps = steps_of(drawn.start, max(drawn.end, drawn.start + 1), at_most=buckets, step=WINDOW_NS)
    found = {row["step"]: row for row in rows_of(await reader.query(*histogram_statement(selection, steps)))}
    return FindingHistogram(
        interval_ms=steps.step // MILLISECOND,
        buckets=[_bucket(time, found.get(i)) for i, time in enumerate(steps.times())],
    )


def _bucket(time: int, row: Mapping[str, Any] | None) -> FindingBucket:
    def of(name: str) -> int:
        return int(row[f"of_{name}"]) if row else 0

    return FindingBucket(
        time=format_time(time), examples=of("examples"), windows=of("windows"), errors=of("errors"),
        warnings=of("warnings"), rows=of("rows"),
    )  # fmt: skip


def findings_statement(selection: Selection, limit: int) -> Statement:
    """One row per finding. It holds now where no later window of its subject was looked at without it."""
    parameters = Parameters()
    where = conditions(selection, parameters)
    columns = f"""{_OF}, argMax(severity, window_start) AS worst, argMax(short, window_start) AS said,
    argMax(evidence, window_start) AS told, argMax(offending, window_start) AS values,
    argMax(value, window_start) AS measured, argMax(threshold, window_start) AS allowed, sum(rows) AS concerned,
    sum(examples) AS held, count() AS windows, toUnixTimestamp64Nano(min(first_seen)) AS first_ns,
    toUnixTimestamp64Nano(max(last_seen)) AS last_ns, max(window_start) AS last_window,
    argMax(schema_version, window_start) AS against, argMax(rows_filter, window_start) AS finds"""
    condition = " AND ".join(where)
    recent = f"last_window + toIntervalSecond({RECENT_S}) > newest_of_all"
    sql = f"""SELECT *, last_window >= newest_window AND {recent} AS current
FROM (
    SELECT {columns}
    FROM {FINDINGS.relation(columns, condition)}
    WHERE {condition}
    GROUP BY {_OF}
) AS found
LEFT JOIN (
    SELECT *, max(newest_window) OVER (PARTITION BY subject_type, subject) AS newest_of_all
    FROM (
        SELECT subject_type, subject, version, max(window_start) AS newest_window
        FROM finding_rows
        WHERE project = {parameters.text(selection.project)} AND type = ''
        GROUP BY subject_type, subject, version
    )
) AS looks USING (subject_type, subject, version)
ORDER BY current DESC, worst = 'ERROR' DESC, detector = 'schema' DESC, concerned DESC, {_OF}
LIMIT {parameters.integer(limit)}"""
    return Statement(sql, parameters.values)


def looked_statement(selection: Selection) -> Statement:
    """One row per version of a model that was looked at, whatever was found."""
    parameters = Parameters()
    looks = _looks(selection)
    columns = """subject, version, count() AS windows, sum(examples) AS held,
    toUnixTimestamp64Nano(max(window_end)) AS until_ns"""
    condition = " AND ".join(conditions(looks, parameters))
    sql = f"""SELECT {columns}
FROM {LOOKS.relation(columns, condition)}
WHERE {condition}
GROUP BY subject, version
ORDER BY until_ns DESC, subject, version
LIMIT 1000"""
    return Statement(sql, parameters.values)


def histogram_statement(selection: Selection, steps: Steps) -> Statement:
    """One row per step in which something was looked at: a look, and what it found, lie where their window begins."""
    parameters = Parameters()
    start, length = parameters.integer(steps.start), parameters.integer(steps.step)
    step = f"intDiv(toUnixTimestamp64Nano(window_start) - {start}, {length})"
    columns = f"{step} AS step, {_OF}, severity, rows"
    condition = " AND ".join(conditions(selection, parameters))
    looked = f"{step} AS step, sum(examples) AS held, count() AS windows, 0 AS bad, 0 AS odd, 0 AS most"
    at = " AND ".join(conditions(_looks(selection), parameters))
    of = "(subject, version, detector, slice, feature, type)"
    sql = f"""SELECT step, sum(held) AS of_examples, sum(windows) AS of_windows, sum(bad) AS of_errors,
    sum(odd) AS of_warnings, max(most) AS of_rows
FROM (
    SELECT step, 0 AS held, 0 AS windows, uniqExactIf({of}, severity = 'ERROR') AS bad,
        uniqExactIf({of}, severity != 'ERROR') AS odd, max(rows) AS most
    FROM (
        SELECT {columns}
        FROM {FINDINGS.relation(columns, condition)}
        WHERE {condition}
    )
    GROUP BY step
    UNION ALL
    SELECT {looked}
    FROM {LOOKS.relation(looked, at)}
    WHERE {at}
    GROUP BY step
)
WHERE step >= 0
GROUP BY step"""
    return Statement(sql, parameters.values)


def _looks(selection: Selection) -> Selection:
    """The looks at the same subjects and versions, in the same time."""
    of = Filter(tuple(term for term in selection.filter.terms if term.key in ("subject", "version", "model")))
    return Selection(LOOKS, selection.project, selection.time_range, of)
