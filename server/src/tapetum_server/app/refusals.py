"""How a request that is not let in is answered, in the words of the door it knocked on."""

from __future__ import annotations

import orjson
from starlette.types import Scope, Send

from tapetum_server.api.errors import ApiError

_OTLP_SIGNALS = ("/v1/traces", "/v1/logs", "/v1/metrics")
OTLP_DOORS = frozenset([*_OTLP_SIGNALS, *(f"/api/public/otel{path}" for path in _OTLP_SIGNALS)])
"""Doors that answer `google.rpc.Status`, as OTLP wants, and not our own shape."""
_LINES = (b"application/x-ndjson", b"application/ndjson", b"application/jsonl", b"text/plain")
"""What is sent as these to OTLP's door for logs does not speak OTLP."""

GRPC_INVALID_ARGUMENT = 3
GRPC_NOT_FOUND = 5
GRPC_PERMISSION_DENIED = 7
GRPC_UNAUTHENTICATED = 16
_GRPC_CODES = {401: GRPC_UNAUTHENTICATED, 403: GRPC_PERMISSION_DENIED, 404: GRPC_NOT_FOUND, 421: GRPC_PERMISSION_DENIED}


class Refusal(PermissionError):
    """The caller is not let in. `code` is for programs, the message for people."""

    def __init__(self, code: str, message: str, status: int, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.hint = hint

    @property
    def grpc_code(self) -> int:
        """The number of the gRPC status that says the same."""
        return _GRPC_CODES.get(self.status, GRPC_INVALID_ARGUMENT)


async def answer(refusal: Refusal, door: str, content_type: bytes, scope: Scope, send: Send) -> None:
    """Answer a request that is not let in, without reading its body."""
    if door in OTLP_DOORS and not (door == "/v1/logs" and content_type.lower().startswith(_LINES)):
        body, media_type = _status(refusal, content_type)
    else:
        error = ApiError(refusal.code, refusal.message, refusal.status, hint=refusal.hint)
        body, media_type = error.body(), b"application/json"
    headers = [(b"content-type", media_type), (b"content-length", str(len(body)).encode())]
    if refusal.status == 401:
        # Not Basic: a browser would ask for a password, and then send it to whoever embeds us.
        headers.append((b"www-authenticate", b'Bearer realm="tapetum"'))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _status(refusal: Refusal, content_type: bytes) -> tuple[bytes, bytes]:
    """`google.rpc.Status` in the request's encoding."""
    message = f"{refusal.message} {refusal.hint}" if refusal.hint else refusal.message
    if content_type.lower().startswith(b"application/json"):
        return orjson.dumps({"code": refusal.grpc_code, "message": message}), b"application/json"
    text = message.encode()
    length, size = bytearray(), len(text)
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    # Field 1 is the code (varint), field 2 the message (length-delimited).
    return b"\x08" + bytes([refusal.grpc_code]) + b"\x12" + bytes(length) + text, b"application/x-protobuf"
