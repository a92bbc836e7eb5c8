"""Asks one target, within its time and size, and reads its answer no further than that."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import httpx

from tapetum_server._version import __version__
from tapetum_server.outbound.addresses import RefusedAddress, destination
from tapetum_server.outbound.connecting import ask, nobody
from tapetum_server.receivers.prometheus.exposition import ACCEPT, ACCEPT_TEXT, Answer, ScrapeFailed, too_large
from tapetum_server.receivers.prometheus.target import ScrapeTarget

HELD_BYTES = 256 * 2**20
"""Of all answers that are being read at one time, as they come."""
_MAX_SECRET = 64 * 1024


class Held:
    """How much all targets together hold: what many slow large ones take is bounded too."""

    def __init__(self, most: int = HELD_BYTES) -> None:
        self._most = most
        self._now = 0

    def take(self, count: int) -> None:
        """Count bytes in; raises `ScrapeFailed` where there is no room for them."""
        if self._now + count > self._most:
            raise ScrapeFailed("memory_full", "the answers of all targets together are too large right now")
        self._now += count

    def give_back(self, count: int) -> None:
        """Count bytes out."""
        self._now -= count


def client_for(target: ScrapeTarget) -> httpx.AsyncClient:
    """A client for one target. Raises `OSError` where its certificates cannot be read. Blocks a little."""
    verify: ssl.SSLContext | bool = False
    if target.url.startswith("https:") and not target.tls_insecure_skip_verify:
        verify = ssl.create_default_context(cafile=str(target.tls_ca) if target.tls_ca else None)
    # No proxy of the environment: the address that was checked is the one that is connected to.
    # A connection for each scrape: one that the target closes between two would look like a failure of its.
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=0)
    return httpx.AsyncClient(
        trust_env=False, follow_redirects=False, verify=verify, limits=limits, timeout=httpx.Timeout(None)
    )


async def fetch(client: httpx.AsyncClient, target: ScrapeTarget, held: Held, taken: list[int]) -> Answer:
    """The target's answer, or `ScrapeFailed`. What is `taken` of `held` is for the caller to give back."""
    try:
        async with asyncio.timeout(target.patience_s):
            return await _ask(client, target, held, taken)
    except (TimeoutError, httpx.ConnectTimeout):
        raise ScrapeFailed("scrape_timeout", f"no whole answer within {target.patience_s:g} s") from None
    except RefusedAddress as error:
        raise ScrapeFailed("address_not_allowed", str(error)) from None
    except httpx.ConnectError as error:
        raise ScrapeFailed("scrape_unreachable", nobody(error, target.url)) from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        raise ScrapeFailed("scrape_unreachable", str(error) or type(error).__name__) from None


async def _ask(client: httpx.AsyncClient, target: ScrapeTarget, held: Held, taken: list[int]) -> Answer:
    headers = await asyncio.to_thread(_headers, target)
    to = await destination(
        target.url, allow_link_local=target.allow_link_local, setting="allow_link_local = true of the target"
    )
    answer = await ask(client, "GET", to, headers=headers, within_s=target.patience_s)
    try:
        if 300 <= answer.status_code < 400:
            where = answer.headers.get("location", "")[:200]
            raise ScrapeFailed(
                "scrape_status", f"it redirects to {where!r}; redirects are not followed: make that its url"
            )
        if answer.status_code != 200:
            raise ScrapeFailed("scrape_status", f"it answers {answer.status_code}{_meaning(answer.status_code)}")
        encoding = answer.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("gzip", "x-gzip", "identity", ""):
            raise ScrapeFailed(
                "content_encoding", f"it answers in {encoding[:40]!r}, and was asked for gzip or nothing"
            )
        most = target.max_body_mib * 2**20
        if int(answer.headers.get("content-length", "0")) > most:
            raise too_large(most)
        chunks, size = [], 0
        async for chunk in answer.aiter_raw(64 * 1024):
            size += len(chunk)
            if size > most:
                raise too_large(most)
            held.take(len(chunk))
            taken[0] += len(chunk)
            chunks.append(chunk)
        return Answer(
            content_type=answer.headers.get("content-type", ""),
            gzipped="gzip" in encoding,
            body=b"".join(chunks),
            delimited="content-length" in answer.headers or "transfer-encoding" in answer.headers,
        )
    finally:
        await answer.aclose()


def _headers(target: ScrapeTarget) -> dict[str, str]:
    headers = {
        "accept": ACCEPT if target.openmetrics else ACCEPT_TEXT,
        "accept-encoding": "gzip",
        "user-agent": f"tapetum/{__version__}",
        "x-prometheus-scrape-timeout-seconds": f"{target.patience_s:g}",
    }
    headers |= {name.lower(): value for name, value in target.headers.items()}
    token = _secret(target.bearer_token_file) if target.bearer_token_file else target.bearer_token
    if token:
        headers["authorization"] = f"Bearer {token}"
    elif target.username:
        password = _secret(target.password_file) if target.password_file else target.password
        headers["authorization"] = httpx.BasicAuth(target.username, password)._auth_header
    return headers


def _secret(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(_MAX_SECRET).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ScrapeFailed(
            "scrape_secret", f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from None


def _meaning(status: int) -> str:
    if status in (401, 403):
        return ": it wants a token or a password"
    return ": is this its path?" if status in (404, 405) else ""
