"""One span event or log record per message, as OpenTelemetry had it before messages were attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tapetum_server.processors.messages.blocks import response_of
from tapetum_server.processors.messages.decoding import decode
from tapetum_server.processors.messages.message import Found, Message, Part, finished, role_of, text
from tapetum_server.processors.messages.reading import read_messages
from tapetum_server.processors.messages.turns import content_parts, turn_of

Event = tuple[str, Mapping[str, Any]]
"""Name, and what its attributes and body say together."""

INPUT_EVENTS: Mapping[str, str] = {
    "gen_ai.system.message": "system", "gen_ai.user.message": "user", "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}  # fmt: skip
OUTPUT_EVENTS = frozenset({"gen_ai.choice"})
PROMPT_EVENTS: Mapping[str, str] = {
    "gen_ai.content.prompt": "gen_ai.prompt", "user_prompt": "prompt", "claude_code.user_prompt": "prompt",
    "gemini_cli.user_prompt": "prompt", "codex.user_prompt": "prompt",
}  # fmt: skip
"""Events that hold what was asked, and under which key."""
COMPLETION_EVENTS: Mapping[str, str] = {
    "gen_ai.content.completion": "gen_ai.completion", "assistant_response": "response",
    "claude_code.assistant_response": "response", "gemini_cli.api_response": "response_text",
}  # fmt: skip
DETAILS = "gen_ai.client.inference.operation.details"
NAMES = (*INPUT_EVENTS, *OUTPUT_EVENTS, *PROMPT_EVENTS, *COMPLETION_EVENTS, DETAILS)
"""All events that carry content."""


def read_events(events: Iterable[Event], tool: bool = False) -> tuple[Found, Found]:
    """What events say went in and came out. `tool`: they belong to a tool's span, where words are its arguments."""
    went, came = Found(), Found()
    for name, said in events:
        if name in INPUT_EVENTS:
            _keep(went, _message(said, INPUT_EVENTS[name], went, tool))
        elif name in OUTPUT_EVENTS:
            _keep(came, _choice(said, came, tool))
        elif name in PROMPT_EVENTS:
            _extend(went, said.get(PROMPT_EVENTS[name]), "user")
        elif name in COMPLETION_EVENTS:
            _extend(came, said.get(COMPLETION_EVENTS[name]), "assistant")
        elif name == DETAILS:
            _extend(went, said.get("gen_ai.system_instructions"), "system")
            _extend(went, said.get("gen_ai.input.messages"), "user")
            _extend(came, said.get("gen_ai.output.messages"), "assistant")
    for found in (went, came):
        found.shape = "messages" if found.messages else ""
    return went, came


def _message(said: Mapping[str, Any], role: str, found: Found, tool: bool) -> Message:
    if tool:
        arguments, _wrong = decode(str(said.get("content", "")))
        call = Part(type="tool_call", name=str(said.get("name", "")), arguments=arguments)
        if said.get("id"):
            call["id"] = str(said["id"])
        return Message(role="assistant", parts=[call])
    return turn_of({**_decoded(said), "role": said.get("role") or role}, found, role)


def _choice(said: Mapping[str, Any], found: Found, tool: bool) -> Message:
    message = said.get("message")
    if isinstance(message, str):
        message, _wrong = decode(message)
    if tool:
        part = Part(type="tool_call_response", response=response_of(message))
        if said.get("id"):
            part["id"] = str(said["id"])
        return Message(role="tool", parts=[part])
    if isinstance(message, Mapping):
        role = role_of(message.get("role"), "assistant")
        answer = turn_of({**message, "role": role}, found, "assistant")
    elif isinstance(message, str):
        answer = Message(role="assistant", parts=[text(message)] if message else [])
    else:
        content = message if message is not None else said.get("content")
        answer = turn_of({**_decoded(said), "role": "assistant", "content": content}, found, "assistant")
    return finished(answer, said.get("finish_reason"))


def _decoded(said: Mapping[str, Any]) -> dict[str, Any]:
    """Tool calls may come as JSON text."""
    calls = said.get("tool_calls")
    return {**said, "tool_calls": decode(calls)[0]} if isinstance(calls, str) else dict(said)


def _keep(found: Found, message: Message) -> None:
    if message["parts"]:
        found.messages.append(message)


def _extend(found: Found, value: Any, role: str) -> None:
    if role == "system" and value:
        parts = content_parts(decode(value)[0] if isinstance(value, str) else value, found)
        if parts:
            found.messages.append(Message(role="system", parts=parts))
        return
    more = read_messages(value, role)
    found.messages += more.messages
    found.flags += [flag for flag in more.flags if flag not in found.flags]
