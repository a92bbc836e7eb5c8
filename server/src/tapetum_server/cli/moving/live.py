"""Asking a server of another tool, page by page. Called out to only because its URL was given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import httpx

from tapetum_server.cli.asking import fail
from tapetum_server.cli.patience import Patience

_TIMEOUT = httpx.Timeout(120, connect=10)


def in_parts(ids: Iterable[str], most: int) -> Iterator[list[str]]:
    """Ids in lists of at most `most`."""
    given = iter(ids)
    while part := list(islice(given, most)):
        yield part


class Live:
    """A server that is asked for what it has, with patience where it asks for that."""

    def __init__(self, called: str, url: str, *, auth: tuple[str, str] | None = None, bearer: str = "") -> None:
        self.called = called
        self._client = httpx.Client(
            base_url=url.rstrip("/"), timeout=_TIMEOUT, auth=auth,
            headers={"authorization": f"Bearer {bearer}"} if bearer else {},
        )  # fmt: skip
        self._patience = Patience(url, called=called)

    def close(self) -> None:
        """Let go of its connections."""
        self._client.close()

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """The answer, or an exit that tells what the server said."""
        found = self.try_get(path, **query)
        if found is None:
            fail(f"{self.called} has no {path}.", "Is the URL right, and the server of a version that has it?")
        return found

    def try_get(self, path: str, **query: Any) -> dict[str, Any] | None:
        """The answer, `None` where the server has no such page."""
        return self._answer("GET", path, {key: value for key, value in query.items() if value is not None}, None)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to a question that goes in a body."""
        found = self._answer("POST", path, {}, body)
        if found is None:
            fail(f"{self.called} has no {path}.", "Is the URL right, and the server of a version that has it?")
        return found

    def pages(self, path: str, cursor: str, found: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Every page, following the member `found` (`meta.cursor`) as the parameter `cursor`."""
        at: Any = None
        while True:
            page = self.get(path, **query, **{cursor: at})
            yield page
            following: Any = page
            for step in found.split("."):
                following = following.get(step) if isinstance(following, dict) else None
            if not following or following == at:
                return
            at = following

    def _answer(
        self, method: str, path: str, query: dict[str, Any], body: dict[str, Any] | None
    ) -> dict[str, Any] | None:
        answer = self._patience.ask(
            lambda: self._client.request(method, path, params=query, json=body), lambda refused: refused.text[:200]
        )
        if answer is None:
            fail(f"{self.called} does not answer any more.", "Import again later: what came counts once.")
        if answer.status_code in (404, 405):
            return None
        if not answer.is_success:
            said = " ".join(answer.text.split())[:300]
            fail(f"{self.called} answered {answer.status_code} to {path}: {said}", None)
        try:
            told = answer.json()
        except ValueError:
            told = None
        if not isinstance(told, dict):
            fail(f"{self.called} answered {path} with something that is no JSON object.", "Is the URL right?")
        return told
