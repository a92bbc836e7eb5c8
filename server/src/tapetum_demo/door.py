"""The receiver's own doors, as the lender's people and pipelines use them."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from typing import Any

TIMEOUT_S = 5.0


def post(otlp_endpoint: str, headers: Mapping[str, str], path: str, body: Any) -> None:
    """Send `body` as JSON. Raises `OSError` where nobody takes it, `HTTPError` of it for what is refused."""
    request = urllib.request.Request(
        f"{otlp_endpoint.rstrip('/')}{path}",
        data=json.dumps(body).encode(),
        headers={**headers, "content-type": "application/json"},
        method="POST",
    )
    # Proxies of the environment have no business between us and loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=TIMEOUT_S):
        return
