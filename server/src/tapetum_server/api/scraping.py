"""What is scraped, and how it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from tapetum_server.api.dependencies import ProjectName, Reader
from tapetum_server.api.questions import answer, router_of
from tapetum_server.query.time_range import format_time
from tapetum_server.signals.scraping import ScrapeHealth, ScrapeStatus

router = router_of("scraping")
Statuses = Callable[[str], list[ScrapeStatus]]


class ScrapeTarget(TypedDict):
    """One target that this server scrapes, as its last scrape left it."""

    job: str
    instance: str
    url: str
    """Without what stands behind `?`, which may be a secret."""
    interval_s: float
    timeout_s: float
    health: ScrapeHealth
    last_scrape: str | None
    duration_ms: float
    samples: int
    """In the last answer."""
    points: int
    """What became of them: a histogram of many samples is one point."""
    refused: int
    error: str | None
    failing_since: str | None
    next_scrape: str | None


class ScrapeTargetList(TypedDict):
    """The targets of one project, those that fail first."""

    targets: list[ScrapeTarget]


@router.get("/scrape_targets", response_model=ScrapeTargetList)
def list_scrape_targets(request: Request, caller: Reader, project: ProjectName) -> Response:
    """What this server scrapes into the project, and how the last scrape of each went."""
    statuses = cast(Statuses, request.app.state.scrape_statuses)(project)
    # A stable sort: within each kind, as they stand in the configuration.
    statuses.sort(key=lambda status: (status.health != "down", not status.error))
    return answer(ScrapeTargetList(targets=[_target(status) for status in statuses]))


def _target(status: ScrapeStatus) -> ScrapeTarget:
    return ScrapeTarget(
        job=status.job,
        instance=status.instance,
        url=status.url,
        interval_s=status.interval_s,
        timeout_s=status.timeout_s,
        health=status.health,
        last_scrape=_time(status.last_unix_nano),
        duration_ms=status.duration_s * 1e3,
        samples=status.samples,
        points=status.series,
        refused=status.refused,
        error=status.error or None,
        failing_since=_time(status.failing_since_unix_nano),
        next_scrape=_time(status.next_unix_nano),
    )


def _time(unix_nano: int) -> str | None:
    return format_time(unix_nano) if unix_nano else None
