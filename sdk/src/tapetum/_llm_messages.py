"""Messages of any provider as OpenTelemetry's GenAI conventions write them: roles with parts, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tapetum import _capture
from tapetum._llm_media import MAX_CHARACTERS, blob_part, media_part, omitted, size_of

MAX_TEXT = 256 * 1024
"""Characters of all messages of one attribute."""
MAX_MESSAGES = 1000
_NAMES = ("role", "type", "modality", "mime_type")
_BYTES = (bytes, bytearray, memoryview)
_ONE = (str, *_BYTES, Mapping)
Message = dict[str, Any]


def input_messages(value: Any) -> list[Message]:
    """A text is what the user says; a mapping is one message; a sequence is several, oldest first."""
    given = [value] if isinstance(value, _ONE) or not isinstance(value, Sequence) else list(value)
    return [message_of(one, "user") for one in given[-MAX_MESSAGES:]]


def output_messages(value: Any, finish_reason: str | None = None) -> list[Message]:
    """What a model answered, in the same ways."""
    given = [value] if isinstance(value, _ONE) or not isinstance(value, Sequence) else list(value)
    messages = [message_of(one, "assistant") for one in given[-MAX_MESSAGES:]]
    for message in messages:
        if finish_reason is not None:
            message.setdefault("finish_reason", finish_reason)
    return messages


def message_of(value: Any, role: str) -> Message:
    """One message of OpenAI's or Anthropic's shape, of the conventions' own, or a text."""
    plain = plain_of(value)
    if isinstance(plain, _BYTES):
        return {"role": role, "parts": _parts(plain)}
    if not isinstance(plain, Mapping):
        return {"role": role, "parts": [_text(plain if isinstance(plain, str) else _capture.text_of(value))]}
    said = str(plain.get("role") or role)
    if isinstance(plain.get("parts"), list):
        return {**plain, "role": said, "parts": [_media(one) for one in plain["parts"]]}
    if said in ("tool", "function"):
        return {"role": "tool", "parts": [_answer(plain.get("tool_call_id"), plain.get("content"))]}
    parts = _parts(plain.get("content")) + _spoken(plain.get("audio"))
    parts += [_call(one) for one in plain.get("tool_calls") or [] if isinstance(one, Mapping)]
    if isinstance(plain.get("refusal"), str):
        parts.append({"type": "refusal", "content": plain["refusal"]})
    if not parts and "type" in plain:
        parts = [_part(plain)]  # an item of the Responses API that is no message
    message: Message = {"role": said, "parts": parts}
    for key in ("name", "finish_reason"):
        if isinstance(plain.get(key), str):
            message[key] = plain[key]
    return message


def plain_of(value: Any) -> Any:
    """Objects of providers' clients as the data that they are; pydantic's know how to say it."""
    dump = getattr(value, "model_dump", None)
    if callable(dump) and not isinstance(value, type):
        return dump(exclude_none=True, warnings=False)
    return value


def text_of(messages: Sequence[Message]) -> tuple[str, int]:
    """JSON of messages that fits: the newest in full, and of what is too long the beginning; of images and sounds all
    or nothing. And how many of those are left out."""
    room = _Room()
    kept = [_fitting(message, room) for message in reversed(messages)]
    return json.dumps(kept[::-1], ensure_ascii=False, default=_capture.text_of), room.omitted


@dataclass
class _Room:
    """What an attribute may still hold, and what did not fit."""

    text: int = MAX_TEXT
    media: int = MAX_CHARACTERS
    omitted: int = 0


def _parts(content: Any) -> list[Message]:
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return [_text(content)]
    if isinstance(content, Sequence) and not isinstance(content, _BYTES):
        return [_part(plain_of(one)) for one in content]
    return [_part(plain_of(content))]


def _part(part: Any) -> Message:
    if isinstance(part, _BYTES):
        return blob_part(part, {"modality": "file"})
    if not isinstance(part, Mapping):
        return _text(part if isinstance(part, str) else _capture.text_of(part))
    kind = part.get("type")
    if kind in ("text", "input_text", "output_text"):
        return _text(str(part.get("text", part.get("content", ""))))
    if kind in ("tool_use", "function_call"):
        return _call(part)
    if kind in ("tool_result", "function_call_output"):
        answer = part.get("content", part.get("output"))
        return _answer(part.get("tool_use_id", part.get("call_id")), answer)
    if kind in ("thinking", "reasoning"):
        return {"type": "reasoning", "content": str(part.get("thinking", part.get("content", part.get("text", ""))))}
    return media_part(part) or dict(part)


def _answer(call_id: Any, answer: Any) -> Message:
    """What a tool answered; of a list of blocks, those that are images or files as parts of the conventions."""
    if isinstance(answer, (list, tuple)):
        answer = [_media(plain_of(one)) for one in answer]
    return {"type": "tool_call_response", "id": call_id, "response": answer}


def _media(part: Any) -> Any:
    """An image, sound or file as a part of the conventions; anything else as it is."""
    return (media_part(part) if isinstance(part, Mapping) else None) or part


def _spoken(audio: Any) -> list[Message]:
    """What a model of OpenAI's said aloud: the sound, or its id where it is said again, and its words."""
    if not isinstance(audio, Mapping):
        return []
    sound = media_part({"type": "audio", **audio}) or media_part({"type": "audio", "file_id": audio.get("id")})
    transcript = audio.get("transcript")
    return [part for part in (sound, _text(transcript) if isinstance(transcript, str) else None) if part is not None]


def _call(call: Mapping[str, Any]) -> Message:
    """A tool call of OpenAI's chat, OpenAI's responses, or Anthropic."""
    function = call.get("function")
    of: Mapping[str, Any] = function if isinstance(function, Mapping) else call
    arguments = of.get("arguments", call.get("input"))
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            pass  # what the model said, although it is not JSON
    return {
        "type": "tool_call", "id": call.get("call_id", call.get("id")), "name": of.get("name"), "arguments": arguments,
    }  # fmt: skip


def _text(content: str) -> Message:
    return {"type": "text", "content": content}


def _fitting(value: Any, room: _Room) -> Any:
    """The value with its texts cut to what is left, and without images and sounds for which there is no room."""
    if isinstance(value, str):
        most = max(0, room.text)
        room.text -= len(value)
        return value if len(value) <= most else value[:most] + "…"
    if isinstance(value, Mapping):
        if value.get("type") == "blob" and isinstance(value.get("content"), str):
            return _media_fitting(dict(value), room)
        return {str(key): _member(key, inner, room) for key, inner in value.items() if inner is not None}
    if isinstance(value, (list, tuple)):
        return [_fitting(inner, room) for inner in value]
    return value


def _media_fitting(part: Message, room: _Room) -> Message:
    size = len(part["content"])
    if size > room.media:
        part = omitted(part, size_of(part["content"]))
    room.media -= len(part["content"])
    room.omitted += "omitted_bytes" in part
    return {key: inner if key == "content" else _member(key, inner, room) for key, inner in part.items()}


def _member(key: Any, value: Any, room: _Room) -> Any:
    """What says what a message or part is stays readable where there is no room for what it holds."""
    return value if key in _NAMES and isinstance(value, str) and len(value) <= 64 else _fitting(value, room)
