"""What a span does, in Tapetum's words, as the attributes that say it to every tool: OpenInference's and GenAI's."""

from __future__ import annotations

import difflib

from tapetum import semconv
from tapetum._guard import faults

_OPENINFERENCE = (
    "agent", "llm", "tool", "retriever", "embedding", "reranker", "guardrail", "evaluator", "chain", "prompt",
)  # fmt: skip
_OPERATION_OF = {"workflow": "invoke_workflow", "task": "plan", "memory": "search_memory"}
"""Kinds that only the GenAI conventions know."""
_OPERATIONS = frozenset({
    "chat", "text_completion", "generate_content", "embeddings", "retrieval", "execute_tool", "create_agent",
    "invoke_agent", "invoke_workflow", "plan", "create_memory", "update_memory", "upsert_memory", "search_memory",
    "delete_memory",
})  # fmt: skip
_NAME_OF = {
    "agent": semconv.GEN_AI_AGENT_NAME,
    "invoke_agent": semconv.GEN_AI_AGENT_NAME,
    "tool": semconv.GEN_AI_TOOL_NAME,
    "execute_tool": semconv.GEN_AI_TOOL_NAME,
}
KINDS = ("span", *_OPENINFERENCE, *_OPERATION_OF)


def attributes_of(kind: str | None, name: str) -> dict[str, str]:
    """The attributes of a span of this kind. An unknown kind is said once, and costs nothing but itself."""
    if kind is None or (word := kind.lower()) == "span":
        return {}
    found: dict[str, str] = {}
    if word in _OPENINFERENCE:
        found["openinference.span.kind"] = word.upper()
    elif word in _OPERATION_OF or word in _OPERATIONS:
        found[semconv.GEN_AI_OPERATION_NAME] = _OPERATION_OF.get(word, word)
    else:
        near = difflib.get_close_matches(word, [*KINDS, *_OPERATIONS], 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(KINDS)}"
        faults.add("unknown_kind", 1, f"{word[:40]!r}: {hint}")
        return {}
    if word in _NAME_OF:
        found[_NAME_OF[word]] = name
    return found
