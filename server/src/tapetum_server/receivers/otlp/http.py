"""OTLP over HTTP: POST /v1/traces, /v1/logs, /v1/metrics and their aliases."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from functools import partial

import orjson
from google.rpc import code_pb2  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Scope

from tapetum_server.receivers.doors import Endpoint, Say, answered, caller_of, content_type, off_loop, turned_away
from tapetum_server.receivers.otlp.delivery import SIGNALS, Delivery, Signal
from tapetum_server.receivers.otlp.limits import Limits
from tapetum_server.receivers.otlp.outcome import Undecodable
from tapetum_server.signals.consumer import Consumer, IngestObserver

PREFIXES = ("/v1", "/api/public/otel/v1")
"""OTLP's own paths, and where Langfuse's clients send them."""
PROTOBUF, JSON = "application/x-protobuf", "application/json"
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
            Route(f"{prefix}/{signal.name}", Endpoint(partial(self.export, signal)), name=f"otlp_{signal.name}")
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
            self._delivery.count_request(signal, caller_of(scope), reason)
        return error_response(_is_json(content_type(scope)), status, message)

    async def export(self, signal: Signal, request: Request) -> Response:
        """Answer one export request."""
        media_type = content_type(request.scope)
        is_json = _is_json(media_type)

        def say(status: int, code: str, message: str) -> Response:
            return error_response(is_json, status, message)

        return await answered(self._export(signal, request, media_type, say), say)

    async def _export(self, signal: Signal, request: Request, media_type: str, say: Say) -> Response:
        if (away := turned_away(request, say)) is not None:
            return away
        is_json = _is_json(media_type)
        caller = caller_of(request.scope)
        if not is_json and media_type not in (PROTOBUF, "application/protobuf"):
            self._delivery.count_request(signal, caller, "content_type")
            message = f"content type {media_type!r} is not OTLP: send {PROTOBUF} or {JSON}"
            return error_response(is_json, 415, message)
        body = await request.body()
        try:
            decoded = await off_loop(
                self._executor, len(body), lambda: self._delivery.decode(signal, body, caller, is_json)
            )
        except Undecodable as error:
            self._delivery.count_request(signal, caller, "undecodable")
            return error_response(is_json, 400, str(error))
        outcome = await self._delivery.deliver(signal, decoded)
        if is_json:
            return Response(orjson.dumps(outcome.json(signal)), media_type=JSON)
        return Response(outcome.protobuf(signal), media_type=PROTOBUF)


def error_response(is_json: bool, status: int, message: str) -> Response:
    """A `google.rpc.Status` body in the encoding of the request."""
    code = _CODES.get(status, code_pb2.UNKNOWN)
    if is_json:
        body = orjson.dumps({"code": code, "message": message})
        return Response(body, status, media_type=JSON)
    return Response(Status(code=code, message=message).SerializeToString(), status, media_type=PROTOBUF)


def _is_json(content_type: str) -> bool:
    return content_type == JSON


def _signal_of(path: str) -> Signal | None:
    prefix, _, name = path.rstrip("/").rpartition("/")
    return SIGNALS.get(name) if prefix in PREFIXES else None
