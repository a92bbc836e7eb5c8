"""The doors for logs that do not speak OTLP: lines to /v1/logs, and Loki's push API."""

from __future__ import annotations

import time
from concurrent.futures import Executor

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from tapetum_server.receivers.doors import (
    Endpoint,
    HandOn,
    answered,
    caller_of,
    content_type,
    door_of,
    error,
    off_loop,
    turned_away,
)
from tapetum_server.receivers.loglines.loki import read_push
from tapetum_server.receivers.loglines.ndjson import read_lines
from tapetum_server.receivers.loglines.records import Read, Undecodable
from tapetum_server.signals.consumer import Consumer, IngestObserver, Receipt
from tapetum_server.signals.limits import MAX_KEY_BYTES

LINES_PATH, LOKI_PATH = "/v1/logs", "/loki/api/v1/push"
LINES, TEXT = frozenset({"application/x-ndjson", "application/jsonl", "application/ndjson"}), "text/plain"
_PROTOBUF = frozenset({"application/x-protobuf", "application/protobuf"})


class LogLines:
    """Routes of both doors. Bodies arrive inflated, and every request's scope state holds `identity` and `project`.

    Decoding runs on `executor`; answering waits until the consumer has taken responsibility.
    """

    def __init__(self, consumer: Consumer, observer: IngestObserver, executor: Executor) -> None:
        self._hand_on = HandOn(consumer, observer, "logs")
        self._executor = executor
        self.routes: list[BaseRoute] = [
            _LinesRoute(LINES_PATH, Endpoint(self.take_lines), name="log_lines"),
            Route(LOKI_PATH, Endpoint(self.take_push), name="loki_push"),
        ]

    def owns(self, scope: Scope) -> bool:
        """Whether the request is for one of the routes."""
        return _is_push(scope) or are_lines(scope)

    def is_snappy(self, scope: Scope) -> bool:
        """Whether the body is raw snappy, which Loki's clients may or may not say."""
        return _is_push(scope) and content_type(scope) in _PROTOBUF

    def refuse(self, scope: Scope, status: int, reason: str, message: str) -> Response:
        """The answer for a request that fails before it gets here, and its count."""
        if "identity" in scope.get("state", {}):
            self._hand_on.count_request("logs", caller_of(scope), reason)
        return _loki_error(status, message) if _is_push(scope) else error(status, reason, message)

    async def take_lines(self, request: Request) -> Response:
        """Answer lines of JSON or text."""
        return await answered(self._take_lines(request), error)

    async def _take_lines(self, request: Request) -> Response:
        if (away := turned_away(request, error)) is not None:
            return away
        sender = caller_of(request.scope)
        service = request.query_params.get("service", "")[:MAX_KEY_BYTES]
        is_text = content_type(request.scope) == TEXT
        body = await request.body()

        def read() -> Read:
            return read_lines(body, sender, service, time.time_ns(), text=is_text)

        try:
            found = await off_loop(self._executor, len(body), read)
        except Undecodable as wrong:
            self._hand_on.count_request("logs", sender, wrong.reason)
            return error(wrong.status, wrong.reason, str(wrong))
        total = await self._deliver(found)
        errors: list[dict[str, object]] = [{"line": line, "message": message} for line, message in found.errors]
        errors += [{"message": message} for message in total.messages]
        told = {"accepted": total.accepted, "refused": sum(total.refused.values()), "errors": errors[:20]}
        if total.truncated:
            told["truncated"] = dict(total.truncated)
        return Response(orjson.dumps(told), media_type="application/json")

    async def take_push(self, request: Request) -> Response:
        """Answer Loki's push, as Loki does: 204, or a text that says what was not kept."""
        return await answered(self._take_push(request), _loki)

    async def _take_push(self, request: Request) -> Response:
        if (away := turned_away(request, _loki)) is not None:
            return away
        sender = caller_of(request.scope)
        media_type = content_type(request.scope)
        is_json = media_type == "application/json"
        if not is_json and media_type not in _PROTOBUF:
            self._hand_on.count_request("logs", sender, "content_type")
            return _loki_error(415, f"content type {media_type!r}: send application/json or application/x-protobuf")
        body = await request.body()

        def read() -> Read:
            return read_push(body, sender, is_json=is_json)

        try:
            found = await off_loop(self._executor, len(body), read)
        except Undecodable as wrong:
            self._hand_on.count_request("logs", sender, wrong.reason)
            return _loki_error(wrong.status, str(wrong))
        total = await self._deliver(found)
        if not total.refused:
            return Response(status_code=204)
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(total.refused.items()))
        said = dict.fromkeys([*(message for _, message in found.errors), *total.messages])
        refused = sum(total.refused.values())
        return _loki_error(400, f"{total.accepted} entries kept, {refused} refused ({reasons}): {'; '.join(said)}")

    async def _deliver(self, found: Read) -> Receipt:
        total = await self._hand_on.all(found.batches.values())
        for outcome, counted, sums in (
            ("refused", found.refused, total.refused),
            ("truncated", found.truncated, total.truncated),
        ):
            for (service, reason), count in counted.items():
                self._hand_on.count("logs", found.project, service or "unknown_service", outcome, reason, count)
                sums[reason] += count
        return total


class _LinesRoute(Route):
    """OTLP's own path, but only for bodies that are lines."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http" and not are_lines(scope):
            return Match.NONE, {}
        return super().matches(scope)


def are_lines(scope: Scope) -> bool:
    """Whether the request sends lines to OTLP's path for logs."""
    media_type = content_type(scope)
    return (media_type in LINES or media_type == TEXT) and scope["method"] == "POST" and door_of(scope) == LINES_PATH


def _is_push(scope: Scope) -> bool:
    return door_of(scope) == LOKI_PATH


def _loki(status: int, code: str, message: str) -> Response:
    return _loki_error(status, message)


def _loki_error(status: int, message: str) -> Response:
    return Response(message + "\n", status, media_type="text/plain")
