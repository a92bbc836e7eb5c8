"""The one report of what needs attention: the page, the command and whoever else asks are told the same."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal

from typing_extensions import TypedDict

from tapetum_server.analysis.health.arrivals import look_at_lag, look_at_refusals, look_for_silence
from tapetum_server.analysis.health.attention import MAX_LINES, SEVERITIES, AttentionRow, CheckRow, ranked
from tapetum_server.analysis.health.errors import look_at_errors
from tapetum_server.analysis.health.hosts import HostCard, host_cards, look_at_hosts
from tapetum_server.analysis.health.leaks import CREDENTIALS, look_for_leaks
from tapetum_server.analysis.health.monitors import MonitorCount, look_at_monitors, monitor_counts
from tapetum_server.analysis.health.running import HEARD_S, STARTED_S, look_at_running
from tapetum_server.analysis.health.server import DiskCard, disk_card, look_at_server
from tapetum_server.analysis.health.services import Compared, look_at_services
from tapetum_server.analysis.monitor_report import MonitorRow
from tapetum_server.analysis.server_state import ServerState
from tapetum_server.catalog.deliveries import GivenUp
from tapetum_server.query.arrivals import ArrivalLag, arrival_lag, spoken
from tapetum_server.query.changes import Change, list_changes
from tapetum_server.query.engine_state import EngineState, engine_state
from tapetum_server.query.error_windows import error_windows
from tapetum_server.query.heartbeats import running_of
from tapetum_server.query.host_shares import host_shares
from tapetum_server.query.ingest import Ingest, IngestSeries, ingest
from tapetum_server.query.leaks import leaks
from tapetum_server.query.reader import Reader
from tapetum_server.query.service_windows import ServiceWindows, Traffic, service_windows, traffic
from tapetum_server.query.time_range import SECOND, Steps, TimeRange, format_time

WINDOW_S, WINDOWS = 600, 37
"""Now, and six hours before it."""
YOUNG_WINDOW_S, YOUNG_WINDOWS = 120, 16
"""The same for services that are too young for those: half an hour."""
HOUR = 3_600 * SECOND
LAG_S = 900
SHOWN_CHANGES = 8
SHOWN_LAGS = 20


class IngestCard(TypedDict):
    """What arrived within the last hour."""

    accepted: int
    refused: int
    dropped: int
    truncated: int
    series: IngestSeries
    lag: list[ArrivalLag]
    """Of the last quarter of an hour, the latest first."""


class HealthReport(TypedDict):
    """What needs attention now, and how things stand besides."""

    project: str
    time: str
    state: Literal["critical", "warning", "info", "ok"]
    """The worst of what is not muted."""
    attention: list[AttentionRow]
    left_out: int
    """Lines beyond the most that are told."""
    checks: list[CheckRow]
    traffic: Traffic
    ingest: IngestCard
    hosts: list[HostCard]
    monitors: list[MonitorCount]
    changes: list[Change]
    """Of the last day, the newest first."""
    disk: DiskCard | None


async def health_report(
    reader: Reader,
    *,
    project: str,
    now: int,
    monitors: Sequence[MonitorRow],
    given_up: Sequence[GivenUp],
    server: ServerState | None,
    whole_server: bool,
    secrets_watched: bool,
) -> HealthReport:
    """Ask everything at once, judge each answer, and put what is worst first."""
    steps = _steps(now, WINDOW_S, WINDOWS)
    young_steps = _steps(now, YOUNG_WINDOW_S, YOUNG_WINDOWS)
    last_hour, last_day = TimeRange(now - HOUR, now), TimeRange(now - 24 * HOUR, now)
    (
        (services, young, speakers, lags, arrived),
        (hosts, changed, requests, engine),
        (errors, running, leaked),
    ) = await asyncio.gather(
        asyncio.gather(
            service_windows(reader, project=project, steps=steps),
            service_windows(reader, project=project, steps=young_steps),
            spoken(reader, project=project, time_range=TimeRange(steps.start, now)),
            arrival_lag(reader, project=project, arrived=TimeRange(now - LAG_S * SECOND, now)),
            ingest(reader, project=project, time_range=last_hour),
        ),
        asyncio.gather(
            host_shares(reader, project=project, time_range=last_hour),
            list_changes(reader, project=project, time_range=last_day, limit=200),
            traffic(reader, project=project, now=now),
            _engine(reader, server is not None and whole_server),
        ),
        asyncio.gather(
            error_windows(reader, project=project, steps=steps, lately=HOUR // steps.step),
            running_of(
                reader,
                project=project,
                started=TimeRange(now - STARTED_S * SECOND, now),
                heard_since=now - HEARD_S * SECOND,
            ),
            leaks(reader, project=project, time_range=last_day, lately=now - HOUR, rules=CREDENTIALS),
        ),
    )
    groups = [
        look_at_monitors(monitors, given_up),
        look_at_services(Compared(services, steps), Compared(young, young_steps), changed["rows"]),
        look_at_errors(errors, steps, changed["rows"], data_since=_data_since(services, steps)),
        look_at_running(running, now),
        look_for_silence(speakers, now),
        look_at_hosts(hosts, now),
        look_for_leaks(leaked, changed["rows"], watched=secrets_watched),
        look_at_refusals(arrived, now),
        look_at_lag(lags),
    ]
    if server is not None:
        groups.append(look_at_server(server, engine, now, whole=whole_server))
    lines = ranked(line for group in groups for line in group.lines)
    awake = [line["severity"] for line in lines if not line["muted"]]
    return HealthReport(
        project=project,
        time=format_time(now),
        state=min(awake, key=SEVERITIES.index, default="ok"),
        attention=lines[:MAX_LINES],
        left_out=max(0, len(lines) - MAX_LINES),
        checks=[check for group in groups for check in group.checks],
        traffic=requests,
        ingest=_ingest(arrived, lags),
        hosts=host_cards(hosts, now),
        monitors=monitor_counts(monitors),
        changes=changed["rows"][:SHOWN_CHANGES],
        disk=None if server is None else disk_card(server),
    )


def _steps(now: int, window_s: int, windows: int) -> Steps:
    """Even windows of which the last ends now."""
    return Steps(now - windows * window_s * SECOND, window_s * SECOND, windows)


def _data_since(services: Sequence[ServiceWindows], steps: Steps) -> int | None:
    """The first window in which any service was asked anything."""
    first = [i for service in services for i, window in enumerate(service.windows) if window.requests]
    return steps.start + min(first) * steps.step if first else None


async def _engine(reader: Reader, wanted: bool) -> EngineState | None:
    return await engine_state(reader) if wanted else None


def _ingest(found: Ingest, lags: Sequence[ArrivalLag]) -> IngestCard:
    senders = found["senders"]
    return IngestCard(
        accepted=sum(s["accepted"] for s in senders),
        refused=sum(s["refused"] for s in senders),
        dropped=sum(s["dropped"] for s in senders),
        truncated=sum(s["truncated"] for s in senders),
        series=found["series"],
        lag=list(lags[:SHOWN_LAGS]),
    )
