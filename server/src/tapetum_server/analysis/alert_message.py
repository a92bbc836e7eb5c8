"""What a notification says: one JSON body for programs and, under `text`, for people in a chat."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import orjson

from tapetum_server.analysis.alert_state import Notice
from tapetum_server.analysis.monitor_definition import MonitorDefinition, in_words, number

BODY_VERSION = 1
_WORDS = {"firing": "Firing", "resolved": "Resolved", "no_data": "No data", "error": "Cannot be evaluated"}


def iso(seconds: float) -> str:
    """A time as answers of the API write it, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def page_link(base: str, monitor_id: str, project: str, since: float, now: float) -> str:
    """The monitor's page, at the time it is about."""
    margin = 900
    query = urlencode({"project": project, "from": int((since - margin) * 1_000), "to": int((now + margin) * 1_000)})
    return f"{base.rstrip('/')}/monitors/{monitor_id}?{query}"


def notification(
    *,
    monitor_id: str,
    name: str,
    project: str,
    definition: MonitorDefinition,
    notice: Notice,
    now: float,
    base_url: str,
    test: bool = False,
) -> str:
    """The body of one notification, as JSON text."""
    link = page_link(base_url, monitor_id, project, notice.since, now)
    limit = definition.condition.limit if definition.condition is not None else None
    words = in_words(definition)
    body: dict[str, Any] = {
        "version": BODY_VERSION,
        "event": "test" if test else notice.event,
        "text": _text(name, project, notice, limit, words, link, test),
        "monitor": {
            "id": monitor_id, "name": name, "severity": definition.severity,
            "description": definition.description, "runbook": definition.runbook,
        },
        "project": project,
        "state": notice.state,
        "labels": dict(notice.labels),
        "value": notice.value,
        "limit": limit,
        "condition": words,
        "reason": notice.reason,
        "since": iso(notice.since),
        "time": iso(now),
        "link": link,
    }  # fmt: skip
    return orjson.dumps(body).decode()


def _text(name: str, project: str, notice: Notice, limit: float | None, words: str, link: str, test: bool) -> str:
    head = "Test" if test else _WORDS[notice.event]
    where = ", ".join(f"{k}={v}" for k, v in notice.labels.items())
    said = [f"{head}: {name}" + (f" ({where})" if where else "")]
    if notice.value is not None:
        said.append(f"value {number(notice.value)}" + (f", limit {number(limit)}" if limit is not None else ""))
    said.append(f"since {iso(notice.since)[11:19]} UTC in project {project}")
    if notice.reason:
        said.append(notice.reason)
    return f"{'; '.join(said)}. {words}. {link}"
