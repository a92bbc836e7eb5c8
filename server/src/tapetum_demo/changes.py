"""Tells the receiver what was changed in the world, as a pipeline would after a deploy."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from tapetum_demo.door import post

_logger = logging.getLogger(__name__)


def record_change(otlp_endpoint: str, headers: Mapping[str, str], change: Mapping[str, str]) -> None:
    """Record one change. The world goes on where nobody takes it."""
    try:
        post(otlp_endpoint, headers, "/v1/changes", {"source": "demo", **change})
    except OSError as error:
        _logger.warning("the demo's change was not recorded: %s", error)
