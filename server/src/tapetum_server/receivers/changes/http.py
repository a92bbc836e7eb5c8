"""The door for changes: `POST /v1/changes`."""

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

from tapetum_server.receivers.changes.records import Read, Undecodable, read_changes
from tapetum_server.signals.consumer import Busy, Consumer, IngestObserver, Receipt
from tapetum_server.signals.identity import Caller

logger = logging.getLogger("tapetum.changes")
PATH = "/v1/changes"
_LINES = frozenset({"application/x-ndjson", "application/jsonl", "application/ndjson"})
_INLINE_BYTES = 8 * 1024
"""Smaller bodies are decoded on the event loop: less work than a hop to another thread and back."""


class Changes:
    """The route. Bodies arrive inflated, and every request's scope state holds `identity` and `project`.

    Answering waits until the consumer has taken responsibility.
    """

    def __init__(self, consumer: Consumer, observer: IngestObserver, executor: Executor) -> None:
        self._consumer = consumer
        self._observer = observer
        self._executor = executor
        self.routes: list[BaseRoute] = [Route(PATH, _Endpoint(self), name="changes")]

    def owns(self, scope: Scope) -> bool:
        """Whether the request is for the route."""
        path: str = scope["path"]
        return path.removeprefix(scope.get("root_path", "")) == PATH

    def refuse(self, scope: Scope, status: int, reason: str, message: str) -> Response:
        """The answer for a request that fails before it gets here, and its count."""
        if "identity" in scope.get("state", {}):
            self._count_request(_sender(scope), reason)
        return _error(status, reason, message)

    async def take(self, request: Request) -> Response:
        """Answer one request."""
        if request.method != "POST":
            answer = _error(405, "method_not_allowed", f"{PATH} answers POST, not {request.method}")
            answer.headers["allow"] = "POST"
            return answer
        sender = _sender(request.scope)
        if not sender.identity.may("ingest"):
            return _error(403, "forbidden", f"the key {sender.identity.name!r} has no ingest scope")
        if sender.barred:
            self._count_request(sender, sender.barred)
            return _error(
                403, sender.barred, "this caller may not write to the project that the request names",
                field="x-tapetum-project",
            )  # fmt: skip
        lines = request.headers.get("content-type", "").partition(";")[0].strip().lower() in _LINES
        body = await request.body()
        project = sender.project or sender.home

        def read() -> Read:
            return read_changes(body, project, sender.identity.name, lines=lines)

        try:
            if len(body) <= _INLINE_BYTES:
                found = read()
            else:
                found = await asyncio.get_running_loop().run_in_executor(self._executor, read)
            receipt = await self._consume(found, sender)
        except Undecodable as error:
            self._count_request(sender, error.reason)
            return _error(error.status, error.reason, str(error), field="body", hint=error.hint)
        except Busy as busy:
            answer = _error(429 if busy.reason == "queue_full" else 503, busy.reason, str(busy))
            answer.headers["retry-after"] = str(max(1, math.ceil(busy.retry_after_s)))
            return answer
        except _Failed as error:
            return _error(500, "internal_error", str(error))
        if found.alone and found.refused:
            only = found.refused[0]
            return _error(400, "invalid_change", only.message, field=only.field or "body")
        refused: list[dict[str, object]] = [
            {"index": one.index, "field": one.field, "message": one.message} for one in found.refused
        ]
        refused += [{"index": None, "field": "", "message": message} for message in receipt.messages]
        return Response(orjson.dumps({"accepted": receipt.accepted, "refused": refused}), media_type="application/json")

    async def _consume(self, found: Read, sender: Caller) -> Receipt:
        batch, name = found.batch, sender.identity.name
        self._count(batch.project, name, "refused", "invalid_change", len(found.refused))
        if not len(batch):
            return Receipt()
        count = len(batch)
        try:
            receipt = await self._consumer.consume(batch)
        except Busy as busy:
            self._count(batch.project, name, "refused", busy.reason, count)
            raise
        except Exception:
            logger.exception("Failed at %d changes from %s", count, name)
            self._count(batch.project, name, "refused", "internal_error", count)
            raise _Failed("the server failed at these changes; its log says why") from None
        self._count(batch.project, name, "accepted", "", receipt.accepted)
        for reason, number in receipt.refused.items():
            self._count(batch.project, name, "refused", reason, number)
        return receipt

    def _count_request(self, sender: Caller, reason: str) -> None:
        self._count(sender.counted_in, sender.identity.name, "refused", reason, 1)

    def _count(self, project: str, sender: str, outcome: str, reason: str, count: int) -> None:
        if count:
            self._observer.record(
                project=project, sender=sender, signal="changes", outcome=outcome, reason=reason, count=count
            )


class _Failed(Exception):
    """The fault is ours: the changes are not kept."""


class _Endpoint:
    """The route as a plain ASGI application, so that it answers every method itself."""

    def __init__(self, door: Changes) -> None:
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._door.take(Request(scope, receive))
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
