"""How much OTLP's receivers keep of one record: the limits of every protocol, and those of spans."""

from __future__ import annotations

from dataclasses import dataclass

from tapetum_server.signals.limits import (
    MAX_ATTRIBUTES,
    MAX_DEPTH,
    MAX_KEY_BYTES,
    MAX_PAYLOAD_BYTES,
    MAX_VALUE_BYTES,
    is_payload,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a sender may put into one record before the rest of it is cut."""

    max_attributes: int = MAX_ATTRIBUTES
    """Per record, event, link, resource and scope; the rest is counted in `dropped`."""
    max_attribute_value_bytes: int = MAX_VALUE_BYTES
    max_payload_value_bytes: int = MAX_PAYLOAD_BYTES
    max_key_bytes: int = MAX_KEY_BYTES
    max_depth: int = MAX_DEPTH
    max_events: int = 1024
    max_links: int = 1024

    def __post_init__(self) -> None:
        if not 1 <= self.max_depth <= MAX_DEPTH:
            raise ValueError(f"max_depth is {self.max_depth}; expected 1..{MAX_DEPTH}")

    def value_bytes(self, key: str) -> int:
        """The size limit for the value of the attribute `key`."""
        return self.max_payload_value_bytes if is_payload(key) else self.max_attribute_value_bytes
