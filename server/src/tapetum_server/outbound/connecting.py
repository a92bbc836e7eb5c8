"""A request to the first address of a name at which anybody listens."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from tapetum_server.outbound.addresses import Destination

MOST_ADDRESSES = 4


async def ask(
    client: httpx.AsyncClient,
    method: str,
    to: Destination,
    *,
    headers: Mapping[str, str],
    within_s: float,
    content: bytes | None = None,
) -> httpx.Response:
    """The answer, its body not read yet, of the first address where somebody takes the connection: `localhost` has two,
    and servers listen at one. Nothing is sent twice: once connected, no other address is tried.

    The caller limits the whole to `within_s`; an address that says nothing leaves the others their part of it.
    Raises what httpx raises, of the last address.
    """
    urls = [to.url, *to.others][:MOST_ADDRESSES]
    connect = httpx.Timeout(None, connect=within_s / len(urls) if len(urls) > 1 else None)
    while True:
        request = client.build_request(
            method, urls.pop(0), content=content, headers={**headers, "host": to.host}, timeout=connect
        )
        request.extensions["sni_hostname"] = to.name
        try:
            return await client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            if not urls:
                raise


def nobody(error: httpx.ConnectError, url: str) -> str:
    """That no connection was made, and why."""
    # Of several addresses that were tried, httpx says only that there were several.
    said = "" if str(error) == "All connection attempts failed" else f": {error}"
    return f"nobody answers at {httpx.URL(url).netloc.decode()}{said}"
