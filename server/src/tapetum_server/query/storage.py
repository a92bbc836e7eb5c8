"""What is stored: how much of each project's signals, since when, how fast it grows, and when the disk is full."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from typing_extensions import TypedDict

from tapetum_server.query.errors import QueryError
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import SECOND, format_time
from tapetum_server.store.engine import StoreError

StoredSignal = Literal["traces", "logs", "metrics", "predictions", "labels"]
SIGNALS: tuple[StoredSignal, ...] = get_args(StoredSignal)
_TABLES: Mapping[StoredSignal, str] = {
    "traces": "span_rows",
    "logs": "log_rows",
    "metrics": "metric_rows",
    "predictions": "prediction_rows",
    "labels": "label_rows",
}
_DAY = 86_400 * SECOND
_ACCESS_DENIED = 497


class StoredRow(TypedDict):
    """One signal of one project on the disk."""

    project: str
    signal: StoredSignal
    rows: int
    """As stored: a record that was delivered twice counts twice until the engine merges the two."""
    bytes: int
    """A project's share of files that it has in common with others goes by its rows."""
    oldest: str | None
    """The day of its oldest record; labels, which are not kept by day, have none."""
    rows_per_day: int
    """Accepted in the last 24 hours."""
    bytes_per_day: int
    """What they take on the disk."""
    retention_days: int


class Disk(TypedDict):
    """The disk under the store."""

    used_percent: float
    free_bytes: int | None
    full_percent: float
    """At which ingest pauses."""
    paused: bool
    """Whether ingest is paused now: senders are answered 503 and repeat."""
    bytes_per_day: int
    """By which all projects grow, before what goes past its retention."""
    full_at: str | None
    """When ingest pauses, if what arrives goes on as in the last 24 hours and retention does not level it off first."""


class Storage(TypedDict):
    """What is stored, and how long there is room for more."""

    stored: list[StoredRow]
    disk: Disk | None
    """For admins of every project."""


@dataclass(frozen=True, slots=True)
class DiskState:
    """What the disk guard saw last."""

    used_percent: float
    free_bytes: int | None
    full_percent: float
    paused: bool


async def storage(
    reader: Reader,
    *,
    retention: Mapping[tuple[str, StoredSignal], int],
    now: int,
    disk: DiskState | None = None,
) -> Storage:
    """What the projects of `retention` store, by signal. `disk` is shown, and looked ahead from, where it is given."""
    projects = sorted({project for project, _ in retention})
    try:
        answers = await asyncio.gather(
            *(reader.query(*stored_statement(signal, projects)) for signal in SIGNALS),
            reader.query(*arrivals_statement(projects, now)),
        )
    except StoreError as error:
        if error.code != _ACCESS_DENIED:
            raise
        raise QueryError(
            "the ClickHouse server does not let Tapetum read how large its tables are",
            code="not_allowed",
            hint="As its admin: GRANT SELECT ON system.parts TO the user of --store.",
        ) from error
    arrived = {(project, signal): int(rows) for project, signal, rows in tuples_of(answers[-1])}
    stored = []
    for signal, answer in zip(SIGNALS, answers):
        for project, rows, size, oldest in tuples_of(answer):
            each = size / rows if rows else 0.0
            daily = arrived.get((project, signal), 0)
            stored.append(
                StoredRow(
                    project=project, signal=signal, rows=int(rows), bytes=round(size),
                    oldest=None if oldest is None else format_time(int(oldest) * _DAY), rows_per_day=daily,
                    bytes_per_day=round(daily * each), retention_days=retention[project, signal],
                )
            )  # fmt: skip
    stored.sort(key=lambda row: (-row["bytes"], row["project"], row["signal"]))
    return Storage(stored=stored, disk=None if disk is None else _disk(disk, stored, now))


def stored_statement(signal: StoredSignal, projects: Sequence[str]) -> Statement:
    """Rows by project, and their share of the bytes of each day's files. Reads one narrow column."""
    table, parameters = _TABLES[signal], Parameters()
    sql = f"""SELECT project, sum(rows) AS stored, sum(rows * bytes_each) AS bytes, min(toInt64OrNull(day)) AS oldest
FROM (
    SELECT toString(project) AS project, _partition_id AS day, count() AS rows
    FROM {table}
    WHERE has({parameters.texts(projects)}, project)
    GROUP BY project, day
) AS mine
INNER JOIN (
    SELECT partition_id AS day, sum(bytes_on_disk) / sum(rows) AS bytes_each
    FROM system.parts
    WHERE active AND database = currentDatabase() AND table = '{table}'
    GROUP BY day
) AS files USING (day)
GROUP BY project"""
    return Statement(sql, parameters.values)


def arrivals_statement(projects: Sequence[str], now: int) -> Statement:
    """Records accepted in the last 24 hours, the server's own measurements included: they take room too."""
    parameters = Parameters()
    sql = f"""SELECT toString(project) AS project, toString(signal) AS signal, sum(count) AS accepted
FROM ingest_rows
WHERE has({parameters.texts(projects)}, project) AND outcome = 'accepted'
    AND time >= toDateTime({parameters.integer((now - _DAY) // SECOND)}, 'UTC')
GROUP BY project, signal"""
    return Statement(sql, parameters.values)


def _disk(disk: DiskState, stored: Sequence[StoredRow], now: int) -> Disk:
    daily = sum(row["bytes_per_day"] for row in stored)
    return Disk(
        used_percent=disk.used_percent,
        free_bytes=disk.free_bytes,
        full_percent=disk.full_percent,
        paused=disk.paused,
        bytes_per_day=daily,
        full_at=_full_at(disk, stored, daily, now),
    )


def _full_at(disk: DiskState, stored: Sequence[StoredRow], daily: int, now: int) -> str | None:
    if disk.free_bytes is None or daily <= 0 or disk.used_percent >= 100:
        return None
    whole = disk.free_bytes / (1 - disk.used_percent / 100)
    room = whole * (disk.full_percent - disk.used_percent) / 100
    # In the end each signal holds as many days as it is kept.
    growth = sum(max(0, row["bytes_per_day"] * row["retention_days"] - row["bytes"]) for row in stored)
    if growth <= room:
        return None
    return format_time(min(now + int(max(0.0, room) / daily * _DAY), 2**63 - 1))
