"""Monitors: made, changed, muted, tried out; and the history of their alerts."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Annotated, Any, cast

import orjson
from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, field_validator
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from tapetum_server.analysis.alert_message import notification
from tapetum_server.analysis.alert_state import AlertState, Notice
from tapetum_server.analysis.monitor_definition import MonitorDefinition, in_words
from tapetum_server.analysis.monitor_report import (
    DeliveryRow,
    MonitorRow,
    delivery_row,
    monitor_row,
)
from tapetum_server.analysis.monitor_values import Preview, past_day, preview
from tapetum_server.analysis.monitor_verdict import Judge
from tapetum_server.api.access import ServerFacts
from tapetum_server.api.dependencies import Admin, Reader, catalog_of, resolve_project
from tapetum_server.api.errors import ApiError
from tapetum_server.api.query import may_ask
from tapetum_server.api.questions import Limit, Question, To, answer, now_of, reader_of, router_of
from tapetum_server.api.sql import sql_runner_of
from tapetum_server.catalog.deliveries import NewDelivery
from tapetum_server.catalog.errors import MonitorExists, TooManyMonitors, UnknownMonitor
from tapetum_server.catalog.monitors import StoredMonitor
from tapetum_server.query import alerts as alert_queries
from tapetum_server.query.time_range import TIME_HINT, TimeRange, parse_range
from tapetum_server.signals.identity import Identity

router = router_of("monitors")
MAX_HEADERS = 20
PreviewFrom = Annotated[str | None, Query(alias="from", description=f"Without it and `to`: the past day. {TIME_HINT}")]


class Webhook(BaseModel):
    """Where notifications go."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(max_length=2_000)]
    headers: dict[str, SecretStr] | None = None
    """Sent along, such as a token. Left out in a change: as they are."""
    secret: SecretStr | None = None
    """With it every notification is signed (HMAC-SHA256). Left out in a change: as it is; empty: no more."""

    @field_validator("url")
    @classmethod
    def _http(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")) or len(url.split("//", 1)[1]) == 0:
            raise ValueError("expected an address that begins with http:// or https://")
        return url

    @field_validator("headers")
    @classmethod
    def _few(cls, headers: dict[str, SecretStr] | None) -> dict[str, SecretStr] | None:
        if headers is None:
            return None
        if len(headers) > MAX_HEADERS:
            raise ValueError(f"expected at most {MAX_HEADERS} headers")
        for name, value in headers.items():
            text = value.get_secret_value()
            if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
                raise ValueError("expected names of letters, digits, - and _")
            if not text.isascii() or not text.isprintable():
                raise ValueError(f"the value of {name} has characters that a header cannot carry")
        return headers


class NewMonitor(MonitorDefinition):
    """A monitor to make."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    project: str | None = None
    webhook: Webhook | None = None
    enabled: bool = True
    muted_until: AwareDatetime | None = None


class MonitorChange(BaseModel):
    """What to change; what is left out stays. `definition` is replaced whole."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    definition: MonitorDefinition | None = None
    webhook: Webhook | None = None
    """`null` takes it away."""
    enabled: bool | None = None
    muted_until: AwareDatetime | None = None
    """`null` ends the silence."""


class MonitorPreviewRequest(BaseModel):
    """A monitor that nobody has made yet."""

    model_config = ConfigDict(extra="forbid")

    project: str | None = None
    definition: MonitorDefinition


class MonitorList(TypedDict):
    """A project's monitors."""

    rows: list[MonitorRow]


class DeliveryList(TypedDict):
    """A monitor's notifications, the newest first."""

    rows: list[DeliveryRow]


class TestDelivery(TypedDict):
    """A test notification that is on its way."""

    delivery_id: str


class PreviewAnswer(TypedDict):
    """What a monitor would have seen and done over the last day, or over the time that was asked for."""

    condition_text: str
    preview: Preview


@router.get("/monitors", response_model=MonitorList)
def list_monitors(request: Request, caller: Reader, project: str | None = None) -> Response:
    """A project's monitors and how they stand."""
    name = resolve_project(request, project)
    monitors = catalog_of(request).monitors
    states, last = monitors.states(name), catalog_of(request).deliveries.last(name)
    now, whole_url = now_of(request) / 1e9, caller.may("admin")
    found = [
        monitor_row(monitor, states.get(monitor.id, {}), last.get(monitor.id), now, whole_url=whole_url)
        for monitor in monitors.all(name)
    ]
    return answer(MonitorList(rows=found))


@router.post("/monitors", status_code=201, response_model=MonitorRow)
def create_monitor(request: Request, caller: Admin, new: NewMonitor) -> Response:
    """Make a monitor. It is looked at within its interval."""
    name = resolve_project(request, new.project)
    outside = {"name", "project", "webhook", "enabled", "muted_until"}
    try:
        made = catalog_of(request).monitors.create(
            name,
            new.name.strip(),
            definition=orjson.dumps(new.model_dump(mode="json", exclude=outside)).decode(),
            webhook=_webhook_text(new.webhook, ""),
            enabled=new.enabled,
            muted_until=new.muted_until,
            first_in_s=random.uniform(0, min(new.interval_s, 5)),
        )
    except (MonitorExists, TooManyMonitors) as error:
        raise ApiError("monitor_not_made", str(error), 409, field="name") from error
    result = answer(_row(request, caller, made))
    result.status_code = 201
    return result


@router.post("/monitors/preview", response_model=PreviewAnswer)
async def preview_new_monitor(request: Request, caller: Reader, asked: MonitorPreviewRequest) -> Response:
    """What a monitor would have done over the last day, before it is made."""
    may_ask(request, caller, asked.definition.query.kind)
    project = resolve_project(request, asked.project)
    return await _previewed(request, project, asked.definition, past_day(now_of(request)))


@router.get("/monitors/{monitor_id}", response_model=MonitorRow)
def get_monitor(request: Request, caller: Reader, monitor_id: str) -> Response:
    """One monitor and how it stands."""
    return answer(_row(request, caller, _monitor(request, caller, monitor_id)))


@router.patch("/monitors/{monitor_id}", response_model=MonitorRow)
def change_monitor(request: Request, caller: Admin, monitor_id: str, change: MonitorChange) -> Response:
    """Change a monitor: rename, redefine, mute, switch on or off."""
    monitor = _monitor(request, caller, monitor_id)
    values: dict[str, Any] = {}
    given = change.model_fields_set
    if change.name is not None:
        values["name"] = change.name.strip()
    if change.definition is not None:
        values["definition"] = orjson.dumps(change.definition.model_dump(mode="json")).decode()
    if "webhook" in given:
        values["webhook"] = _webhook_text(change.webhook, monitor.webhook)
    if change.enabled is not None:
        values["enabled"] = change.enabled
    if "muted_until" in given:
        values["muted_until"] = change.muted_until
    try:
        changed = catalog_of(request).monitors.change(monitor_id, **values)
    except MonitorExists as error:
        raise ApiError("monitor_exists", str(error), 409, field="name") from error
    if monitor.enabled and not changed.enabled:
        _end_alerts(request, changed, "the monitor was switched off")
    return answer(_row(request, caller, changed))


@router.delete("/monitors/{monitor_id}", status_code=204)
def delete_monitor(request: Request, caller: Admin, monitor_id: str) -> None:
    """Delete a monitor. Its history stays in `alerts`."""
    monitor = _monitor(request, caller, monitor_id)
    _end_alerts(request, monitor, "the monitor was deleted")
    catalog_of(request).monitors.remove(monitor_id)


@router.post("/monitors/{monitor_id}/test", status_code=202, response_model=TestDelivery)
def test_monitor(request: Request, caller: Admin, monitor_id: str) -> Response:
    """Send a test notification. What came of it is among the deliveries."""
    monitor = _monitor(request, caller, monitor_id)
    if not monitor.webhook:
        raise ApiError(
            "no_webhook", "This monitor has no webhook to test.", 409, field="webhook", hint="Give it one first."
        )
    now = time.time()
    body = notification(
        monitor_id=monitor.id,
        name=monitor.name,
        project=monitor.project,
        definition=_definition(monitor),
        notice=Notice(event="firing", labels={}, state="firing", since=now, value=None, reason="this is only a test"),
        now=now,
        base_url=_public_url(request),
        test=True,
    )
    delivery_id = catalog_of(request).deliveries.add(monitor.id, NewDelivery(event="test", body=body))
    result = answer(TestDelivery(delivery_id=delivery_id))
    result.status_code = 202
    return result


@router.get("/monitors/{monitor_id}/deliveries", response_model=DeliveryList)
def list_deliveries(request: Request, caller: Reader, monitor_id: str) -> Response:
    """A monitor's notifications: what was sent, how often it was tried, and what came of it."""
    _monitor(request, caller, monitor_id)
    found = catalog_of(request).deliveries.of_monitor(monitor_id)
    return answer(DeliveryList(rows=[delivery_row(delivery) for delivery in found]))


@router.get("/monitors/{monitor_id}/preview", response_model=PreviewAnswer)
async def preview_monitor(
    request: Request, caller: Reader, monitor_id: str, from_: PreviewFrom = None, to: To = None
) -> Response:
    """What the condition would have seen and done over the last day, or over a time of at most 31 days."""
    monitor = await asyncio.to_thread(_monitor, request, caller, monitor_id)
    now = now_of(request)
    past = past_day(now) if from_ is None and to is None else parse_range(from_, to, now)
    return await _previewed(request, monitor.project, _definition(monitor), past)


@router.get("/alerts", response_model=alert_queries.Alerts)
async def list_alerts(
    asked: Question,
    monitor: Annotated[str | None, Query(description="The id of one monitor.")] = None,
    limit: Limit = 100,
) -> Response:
    """What changed: each state that a monitor's series came into within the range, the newest first."""
    return answer(
        await alert_queries.list_alerts(
            asked.reader, project=asked.project, time_range=asked.time_range, monitor_id=monitor, limit=limit
        )
    )


async def _previewed(request: Request, project: str, definition: MonitorDefinition, past: TimeRange) -> Response:
    scores = catalog_of(request).scores.known(project)
    found = await preview(reader_of(request), sql_runner_of(request), project, definition, past, scores)
    return answer(PreviewAnswer(condition_text=in_words(definition, found["unit"]), preview=found))


def _monitor(request: Request, caller: Identity, monitor_id: str) -> StoredMonitor:
    try:
        monitor = catalog_of(request).monitors.get(monitor_id)
    except UnknownMonitor:
        monitor = None
    if monitor is None or not caller.may_use(monitor.project):
        raise ApiError(
            "monitor_not_found", f"There is no monitor {monitor_id[:40]!r}.", 404, field="monitor_id",
            hint="GET /api/v1/monitors lists them.",
        )  # fmt: skip
    return monitor


def _definition(monitor: StoredMonitor) -> MonitorDefinition:
    return MonitorDefinition.model_validate(orjson.loads(monitor.definition))


def _row(request: Request, caller: Identity, monitor: StoredMonitor) -> MonitorRow:
    catalog = catalog_of(request)
    states = catalog.monitors.states_of(monitor.id)
    last = catalog.deliveries.last(monitor.project, monitor.id).get(monitor.id)
    return monitor_row(monitor, states, last, now_of(request) / 1e9, whole_url=caller.may("admin"))


def _webhook_text(webhook: Webhook | None, before: str) -> str:
    if webhook is None:
        return ""
    kept = orjson.loads(before) if before else {}
    kept["url"] = webhook.url
    if webhook.headers is not None:
        kept["headers"] = {name: value.get_secret_value() for name, value in webhook.headers.items()}
    if webhook.secret is not None:
        kept["secret"] = webhook.secret.get_secret_value()
    return orjson.dumps(kept).decode()


def _end_alerts(request: Request, monitor: StoredMonitor, reason: str) -> None:
    monitors = catalog_of(request).monitors
    states = {s: AlertState.loads(text) for s, text in monitors.states_of(monitor.id).items()}
    judge = Judge(monitor, _definition(monitor), time.time(), _public_url(request))
    verdict = judge.closed(states, reason)
    monitors.close_alerts(monitor.id, verdict.records, verdict.deliveries)


def _public_url(request: Request) -> str:
    return cast(ServerFacts, request.app.state.facts).public_url
