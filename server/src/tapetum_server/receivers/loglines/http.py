"""The doors for logs that do not speak OTLP: lines to /v1/logs, and Loki's push API."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

from tapetum_server.receivers.loglines.loki import read_push
from tapetum_server.receivers.loglines.ndjson import read_lines
from tapetum_server.receivers.loglines.records import Read, Undecodable
from tapetum_server.signals.consumer import Busy, Consumer, IngestObserver, Receipt
from tapetum_server.signals.identity import Caller
from tapetum_server.signals.limits import MAX_KEY_BYTES
from tapetum_server.signals.tallies import Tallies

logger = logging.getLogger("tapetum.logs")
LINES_PATH, LOKI_PATH = "/v1/logs", "/loki/api/v1/push"
LINES, TEXT = frozenset({"application/x-ndjson", "application/jsonl", "application/ndjson"}), "text/plain"
_PROTOBUF = frozenset({"application/x-protobuf", "application/protobuf"})
_INLINE_BYTES = 8 * 1024
"""Smaller bodies are decoded on the event loop: less work than a hop to another thread and back."""


class _Failed(Exception):
    """The fault is ours: the records are not kept."""


class LogLines:
    """Routes of both doors. Bodies arrive inflated, and every request's scope state holds `identity` and `project`.

    Decoding runs on `executor`; answering waits until the consumer has taken responsibility.
    """

    def __init__(self, consumer: Consumer, observer: IngestObserver, executor: Executor) -> None:
        self._consumer = consumer
        self._tallies = Tallies(observer, "logs")
        self._executor = executor
        self.routes: list[BaseRoute] = [
            _LinesRoute(LINES_PATH, _Endpoint(self.take_lines), name="log_lines"),
            Route(LOKI_PATH, _Endpoint(self.take_push), name="loki_push"),
        ]

    def owns(self, scope: Scope) -> bool:
        """Whether the request is for one of the routes."""
        return _is_push(scope) or are_lines(scope)

    def is_snappy(self, scope: Scope) -> bool:
        """Whether the body is raw snappy, which Loki's clients may or may not say."""
        return _is_push(scope) and _content_type(scope) in _PROTOBUF

    def refuse(self, scope: Scope, status: int, reason: str, message: str) -> Response:
        """The answer for a request that fails before it gets here, and its count."""
        if "identity" in scope.get("state", {}):
            self._count_request(_sender(scope), reason)
        return _loki_error(status, message) if _is_push(scope) else _error(status, reason, message)

    async def take_lines(self, request: Request) -> Response:
        """Answer lines of JSON or text."""
        sender = _sender(request.scope)
        if not sender.identity.may("ingest"):
            return _error(403, "forbidden", f"the key {sender.identity.name!r} has no ingest scope")
        service = request.query_params.get("service", "")[:MAX_KEY_BYTES]
        is_text = _content_type(request.scope) == TEXT
        body = await request.body()

        def read() -> Read:
            return read_lines(body, sender, service, time.time_ns(), text=is_text)

        try:
            found = await self._off_loop(len(body), read)
            total = await self._deliver(found)
        except Undecodable as error:
            self._count_request(sender, error.reason)
            return _error(error.status, error.reason, str(error))
        except Busy as busy:
            answer = _error(429 if busy.reason == "queue_full" else 503, busy.reason, str(busy))
            answer.headers["retry-after"] = _retry_after(busy)
            return answer
        except _Failed as error:
            return _error(500, "internal_error", str(error))
        errors: list[dict[str, object]] = [{"line": line, "message": message} for line, message in found.errors]
        errors += [{"message": message} for message in total.messages]
        answered = {"accepted": total.accepted, "refused": sum(total.refused.values()), "errors": errors[:20]}
        if total.truncated:
            answered["truncated"] = dict(total.truncated)
        return Response(orjson.dumps(answered), media_type="application/json")

    async def take_push(self, request: Request) -> Response:
        """Answer Loki's push, as Loki does: 204, or a text that says what was not kept."""
        if request.method != "POST":
            answer = _loki_error(405, f"{request.method} is not for {LOKI_PATH}: send POST")
            answer.headers["allow"] = "POST"
            return answer
        sender = _sender(request.scope)
        if not sender.identity.may("ingest"):
            return _loki_error(403, f"the key {sender.identity.name!r} has no ingest scope")
        content_type = _content_type(request.scope)
        is_json = content_type == "application/json"
        if not is_json and content_type not in _PROTOBUF:
            self._count_request(sender, "content_type")
            return _loki_error(415, f"content type {content_type!r}: send application/json or application/x-protobuf")
        body = await request.body()

        def read() -> Read:
            return read_push(body, sender, is_json=is_json)

        try:
            found = await self._off_loop(len(body), read)
            total = await self._deliver(found)
        except Undecodable as error:
            self._count_request(sender, error.reason)
            return _loki_error(error.status, str(error))
        except Busy as busy:
            answer = _loki_error(429 if busy.reason == "queue_full" else 503, str(busy))
            answer.headers["retry-after"] = _retry_after(busy)
            return answer
        except _Failed as error:
            return _loki_error(500, str(error))
        if not total.refused:
            return Response(status_code=204)
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(total.refused.items()))
        said = dict.fromkeys([*(message for _, message in found.errors), *total.messages])
        refused = sum(total.refused.values())
        return _loki_error(400, f"{total.accepted} entries kept, {refused} refused ({reasons}): {'; '.join(said)}")

    async def _off_loop(self, size: int, read: Callable[[], Read]) -> Read:
        if size <= _INLINE_BYTES:
            return read()
        return await asyncio.get_running_loop().run_in_executor(self._executor, read)

    async def _deliver(self, found: Read) -> Receipt:
        """Have every batch consumed, and count. Raises `Busy` or `_Failed` if any was not; a retry is safe."""
        results = await asyncio.gather(
            *(self._consume(found.project, service, found) for service in found.batches), return_exceptions=True
        )
        total = Receipt()
        for result in results:
            if isinstance(result, BaseException):
                raise result
            total += result
        for outcome, counted, sums in (
            ("refused", found.refused, total.refused),
            ("truncated", found.truncated, total.truncated),
        ):
            for (service, reason), count in counted.items():
                self._count(found.project, service or "unknown_service", outcome, reason, count)
                sums[reason] += count
        return total

    async def _consume(self, project: str, service: str, found: Read) -> Receipt:
        batch = found.batches[service]
        count = len(batch)
        try:
            receipt = await self._consumer.consume(batch)
        except Busy as busy:
            self._count(project, service, "refused", busy.reason, count)
            raise
        except Exception:
            logger.exception("Failed at a batch of %d log records from %s", count, service)
            self._count(project, service, "refused", "internal_error", count)
            raise _Failed("the server failed at these records; its log says why") from None
        self._count(project, service, "accepted", "", receipt.accepted)
        for outcome, reasons in (("refused", receipt.refused), ("truncated", receipt.truncated)):
            for reason, number in reasons.items():
                self._count(project, service, outcome, reason, number)
        return Receipt(receipt.accepted, Counter(receipt.refused), Counter(receipt.truncated), list(receipt.messages))

    def _count_request(self, sender: Caller, reason: str) -> None:
        self._count(sender.counted_in, sender.identity.name, "refused", reason, 1)

    def _count(self, project: str, service: str, outcome: str, reason: str, count: int) -> None:
        self._tallies.add(project, service, outcome, reason, count)


class _LinesRoute(Route):
    """OTLP's own path, but only for bodies that are lines."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http" and not are_lines(scope):
            return Match.NONE, {}
        return super().matches(scope)


class _Endpoint:
    """One route as a plain ASGI application."""

    def __init__(self, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._answer(Request(scope, receive))
        except ClientDisconnect:
            return
        await response(scope, receive, send)


def are_lines(scope: Scope) -> bool:
    """Whether the request sends lines to OTLP's path for logs."""
    content_type = _content_type(scope)
    lines = content_type in LINES or content_type == TEXT
    return lines and scope["method"] == "POST" and _door(scope) == LINES_PATH


def _is_push(scope: Scope) -> bool:
    return _door(scope) == LOKI_PATH


def _door(scope: Scope) -> str:
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def _sender(scope: Scope) -> Caller:
    state = scope["state"]
    return Caller(state["identity"], state.get("project"))


def _content_type(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"content-type":
            text: str = value.decode("latin-1")
            return text.partition(";")[0].strip().lower()
    return ""


def _retry_after(busy: Busy) -> str:
    return str(max(1, math.ceil(busy.retry_after_s)))


def _error(status: int, code: str, message: str) -> Response:
    body = orjson.dumps({"error": {"code": code, "message": message}})
    return Response(body, status, media_type="application/json")


def _loki_error(status: int, message: str) -> Response:
    return Response(message + "\n", status, media_type="text/plain")
