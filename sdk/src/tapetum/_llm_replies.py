"""What providers answer, whole or in pieces: OpenAI's chat and responses, Anthropic's messages, and plain text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tapetum._llm_messages import MAX_TEXT, Message, message_of, plain_of

Tokens = dict[str, int]
_ANTHROPIC_CACHE = {"cache_read_input_tokens": "cache_read_tokens", "cache_creation_input_tokens": "cache_write_tokens"}


@dataclass
class Reply:
    """A reply as far as it is known."""

    messages: list[Message] = field(default_factory=list)
    tokens: Tokens = field(default_factory=dict)
    finish_reasons: list[str] = field(default_factory=list)
    response_id: str | None = None
    model: str | None = None


def tokens_of(usage: Any) -> Tokens:
    """Token counts of a provider's `usage`: the input with what was cached, the output with what was thought."""
    plain = plain_of(usage)
    if not isinstance(plain, Mapping):
        return {}
    found: Tokens = {}

    def take(name: str, value: Any) -> None:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            found[name] = value

    take("input_tokens", plain.get("input_tokens", plain.get("prompt_tokens")))
    take("output_tokens", plain.get("output_tokens", plain.get("completion_tokens")))
    for key, name in _ANTHROPIC_CACHE.items():
        take(name, plain.get(key))
        if key in plain and "input_tokens" in found:
            found["input_tokens"] += found.get(name, 0)  # Anthropic counts them beside the input
    details = plain.get("input_tokens_details", plain.get("prompt_tokens_details"))
    if isinstance(details, Mapping):
        take("cache_read_tokens", details.get("cached_tokens"))
        take("audio_input_tokens", details.get("audio_tokens"))
        take("image_input_tokens", details.get("image_tokens"))
    details = plain.get("output_tokens_details", plain.get("completion_tokens_details"))
    if isinstance(details, Mapping):
        take("reasoning_tokens", details.get("reasoning_tokens"))
        take("audio_output_tokens", details.get("audio_tokens"))
    return found


def whole(value: Any) -> Reply | None:
    """A provider's answer object, or `None` where it is none: a text or messages, say."""
    plain = plain_of(value)
    if not isinstance(plain, Mapping):
        return None
    reply = Reply(
        response_id=_str(plain.get("id")), model=_str(plain.get("model")), tokens=tokens_of(plain.get("usage"))
    )
    if isinstance(plain.get("choices"), list):
        for choice in plain["choices"]:
            message = message_of(choice.get("message") or choice.get("text") or "", "assistant")
            if reason := _str(choice.get("finish_reason")):
                message["finish_reason"] = reason
                reply.finish_reasons.append(reason)
            reply.messages.append(message)
        return reply
    if isinstance(plain.get("output"), list):  # OpenAI's responses
        content = [part for item in plain["output"] for part in _content(item)]
        reply.messages = [message_of({"content": content}, "assistant")]
    elif plain.get("type") == "message" and "content" in plain:  # Anthropic
        reply.messages = [message_of(plain, "assistant")]
    else:
        return None
    reason = _str(plain.get("stop_reason")) or _str(plain.get("status"))
    if reason:
        reply.messages[0]["finish_reason"] = reason
        reply.finish_reasons = [reason]
    return reply


def _content(item: Any) -> list[Any]:
    """What an item of `output` holds: a message its parts, anything else itself."""
    if isinstance(item, Mapping) and item.get("type") == "message":
        return list(item.get("content") or [])
    return [item]


class Assembly:
    """A reply out of its pieces. `text_of` says what a piece adds where the pieces are of no provider known here."""

    def __init__(self, text_of: Callable[[Any], str | None] | None = None) -> None:
        self.begun = False
        """Whether its first token came."""
        self._text_of = text_of
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._refusal: list[str] = []
        self._calls: dict[Any, dict[str, Any]] = {}
        self._done: Reply | None = None
        self._usage: dict[str, Any] = {}
        self._reply = Reply()
        self._said = 0
        self._room = MAX_TEXT

    def add(self, piece: Any) -> bool:
        """Take a piece in; whether it is a part of the answer, as the first token is."""
        before = self._said
        if self._text_of is not None:
            self._say(self._text, self._text_of(piece))
        elif isinstance(piece, str):
            self._say(self._text, piece)
        else:
            plain = plain_of(piece)
            if isinstance(plain, Mapping):
                self._take(plain)
        return self._said > before

    def _say(self, to: list[str], text: Any) -> None:
        if isinstance(text, str) and text:
            self._said += 1
            if self._room > 0:
                to.append(text[: self._room])
                self._room -= len(text)

    def _take(self, piece: Mapping[str, Any]) -> None:
        kind = str(piece.get("type", ""))
        if "choices" in piece:
            self._openai_chat(piece)
        elif kind.startswith("response."):
            self._openai_response(kind, piece)
        elif kind:
            self._anthropic(kind, piece)

    def _openai_chat(self, piece: Mapping[str, Any]) -> None:
        self._reply.response_id = self._reply.response_id or _str(piece.get("id"))
        self._reply.model = self._reply.model or _str(piece.get("model"))
        if piece.get("usage"):
            self._reply.tokens = tokens_of(piece["usage"])
        for choice in piece["choices"] or []:
            delta = choice.get("delta") or {}
            self._say(self._text, delta.get("content") or choice.get("text"))
            self._say(self._reasoning, delta.get("reasoning_content"))
            self._say(self._refusal, delta.get("refusal"))
            for call in delta.get("tool_calls") or []:
                function = call.get("function") or {}
                self._call(call.get("index", 0), call.get("id"), function.get("name"), function.get("arguments"))
            if reason := _str(choice.get("finish_reason")):
                self._reply.finish_reasons = [reason]

    def _openai_response(self, kind: str, piece: Mapping[str, Any]) -> None:
        if kind == "response.output_text.delta":
            self._say(self._text, piece.get("delta"))
        elif kind == "response.refusal.delta":
            self._say(self._refusal, piece.get("delta"))
        elif kind in ("response.reasoning_text.delta", "response.reasoning_summary_text.delta"):
            self._say(self._reasoning, piece.get("delta"))
        elif kind == "response.output_item.added" and (piece.get("item") or {}).get("type") == "function_call":
            item = piece["item"]
            self._call(piece.get("output_index", 0), item.get("call_id"), item.get("name"), item.get("arguments"))
        elif kind == "response.function_call_arguments.delta":
            self._call(piece.get("output_index", 0), None, None, piece.get("delta"))
        elif kind in ("response.completed", "response.incomplete", "response.failed"):
            self._done = whole(piece.get("response"))

    def _anthropic(self, kind: str, piece: Mapping[str, Any]) -> None:
        if kind == "message_start":
            message = piece.get("message") or {}
            self._reply.response_id, self._reply.model = _str(message.get("id")), _str(message.get("model"))
            self._usage.update(message.get("usage") or {})
        elif kind == "content_block_start":
            block = piece.get("content_block") or {}
            if block.get("type") == "tool_use":
                self._call(piece.get("index", 0), block.get("id"), block.get("name"), None)
        elif kind == "content_block_delta":
            delta = piece.get("delta") or {}
            self._say(self._text, delta.get("text"))
            self._say(self._reasoning, delta.get("thinking"))
            if "partial_json" in delta:
                self._call(piece.get("index", 0), None, None, delta["partial_json"])
        elif kind == "message_delta":
            self._usage.update({k: v for k, v in (piece.get("usage") or {}).items() if v is not None})
            if reason := _str((piece.get("delta") or {}).get("stop_reason")):
                self._reply.finish_reasons = [reason]
        self._reply.tokens = tokens_of(self._usage)

    def _call(self, index: Any, call_id: Any, name: Any, arguments: Any) -> None:
        self._said += 1
        call = self._calls.setdefault(index, {"type": "function_call", "call_id": None, "name": None, "arguments": ""})
        call["call_id"] = call_id or call["call_id"]
        call["name"] = name or call["name"]
        if isinstance(arguments, str) and self._room > 0:
            call["arguments"] += arguments[: self._room]
            self._room -= len(arguments)

    def reply(self) -> Reply:
        """What came so far."""
        if self._done is not None:
            return self._done
        content: list[Any] = []
        if thought := "".join(self._reasoning):
            content.append({"type": "reasoning", "content": thought})
        if text := "".join(self._text):
            content.append(text)
        if refusal := "".join(self._refusal):
            content.append({"type": "refusal", "content": refusal})
        content += [self._calls[index] for index in sorted(self._calls, key=str)]
        if content:
            message = message_of({"content": content}, "assistant")
            if self._reply.finish_reasons:
                message["finish_reason"] = self._reply.finish_reasons[0]
            self._reply.messages = [message]
        return self._reply


def _str(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
