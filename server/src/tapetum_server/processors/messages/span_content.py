"""One span's attributes and events into what was said: messages in and out, tools, documents, parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from tapetum_server.processors.messages import carriers
from tapetum_server.processors.messages.blocks import arguments_of, response_of
from tapetum_server.processors.messages.decoding import decode
from tapetum_server.processors.messages.documents import Document, read_documents
from tapetum_server.processors.messages.events import Event, read_events
from tapetum_server.processors.messages.indexed import decoded, unflattened
from tapetum_server.processors.messages.message import Found, Message, Part, text
from tapetum_server.processors.messages.reading import read_messages
from tapetum_server.processors.messages.tools import ToolDefinition, read_tools
from tapetum_server.processors.messages.turns import content_parts

MAX_PARAMETERS = 100
FINDS_DOCUMENTS = frozenset({"retriever", "reranker"})


@dataclass(slots=True)
class SpanContent:
    """What one span says that was said."""

    input: list[Message] = field(default_factory=list)
    output: list[Message] = field(default_factory=list)
    tools: list[ToolDefinition] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    prose: bool = False
    """Whether input and output are messages or sentences, and not only data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanSource:
    """What a span has that may carry content."""

    kind: str
    name: str = ""
    tool: str = ""
    attributes: Mapping[str, str]
    events: Sequence[Event] = ()
    input: str = ""
    output: str = ""


def read_span(span: SpanSource) -> SpanContent:
    """Everything that a span says about a conversation. Never raises, whatever was sent."""
    content = SpanContent()
    if span.kind == "tool":
        _tool(span, content)
    else:
        _conversation(span, content)
    if span.kind in FINDS_DOCUMENTS:
        _documents(span, content)
    content.tools = _definitions(span.attributes)
    content.parameters = _parameters(span.attributes)
    return content


def _conversation(span: SpanSource, content: SpanContent) -> None:
    went, came = read_events(span.events)
    into = _best(span, carriers.INPUT, "user", went, span.input)
    out = _best(span, carriers.OUTPUT, "assistant", came, span.output)
    if into.shape != "messages" or not out.says_something:
        _history(span, into, out)
    if not any(message["role"] == "system" for message in into.messages):
        into.messages[:0] = _system(span.attributes)
    content.input, content.output = into.messages, out.messages
    content.flags = list(dict.fromkeys(into.flags + out.flags))
    content.prose = bool({into.shape, out.shape} & {"messages", "text"})


def _best(span: SpanSource, keys: Iterable[str], role: str, of_events: Found, column: str) -> Found:
    """The first carrier that holds messages; else the first that says anything."""
    other: Found | None = None
    for key in keys:
        found = of_events if key == "EVENTS" else _read(span.attributes, key, role)
        if found is None or not found.says_something:
            continue
        if found.shape == "messages":
            return found
        other = other or found
    found = read_messages(column, role)
    if found.says_something and (found.shape == "messages" or other is None):
        return found
    return other or Found()


def _read(attributes: Mapping[str, str], key: str, role: str) -> Found | None:
    if key == "AI_RESPONSE":
        return _vercel(attributes)
    if key.startswith("PROVIDER"):
        word = key.split(" ")[1]
        value: Any = _of_provider(attributes, word)
        if word == "choices" and value:
            value = {"choices": decode(value)[0]}
    elif key.endswith("."):
        value = unflattened(attributes, key)
        if value and all(isinstance(one, dict) for one in value):
            value = [one if "role" in one else {"role": role, **one} for one in value]
    else:
        value = attributes.get(key)
    return read_messages(value, role) if value else None


def _of_provider(attributes: Mapping[str, str], word: str) -> str:
    """`llm.<provider>.<word>`, as LiteLLM names what it sent and got."""
    fits = (key for key in attributes if (named := carriers.PROVIDER_KEY.match(key)) and named[1] == word)
    return attributes.get(next(fits, ""), "")


def _vercel(attributes: Mapping[str, str]) -> Found:
    """`ai.response.*`: one answer in several attributes."""
    found = Found(shape="messages")
    parts: list[Part] = []
    if said := attributes.get("ai.response.reasoning"):
        parts.append(Part(type="reasoning", content=said))
    if said := attributes.get("ai.response.text"):
        parts.append(text(said))
    if said := attributes.get("ai.response.toolCalls"):
        parts += content_parts(decode(said)[0], found)
    if not parts and (said := attributes.get("ai.response.object")):
        parts.append(Part(type="generic", value=decode(said)[0]))
    if parts:
        answer = read_messages([{"role": "assistant", "finish_reason": attributes.get("ai.response.finishReason"),
                                 "content": ""}], "assistant").messages[0]  # fmt: skip
        answer["parts"] = parts
        found.messages.append(answer)
    return found


def _history(span: SpanSource, into: Found, out: Found) -> None:
    """An agent's own list of all messages: its last answer came out, the rest went in."""
    for key in carriers.HISTORY:
        found = read_messages(span.attributes.get(key), "user")
        if found.shape != "messages":
            continue
        last = found.messages[-1] if found.messages else None
        answered = last is not None and last["role"] == "assistant"
        if into.shape != "messages":
            into.messages, into.shape = found.messages[:-1] if answered else found.messages, "messages"
        if answered and last is not None and not out.says_something:
            out.messages, out.shape = [last], "messages"
        return


def _system(attributes: Mapping[str, str]) -> list[Message]:
    for key in carriers.SYSTEM:
        if (said := attributes.get(key)) and (parts := content_parts(decode(said)[0], Found())):
            return [Message(role="system", parts=parts)]
    return []


def _tool(span: SpanSource, content: SpanContent) -> None:
    went, came = read_events(span.events, tool=True)
    found = Found()
    name = span.tool or _first(span.attributes, carriers.TOOL_NAME) or span.name
    identity = _first(span.attributes, carriers.TOOL_CALL_ID)
    if went.says_something and "gen_ai.tool.call.arguments" not in span.attributes:
        call = went.messages[0]["parts"][0]
        call["name"] = call.get("name") or name
    else:
        said = _first(span.attributes, carriers.TOOL_INPUT) or span.input
        call = Part(type="tool_call", name=name, arguments=_arguments(said, found) if said else None)
    if came.says_something and "gen_ai.tool.call.result" not in span.attributes:
        answer: Part | None = came.messages[0]["parts"][0]
    else:
        said = _first(span.attributes, carriers.TOOL_OUTPUT) or span.output
        answer = Part(type="tool_call_response", response=response_of(decode(said)[0])) if said else None
    if identity:
        call["id"] = identity[:512]
        if answer:
            answer["id"] = identity[:512]
    content.input = [Message(role="assistant", parts=[call])]
    content.output = [Message(role="tool", parts=[answer])] if answer else []
    content.flags = found.flags
    content.prose = True


def _arguments(said: str, found: Found) -> Any:
    value = arguments_of(said, found)
    # Langfuse's decorator: what a Python function was called with.
    if isinstance(value, Mapping) and set(value) == {"args", "kwargs"} and not value["args"]:
        return value["kwargs"]
    return value


def _documents(span: SpanSource, content: SpanContent) -> None:
    for key in carriers.DOCUMENTS:
        value: Any = unflattened(span.attributes, key) if key.endswith(".") else span.attributes.get(key)
        if value and (found := read_documents(value)):
            content.documents = found
            break
    else:
        for key in (*carriers.OUTPUT, ""):
            said = span.output if key == "" else span.attributes.get(key)
            if said and (found := read_documents(said)):
                content.documents, content.output = found, []
                break
    if query := _first(span.attributes, carriers.QUERY):
        content.input = [Message(role="user", parts=[text(query)])]


def _definitions(attributes: Mapping[str, str]) -> list[ToolDefinition]:
    for key in carriers.TOOL_DEFINITIONS:
        if key.endswith("."):
            value: Any = decoded(unflattened(attributes, key))
        elif key.startswith("PROVIDER"):
            value = _of_provider(attributes, "tools")
        else:
            value = attributes.get(key)
        if value and (tools := read_tools(value)):
            return tools
    for key in carriers.REQUEST_BODIES:
        if (said := attributes.get(key)) and '"tools"' in said:
            value, wrong = decode(said)
            if wrong is None and isinstance(value, Mapping) and isinstance(value.get("tools"), list):
                return read_tools(value)
    return []


def _parameters(attributes: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in carriers.PARAMETER_BODIES:
        value, wrong = decode(attributes.get(key, ""))
        if wrong is None and isinstance(value, Mapping):
            found.update((str(name), inner) for name, inner in value.items() if _shown(inner))
    for key, said in attributes.items():
        for prefix in carriers.PARAMETER_PREFIXES:
            if key.startswith(prefix) and len(said) <= 4_096:
                found[key[len(prefix) :]] = _scalar(said)
    kept = sorted((k, v) for k, v in found.items() if k not in carriers.NOT_PARAMETERS and v not in (None, "", [], {}))
    return dict(kept[:MAX_PARAMETERS])


def _scalar(said: str) -> Any:
    """Numbers and truth values are stored as text."""
    try:
        value = orjson.loads(said)
    except orjson.JSONDecodeError:
        return said
    return said if isinstance(value, str) else value


def _shown(value: Any) -> bool:
    return not isinstance(value, (list, Mapping, str)) or len(str(value)) <= 4_096


def _first(attributes: Mapping[str, str], keys: Iterable[str]) -> str:
    return next((attributes[key] for key in keys if key not in ("EVENTS",) and attributes.get(key)), "")
