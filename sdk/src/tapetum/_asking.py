"""One question to the server's own API, with the standard library."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit


def get(
    endpoint: str, path: str, headers: Mapping[str, str], timeout_s: float, *, max_bytes: int = 4 * 1024 * 1024
) -> dict[str, Any]:
    """The answer. Raises `LookupError` with the server's words, `OSError` where it does not answer."""
    parts = urlsplit(endpoint)
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=timeout_s, context=ssl.create_default_context()
        )
    else:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
    try:
        connection.request("GET", parts.path.rstrip("/") + path, headers={**headers, "Connection": "close"})
        response = connection.getresponse()
        body = response.read(max_bytes)
        status = response.status
        response.close()
    finally:
        connection.close()
    said = json.loads(body or b"{}")
    if status != 200:
        error = said.get("error", {}) if isinstance(said, dict) else {}
        raise LookupError(f"HTTP {status} {error.get('message', '')}".strip())
    if not isinstance(said, dict):
        raise ValueError("the server's answer is not an object")
    return said
