"""The doors for our own records: `POST /v1/changes`, `/v1/evaluations`, `/v1/predictions`, `/v1/labels`."""

from __future__ import annotations

import asyncio
import logging
import math
from concurrent.futures import Executor

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from tapetum_server.receivers.records.bodies import Undecodable
from tapetum_server.receivers.records.reading import KINDS, LABELS, Kind, Read, RecordBatch, read_records
from tapetum_server.signals.consumer import Busy, Consumer, IngestObserver, Receipt
from tapetum_server.signals.identity import Caller
from tapetum_server.signals.scores import Definitions, undefined

logger = logging.getLogger("tapetum.records")
_INLINE_BYTES = 8 * 1024
"""Smaller bodies are decoded on the event loop: less work than a hop to another thread and back."""


class Records:
    """The routes. Bodies arrive inflated, and every request's scope state holds `identity` and `project`.

    Answering waits until the consumer has taken responsibility.
    """

    def __init__(
        self,
        consumer: Consumer,
        observer: IngestObserver,
        executor: Executor,
        definitions: Definitions = undefined,
    ) -> None:
        self._consumer = consumer
        self._observer = observer
        self._executor = executor
        self._definitions = definitions
        self._kinds = {f"/v1/{kind.called}": kind for kind in KINDS}
        self.routes: list[BaseRoute] = [
            Route(path, _Endpoint(self, kind), name=kind.called) for path, kind in self._kinds.items()
        ]

    def owns(self, scope: Scope) -> bool:
        """Whether the request is for one of the routes."""
        return self._kind_of(scope) is not None

    def refuse(self, scope: Scope, status: int, reason: str, message: str) -> Response:
        """The answer for a request that fails before it gets here, and its count."""
        if "identity" in scope.get("state", {}) and (kind := self._kind_of(scope)) is not None:
            self._count_request(kind, _sender(scope), reason)
        return _error(status, reason, message)

    def _kind_of(self, scope: Scope) -> Kind | None:
        path: str = scope["path"]
        return self._kinds.get(path.removeprefix(scope.get("root_path", "")))

    async def take(self, request: Request, kind: Kind) -> Response:
        """Answer one request."""
        if request.method != "POST":
            answer = _error(405, "method_not_allowed", f"/v1/{kind.called} answers POST, not {request.method}")
            answer.headers["allow"] = "POST"
            return answer
        sender = _sender(request.scope)
        if not sender.identity.may("ingest"):
            return _error(403, "forbidden", f"the key {sender.identity.name!r} has no ingest scope")
        if sender.barred:
            self._count_request(kind, sender, sender.barred)
            return _error(
                403, sender.barred, "this caller may not write to the project that the request names",
                field="x-tapetum-project",
            )  # fmt: skip
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        body = await request.body()
        project, defaults = sender.project or sender.home, dict(request.query_params)

        def read() -> Read:
            return read_records(kind, body, media_type, project, sender.identity.name, self._definitions, defaults)

        try:
            if len(body) <= _INLINE_BYTES:
                found = read()
            else:
                found = await asyncio.get_running_loop().run_in_executor(self._executor, read)
            self._count_refused(kind, found, sender)
            receipt = await self._consume(kind, found.batch, sender)
            if found.beside is not None:
                receipt.messages += (await self._consume(LABELS, found.beside, sender)).messages
        except Undecodable as error:
            self._count_request(kind, sender, error.reason)
            return _error(error.status, error.reason, str(error), field="body", hint=error.hint)
        except Busy as busy:
            answer = _error(429 if busy.reason == "queue_full" else 503, busy.reason, str(busy))
            answer.headers["retry-after"] = str(max(1, math.ceil(busy.retry_after_s)))
            return answer
        except _Failed as error:
            return _error(500, "internal_error", str(error))
        if found.alone and found.refused:
            only = found.refused[0]
            return _error(400, kind.refused, only.message, field=only.field or "body")
        refused: list[dict[str, object]] = [
            {"index": one.index, "field": one.field, "message": one.message} for one in found.refused
        ]
        if found.unsaid:
            refused.append({"index": None, "field": "", "message": f"{found.unsaid} others are not kept either"})
        refused += [{"index": None, "field": "", "message": message} for message in receipt.messages]
        return Response(orjson.dumps({"accepted": receipt.accepted, "refused": refused}), media_type="application/json")

    def _count_refused(self, kind: Kind, found: Read, sender: Caller) -> None:
        count = len(found.refused) + found.unsaid
        self._count(kind, found.batch.project, sender.identity.name, "refused", kind.refused, count)

    async def _consume(self, kind: Kind, batch: RecordBatch, sender: Caller) -> Receipt:
        name = sender.identity.name

        def count_of(outcome: str, reason: str, count: int) -> None:
            self._count(kind, batch.project, name, outcome, reason, count)

        if not len(batch):
            return Receipt()
        count = len(batch)
        try:
            receipt = await self._consumer.consume(batch)
        except Busy as busy:
            count_of("refused", busy.reason, count)
            raise
        except Exception:
            logger.exception("Failed at %d %s from %s", count, kind.called, name)
            count_of("refused", "internal_error", count)
            raise _Failed("the server failed at these records; its log says why") from None
        count_of("accepted", "", receipt.accepted)
        for reason, number in receipt.refused.items():
            count_of("refused", reason, number)
        return receipt

    def _count_request(self, kind: Kind, sender: Caller, reason: str) -> None:
        self._count(kind, sender.counted_in, sender.identity.name, "refused", reason, 1)

    def _count(self, kind: Kind, project: str, sender: str, outcome: str, reason: str, count: int) -> None:
        if count:
            self._observer.record(
                project=project, sender=sender, signal=kind.called, outcome=outcome, reason=reason, count=count
            )


class _Failed(Exception):
    """The fault is ours: the records are not kept."""


class _Endpoint:
    """One route as a plain ASGI application, so that it answers every method itself."""

    def __init__(self, door: Records, kind: Kind) -> None:
        self._door = door
        self._kind = kind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._door.take(Request(scope, receive), self._kind)
        except ClientDisconnect:
            return
        await response(scope, receive, send)


def _sender(scope: Scope) -> Caller:
    state = scope["state"]
    return Caller(state["identity"], state.get("project"))


def _error(status: int, code: str, message: str, *, field: str | None = None, hint: str | None = None) -> Response:
    detail = {"code": code, "message": f"{message[:1].upper()}{message[1:]}", "field": field, "hint": hint}
    body = orjson.dumps({"error": {name: value for name, value in detail.items() if value is not None}})
    return Response(body, status, media_type="application/json")
