"""What the lender has watched: monitors made through the receiver's public API, as its own people would."""

from __future__ import annotations

import json
import logging
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

_logger = logging.getLogger(__name__)
_TIMEOUT_S = 5.0
_EXISTS = 409

MONITORS: tuple[dict[str, Any], ...] = (
    {
        "name": "Features are slow",
        "query": {"kind": "spans", "q": "service:features span_kind:server", "measure": "p50_ms"},
        "condition": {"op": ">", "limit": 12, "aggregate": "avg", "recovery_limit": 9},
        "window_s": 30,
        "interval_s": 5,
        "severity": "critical",
        "description": "Half of all customers are read slower than this; scoring and its customers wait for it.",
        "runbook": "Open a slow trace, see which span takes the time, and what was changed when it began.",
    },
    {
        "name": "Scores come late",
        "query": {"kind": "spans", "q": "service:scoring span_kind:server", "measure": "p95_ms"},
        "condition": {"op": ">", "limit": 750, "aggregate": "avg"},
        "interval_s": 10,
        "description": "A refresh of features makes a few of a hundred wait; this is more than that.",
    },
    {
        "name": "Features fail",
        "query": {"kind": "spans", "q": "service:features span_kind:server", "measure": "error_rate"},
        "condition": {"op": ">", "limit": 25, "aggregate": "avg"},
        "interval_s": 10,
        "description": "A refresh locks the database now and then, and scoring asks once more: a few % are usual.",
    },
    {
        "name": "The assistant refuses",
        "query": {"kind": "spans", "q": "service:assistant kind:llm", "measure": "refusal_rate"},
        "condition": {"op": ">", "limit": 3, "aggregate": "avg"},
        "interval_s": 10,
        "description": "Calls of the model that end as refusals; usually there are none.",
        "runbook": "Open Prompts and see whether a new version of loan-assistant does worse than the one before.",
    },
)
"""None of them has a webhook: the demo calls nobody."""


def make_monitors(otlp_endpoint: str, headers: Mapping[str, str]) -> None:
    """Make those that are not there. The world goes on where the receiver has no monitors or may not make them."""
    # Proxies of the environment have no business between us and loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for monitor in MONITORS:
        request = urllib.request.Request(
            f"{otlp_endpoint.rstrip('/')}/api/v1/monitors",
            data=json.dumps(monitor).encode(),
            headers={**headers, "content-type": "application/json"},
            method="POST",
        )
        try:
            with opener.open(request, timeout=_TIMEOUT_S):
                continue
        except urllib.error.HTTPError as error:
            error.close()
            if error.code != _EXISTS:
                _logger.info("the demo's monitor %r was not made: %s", monitor["name"], error)
        except OSError as error:
            _logger.info("the demo's monitor %r was not made: %s", monitor["name"], error)
