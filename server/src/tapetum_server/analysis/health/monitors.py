"""Monitors that fire, that have no data or that cannot look, and notifications that nobody took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from typing_extensions import TypedDict

from tapetum_server.analysis.health.attention import CheckRow, Found, Severity, line, page
from tapetum_server.analysis.health.words import count, name, plural, said
from tapetum_server.analysis.monitor_definition import MonitorDefinition, number, unit_of
from tapetum_server.analysis.monitor_report import MonitorRow
from tapetum_server.catalog.deliveries import GivenUp
from tapetum_server.query.time_range import SECOND

GIVEN_UP_WITHIN_S = 86_400
_STATES = ("firing", "error", "no_data", "pending", "waiting", "ok", "disabled")


class MonitorCount(TypedDict):
    """How many monitors are in one state."""

    state: str
    monitors: int


def look_at_monitors(rows: Sequence[MonitorRow], given_up: Sequence[GivenUp]) -> Found:
    """Those that call somebody, or would if they were not muted."""
    result = Found()
    for row in rows:
        calling = [alert for alert in row["alerts"] if alert["state"] in ("firing", "no_data", "error")]
        if row["state"] not in ("firing", "no_data", "error") or not calling:
            continue
        severity: Severity = "warning" if row["state"] == "error" else row["definition"]["severity"]
        since = _nanoseconds(min(alert["since"] for alert in calling))
        result.lines.append(line(
            "monitor", severity, row["name"], _said(row, len(calling)), since=since, value=row["value"],
            limit=row["limit"], muted=row["muted"],
            link=page(f"/monitors/{row['id']}", since=since - 1_800 * SECOND),
            next=str(row["definition"]["runbook"])
            or "Open the monitor: what it looks at, since when, and whom it told.",
        ))  # fmt: skip
    for lost in given_up:
        result.lines.append(line(
            "notifications", "warning", lost.monitor,
            f"{plural(lost.count, 'notification')} of monitor {name(lost.monitor)} "
            f"{'was' if lost.count == 1 else 'were'} given up in the last 24 h: {said(lost.outcome)}.",
            link=page(f"/monitors/{lost.monitor_id}"), value=float(lost.count), since=round(lost.first_at * SECOND),
            next="Nobody was told. Mend the webhook's receiver or its address, then send a test.",
        ))  # fmt: skip
    if rows:
        text = f"{plural(len(rows), 'monitor')}: {', '.join(_counted(rows))}."
        calling_ = any(not one["muted"] and one["severity"] != "info" for one in result.lines)
        result.checks.append(CheckRow(name="Monitors", outcome="attention" if calling_ else "ok", text=text))
    else:
        result.checks.append(CheckRow(name="Monitors", outcome="not_seen", text="No monitor was made in this project."))
    return result


def monitor_counts(rows: Sequence[MonitorRow]) -> list[MonitorCount]:
    """States that any monitor is in, the worst first."""
    counted = Counter[str](row["state"] for row in rows)
    return [MonitorCount(state=state, monitors=counted[state]) for state in _STATES if counted[state]]


def _counted(rows: Sequence[MonitorRow]) -> list[str]:
    return [f"{count(one['monitors'])} {one['state'].replace('_', ' ')}" for one in monitor_counts(rows)]


def _said(row: MonitorRow, series: int) -> str:
    of = f" ({plural(series, 'series', 'series')})" if series > 1 else ""
    if row["state"] == "error":
        return f"Monitor {name(row['name'])} cannot look{of}: {said(row['problem']) or 'its query fails'}."
    condition = said(row["condition_text"].removeprefix("Fires when "))
    if row["state"] == "no_data":
        return f"Monitor {name(row['name'])} has no data{of}. It calls when {condition}."
    unit = unit_of(MonitorDefinition.model_validate(row["definition"]).query)
    unit = f" {unit}" if unit else ""
    value = "" if row["value"] is None else f" at {number(row['value'])}{unit}"
    limit = "" if row["limit"] is None else f" (limit {number(row['limit'])}{unit})"
    return f"Monitor {name(row['name'])} fires{of}{value}{limit}: {condition}."


def _nanoseconds(iso: str) -> int:
    return round(datetime.fromisoformat(iso).timestamp() * 1_000) * 1_000_000
