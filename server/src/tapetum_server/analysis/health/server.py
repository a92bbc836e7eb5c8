"""The server itself: its disk, what waits, what failed, its memory and its merges."""

from __future__ import annotations

from typing_extensions import TypedDict

from tapetum_server.analysis.health.attention import CheckRow, Found, line, page
from tapetum_server.analysis.health.words import count, percent, plural, seconds, size
from tapetum_server.analysis.server_state import FAILURES_S, ServerState
from tapetum_server.detectors.growth import time_to_full
from tapetum_server.query.engine_state import EngineState
from tapetum_server.query.time_range import SECOND

NEAR_FULL = 10.0
"""Percentage points below the guard."""
FILLS_SOON_S = 3 * 86_400
FILLS_NOW_S = 6 * 3_600
QUEUE_SHARE = 0.5
MEMORY_SHARE = 0.85
MANY_PARTS = 300
"""Of one partition. The engine makes inserts wait from 1,000, and refuses them at 3,000."""
MANY_FAILURES = 5
_KINDS = {
    "too_slow": "took too long", "too_heavy": "needed too much memory", "unavailable": "found no store",
    "failed": "were refused by the engine",
}  # fmt: skip


class DiskCard(TypedDict):
    """The store's disk."""

    used_percent: float
    full_percent: float
    """Where ingest pauses."""
    full_in_s: float | None
    """At the rate of the last hours; nothing when it does not grow, or it is too early to say."""


def disk_card(state: ServerState) -> DiskCard:
    """How full the disk is, and when ingest will pause."""
    times = [time for time, _ in state.disk_samples]
    shares = [share for _, share in state.disk_samples]
    return DiskCard(
        used_percent=state.disk_used_percent, full_percent=state.disk_full_percent,
        full_in_s=time_to_full(times, shares, state.disk_full_percent / 100),
    )  # fmt: skip


def look_at_server(state: ServerState, engine: EngineState | None, now: int, *, whole: bool) -> Found:
    """What is wrong with the server. `whole`: also what a caller of one project has no business with."""
    result = Found()
    link = page("/settings", {"tab": "health"})
    disk = disk_card(state)
    used, full, left = disk["used_percent"], disk["full_percent"], disk["full_in_s"]
    free = "Free space, add disk, or shorten retention in Settings."
    if used >= full:
        result.lines.append(line(
            "disk_full", "critical", "disk",
            f"The store's disk is {used:.0f} % full: ingest pauses (limit {full:g} %).",
            link=link, next=free, value=used, limit=full,
        ))  # fmt: skip
    elif used >= full - NEAR_FULL or (left is not None and left <= FILLS_SOON_S):
        soon = f", and is full in {seconds(left)} at the present rate" if left is not None else ""
        result.lines.append(line(
            "disk_fills", "critical" if left is not None and left <= FILLS_NOW_S else "warning", "disk",
            f"The store's disk is {used:.0f} % full{soon} (ingest pauses at {full:g} %).",
            link=link, next=free, value=used, limit=full,
        ))  # fmt: skip
    if state.waiting_records >= QUEUE_SHARE * state.waiting_limit:
        result.lines.append(line(
            "queue", "warning", "ingest", f"{count(state.waiting_records)} records wait to be written; at "
            f"{count(state.waiting_limit)} senders are asked to wait.",
            link=page("/ingest"), value=float(state.waiting_records), limit=float(state.waiting_limit),
            next="Send larger batches less often, give the server more CPU, or a faster disk.",
        ))  # fmt: skip
    if whole:
        _of_the_house(result, state, engine)
    attention = any(one["severity"] != "info" for one in result.lines)
    uptime = seconds(max(0.0, now / SECOND - state.started_at))
    text = f"Disk {used:.0f} % of {full:g} %, {count(state.waiting_records)} records waiting, up for {uptime}."
    result.checks.append(CheckRow(name="Server", outcome="attention" if attention else "ok", text=text))
    return result


def _of_the_house(result: Found, state: ServerState, engine: EngineState | None) -> None:
    link = page("/settings", {"tab": "health"})
    share = state.memory_bytes / state.memory_limit_bytes if state.memory_limit_bytes else 0.0
    if share >= MEMORY_SHARE:
        result.lines.append(line(
            "memory", "warning", "server",
            f"The server uses {size(state.memory_bytes)}, {percent(share)} of the memory it can have "
            f"(limit {percent(MEMORY_SHARE)}).",
            link=link, next="Lower memory_gb, or give the machine more.", value=share, limit=MEMORY_SHARE,
        ))  # fmt: skip
    failures = sum(state.failures.by_kind.values())
    if failures:
        kinds = ", ".join(f"{n} {_KINDS.get(kind, kind)}" for kind, n in sorted(state.failures.by_kind.items()))
        first = state.failures.first_at
        result.lines.append(line(
            "queries", "warning" if failures >= MANY_FAILURES else "info", "queries",
            f"{plural(failures, 'question')} of the last {FAILURES_S / 60:.0f} min found no answer: {kinds}.",
            link=link, since=None if first is None else round(first * SECOND), value=float(failures),
            next="Ask about shorter times or filter more; the server's log has the engine's words.",
        ))  # fmt: skip
    crowded = max((engine or {"tables": []})["tables"], key=lambda t: t["fullest_partition"], default=None)
    if crowded is not None and crowded["fullest_partition"] >= MANY_PARTS:
        result.lines.append(line(
            "merges", "warning", crowded["table"],
            f"Merges fall behind: a day of {crowded['table']} lies in {count(crowded['fullest_partition'])} parts "
            f"(limit {MANY_PARTS}); inserts wait from 1,000.",
            link=link, value=float(crowded["fullest_partition"]), limit=float(MANY_PARTS),
            next="Send larger batches less often; see whether the disk or the CPU is at its limit.",
        ))  # fmt: skip
