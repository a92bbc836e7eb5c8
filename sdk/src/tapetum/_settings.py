"""Where to send and as whom: arguments first, then TAPETUM_*, then OpenTelemetry's own variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from tapetum import semconv

if TYPE_CHECKING:
    from tapetum.redaction import Redactor

DEFAULT_ENDPOINT = "http://127.0.0.1:4318"
DEFAULT_METRIC_INTERVAL_S = 15.0


class Unusable(ValueError):
    """A setting that cannot work; the message says which, and what it should look like."""


@dataclass(frozen=True)
class Settings:
    """What `tapetum.init` was told, by whichever way."""

    endpoint: str
    headers: Mapping[str, str]
    key: str | None
    project: str | None
    resource: Mapping[str, str]
    """Attributes that OpenTelemetry does not take from the environment by itself."""
    traces: bool = True
    logs: bool = True
    log_level: int = 0
    metrics: bool = True
    resources: bool = True
    capture: bool = True
    redactor: Redactor | None = None
    """What takes secrets out before anything is sent."""
    heartbeat_s: float = 10.0
    metric_interval_s: float = DEFAULT_METRIC_INTERVAL_S
    exit_timeout_s: float = 5.0
    notes: tuple[str, ...] = field(default=(), compare=False)
    """What was left out and why, to be said once."""


def disabled() -> bool:
    """Whether OTEL_SDK_DISABLED says that nothing is to be sent."""
    return os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"


def endpoint_of(given: str | None) -> tuple[str, dict[str, str], tuple[str, ...]]:
    """The server, OpenTelemetry's headers where they belong to it, and what was passed over.

    OTEL_EXPORTER_OTLP_HEADERS often holds somebody's key. It is sent with OTEL_EXPORTER_OTLP_ENDPOINT, or where no
    endpoint is named at all, and never to a server that was named in another way.
    """
    if own := given or os.environ.get("TAPETUM_URL"):
        return own, {}, ()
    standard = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").strip()
    if standard and os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "").strip() == "grpc":
        note = (
            f"OTEL_EXPORTER_OTLP_ENDPOINT={standard} speaks gRPC and tapetum HTTP, so {DEFAULT_ENDPOINT} it is: "
            "set TAPETUM_URL for another server."
        )
        return DEFAULT_ENDPOINT, {}, (note,)
    return standard or DEFAULT_ENDPOINT, _headers(os.environ.get("OTEL_EXPORTER_OTLP_HEADERS", "")), ()


def _headers(text: str) -> dict[str, str]:
    """`name=value,name=value` with values as in a URL."""
    pairs = (pair.partition("=") for pair in text.split(",") if "=" in pair)
    return {unquote(name).strip().lower(): unquote(value).strip() for name, _, value in pairs if name.strip()}


def resource_of(service: str | None, environment: str | None, version: str | None) -> dict[str, str]:
    """Who sends. An argument stands above OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, which OpenTelemetry reads."""
    given = (
        (semconv.SERVICE_NAME, service),
        (semconv.DEPLOYMENT_ENVIRONMENT_NAME, environment),
        (semconv.SERVICE_VERSION, version),
    )
    return {name: value for name, value in given if value}


def switched_on(signal: str, given: bool) -> bool:
    """Whether a signal is sent: OTEL_TRACES_EXPORTER=none and its like switch it off."""
    return given and os.environ.get(f"OTEL_{signal}_EXPORTER", "").strip().lower() != "none"


def metric_interval_s() -> float:
    """OTEL_METRIC_EXPORT_INTERVAL, which is in milliseconds."""
    try:
        milliseconds = float(os.environ.get("OTEL_METRIC_EXPORT_INTERVAL", ""))
    except ValueError:
        return DEFAULT_METRIC_INTERVAL_S
    return milliseconds / 1000 if milliseconds > 0 else DEFAULT_METRIC_INTERVAL_S


def flag(name: str, otherwise: bool) -> bool:
    """A variable that is true or false."""
    text = os.environ.get(name, "").strip().lower()
    return otherwise if not text else text not in ("0", "false", "no", "off")


def checked(endpoint: str) -> str:
    """The endpoint, if it can be one."""
    try:
        parts = urlsplit(endpoint)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise Unusable(f"the endpoint must look like {DEFAULT_ENDPOINT}, not {endpoint!r}")
    return endpoint
