"""OTLP over HTTP: POST /v1/traces, /v1/logs, /v1/metrics and their aliases."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from concurrent.futures import Executor

import orjson
from google.rpc import code_pb2  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from tapetum_server.receivers.otlp.delivery import SIGNALS, Delivery, Signal
from tapetum_server.receivers.otlp.limits import Limits
from tapetum_server.receivers.otlp.outcome import Failed, Undecodable
from tapetum_server.signals.consumer import Busy, Consumer, IngestObserver
from tapetum_server.signals.identity import Caller, Identity

PREFIXES = ("/v1", "/api/public/otel/v1")
"""OTLP's own paths, and where Langfuse's clients send them."""
PROTOBUF, JSON = "application/x-protobuf", "application/json"
_INLINE_BYTES = 8 * 1024
"""Smaller bodies are decoded on the event loop: less work than a hop to another thread and back."""
_CODES: Mapping[int, int] = {
    400: code_pb2.INVALID_ARGUMENT,
    401: code_pb2.UNAUTHENTICATED,
    403: code_pb2.PERMISSION_DENIED,
    405: code_pb2.UNIMPLEMENTED,
    413: code_pb2.RESOURCE_EXHAUSTED,
    415: code_pb2.INVALID_ARGUMENT,
    429: code_pb2.RESOURCE_EXHAUSTED,
    500: code_pb2.INTERNAL,
    503: code_pb2.UNAVAILABLE,
}


class OtlpHttp:
    """The routes of OTLP over HTTP.

    Bodies arrive inflated (`app.inflate`), and every request's scope state holds `identity`
    and `project`. Decoding runs on `executor`; answering waits until the consumer has taken
    responsibility.
    """

    def __init__(self, consumer: Consumer, observer: IngestObserver, executor: Executor, limits: Limits) -> None:
        self._delivery = Delivery(consumer, observer, limits)
        self._executor = executor
        self.routes: list[BaseRoute] = [
            Route(f"{prefix}/{signal.name}", _Endpoint(self, signal), name=f"otlp_{signal.name}")
            for prefix in PREFIXES
            for signal in SIGNALS.values()
        ]

    def owns(self, path: str) -> bool:
        """Whether `path` is one of the routes."""
        return _signal_of(path) is not None

    def refuse(self, scope: Scope, status: int, reason: str, message: str) -> Response:
        """The answer for an OTLP request that fails before it gets here, and its count."""
        signal = _signal_of(scope["path"])
        state = scope.get("state", {})
        if signal is not None and "identity" in state:
            self._delivery.count_request(signal, _caller(scope), reason)
        return error_response(_is_json(_content_type(scope)), status, message)

    async def export(self, signal: Signal, request: Request) -> Response:
        """Answer one export request."""
        content_type = _content_type(request.scope)
        is_json = _is_json(content_type)
        if request.method != "POST":
            message = f"{request.method} is not for {request.url.path}: send POST"
            return error_response(is_json, 405, message, {"allow": "POST"})
        caller = _caller(request.scope)
        if not caller.identity.may("ingest"):
            return error_response(is_json, 403, f"the key {caller.identity.name!r} has no ingest scope")
        if not is_json and content_type not in (PROTOBUF, "application/protobuf"):
            self._delivery.count_request(signal, caller, "content_type")
            message = f"content type {content_type!r} is not OTLP: send {PROTOBUF} or {JSON}"
            return error_response(is_json, 415, message)
        body = await request.body()
        try:
            if len(body) <= _INLINE_BYTES:
                decoded = self._delivery.decode(signal, body, caller, is_json)
            else:
                loop = asyncio.get_running_loop()
                decode = self._delivery.decode
                decoded = await loop.run_in_executor(self._executor, decode, signal, body, caller, is_json)
            outcome = await self._delivery.deliver(signal, decoded)
        except Undecodable as error:
            self._delivery.count_request(signal, caller, "undecodable")
            return error_response(is_json, 400, str(error))
        except Busy as busy:
            retry_after = str(max(1, math.ceil(busy.retry_after_s)))
            status = 429 if busy.reason == "queue_full" else 503
            return error_response(is_json, status, str(busy), {"retry-after": retry_after})
        except Failed as error:
            return error_response(is_json, 500, str(error))
        if is_json:
            return Response(orjson.dumps(outcome.json(signal)), media_type=JSON)
        return Response(outcome.protobuf(signal), media_type=PROTOBUF)


class _Endpoint:
    """One route as a plain ASGI application."""

    def __init__(self, door: OtlpHttp, signal: Signal) -> None:
        self._door = door
        self._signal = signal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._door.export(self._signal, Request(scope, receive))
        except ClientDisconnect:
            return
        await response(scope, receive, send)


def error_response(is_json: bool, status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """A `google.rpc.Status` body in the encoding of the request."""
    code = _CODES.get(status, code_pb2.UNKNOWN)
    if is_json:
        body = orjson.dumps({"code": code, "message": message})
        return Response(body, status, headers, JSON)
    return Response(Status(code=code, message=message).SerializeToString(), status, headers, PROTOBUF)


def _caller(scope: Scope) -> Caller:
    state = scope["state"]
    identity: Identity = state["identity"]
    return Caller(identity, state.get("project"))


def _content_type(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"content-type":
            text: str = value.decode("latin-1")
            return text.partition(";")[0].strip().lower()
    return ""


def _is_json(content_type: str) -> bool:
    return content_type == JSON


def _signal_of(path: str) -> Signal | None:
    prefix, _, name = path.rstrip("/").rpartition("/")
    return SIGNALS.get(name) if prefix in PREFIXES else None
