"""What the lender has watched: monitors made through the receiver's public API, as its own people would."""

from __future__ import annotations

import logging
import urllib.error
from collections.abc import Mapping
from typing import Any

from tapetum_demo.door import post

_logger = logging.getLogger(__name__)
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
        "name": "Applications differ from the schema",
        "query": {
            "kind": "findings",
            "q": "model:credit-risk severity:ERROR",
            "measure": "rows",
            "group_by": ["feature"],
        },
        "condition": {"op": ">", "limit": 0, "aggregate": "sum"},
        "interval_s": 10,
        "description": "Predictions of credit-risk whose features or scores are not as its schema says.",
        "runbook": "Open Data quality: what differs, since when, and the predictions.",
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
    for monitor in MONITORS:
        try:
            post(otlp_endpoint, headers, "/api/v1/monitors", monitor)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code != _EXISTS:
                _logger.info("the demo's monitor %r was not made: %s", monitor["name"], error)
        except OSError as error:
            _logger.info("the demo's monitor %r was not made: %s", monitor["name"], error)
