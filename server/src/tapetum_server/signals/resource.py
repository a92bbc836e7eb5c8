"""Who emitted a record: the OTel resource and instrumentation scope, shared by many records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tapetum_server.signals.attributes import AttributeValue


@dataclass(slots=True, eq=False)
class Resource:
    """The entity that produced telemetry (`service.name`, `host.name`, …).

    One object per OTLP resource in a request; every record of it points at the same object,
    so that work done per resource is done once.
    """

    attributes: Mapping[str, AttributeValue]
    dropped_attributes: int = 0
    schema_url: str = ""
    service: str = field(init=False)
    """`service.name`, or `unknown_service` as the OTel specification names it."""

    def __post_init__(self) -> None:
        name = self.attributes.get("service.name")
        self.service = name if isinstance(name, str) and name else "unknown_service"


@dataclass(slots=True, eq=False)
class Scope:
    """The instrumentation library that produced a record."""

    name: str = ""
    version: str = ""
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    dropped_attributes: int = 0
    schema_url: str = ""
