"""What the mock provider's model says: which tool it calls and what it writes, from the request and a seed alone."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_WORD = re.compile(r"\w+|[^\w\s]")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w])")
_ID = re.compile(r"\b(?=\w*\d)[0-9a-f]{8,64}\b", re.IGNORECASE)
_KEEPS_SEARCHING = re.compile(r"search again", re.IGNORECASE)
_ANGLES = ("", "exceptions", "fees", "deadlines", "conditions", "definitions", "annex", "latest version")
_LONGEST_SNIPPET = 400
_CLOSINGS = (
    "Is there anything else that you would like to know?",
    "Please tell me if anything is still unclear.",
    "I hope that this helps.",
)
_THOUGHTS = ("What is being asked?", "Which of the sources could tell?", "Does the answer follow from what was found?")
_EFFORTS = {"low": 1, "medium": 2, "high": 3}
REFUSAL = "I'm sorry, but I can't help with that: the sources that I found do not agree."


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool as the request offers it."""

    name: str
    description: str = ""
    schema: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a request comes to, in whichever dialect it was written."""

    model: str
    system: str
    user: str  # the latest thing that the user said
    texts: Sequence[str]  # everything that counts as input
    tools: Sequence[Tool] = ()
    results: Sequence[str] = ()  # of tools called since the user spoke
    tool_choice: str = "auto"  # "auto", "none", "required", or a tool's name
    effort: str = ""  # how hard to think: "low", "medium" or "high"; else not at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the model answers: a text, or a call of a tool."""

    text: str = ""
    refused: bool = False
    tool: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    input_tokens: int = 0
    output_tokens: int = 0
    """With those of `thought`."""
    thought: str = ""
    """What went through its mind before."""


def count_tokens(text: str) -> int:
    """How many tokens a text has here: its words and its signs. The same text always has the same number."""
    return len(_WORD.findall(text))


def reply_to(ask: Ask, seed: int) -> Reply:
    """The model's answer. The same request and seed always get the same one."""
    tool = _wanted_tool(ask)
    thought = " ".join(_THOUGHTS[: _EFFORTS.get(ask.effort, 0)])
    thinking = count_tokens(thought)
    used = sum(map(count_tokens, ask.texts)) + sum(count_tokens(json.dumps(t.schema)) + 8 for t in ask.tools)
    if tool is not None:
        arguments = _arguments(tool, ask)
        said = count_tokens(json.dumps(arguments)) + count_tokens(tool.name)
        return Reply(
            tool=tool.name, arguments=arguments, input_tokens=used, output_tokens=said + thinking, thought=thought
        )
    refused = bool(ask.results and _KEEPS_SEARCHING.search(ask.system))
    text = REFUSAL if refused else _answer(ask, seed)
    said = count_tokens(text)
    return Reply(text=text, refused=refused, input_tokens=used, output_tokens=said + thinking, thought=thought)


def embedding_of(text: str, dimensions: int) -> list[float]:
    """A direction for a text: its words, hashed. Texts that share words point in similar directions."""
    vector = [0.0] * dimensions
    for word in _WORD.findall(text.lower()):
        digest = hashlib.blake2b(word.encode(), digest_size=8).digest()
        vector[int.from_bytes(digest[:4], "big") % dimensions] += 1.0 if digest[4] % 2 else -1.0
    length = sum(v * v for v in vector) ** 0.5 or 1.0
    return [v / length for v in vector]


def _wanted_tool(ask: Ask) -> Tool | None:
    by_name = {tool.name: tool for tool in ask.tools}
    if not by_name or ask.tool_choice == "none":
        return None
    if ask.tool_choice in by_name:
        return by_name[ask.tool_choice]
    if ask.results:
        # A prompt that asks to go on until everything agrees is obeyed to the letter.
        searches = [tool for tool in ask.tools if "search" in tool.name]
        return searches[0] if searches and _KEEPS_SEARCHING.search(ask.system) else None
    best = max(ask.tools, key=lambda tool: _kinship(ask.user, tool))
    return best if ask.tool_choice == "required" or _kinship(ask.user, best) else None


def _kinship(said: str, tool: Tool) -> int:
    """How many words of the user the tool's name and description have too; the first letters of a word count."""
    return len(_stems(said) & _stems(f"{tool.name.replace('_', ' ')} {tool.description}"))


def _stems(text: str) -> set[str]:
    return {word[:5] for word in re.findall(r"[a-z]{4,}", text.lower())}


def _arguments(tool: Tool, ask: Ask) -> dict[str, Any]:
    """One value for each property of the tool's schema, out of what the user said."""
    numbers = iter(_NUMBER.findall(ask.user))
    made: dict[str, Any] = {}
    for name, schema in (tool.schema.get("properties") or {}).items():
        kind = schema.get("type")
        if schema.get("enum"):
            made[name] = schema["enum"][0]
        elif kind in ("number", "integer"):
            number = float(next(numbers, "1"))
            made[name] = int(number) if kind == "integer" else number
        elif kind == "boolean":
            made[name] = True
        elif kind == "array":
            made[name] = [ask.user]
        elif kind == "object":
            made[name] = {}
        elif name.endswith("id") and (found := _ID.search(ask.user)):
            made[name] = found[0]
        else:
            angle = _ANGLES[len(ask.results) % len(_ANGLES)]
            made[name] = f"{ask.user} {angle}".strip()
    return made


def _answer(ask: Ask, seed: int) -> str:
    closing = random.Random(f"{seed}/{ask.user}").choice(_CLOSINGS)
    if ask.results:
        found = " ".join(result.strip()[:_LONGEST_SNIPPET] for result in ask.results)
        return f"Here is what I found. {found} {closing}"
    if "thank" in ask.user.lower():
        return "You are welcome. Good luck with your plans!"
    about = " ".join(ask.user.split()[:12]).rstrip(".,!?") or "nothing yet"
    return f"You said: {about}. {closing}"
