"""Captured requests of real instrumentors as spans and log records of plain values, decoded by Google's mapping."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

CAPTURES = Path(__file__).parents[1] / "data" / "captures"
MANIFEST: list[dict[str, Any]] = json.loads((CAPTURES / "MANIFEST.json").read_text())["captures"]


def spans_and_logs(capture: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """All spans and all log records of one capture; values of attributes as the store keeps them, as text."""
    spans: list[dict[str, Any]] = []
    logs: list[dict[str, Any]] = []
    for file in capture["files"]:
        if file["signal"] == "metrics":
            continue
        request = _request(CAPTURES / file["file"])
        for resource in request.get("resourceSpans", []):
            spans += [span for scope in resource["scopeSpans"] for span in scope["spans"]]
        for resource in request.get("resourceLogs", []):
            logs += [record for scope in resource["scopeLogs"] for record in scope["logRecords"]]
    return spans, logs


def texts(pairs: list[dict[str, Any]]) -> dict[str, str]:
    return {pair["key"]: _text(plain(pair.get("value") or {})) for pair in pairs}


def values(pairs: list[dict[str, Any]]) -> dict[str, Any]:
    return {pair["key"]: plain(pair.get("value") or {}) for pair in pairs}


def plain(any_value: dict[str, Any]) -> Any:
    if not any_value:
        return None
    ((kind, value),) = any_value.items()
    if kind == "arrayValue":
        return [plain(one) for one in value.get("values", [])]
    if kind == "kvlistValue":
        return values(value.get("values", []))
    return base64.b64decode(value) if kind == "bytesValue" else value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def _request(path: Path) -> dict[str, Any]:
    body = path.read_bytes()
    if body.startswith(b"\x1f\x8b"):
        body = gzip.decompress(body)
    if path.suffix == ".json":
        read: dict[str, Any] = json.loads(body)
        return read
    message = (ExportTraceServiceRequest if ".traces" in path.name else ExportLogsServiceRequest)()
    message.ParseFromString(body)
    decoded: dict[str, Any] = json_format.MessageToDict(message)
    return decoded
