"""The door for Prometheus' remote write, versions 1.0 and 2.0."""

from __future__ import annotations

import asyncio
import logging
import math
from concurrent.futures import Executor

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from tapetum_server.receivers.prometheus.writing import Help, Undecodable, Written, read_write
from tapetum_server.signals.consumer import Busy, Consumer, IngestObserver, Receipt
from tapetum_server.signals.identity import Caller
from tapetum_server.signals.tallies import Tallies

logger = logging.getLogger("tapetum.remote_write")
PATH = "/api/v1/write"
_PROTOBUF = "application/x-protobuf"
_PROTOS = {"": 1, "prometheus.writerequest": 1, "io.prometheus.write.v2.request": 2}
_INLINE_BYTES = 8 * 1024
"""Smaller bodies are decoded on the event loop: less work than a hop to another thread and back."""
_NOT_RETRIED = 400
"""Prometheus sends again after 429 and 5xx, and gives up what it is answered any other 4xx for."""


class RemoteWrite:
    """The route. Bodies arrive inflated, and every request's scope state holds `identity` and `project`.

    Answering waits until the consumer has taken responsibility.
    """

    def __init__(self, consumer: Consumer, observer: IngestObserver, executor: Executor) -> None:
        self._consumer = consumer
        self._tallies = Tallies(observer, "metrics")
        self._executor = executor
        self._help: Help = {}
        self.routes: list[BaseRoute] = [Route(PATH, _Endpoint(self), name="remote_write")]

    def owns(self, scope: Scope) -> bool:
        """Whether the request is for the route."""
        path: str = scope["path"]
        return path.removeprefix(scope.get("root_path", "")) == PATH

    def is_snappy(self, scope: Scope) -> bool:
        """Whether the body is raw snappy, which remote write always is, unless it says that it is something else."""
        return self.owns(scope)

    def refuse(self, scope: Scope, status: int, reason: str, message: str) -> Response:
        """The answer for a request that fails before it gets here, and its count."""
        if "identity" in scope.get("state", {}):
            self._count_request(_sender(scope), reason)
        return _said(status, message)

    async def take(self, request: Request) -> Response:
        """Answer one request."""
        if request.method != "POST":
            answer = _said(405, f"{request.method} is not for {PATH}: send POST")
            answer.headers["allow"] = "POST"
            return answer
        sender = _sender(request.scope)
        if not sender.identity.may("ingest"):
            return _said(403, f"the key {sender.identity.name!r} has no ingest scope")
        version = _version(request.headers.get("content-type", ""))
        if version is None:
            self._count_request(sender, "content_type")
            return _said(
                415,
                f"content type {request.headers.get('content-type', '')[:80]!r}: send {_PROTOBUF}, or with "
                "proto=prometheus.WriteRequest or proto=io.prometheus.write.v2.Request",
            )
        body = await request.body()

        def read() -> Written:
            return read_write(body, sender, version=version, remembered=self._help)

        try:
            if len(body) <= _INLINE_BYTES:
                written = read()
            else:
                written = await asyncio.get_running_loop().run_in_executor(self._executor, read)
            total = await self._deliver(written)
        except Undecodable as error:
            self._count_request(sender, error.reason)
            return _said(error.status, str(error))
        except Busy as busy:
            answer = _said(429 if busy.reason == "queue_full" else 503, str(busy))
            answer.headers["retry-after"] = str(max(1, math.ceil(busy.retry_after_s)))
            return answer
        except _Failed as error:
            return _said(500, str(error))
        return _answer(written, total, version)

    async def _deliver(self, written: Written) -> Receipt:
        """Have every batch consumed, and count. Raises `Busy` or `_Failed` if any was not; a retry is safe."""
        results = await asyncio.gather(
            *(self._consume(batch_of, written) for batch_of in written.batches), return_exceptions=True
        )
        total = Receipt()
        for result in results:
            if isinstance(result, BaseException):
                raise result
            total += result
        for (service, reason), count in written.refused.items():
            self._tallies.add(written.project, service or "unknown_service", "refused", reason, count)
        return total

    async def _consume(self, service: str, written: Written) -> Receipt:
        batch, project = written.batches[service], written.project
        count = len(batch)
        if not count:
            return Receipt()
        try:
            receipt = await self._consumer.consume(batch)
        except Busy as busy:
            self._tallies.add(project, service, "refused", busy.reason, count)
            raise
        except Exception:
            logger.exception("Failed at a batch of %d metric points from %s", count, service)
            self._tallies.add(project, service, "refused", "internal_error", count)
            raise _Failed("the server failed at these series; its log says why") from None
        self._tallies.add(project, service, "accepted", "", receipt.accepted)
        for outcome, reasons in (("refused", receipt.refused), ("truncated", receipt.truncated)):
            for reason, number in reasons.items():
                self._tallies.add(project, service, outcome, reason, number)
        return receipt

    def _count_request(self, sender: Caller, reason: str) -> None:
        self._tallies.add(sender.counted_in, sender.identity.name, "refused", reason, 1)


class _Failed(Exception):
    """The fault is ours: the series are not kept."""


class _Endpoint:
    """The route as a plain ASGI application, so that it answers every method itself."""

    def __init__(self, door: RemoteWrite) -> None:
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._door.take(Request(scope, receive))
        except ClientDisconnect:
            return
        await response(scope, receive, send)


def _answer(written: Written, total: Receipt, version: int) -> Response:
    """204, or 400 with what was left out: nobody is to send that again."""
    reasons = {**total.refused}
    for (_, reason), count in written.refused.items():
        reasons[reason] = reasons.get(reason, 0) + count
    if not reasons:
        answer = Response(status_code=204)
    else:
        listed = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
        said = "; ".join(dict.fromkeys([*written.messages, *total.messages]))
        refused = sum(reasons.values())
        answer = _said(_NOT_RETRIED, f"{total.accepted} points kept, {refused} refused ({listed}): {said}")
    if version == 2:
        # What the store itself refused is of no kind that we know of here: it is taken from the most frequent one.
        samples = max(0, written.samples - sum(total.refused.values()))
        for name, count in (("Samples", samples), ("Histograms", written.histograms), ("Exemplars", written.exemplars)):
            answer.headers[f"x-prometheus-remote-write-{name.lower()}-written"] = str(count)
    return answer


def _version(content_type: str) -> int | None:
    kind, _, parameters = content_type.partition(";")
    if kind.strip().lower() not in (_PROTOBUF, ""):
        return None
    proto = ""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "proto":
            proto = value.strip().strip('"').lower()
    return _PROTOS.get(proto)


def _sender(scope: Scope) -> Caller:
    state = scope["state"]
    return Caller(state["identity"], state.get("project"))


def _said(status: int, message: str) -> Response:
    return Response(message + "\n", status, media_type="text/plain")
