"""The sink of KServe's payload logger: `POST /v1/kserve/events`."""

from __future__ import annotations

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from tapetum_server.receivers.kserve.cloudevents import CloudEvent, NoEvent, events_of
from tapetum_server.receivers.kserve.other_events import keep_event
from tapetum_server.receivers.kserve.pairing import MOVED_FROM, Pairing, Record
from tapetum_server.receivers.kserve.tensors import NoInference
from tapetum_server.signals.consumer import Batch, Busy, Consumer, IngestObserver
from tapetum_server.signals.identity import Caller
from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.predictions import PredictionBatch

logger = logging.getLogger("tapetum.kserve")
PATH = "/v1/kserve/events"
_REFUSED = "invalid_event"

Read = Callable[[Sequence[Record], str, str, Mapping[int, int]], tuple[PredictionBatch, list[str]]]
"""(predictions, project, sender, which were on another day) → what can be kept, and what is wrong with the others."""


class KServeEvents:
    """The route. Bodies arrive inflated, and every request's scope state holds `identity` and `project`.

    Any answer but 200 is an error to KServe, which sends nothing twice. Of a batch the good events are kept.
    """

    def __init__(self, consumer: Consumer, observer: IngestObserver, pairing: Pairing, read: Read) -> None:
        self._consumer = consumer
        self._observer = observer
        self._pairing = pairing
        self._read = read
        self.routes: list[BaseRoute] = [Route(PATH, _Endpoint(self), name="kserve_events")]

    def owns(self, scope: Scope) -> bool:
        """Whether the request is for the route."""
        path: str = scope["path"]
        return path.removeprefix(scope.get("root_path", "")) == PATH

    def refuse(self, scope: Scope, status: int, reason: str, message: str) -> Response:
        """The answer for a request that fails before it gets here, and its count."""
        if "identity" in scope.get("state", {}):
            sender = _sender(scope)
            self._count(sender.counted_in, sender, "predictions", "refused", reason, 1)
        return _error(status, reason, message)

    async def take(self, request: Request) -> Response:
        """Answer one request, when what is good of it is kept."""
        if request.method != "POST":
            answer = _error(405, "method_not_allowed", f"{PATH} answers POST, not {request.method}")
            answer.headers["allow"] = "POST"
            return answer
        sender = _sender(request.scope)
        if not sender.identity.may("ingest"):
            return _error(403, "forbidden", f"the key {sender.identity.name!r} has no ingest scope")
        if sender.barred:
            self._count(sender.counted_in, sender, "predictions", "refused", sender.barred, 1)
            return _error(403, sender.barred, "this caller may not write to the project that the request names")
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            events = list(events_of(await request.body(), media_type, headers))
        except NoEvent as wrong:
            self._count(sender.counted_in, sender, "predictions", "refused", _REFUSED, 1)
            return _error(400, _REFUSED, str(wrong), field=wrong.field)
        refused: list[dict[str, object]] = []
        try:
            accepted = await self._keep(events, sender, refused)
        except Busy as busy:
            answer = _error(429 if busy.reason == "queue_full" else 503, busy.reason, str(busy))
            answer.headers["retry-after"] = str(max(1, math.ceil(busy.retry_after_s)))
            return answer
        except _Failed as error:
            return _error(500, "internal_error", str(error))
        if len(events) == 1 and len(refused) == 1:
            return _error(400, _REFUSED, str(refused[0]["message"]), field=str(refused[0]["field"]))
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
        self._count(project, sender, "predictions", "refused", _REFUSED, len(refused))
        return await self._consume(batch, sender) + await self._consume(logs, sender)

    async def _consume(self, batch: Batch, sender: Caller) -> int:
        count, project, signal = len(batch), batch.project, batch.signal
        if not count:
            return 0
        try:
            receipt = await self._consumer.consume(batch)
        except Busy as busy:
            self._count(project, sender, signal, "refused", busy.reason, count)
            raise
        except Exception:
            logger.exception("Failed at %d %s from %s", count, signal, sender.identity.name)
            self._count(project, sender, signal, "refused", "internal_error", count)
            raise _Failed("the server failed at these events; its log says why") from None
        self._count(project, sender, signal, "accepted", "", receipt.accepted)
        for outcome, reasons in (("refused", receipt.refused), ("truncated", receipt.truncated)):
            for reason, number in Counter(reasons).items():
                self._count(project, sender, signal, outcome, reason, number)
        return receipt.accepted

    def _count(self, project: str, sender: Caller, signal: str, outcome: str, reason: str, count: int) -> None:
        if count:
            self._observer.record(
                project=project, sender=sender.identity.name, signal=signal, outcome=outcome, reason=reason, count=count
            )


class _Failed(Exception):
    """The fault is ours: the events are not kept."""


class _Endpoint:
    """The route as a plain ASGI application, so that it answers every method itself."""

    def __init__(self, door: KServeEvents) -> None:
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._door.take(Request(scope, receive))
        except ClientDisconnect:
            return
        await response(scope, receive, send)


def _iso(time_unix_nano: int) -> str | None:
    """A time as records have it, with every digit; `None` for 0, when nobody said."""
    if not time_unix_nano:
        return None
    seconds, nanoseconds = divmod(time_unix_nano, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z"


def _sender(scope: Scope) -> Caller:
    state = scope["state"]
    return Caller(state["identity"], state.get("project"))


def _error(status: int, code: str, message: str, **more: Any) -> Response:
    detail = {"code": code, "message": f"{message[:1].upper()}{message[1:]}", **{k: v for k, v in more.items() if v}}
    return Response(orjson.dumps({"error": detail}), status, media_type="application/json")
