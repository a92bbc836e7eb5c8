"""How many telemetry requests are on their way in."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send


class Arrivals:
    """Counts requests between their first byte and their answer, so that a commit can wait for its neighbours."""

    def __init__(self) -> None:
        self.count = 0

    def of(self, app: ASGIApp, counts: Callable[[Scope], bool]) -> ASGIApp:
        """`app`, counting the requests that `counts` says are telemetry."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or not counts(scope):
                await app(scope, receive, send)
                return
            self.count += 1
            try:
                await app(scope, receive, send)
            finally:
                self.count -= 1

        return counted
