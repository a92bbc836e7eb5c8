"""The one shape of an error at our own doors: `{"error": {code, message, field?, hint?}}`."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

logger = logging.getLogger("tapetum.api")


class ErrorDetail(BaseModel):
    """What went wrong and what to do next."""

    code: str
    """A short stable name to catch by."""
    message: str
    """For people: what happened, the value we saw, what we expected."""
    field: str | None = None
    """The part of the request that is at fault."""
    hint: str | None = None
    """What to do next."""


class ErrorBody(BaseModel):
    """The body of every answer that is not a success."""

    error: ErrorDetail


ERROR_RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorBody, "description": "The request was refused; the body says why and what to do."}
}
"""For `APIRouter(responses=…)`: documents the error shape and replaces FastAPI's own."""


class ApiError(Exception):
    """An answer that is not a success, raised anywhere below a route."""

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        *,
        field: str | None = None,
        hint: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.field = field
        self.hint = hint
        self.headers = dict(headers or {})

    def body(self) -> bytes:
        """The JSON body."""
        detail = {"code": self.code, "message": self.message, "field": self.field, "hint": self.hint}
        return orjson.dumps({"error": {k: v for k, v in detail.items() if v is not None}})

    def response(self) -> Response:
        """The whole answer."""
        return Response(self.body(), self.status, headers=self.headers, media_type="application/json")


def install_error_handlers(app: FastAPI) -> None:
    """Give every error of `app` the one shape: ours, FastAPI's, Starlette's and the unforeseen."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unforeseen)


async def _api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error.response()


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place, *path = first["loc"]
    field = ".".join(str(part) for part in path) or str(place)
    if first["type"] == "json_invalid":
        message, field = "The body is not JSON.", "body"
    else:
        message = f"{field}: {first['msg'][:1].lower()}{first['msg'][1:]}{_seen(first)}."
    return ApiError("invalid_request", message, 422, field=field).response()


def _seen(problem: Mapping[str, Any]) -> str:
    value = problem.get("input")
    if problem["type"] == "missing" or not isinstance(value, str | int | float | bool):
        return ""
    text = repr(value)
    # A key pasted into the wrong field must not come back in an error that somebody logs.
    if "tpt_" in text:
        return ""
    return f", not {text if len(text) <= 80 else text[:80] + '…'}"


_BY_STATUS = {
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "too_large",
    415: "unsupported_media_type",
}


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _BY_STATUS.get(error.status_code, f"http_{error.status_code}")
    hint = None
    if error.status_code == 404 and error.detail == "Not Found":
        message, hint = f"There is nothing at {request.url.path}.", "GET /api/openapi.json lists every door."
    elif error.status_code == 405:
        allowed = (error.headers or {}).get("Allow") or (error.headers or {}).get("allow")
        message = f"{request.url.path} does not answer {request.method}" + (
            f"; it answers {allowed}." if allowed else "."
        )
    else:
        message = error.detail
    return ApiError(code, message, error.status_code, hint=hint, headers=error.headers).response()


async def _unforeseen(request: Request, error: Exception) -> Response:
    reference = secrets.token_hex(6)
    logger.error(
        "%s %s failed, reference %s: %s",
        request.method,
        request.url.path,
        reference,
        type(error).__name__,
        exc_info=error,
    )
    return ApiError(
        "internal",
        f"The server failed to answer this. Reference {reference}.",
        500,
        hint="The server's log has the details under this reference.",
    ).response()
