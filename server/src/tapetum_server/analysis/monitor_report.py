"""Monitors as people see them: what they look at, how it stands, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import orjson
from typing_extensions import TypedDict

from tapetum_server.analysis.alert_message import iso
from tapetum_server.analysis.alert_state import AlertState, worst
from tapetum_server.analysis.monitor_definition import MonitorDefinition, in_words
from tapetum_server.catalog.deliveries import Delivery
from tapetum_server.catalog.monitors import StoredMonitor

ShownState = Literal["ok", "pending", "firing", "no_data", "error", "waiting", "disabled"]
_ORDER = ("firing", "error", "no_data", "pending", "ok")


class AlertView(TypedDict):
    """One series of a monitor, as it stands."""

    labels: dict[str, str]
    state: str
    since: str
    value: float | None


class WebhookView(TypedDict):
    """Where notifications go. Values of headers and the secret are never shown."""

    url: str
    headers: list[str]
    signed: bool


class LastDelivery(TypedDict):
    """The newest notification and what came of it."""

    event: str
    status: str
    """waiting, delivered or given_up."""
    outcome: str
    created_at: str
    finished_at: str | None


class MonitorRow(TypedDict):
    """One monitor and how it stands."""

    id: str
    project: str
    name: str
    definition: dict[str, Any]
    condition_text: str
    state: ShownState
    """`waiting` until it was looked at for the first time."""
    since: str | None
    value: float | None
    limit: float | None
    alerts: list[AlertView]
    """The series that are not well first."""
    muted: bool
    muted_until: str | None
    enabled: bool
    webhook: WebhookView | None
    last_delivery: LastDelivery | None
    """`null` where nobody was ever told anything."""
    evaluated_at: str | None
    took_ms: float | None
    problem: str
    """Why the last look failed, or what it did not see; empty where all is well."""
    created_at: str
    updated_at: str


class DeliveryRow(TypedDict):
    """One notification and what came of it."""

    id: str
    event: str
    status: str
    attempts: int
    outcome: str
    created_at: str
    finished_at: str | None
    next_at: str | None
    body: dict[str, Any]


def monitor_row(
    monitor: StoredMonitor, states: Mapping[str, str], last: Delivery | None, now: float, *, whole_url: bool
) -> MonitorRow:
    """How a monitor stands. `whole_url`: many webhook addresses are secrets in themselves."""
    definition = MonitorDefinition.model_validate(orjson.loads(monitor.definition))
    known = {subject: AlertState.loads(text) for subject, text in states.items()}
    alerts = sorted(known.values(), key=lambda a: (_ORDER.index(a.state), a.since))
    series = [a for subject, a in known.items() if subject != "looking"]
    first = next((a for a in alerts if a.state != "ok"), None) or (max(series, key=lambda a: a.since, default=None))
    state: ShownState = worst(known) if monitor.enabled else "disabled"
    if monitor.enabled and monitor.evaluated_at is None:
        state = "waiting"
    muted = monitor.muted_until is not None and monitor.muted_until.timestamp() > now
    return MonitorRow(
        id=monitor.id,
        project=monitor.project,
        name=monitor.name,
        definition=definition.model_dump(mode="json"),
        condition_text=in_words(definition),
        state=state,
        since=iso(first.since) if first else None,
        value=first.value if first else None,
        limit=definition.condition.limit if definition.condition else None,
        alerts=[
            AlertView(labels=dict(a.labels), state=a.state, since=iso(a.since), value=a.value)
            for a in alerts
            if a.state != "ok" or len(alerts) <= 20
        ][:100],
        muted=muted,
        muted_until=_time(monitor.muted_until) if muted else None,
        enabled=monitor.enabled,
        webhook=_webhook(monitor.webhook, whole_url),
        last_delivery=None if last is None else _last(last),
        evaluated_at=_time(monitor.evaluated_at),
        took_ms=monitor.took_ms,
        problem=monitor.problem,
        created_at=iso(monitor.created_at.timestamp()),
        updated_at=iso(monitor.updated_at.timestamp()),
    )


def delivery_row(delivery: Delivery) -> DeliveryRow:
    """A notification as its log shows it."""
    waiting = delivery.status == "waiting"
    return DeliveryRow(
        id=delivery.id,
        event=delivery.event,
        status=delivery.status,
        attempts=delivery.attempts,
        outcome=delivery.outcome,
        created_at=iso(delivery.created_at),
        finished_at=None if delivery.finished_at is None else iso(delivery.finished_at),
        next_at=iso(delivery.next_at) if waiting else None,
        body=orjson.loads(delivery.body),
    )


def _last(delivery: Delivery) -> LastDelivery:
    return LastDelivery(
        event=delivery.event,
        status=delivery.status,
        outcome=delivery.outcome,
        created_at=iso(delivery.created_at),
        finished_at=None if delivery.finished_at is None else iso(delivery.finished_at),
    )


def _webhook(text: str, whole_url: bool) -> WebhookView | None:
    if not text:
        return None
    kept = orjson.loads(text)
    url = kept["url"]
    if not whole_url:
        parts = urlsplit(url)
        url = f"{parts.scheme}://{parts.hostname}/…"
    return WebhookView(url=url, headers=sorted(kept.get("headers", {})), signed=bool(kept.get("secret")))


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment.astimezone(UTC).timestamp())
