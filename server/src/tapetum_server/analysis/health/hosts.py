"""Machines: what is used up, and how much of each is in use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from typing_extensions import TypedDict

from tapetum_server.analysis.health.attention import CheckRow, Found, PageLink, Severity, line, page
from tapetum_server.analysis.health.words import name, percent, plural
from tapetum_server.detectors.saturation import saturation
from tapetum_server.query.host_shares import METRIC_OF, STEP_S, HostResource, HostShares
from tapetum_server.query.time_range import MILLISECOND, SECOND

WINDOW_S = 600
MAX_HOSTS = 50
_GROUP = {"disk": "system.filesystem.mountpoint", "gpu": "hw.name", "gpu_memory": "hw.name"}


@dataclass(frozen=True, slots=True)
class Limit:
    """From when a resource is used up."""

    resource: HostResource
    words: str
    warning: float
    critical: float | None
    next: str


LIMITS = (
    Limit("cpu", "CPU", 0.9, None, "See which service got more work or became slower; add CPUs, or spread the load."),
    Limit("memory", "memory", 0.9, 0.97, "Find the process that grows before the system ends one of them."),
    Limit("disk", "disk", 0.85, 0.95, "Free space or add some: databases stop when there is none."),
)
"""GPUs are not here: one that is fully used is doing what it was bought for. Their memory has a rule of its own."""
GPU_MEMORY = Limit(
    "gpu_memory", "GPU memory", 0.98, None, "The next allocation may fail: smaller batches, or less cache."
)


class HostBar(TypedDict):
    """One resource of a machine over the last hour."""

    resource: str
    part: str
    now: float | None
    """Share of 0 to 1; nothing when it was not measured lately."""
    points: list[tuple[int, float]]
    """(milliseconds since 1970, share)."""


class HostCard(TypedDict):
    """One machine."""

    host: str
    bars: list[HostBar]
    link: PageLink


def look_at_hosts(found: Sequence[HostShares], now: int) -> Found:
    """What has been used up for ten minutes."""
    result = Found()
    for shares in found:
        limit = next((one for one in (*LIMITS, GPU_MEMORY) if one.resource == shares.resource), None)
        if limit is None:
            continue
        points = [(time / SECOND, share) for time, share in shares.points]
        verdict = saturation(points, limit.warning, WINDOW_S, now / SECOND)
        if verdict.answer != "saturated":
            continue
        grave = limit.critical is not None and verdict.share >= limit.critical
        severity: Severity = "critical" if grave else "info" if limit is GPU_MEMORY else "warning"
        subject = f"{shares.host} {shares.part}".strip()
        part = f" {name(shares.part)}" if shares.part else ""
        result.lines.append(line(
            "host", severity, subject,
            f"{limit.words}{part} of {name(shares.host)} is {percent(verdict.share)} used over the last "
            f"{WINDOW_S // 60} min (limit {percent(limit.critical if grave and limit.critical else limit.warning)}).",
            link=_metric(shares.resource, shares.host), next=limit.next, value=verdict.share,
            limit=limit.critical if grave else limit.warning,
            since=None if verdict.since is None else round(verdict.since * SECOND),
        ))  # fmt: skip
    hosts = {shares.host for shares in found}
    if hosts:
        text = f"CPU, memory, disks and GPU memory of {plural(len(hosts), 'host')}, over the last {WINDOW_S // 60} min."
        attention = any(one["severity"] != "info" for one in result.lines)
        result.checks.append(CheckRow(name="Hosts", outcome="attention" if attention else "ok", text=text))
    else:
        text = "No host sends system metrics to this project."
        result.checks.append(CheckRow(name="Hosts", outcome="not_seen", text=text))
    return result


def _metric(resource: HostResource, host: str) -> PageLink:
    search = {"name": METRIC_OF[resource], "q": f'host.name:"{host}"'}
    if resource in _GROUP:
        search["by"] = _GROUP[resource]
    return page("/metrics-explorer", search)


def host_cards(found: Sequence[HostShares], now: int) -> list[HostCard]:
    """Each machine with its bars; of disks and GPUs the fullest."""
    by_host: dict[str, list[HostShares]] = defaultdict(list)
    for shares in found:
        by_host[shares.host].append(shares)
    cards = []
    for host, resources in sorted(by_host.items())[:MAX_HOSTS]:
        bars = []
        for resource in METRIC_OF:
            parts = [(_now(s, now), s) for s in resources if s.resource == resource]
            if not parts:
                continue
            share, fullest = max(parts, key=lambda pair: pair[0] if pair[0] is not None else -1.0)
            bars.append(HostBar(
                resource=resource, part=fullest.part, now=share,
                points=[(time // MILLISECOND, value) for time, value in fullest.points],
            ))  # fmt: skip
        cards.append(HostCard(host=host, bars=bars, link=page("/metrics-explorer", {"q": f'host.name:"{host}"'})))
    return cards


def _now(shares: HostShares, now: int) -> float | None:
    time, share = shares.points[-1]
    return share if now - time <= 5 * STEP_S * SECOND else None
