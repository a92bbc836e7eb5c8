"""The door for Prometheus' remote write, versions 1.0 and 2.0."""

from __future__ import annotations

from concurrent.futures import Executor

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Scope

from tapetum_server.receivers.doors import Endpoint, HandOn, answered, caller_of, door_of, off_loop, turned_away
from tapetum_server.receivers.prometheus.writing import Help, Undecodable, Written, read_write
from tapetum_server.signals.consumer import Consumer, IngestObserver, Receipt

PATH = "/api/v1/write"
_PROTOBUF = "application/x-protobuf"
_PROTOS = {"": 1, "prometheus.writerequest": 1, "io.prometheus.write.v2.request": 2}
_NOT_RETRIED = 400
"""Prometheus sends again after 429 and 5xx, and gives up what it is answered any other 4xx for."""


class RemoteWrite:
    """The route. Bodies arrive inflated, and every request's scope state holds `identity` and `project`.

    Answering waits until the consumer has taken responsibility.
    """

    def __init__(self, consumer: Consumer, observer: IngestObserver, executor: Executor) -> None:
        self._hand_on = HandOn(consumer, observer, "metrics")
        self._executor = executor
        self._help: Help = {}
        self.routes: list[BaseRoute] = [Route(PATH, Endpoint(self.take), name="remote_write")]

    def owns(self, scope: Scope) -> bool:
        """Whether the request is for the route."""
        return door_of(scope) == PATH

    def is_snappy(self, scope: Scope) -> bool:
        """Whether the body is raw snappy, which remote write always is, unless it says that it is something else."""
        return self.owns(scope)

    def refuse(self, scope: Scope, status: int, reason: str, message: str) -> Response:
        """The answer for a request that fails before it gets here, and its count."""
        if "identity" in scope.get("state", {}):
            self._hand_on.count_request("metrics", caller_of(scope), reason)
        return _said(status, message)

    async def take(self, request: Request) -> Response:
        """Answer one request."""
        return await answered(self._take(request), _say)

    async def _take(self, request: Request) -> Response:
        if (away := turned_away(request, _say)) is not None:
            return away
        sender = caller_of(request.scope)
        version = _version(request.headers.get("content-type", ""))
        if version is None:
            self._hand_on.count_request("metrics", sender, "content_type")
            return _said(
                415,
                f"content type {request.headers.get('content-type', '')[:80]!r}: send {_PROTOBUF}, or with "
                "proto=prometheus.WriteRequest or proto=io.prometheus.write.v2.Request",
            )
        body = await request.body()

        def read() -> Written:
            return read_write(body, sender, version=version, remembered=self._help)

        try:
            written = await off_loop(self._executor, len(body), read)
        except Undecodable as error:
            self._hand_on.count_request("metrics", sender, error.reason)
            return _said(error.status, str(error))
        total = await self._deliver(written)
        return _answer(written, total, version)

    async def _deliver(self, written: Written) -> Receipt:
        total = await self._hand_on.all(written.batches.values())
        for (service, reason), count in written.refused.items():
            self._hand_on.count("metrics", written.project, service or "unknown_service", "refused", reason, count)
        return total


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


def _say(status: int, code: str, message: str) -> Response:
    return _said(status, message)


def _said(status: int, message: str) -> Response:
    return Response(message + "\n", status, media_type="text/plain")
