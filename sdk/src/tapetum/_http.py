"""One OTLP/HTTP POST with the standard library: gzip, a deadline, retries that honour `Retry-After`."""

from __future__ import annotations

# Python loads it at the first connection. A fork in that moment would leave its import lock taken in the child.
import encodings.idna  # noqa: F401
import gzip
import http.client
import json
import random
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from tapetum._fork import renew_in_child

RETRYABLE = frozenset({429, 502, 503, 504})
_RETRYABLE_REASONS = frozenset(f"http_{status}" for status in RETRYABLE)
FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.5, 8.0
MAX_ANSWER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request. `reason` is empty when the server kept (most of) it."""

    reason: str = ""
    detail: str = ""
    rejected: int = 0
    """Records that the server refused inside an accepted request (OTLP partial success)."""

    @property
    def may_pass(self) -> bool:
        """Whether the same request may succeed later: nobody was there, or the server was busy."""
        return self.reason == "unreachable" or self.reason in _RETRYABLE_REASONS


class Post:
    """Sends requests to one OTLP/HTTP endpoint.

    Every request has a connection of its own: batches are seconds apart, and a connection that
    outlives a fork or the server's keep-alive loses data. Redirects are not followed.
    """

    def __init__(self, endpoint: str, headers: Mapping[str, str], timeout_s: float) -> None:
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"endpoint must look like http://host:4318, got {endpoint!r}")
        self._tls = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._base_path = parts.path.rstrip("/")
        self._timeout_s = timeout_s
        self._closed = threading.Event()
        self._headers = {
            "Content-Type": "application/json",
            "Content-Encoding": "gzip",
            "Connection": "close",
            **headers,
        }
        renew_in_child(self._renew)

    def _renew(self) -> None:
        closed, self._closed = self._closed.is_set(), threading.Event()
        if closed:
            self._closed.set()

    def close(self) -> None:
        """Give up waiting between retries; requests in flight end at their deadline."""
        self._closed.set()

    def send(self, path: str, body: bytes, timeout_s: float | None = None) -> Outcome:
        """POST `body` until it is accepted, refused for good, or the time is up."""
        compressed = gzip.compress(body, compresslevel=3)
        deadline = time.monotonic() + min(self._timeout_s, timeout_s or self._timeout_s)
        backoff_s = FIRST_BACKOFF_S
        while True:
            wait_s = backoff_s * random.uniform(0.5, 1.0)
            try:
                status, retry_after, answer = self._once(path, compressed, deadline)
            except (OSError, http.client.HTTPException) as error:
                outcome = Outcome("unreachable", f"{self._host}: {error!r}")
            else:
                if 200 <= status < 300:
                    return Outcome(rejected=_rejected(answer), detail=_message(answer))
                detail = f"HTTP {status} {_message(answer)}".strip()
                if status not in RETRYABLE:
                    return Outcome(f"http_{status}", detail)
                outcome = Outcome(f"http_{status}", detail)
                wait_s = wait_s if retry_after is None else retry_after
            if time.monotonic() + wait_s >= deadline or self._closed.wait(wait_s):
                return outcome
            backoff_s = min(backoff_s * 2, LONGEST_BACKOFF_S)

    def _once(self, path: str, body: bytes, deadline: float) -> tuple[int, float | None, Any]:
        timeout = max(0.05, deadline - time.monotonic())
        connection: http.client.HTTPConnection
        if self._tls:
            connection = http.client.HTTPSConnection(
                self._host, self._port, timeout=timeout, context=ssl.create_default_context()
            )
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=timeout)
        try:
            connection.request("POST", self._base_path + path, body, self._headers)
            response = connection.getresponse()
            raw = response.read(MAX_ANSWER_BYTES)
            retry_after = _seconds(response.getheader("Retry-After"))
            status = response.status
            response.close()
        finally:
            connection.close()
        try:
            return status, retry_after, json.loads(raw or b"{}")
        except ValueError:
            return status, retry_after, {}


def _seconds(retry_after: str | None) -> float | None:
    """`Retry-After` is a number of seconds or an HTTP date."""
    if retry_after is None:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return None


def _partial(answer: Any) -> Mapping[str, Any]:
    partial = answer.get("partialSuccess") if isinstance(answer, dict) else None
    return partial if isinstance(partial, dict) else {}


def _rejected(answer: Any) -> int:
    partial = _partial(answer)
    for key in ("rejectedSpans", "rejectedLogRecords", "rejectedDataPoints"):
        try:
            count = int(partial.get(key) or 0)
        except (TypeError, ValueError):
            continue
        if count > 0:
            return count
    refused = answer.get("refused") if isinstance(answer, dict) else None  # `/v1/changes` lists them
    return len(refused) if isinstance(refused, list) else 0


def _message(answer: Any) -> str:
    if not isinstance(answer, dict):
        return ""
    said = _partial(answer).get("errorMessage") or answer.get("message")
    if not said:  # our own doors: one error, or a list of what was refused
        refused, error = answer.get("refused"), answer.get("error")
        first = refused[0] if isinstance(refused, list) and refused else error
        said = first.get("message") if isinstance(first, dict) else ""
    return str(said or "")[:500]
