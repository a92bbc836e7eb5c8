"""How much of one record is kept, whatever protocol brought it. What goes beyond is cut and counted, never an error."""

from __future__ import annotations

MAX_ATTRIBUTES = 1024
"""Per record; the rest is counted in `dropped`."""
MAX_KEY_BYTES = 1024
MAX_VALUE_BYTES = 1024 * 1024
"""Longer text and bytes are cut; of longer arrays and key-value lists the first elements stay."""
MAX_PAYLOAD_BYTES = 4 * 1024 * 1024
"""The same for what holds prompts and answers (see `is_payload`) and for log bodies."""
MAX_DEPTH = 64
"""Arrays and key-value lists nested deeper than this are replaced by `TOO_DEEP`. Readers recurse once per level."""
TOO_DEEP = "[nested too deeply]"
"""Stands where nesting went beyond the limit."""

_PAYLOAD_ENDINGS = (
    ".messages", "input.value", "output.value", ".system_instructions", ".content", ".arguments", ".result",
    ".prompt", ".completion", ".prompts", ".completions", ".input", ".output", "ai.toolCall.args",
)  # fmt: skip


def is_payload(key: str) -> bool:
    """Whether an attribute holds what a person or model said, in any dialect we know."""
    return key.endswith(_PAYLOAD_ENDINGS)


def value_bytes(key: str) -> int:
    """How much is kept of the value of the attribute `key`."""
    return MAX_PAYLOAD_BYTES if is_payload(key) else MAX_VALUE_BYTES


def cut_at(key: str, type_letter: str, text: str) -> int | None:
    """At how many bytes the value of a stored attribute was cut on arrival; `None` where it was not.

    Nothing else is kept of that: a text or bytes of exactly the size at which values are cut was almost certainly
    longer. Of arrays and key-value lists, which lose whole elements, it cannot be told.
    """
    most = value_bytes(key)
    if type_letter == "s" and len(text) * 4 >= most - 3:
        # UTF-8 is not cut inside a character, so up to three bytes may be missing.
        return most if most - 3 <= len(text.encode("utf-8", "replace")) <= most else None
    if type_letter == "y":
        return most if len(text) == -(-most // 3) * 4 else None
    return None
