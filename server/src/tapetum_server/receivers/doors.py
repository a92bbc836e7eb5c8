"""What the HTTP doors of all receivers share: who calls, what is handed on and counted, and how a fault is answered."""

from __future__ import annotations

import asyncio
import copy
import logging
import math
import time
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Executor
from typing import TypeVar

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tapetum_server.signals.consumer import Batch, Busy, Consumer, IngestObserver, Receipt
from tapetum_server.signals.identity import Caller
from tapetum_server.signals.tallies import Tallies

logger = logging.getLogger("tapetum.ingest")
INLINE_BYTES = 8 * 1024
"""Smaller bodies are decoded on the event loop: less work than a hop to another thread and back."""
T = TypeVar("T")
Say = Callable[[int, str, str], Response]
"""(status, code, message) → the answer to a fault, in the words of the door's protocol."""


class Failed(Exception):
    """The fault is ours, not the sender's and not the moment's: the records are not kept."""


class HandOn:
    """Hands batches to the consumer, and counts by project, sender and reason what became of their records."""

    def __init__(self, consumer: Consumer, observer: IngestObserver, *signals: str) -> None:
        self._consumer = consumer
        self._tallies = {signal: Tallies(observer, signal) for signal in signals}

    async def one(self, batch: Batch, patience_s: float = 0) -> Receipt:
        """What became of the batch. Raises `Busy` or `Failed`, counted: a retry is safe.

        With `patience_s` it waits that long for room in the queue.
        """
        signal, project, sender, count = batch.signal, batch.project, batch.sender, len(batch)
        if not count:
            return Receipt()
        try:
            receipt = await self._consume(batch, patience_s)
        except Busy as busy:
            self.count(signal, project, sender, "refused", busy.reason, count)
            raise
        except Exception:
            logger.exception("Failed at a batch of %d %s from %s", count, signal, sender)
            self.count(signal, project, sender, "refused", "internal_error", count)
            raise Failed("the server failed at these records; its log says why") from None
        self.count(signal, project, sender, "accepted", "", receipt.accepted)
        for outcome, reasons in (("refused", receipt.refused), ("truncated", receipt.truncated)):
            for reason, number in reasons.items():
                self.count(signal, project, sender, outcome, reason, number)
        return receipt

    async def _consume(self, batch: Batch, patience_s: float) -> Receipt:
        until = time.monotonic() + patience_s
        while True:
            try:
                # Whoever consumes a batch may rewrite it: tried again, it is what it was.
                return await self._consumer.consume(copy.copy(batch) if patience_s else batch)
            except Busy as busy:
                if busy.reason != "queue_full" or time.monotonic() > until:
                    raise
                await asyncio.sleep(busy.retry_after_s)

    async def all(self, batches: Iterable[Batch]) -> Receipt:
        """The same of several at once; raises only when every one of them is settled."""
        return await total_of(self.one(batch) for batch in batches)

    def count(self, signal: str, project: str, sender: str, outcome: str, reason: str, count: int) -> None:
        """Count records; nothing where there are none."""
        self._tallies[signal].add(project, sender, outcome, reason, count)

    def count_request(self, signal: str, caller: Caller, reason: str) -> None:
        """Count one request that was refused whole, of which we cannot say how many records it held."""
        self.count(signal, caller.counted_in, caller.identity.name, "refused", reason, 1)


async def total_of(consumed: Iterable[Awaitable[Receipt]]) -> Receipt:
    """One receipt of several; raises only when every one of them is settled."""
    total = Receipt()
    for result in await asyncio.gather(*consumed, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
        total += result
    return total


class Endpoint:
    """A route as a plain ASGI application, so that it answers every method itself."""

    def __init__(self, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, unless the client has gone."""
        try:
            response = await self._answer(Request(scope, receive))
        except ClientDisconnect:
            return
        await response(scope, receive, send)


async def answered(work: Awaitable[Response], say: Say) -> Response:
    """The answer, also where the consumer was busy or failed."""
    try:
        return await work
    except Busy as busy:
        answer = say(429 if busy.reason == "queue_full" else 503, busy.reason, str(busy))
        answer.headers["retry-after"] = str(max(1, math.ceil(busy.retry_after_s)))
        return answer
    except Failed as error:
        return say(500, "internal_error", str(error))


async def off_loop(executor: Executor, size: int, read: Callable[[], T]) -> T:
    """What `read` makes of a body of `size` bytes, on the executor unless it is small."""
    if size <= INLINE_BYTES:
        return read()
    return await asyncio.get_running_loop().run_in_executor(executor, read)


def turned_away(request: Request, say: Say) -> Response | None:
    """The answer to a request that no body can mend: another method than POST, or a key that may not write."""
    if request.method != "POST":
        answer = say(405, "method_not_allowed", f"{door_of(request.scope)} answers POST, not {request.method}")
        answer.headers["allow"] = "POST"
        return answer
    caller = caller_of(request.scope)
    if not caller.identity.may("ingest"):
        return say(403, "forbidden", f"the key {caller.identity.name!r} has no ingest scope")
    return None


def caller_of(scope: Scope) -> Caller:
    """Who sent the request."""
    state = scope["state"]
    return Caller(state["identity"], state.get("project"))


def door_of(scope: Scope) -> str:
    """The path, without the prefix under which a reverse proxy serves us."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def content_type(scope: Scope) -> str:
    """The media type of the request, without its parameters."""
    for name, value in scope["headers"]:
        if name == b"content-type":
            text: str = value.decode("latin-1")
            return text.partition(";")[0].strip().lower()
    return ""


def error(status: int, code: str, message: str, *, field: str | None = None, hint: str | None = None) -> Response:
    """A fault in our own shape."""
    detail = {"code": code, "message": f"{message[:1].upper()}{message[1:]}", "field": field, "hint": hint}
    body = orjson.dumps({"error": {name: value for name, value in detail.items() if value is not None}})
    return Response(body, status, media_type="application/json")
