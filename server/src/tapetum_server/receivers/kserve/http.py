"""The sink of KServe's payload logger: `POST /v1/kserve/events`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Scope

from tapetum_server.receivers.doors import (
    Endpoint,
    HandOn,
    answered,
    caller_of,
    content_type,
    door_of,
    error,
    turned_away,
)
from tapetum_server.receivers.kserve.cloudevents import CloudEvent, NoEvent, events_of
from tapetum_server.receivers.kserve.other_events import keep_event
from tapetum_server.receivers.kserve.pairing import MOVED_FROM, Pairing, Record
from tapetum_server.receivers.kserve.tensors import NoInference
from tapetum_server.signals.consumer import Consumer, IngestObserver
from tapetum_server.signals.identity import Caller
from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.predictions import PredictionBatch

PATH = "/v1/kserve/events"
_REFUSED = "invalid_event"

Read = Callable[[Sequence[Record], str, str, Mapping[int, int]], tuple[PredictionBatch, list[str]]]
"""(predictions, project, sender, which were on another day) → what can be kept, and what is wrong with the others."""


class KServeEvents:
    """The route. Bodies arrive inflated, and every request's scope state holds `identity` and `project`.

    Any answer but 200 is an error to KServe, which sends nothing twice. Of a batch the good events are kept.
    """

    def __init__(self, consumer: Consumer, observer: IngestObserver, pairing: Pairing, read: Read) -> None:
        self._hand_on = HandOn(consumer, observer, "predictions", "logs")
        self._pairing = pairing
        self._read = read
        self.routes: list[BaseRoute] = [Route(PATH, Endpoint(self.take), name="kserve_events")]

    def owns(self, scope: Scope) -> bool:
        """Whether the request is for the route."""
        return door_of(scope) == PATH

    def refuse(self, scope: Scope, status: int, reason: str, message: str) -> Response:
        """The answer for a request that fails before it gets here, and its count."""
        if "identity" in scope.get("state", {}):
            self._hand_on.count_request("predictions", caller_of(scope), reason)
        return error(status, reason, message)

    async def take(self, request: Request) -> Response:
        """Answer one request, when what is good of it is kept."""
        return await answered(self._take(request), error)

    async def _take(self, request: Request) -> Response:
        if (away := turned_away(request, error)) is not None:
            return away
        sender = caller_of(request.scope)
        if sender.barred:
            self._hand_on.count_request("predictions", sender, sender.barred)
            return error(403, sender.barred, "this caller may not write to the project that the request names")
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            events = list(events_of(await request.body(), content_type(request.scope), headers))
        except NoEvent as wrong:
            self._hand_on.count_request("predictions", sender, _REFUSED)
            return error(400, _REFUSED, str(wrong), field=wrong.field)
        refused: list[dict[str, object]] = []
        accepted = await self._keep(events, sender, refused)
        if len(events) == 1 and len(refused) == 1:
            return error(400, _REFUSED, str(refused[0]["message"]), field=str(refused[0]["field"]))
        return Response(orjson.dumps({"accepted": accepted, "refused": refused}), media_type="application/json")

    async def _keep(
        self, events: Sequence[CloudEvent | NoEvent], sender: Caller, refused: list[dict[str, object]]
    ) -> int:
        project = sender.project or sender.home
        logs = LogBatch(project=project, sender=sender.identity.name)
        # By id: both halves of an inference may be in one batch, and the second has all of it.
        records: dict[tuple[str, str], Record] = {}
        for index, event in enumerate(events):
            try:
                if isinstance(event, NoEvent):
                    raise event
                if not event.part:
                    keep_event(logs, event, time.time_ns())
                    continue
                for record in await self._pairing.records(project, event):
                    records[record["model"], record["prediction_id"]] = record
            except (NoEvent, NoInference) as wrong:
                where = wrong.field if isinstance(wrong, NoEvent) else "data"
                refused.append({"index": index, "field": where, "message": str(wrong)})
        dated = [{**record, "time": _iso(record["time"])} for record in records.values()]
        moved = {i: record.pop(MOVED_FROM) for i, record in enumerate(dated) if MOVED_FROM in record}
        batch, wrong_ones = self._read(dated, project, sender.identity.name, moved)
        refused += [{"index": None, "field": "data", "message": message} for message in wrong_ones]
        self._hand_on.count("predictions", project, sender.identity.name, "refused", _REFUSED, len(refused))
        return (await self._hand_on.one(batch)).accepted + (await self._hand_on.one(logs)).accepted


def _iso(time_unix_nano: int) -> str | None:
    """A time as records have it, with every digit; `None` for 0, when nobody said."""
    if not time_unix_nano:
        return None
    seconds, nanoseconds = divmod(time_unix_nano, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z"
