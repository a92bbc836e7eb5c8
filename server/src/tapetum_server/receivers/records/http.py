"""The doors for our own records: `POST /v1/changes`, `/v1/evaluations`, `/v1/predictions`, `/v1/labels`."""

from __future__ import annotations

from concurrent.futures import Executor
from functools import partial

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
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
from tapetum_server.receivers.records.fields import Undecodable
from tapetum_server.receivers.records.reading import KINDS, MAX_SAID, Kind, Read, parts_of
from tapetum_server.signals.consumer import Busy, Consumer, IngestObserver, Receipt
from tapetum_server.signals.identity import Caller
from tapetum_server.signals.scores import Definitions, undefined

BODY = "body"
"""In the scope's state: the body of a request that may be large, in memory or in a file."""
_PATIENCE_S = 60.0
"""How long a request of which a part is kept waits for room for the next one."""


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
        self._hand_on = HandOn(consumer, observer, *(kind.called for kind in KINDS))
        self._executor = executor
        self._definitions = definitions
        self._kinds = {f"/v1/{kind.called}": kind for kind in KINDS}
        self.routes: list[BaseRoute] = [
            Route(path, Endpoint(partial(self.take, kind)), name=kind.called) for path, kind in self._kinds.items()
        ]

    def owns(self, scope: Scope) -> bool:
        """Whether the request is for one of the routes."""
        return self._kind_of(scope) is not None

    def takes_large(self, scope: Scope) -> bool:
        """Whether the request's body may be so large that it does not belong into memory."""
        kind = self._kind_of(scope)
        return kind is not None and kind.is_large and caller_of(scope).identity.may("ingest")

    def refuse(self, scope: Scope, status: int, reason: str, message: str) -> Response:
        """The answer for a request that fails before it gets here, and its count."""
        if "identity" in scope.get("state", {}) and (kind := self._kind_of(scope)) is not None:
            self._hand_on.count_request(kind.called, caller_of(scope), reason)
        return error(status, reason, message)

    def _kind_of(self, scope: Scope) -> Kind | None:
        return self._kinds.get(door_of(scope))

    async def take(self, kind: Kind, request: Request) -> Response:
        """Answer one request."""
        return await answered(self._take(kind, request), error)

    async def _take(self, kind: Kind, request: Request) -> Response:
        if (away := turned_away(request, error)) is not None:
            return away
        sender = caller_of(request.scope)
        if sender.barred:
            self._hand_on.count_request(kind.called, sender, sender.barred)
            return error(
                403, sender.barred, "this caller may not write to the project that the request names",
                field="x-tapetum-project",
            )  # fmt: skip
        body = request.scope["state"].get(BODY)
        if body is None:
            body = await request.body()
        parts = parts_of(
            kind, body, content_type(request.scope), sender.project or sender.home, sender.identity.name,
            self._definitions, dict(request.query_params),
        )  # fmt: skip
        told = _Told(kind)
        try:
            while (part := await off_loop(self._executor, len(body), partial(next, parts, None))) is not None:
                told.add(part, await self._keep(kind, part, sender, told))
        except Undecodable as wrong:
            self._hand_on.count_request(kind.called, sender, wrong.reason)
            if not wrong.row:
                return error(wrong.status, wrong.reason, str(wrong), field="body", hint=wrong.hint)
            told.end(wrong)
        return told.response()

    async def _keep(self, kind: Kind, part: Read, sender: Caller, told: _Told) -> Receipt:
        count = len(part.refused) + part.unsaid
        self._hand_on.count(kind.called, part.batch.project, sender.identity.name, "refused", kind.refused, count)
        patience = _PATIENCE_S if told.accepted else 0
        try:
            receipt = await self._hand_on.one(part.batch, patience)
            if part.beside is not None:
                receipt.messages += (await self._hand_on.one(part.beside, patience)).messages
        except Busy as busy:
            if not told.accepted:
                raise
            kept = f"{busy} {told.accepted} of this request are kept already, and count once when it is sent again."
            raise Busy(busy.reason, kept, busy.retry_after_s) from None
        return receipt


class _Told:
    """What the answer to one request says, part by part."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self.accepted = 0
        self._refused: list[dict[str, object]] = []
        self._unsaid = 0
        self._messages: dict[str, None] = {}
        self._alone: Read | None = None

    def add(self, part: Read, receipt: Receipt) -> None:
        """One part, and what became of it."""
        self.accepted += receipt.accepted
        if part.alone:
            self._alone = part
        said = part.refused[: MAX_SAID - len(self._refused)]
        self._refused += [{"index": one.index, "field": one.field, "message": one.message} for one in said]
        self._unsaid += part.unsaid + len(part.refused) - len(said)
        self._messages.update(dict.fromkeys(receipt.messages))

    def end(self, wrong: Undecodable) -> None:
        """From one row on nothing can be read."""
        message = f"{wrong}. From row {wrong.row} on nothing is kept. {wrong.hint}"
        self._refused.append({"index": wrong.row, "field": "body", "message": f"{message[:1].upper()}{message[1:]}"})

    def response(self) -> Response:
        """The answer."""
        if self._alone is not None and self._alone.refused:
            only = self._alone.refused[0]
            return error(400, self._kind.refused, only.message, field=only.field or "body")
        if self._unsaid:
            self._messages = {f"{self._unsaid} others are not kept either": None, **self._messages}
        unplaced = [{"index": None, "field": "", "message": message} for message in self._messages]
        told = {"accepted": self.accepted, "refused": [*self._refused, *unplaced]}
        return Response(orjson.dumps(told), media_type="application/json")
