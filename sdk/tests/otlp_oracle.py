"""OTLP/JSON documents into protobuf messages, with OpenTelemetry's own protobuf definitions."""

from __future__ import annotations

import base64
from typing import Any, TypeVar

from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message

M = TypeVar("M", bound=Message)

IDS = ("traceId", "spanId", "parentSpanId")


def parse(document: Any, message: M) -> M:
    """Strictly: an unknown field fails. OTLP writes ids as hex where protobuf's JSON mapping wants base64."""
    return ParseDict(_ids_as_base64(document), message)


def _ids_as_base64(node: Any) -> Any:
    if isinstance(node, list):
        return [_ids_as_base64(item) for item in node]
    if isinstance(node, dict):
        return {
            key: base64.b64encode(bytes.fromhex(value)).decode() if key in IDS else _ids_as_base64(value)
            for key, value in node.items()
        }
    return node
