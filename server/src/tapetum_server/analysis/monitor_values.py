"""A monitor's query into one value per series, now or at every moment of a day."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson
from typing_extensions import TypedDict

from tapetum_server.analysis.alert_state import AlertState, look
from tapetum_server.analysis.monitor_definition import MonitorDefinition, WindowAggregate
from tapetum_server.analysis.saved_queries import MetricQuery, QueryAnswer, SqlQuery, answer_query
from tapetum_server.query.errors import QueryError
from tapetum_server.query.reader import Reader
from tapetum_server.query.sql_runner import SqlRunner
from tapetum_server.query.time_range import MILLISECOND, SECOND, TimeRange
from tapetum_server.signals.scores import ScoreDefinition

MAX_SERIES = 100
"""Series of one monitor: more are more than anybody can be called for."""
MORE_SERIES = f"it has more than {MAX_SERIES} series, and the others are not watched: narrow it, or group by less"
"""What is said of a monitor that does not see all."""
PREVIEW_SERIES = 10
PREVIEW_POINTS = 1_440
MAX_PREVIEW_DAYS = 31
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Observed:
    """The value of one series over the window; `None` where the window held none."""

    labels: Mapping[str, str]
    value: float | None
    present: bool = True
    """Whether the query named this series; if not, `value` is what its absence means."""


class PreviewSeries(TypedDict):
    """One series as the monitor would have seen it."""

    labels: dict[str, str]
    points: list[tuple[int, float | None]]
    """(milliseconds since 1970, the value of the window that ended then)."""
    firing: list[tuple[int, int]]
    """From and to, in milliseconds, of the times at which it would have called."""


class Preview(TypedDict):
    """What a monitor would have seen and done over a time that is past."""

    unit: str
    step_s: int
    limit: float | None
    series: list[PreviewSeries]
    truncated: bool
    note: str | None


def subject_of(labels: Mapping[str, str]) -> str:
    """A short name of a series that is the same in every process."""
    text = orjson.dumps(dict(labels), option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def aggregate(values: Sequence[float], how: WindowAggregate) -> float | None:
    """One value of a window's; `None` of none."""
    if not values:
        return None
    if how == "last":
        return values[-1]
    if how == "avg":
        return sum(values) / len(values)
    if how == "sum":
        return sum(values)
    return min(values) if how == "min" else max(values)


def _how(definition: MonitorDefinition) -> WindowAggregate:
    return definition.condition.aggregate if definition.condition is not None else "last"


async def observe(
    reader: Reader,
    sql: SqlRunner,
    project: str,
    definition: MonitorDefinition,
    now_ns: int,
    scores: Sequence[ScoreDefinition] = (),
) -> tuple[list[Observed], bool]:
    """The value of every series over the last whole steps of the window, and whether there are more than these."""
    step = definition.step_s * SECOND
    end = now_ns // step * step
    time_range = TimeRange(end - definition.window_s * SECOND // step * step, end)
    answer = await answer_query(
        reader,
        sql,
        project=project,
        query=definition.query,
        time_range=time_range,
        step_s=definition.step_s,
        definitions=scores,
    )
    if answer["table"] is not None:
        return _of_table(answer), answer["truncated"] or len(answer["table"]["rows"]) > MAX_SERIES
    assert time_range.start is not None
    first, last = time_range.start // MILLISECOND, end // MILLISECOND
    found = [
        Observed(
            series["labels"],
            aggregate([v for t, v in series["points"] if v is not None and first <= t < last], _how(definition)),
        )
        for series in answer["series"][:MAX_SERIES]
    ]
    return found, answer["truncated"]


def _of_table(answer: QueryAnswer) -> list[Observed]:
    """Rows of SQL without a time: the last column is the value, those before it say of what."""
    table = answer["table"]
    assert table is not None
    names = [column["name"] for column in table["columns"]]
    found = []
    for row in table["rows"][:MAX_SERIES]:
        value = row[-1]
        if isinstance(value, str):
            # JSON answers of SQL give 64-bit integers as text.
            try:
                value = float(value)
            except ValueError:
                value = None
        if value is not None and not isinstance(value, int | float):
            raise QueryError(
                f"the last column, {names[-1]}, is no number", code="not_a_number", field="query.query",
                hint="A monitor's SQL ends with the number to watch; the columns before it name the series.",
            )  # fmt: skip
        labels = {name: str(cell) for name, cell in zip(names[:-1], row[:-1])}
        found.append(Observed(labels, None if value is None else float(value)))
    return found


def _is_count(definition: MonitorDefinition) -> bool:
    query = definition.query
    return not isinstance(query, MetricQuery | SqlQuery) and query.measure in ("count", "rate")


def past_day(now_ns: int) -> TimeRange:
    """What a preview looks at unless somebody asks for another time."""
    return TimeRange(now_ns - DAY_S * SECOND, now_ns)


async def preview(
    reader: Reader,
    sql: SqlRunner,
    project: str,
    definition: MonitorDefinition,
    past: TimeRange,
    scores: Sequence[ScoreDefinition] = (),
) -> Preview:
    """What the monitor would have seen and done over a time that is past, by the same rules as in earnest.

    Raises `QueryError` for a time without both ends, or of more than `MAX_PREVIEW_DAYS`.
    """
    if past.start is None or past.end is None or past.end - past.start > MAX_PREVIEW_DAYS * DAY_S * SECOND:
        raise QueryError(
            f"a monitor's past is shown for at most {MAX_PREVIEW_DAYS} days", code="bad_time", field="from",
            hint="Say from and to, or leave both out for the past day.",
        )  # fmt: skip
    length_s = (past.end - past.start) // SECOND
    step_s = max(definition.step_s, -(-length_s // PREVIEW_POINTS))
    step = step_s * SECOND
    end = past.end // step * step
    steps = max(1, definition.window_s // step_s)
    start = end - max(1, length_s // step_s) * step
    asked = TimeRange(start - (steps - 1) * step, end)
    answer = await answer_query(
        reader, sql, project=project, query=definition.query, time_range=asked, step_s=step_s, definitions=scores
    )
    limit = definition.condition.limit if definition.condition is not None else None
    found = [(series["labels"], dict(series["points"])) for series in answer["series"]]
    # As in earnest: where there are no series at all, their absence is what is looked at.
    shown = found[:PREVIEW_SERIES] if found or answer["table"] is not None else [({}, {})]
    times = [t // MILLISECOND for t in range(start, end, step)]
    note = answer["note"]
    if answer["table"] is not None:
        note = "A table without a time column has no past to show; the monitor looks at it as it is."
    return Preview(
        unit=answer["unit"],
        step_s=step_s,
        limit=limit,
        series=[_previewed(definition, labels, points, times, steps, step_s) for labels, points in shown],
        truncated=answer["truncated"] or len(found) > len(shown),
        note=note,
    )


def _previewed(
    definition: MonitorDefinition,
    labels: dict[str, str],
    values: Mapping[int, float | None],
    times: Sequence[int],
    steps: int,
    step_s: int,
) -> PreviewSeries:
    how = _how(definition)
    points: list[tuple[int, float | None]] = []
    firing: list[tuple[int, int]] = []
    state: AlertState | None = None
    for time in times:
        window = [v for i in range(steps) if (v := values.get(time - (steps - 1 - i) * step_s * 1_000)) is not None]
        value = aggregate(window, how) if window else definition.absence
        end = time + step_s * 1_000
        points.append((time, value))
        # A series has zeros where nothing was counted; a monitor that looked then saw no series at all.
        empty = definition.absence is None and _is_count(definition) and not any(window)
        state = look(definition, state, labels, None if empty else value, end / 1_000).state
        if state is not None and state.state in ("firing", "no_data"):
            if firing and firing[-1][1] == time:
                firing[-1] = (firing[-1][0], end)
            else:
                firing.append((time, end))
    return PreviewSeries(labels=labels, points=points, firing=firing)
