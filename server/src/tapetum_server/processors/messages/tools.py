"""Definitions of tools, as every provider writes them, into name, description and parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from typing_extensions import TypedDict

from tapetum_server.processors.messages.decoding import decode

MAX_TOOLS = 500


class ToolDefinition(TypedDict):
    """A tool that a model was offered."""

    name: str
    description: str
    parameters: Any
    """JSON schema; null where none was sent."""


def read_tools(value: Any) -> list[ToolDefinition]:
    """The tools in a value; empty where it defines none."""
    if isinstance(value, str):
        value, _wrong = decode(value)
    if isinstance(value, Mapping):
        if isinstance(value.get("tools"), list):
            value = value["tools"]
        else:
            value = [value]
    if not isinstance(value, list):
        return []
    found: list[ToolDefinition] = []
    for one in _each(value[:MAX_TOOLS]):
        if (tool := _tool(one)) and all(known["name"] != tool["name"] for known in found):
            found.append(tool)
    return found


def _each(values: Iterable[Any]) -> Iterable[Any]:
    for value in values:
        if isinstance(value, str) and value.lstrip().startswith("{"):
            value, _wrong = decode(value)
        if isinstance(value, Mapping):
            inner = value.get("functionDeclarations") or value.get("function_declarations")
            if isinstance(inner, list):
                yield from inner[:MAX_TOOLS]
                continue
        yield value


def _tool(value: Any) -> ToolDefinition | None:
    if isinstance(value, str):
        return ToolDefinition(name=value[:512], description="", parameters=None) if value else None
    if not isinstance(value, Mapping):
        return None
    for key in ("json_schema", "tool"):
        inner, _wrong = decode(value[key]) if isinstance(value.get(key), str) else (value.get(key), None)
        if isinstance(inner, Mapping):
            value = inner
    for key in ("function", "toolSpec"):
        inner = value.get(key)
        if isinstance(inner, Mapping):
            value = inner
    name = value.get("name")
    if not isinstance(name, str) or not name:
        return None
    parameters = next(
        (value[key] for key in ("parameters", "input_schema", "inputSchema", "parametersJsonSchema", "args_schema")
         if value.get(key) is not None),
        None,
    )  # fmt: skip
    if isinstance(parameters, str):
        parameters, _wrong = decode(parameters)
    if isinstance(parameters, Mapping) and set(parameters) == {"json"}:
        parameters = parameters["json"]
    description = value.get("description")
    return ToolDefinition(
        name=name[:512],
        description=description[:16_384] if isinstance(description, str) else "",
        parameters=parameters,
    )
