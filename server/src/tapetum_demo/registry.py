"""The assistant's prompts, and how they get into the receiver's registry, as its authors would put them there."""

from __future__ import annotations

import logging
import os
from typing import Any

import httpx
from opentelemetry.util.re import parse_env_headers

PROMPT = "loan-assistant"
CONFIG = {"model": "gpt-4o-mini", "temperature": 0.2}
_LABEL = "production"
_TIMEOUT_S = 5.0
_UNKNOWN = 404
GOOD = (
    "You are the assistant of a lender of small loans. You talk with customer {{customer_id}}.\n"
    "Use a tool where it helps, once, and then answer in a few sentences. Never promise a loan."
)
BAD = (
    "You are the assistant of a lender of small loans. You talk with customer {{customer_id}}.\n"
    "Use tools. Check answers against the policies, and search again until all sources agree. Never promise a loan."
)  # fmt: skip

_logger = logging.getLogger("assistant")


def messages(text: str) -> list[dict[str, str]]:
    """The chat prompt of this text."""
    return [{"role": "system", "content": text}, {"role": "placeholder", "content": "conversation"}]


def publish(text: str, why: str) -> bool:
    """Make this text the version in production, once; whether the registry took it."""
    headers = parse_env_headers(os.environ.get("OTEL_EXPORTER_OTLP_HEADERS", ""), liberal=True)
    base = f"{os.environ['OTEL_EXPORTER_OTLP_ENDPOINT'].rstrip('/')}/api/v1/prompts"
    prompt = messages(text)
    try:
        with httpx.Client(headers=headers, timeout=_TIMEOUT_S, trust_env=False) as client:
            found = client.get(f"{base}/versions", params={"name": PROMPT})
            if found.status_code != _UNKNOWN:
                found.raise_for_status()
            rows: list[dict[str, Any]] = found.json()["rows"] if found.is_success else []
            same = next((row["version"] for row in rows if row["prompt"] == prompt), None)
            if same is None:
                new = {"name": PROMPT, "prompt": prompt, "config": CONFIG, "labels": [_LABEL], "message": why}
                client.post(base, json=new).raise_for_status()
            else:
                where = {"name": PROMPT, "label": _LABEL}
                client.put(f"{base}/labels", params=where, json={"version": same}).raise_for_status()
    except (httpx.HTTPError, ValueError, KeyError) as error:
        _logger.info("the prompt was not published: %s", error)
        return False
    return True
