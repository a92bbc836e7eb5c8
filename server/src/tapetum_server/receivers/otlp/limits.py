"""How much of one record is kept. What goes beyond is cut and counted, never an error."""

from __future__ import annotations

from dataclasses import dataclass

MAX_ATTRIBUTE_DEPTH = 64
"""Hard bound for `Limits.max_depth`: readers recurse once per level."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a sender may put into one record before the rest of it is cut."""

    max_attributes: int = 1024
    """Per record, event, link, resource and scope; the rest is counted in `dropped`."""
    max_attribute_value_bytes: int = 1024 * 1024
    """Longer text and bytes are cut; of longer arrays and key-value lists the first elements stay."""
    max_payload_value_bytes: int = 4 * 1024 * 1024
    """The same for what holds prompts and answers (see `is_payload`) and for log bodies."""
    max_key_bytes: int = 1024
    max_depth: int = MAX_ATTRIBUTE_DEPTH
    """Arrays and key-value lists nested deeper than this are replaced by a short text."""
    max_events: int = 1024
    max_links: int = 1024

    def __post_init__(self) -> None:
        if not 1 <= self.max_depth <= MAX_ATTRIBUTE_DEPTH:
            raise ValueError(f"max_depth is {self.max_depth}; expected 1..{MAX_ATTRIBUTE_DEPTH}")

    def value_bytes(self, key: str) -> int:
        """The size limit for the value of the attribute `key`."""
        return self.max_payload_value_bytes if is_payload(key) else self.max_attribute_value_bytes


_PAYLOAD_ENDINGS = (
    ".messages", "input.value", "output.value", ".system_instructions", ".content", ".arguments", ".result",
    ".prompt", ".completion", ".prompts", ".completions", ".input", ".output", "ai.toolCall.args",
)  # fmt: skip


def is_payload(key: str) -> bool:
    """Whether an attribute holds what a person or model said, in any dialect we know."""
    return key.endswith(_PAYLOAD_ENDINGS)


TOO_DEEP = "[nested too deeply]"
"""Stands where nesting went beyond `Limits.max_depth`."""
