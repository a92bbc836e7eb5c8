"""What a prompt is: a text or chat messages with variables, under a name, in versions."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}\Z")
LABEL = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")
LATEST = "latest"
"""The label that the newest version always has; nobody sets it."""
PRODUCTION = "production"
"""The label that is fetched where none is asked for."""
ROLES = ("system", "developer", "user", "assistant", "tool", "placeholder")
_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_.]{0,99})\s*\}\}")

ChatMessage = dict[str, str]
Prompt = str | list[ChatMessage]
"""A text, or chat messages of `{"role", "content"}`."""


def variables_of(prompt: Prompt) -> list[str]:
    """The names that stand as `{{name}}` in the prompt, in the order of their first use."""
    texts: Sequence[str] = [prompt] if isinstance(prompt, str) else [message["content"] for message in prompt]
    return list(dict.fromkeys(name for text in texts for name in _VARIABLE.findall(text)))


def lines_of(prompt: Prompt) -> list[str]:
    """The prompt as lines, for a comparison: chat messages one after the other, each under its role."""
    if isinstance(prompt, str):
        return prompt.splitlines()
    return [line for message in prompt for line in (f"[{message['role']}]", *message["content"].splitlines())]


def encode_prompt(prompt: Prompt) -> str:
    """The prompt as it is kept: JSON."""
    return json.dumps(prompt, ensure_ascii=False, separators=(",", ":"))


def decode_prompt(kept: str) -> Prompt:
    """The prompt that `encode_prompt` made `kept` of."""
    prompt: Prompt = json.loads(kept)
    return prompt
