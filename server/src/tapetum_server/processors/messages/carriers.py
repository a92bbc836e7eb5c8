"""Which attributes of a span carry what was said, most exact first: the emitters' tables, and what no table can say.

A key that ends in a dot stands for a numbered list. `EVENTS` stands for the span's events and log records,
`AI_RESPONSE` for the Vercel AI SDK's answer in several attributes, `PROVIDER …` for LiteLLM's raw requests.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tapetum_server.processors.emitter_files import content_sources, emitters

_TRANSFORM = " :: "
"""Behind it a table says which part of a value is the text; a reader of shapes wants the whole."""


def _keys(field: str) -> list[str]:
    return [source.partition(_TRANSFORM)[0] for source in content_sources(field)]


def _numbered(field: str) -> list[str]:
    return [f"{prefix}." for emitter in emitters() for prefix in emitter.messages.get(field, ())]


def _both(field: str) -> tuple[str, ...]:
    """Each key as one value and as a numbered list."""
    return _once(name for key in _keys(field) for name in (key, f"{key}."))


def _once(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(keys))


INPUT = _once((
    "gen_ai.input.messages", "llm.input_messages.", "EVENTS", "ai.prompt.messages", *_numbered("input"),
    *_keys("input"), "PROVIDER messages",
))  # fmt: skip
OUTPUT = _once((
    "gen_ai.output.messages", "llm.output_messages.", "EVENTS", "AI_RESPONSE", *_numbered("output"),
    *_keys("output"), "PROVIDER choices",
))  # fmt: skip
SYSTEM = _once((*_keys("system"), "gen_ai.system_prompt", "system_prompt"))
HISTORY = ("pydantic_ai.all_messages", "all_messages_events")
"""What went in and came out, in one list."""
TOOL_INPUT = _once(("gen_ai.tool.call.arguments", "EVENTS", *_keys("input")))
TOOL_OUTPUT = _once(("gen_ai.tool.call.result", "EVENTS", *_keys("output")))
TOOL_NAME = _once(_keys("tool"))
TOOL_CALL_ID = _once((*_keys("tool_call_id"), "call_id"))
TOOL_DEFINITIONS = (*_both("tool_definitions"), "PROVIDER tools")
REQUEST_BODIES = ("input.value", "mlflow.spanInputs", "langfuse.observation.input")
"""Requests whole, with the tools in them."""
DOCUMENTS = _both("documents")
QUERY = ("gen_ai.retrieval.query.text", "reranker.query")
PARAMETER_BODIES = ("llm.invocation_parameters", "langfuse.observation.model.parameters", "model_parameters")
PARAMETER_PREFIXES = ("gen_ai.request.", "ai.settings.")
NOT_PARAMETERS = frozenset({"model", "messages", "tools", "maxRetries", "user", "id", "created_at", "metadata"})
PROVIDER_KEY = re.compile(r"llm\.[a-z_]+\.(messages|choices|tools)\Z")
"""LiteLLM's raw request and response: Python's repr under the provider's name."""
