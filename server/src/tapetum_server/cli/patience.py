"""Asking again where a server asks for that, or goes away in between: what commands that send telemetry share."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tapetum_server.cli.asking import errors, fail, plain

if TYPE_CHECKING:
    import httpx

_ATTEMPTS = 8
_MOST_WAIT_S = 30.0


class Patience:
    """Repeats a request that is answered by 429, 503 or silence: what was kept of it counts once.

    A server that never answered is not waited for: most likely its address is wrong.
    """

    def __init__(
        self,
        url: str,
        *,
        forever: bool = False,
        stopped: Callable[[], bool] = lambda: False,
        called: str = "Tapetum",
    ) -> None:
        self._url = url
        self._called = called
        self._forever = forever
        self._stopped = stopped
        self._answered = False
        self.retries = 0

    def ask(
        self, request: Callable[[], httpx.Response], reason: Callable[[httpx.Response], str]
    ) -> httpx.Response | None:
        """The answer that is not to be repeated; `None`, said, where none came in time."""
        import httpx

        attempt = 0
        while True:
            attempt += 1
            wait_s = min(0.5 * 2**attempt, _MOST_WAIT_S)
            try:
                answer = request()
                self._answered = True
                if answer.status_code not in (429, 503):
                    return answer
                why = f"{answer.status_code} {reason(answer)}"
                asked = answer.headers.get("retry-after", "")
                if asked.isdigit():
                    wait_s = min(float(asked), _MOST_WAIT_S)
            except httpx.TransportError as error:
                why = f"no answer: {error}"
                if not self._answered:
                    hint = "Start one with: tapetum serve" if self._called == "Tapetum" else None
                    fail(f"No {self._called} answers at {self._url}: {error}.", hint)
            if self._stopped() or (attempt >= _ATTEMPTS and not self._forever):
                errors.print(plain(f"Given up: {why}"), style="red", markup=False)
                return None
            if attempt == 1:
                errors.print(plain(f"Waiting: {why}"), style="yellow", markup=False)
            self.retries += 1
            until = time.monotonic() + wait_s
            while time.monotonic() < until and not self._stopped():
                time.sleep(0.05)
