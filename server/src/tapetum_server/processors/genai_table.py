"""Which attribute says what: OTel GenAI conventions and OpenInference → canonical fields.

One row per canonical field of `signals.spans.Canonical`; keys in order of precedence, new names
before old ones. Sources: open-telemetry/semantic-conventions-genai (registry and migration notes),
Arize-ai/openinference (span attribute specification), OTel general conventions (session, user, error).
"""

from __future__ import annotations

from collections.abc import Mapping

TEXT_KEYS: Mapping[str, tuple[str, ...]] = {
    "operation": ("gen_ai.operation.name",),
    "provider": ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system"),
    "model": (
        "gen_ai.response.model", "gen_ai.request.model", "llm.response.model_name", "llm.request.model_name",
        "llm.model_name", "embedding.model_name", "reranker.model_name",
    ),
    "response_id": ("gen_ai.response.id",),
    "session_id": ("gen_ai.conversation.id", "session.id"),
    "user_id": ("user.id", "enduser.id"),
    "agent": ("gen_ai.agent.name", "gen_ai.workflow.name", "agent.name"),
    "tool": ("gen_ai.tool.name", "tool.name"),
    "prompt_name": ("gen_ai.prompt.name", "prompt.id"),
    "prompt_version": ("gen_ai.prompt.version", "llm.prompt_template.version"),
    "input": ("gen_ai.input.messages", "gen_ai.tool.call.arguments", "gen_ai.retrieval.query.text", "input.value"),
    "output": ("gen_ai.output.messages", "gen_ai.tool.call.result", "output.value"),
    "error_type": ("error.type", "exception.type"),
}  # fmt: skip

TOKEN_KEYS: Mapping[str, tuple[str, ...]] = {
    "input_tokens": ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt"),
    "output_tokens": ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion"),
    "cache_read_tokens": (
        "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
        "llm.token_count.prompt_details.cache_read",
    ),
    "cache_write_tokens": (
        "gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens",
        "llm.token_count.prompt_details.cache_write",
    ),
    "reasoning_tokens": (
        "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens",
        "llm.token_count.completion_details.reasoning",
    ),
}  # fmt: skip

SECONDS_TO_MS_KEYS: Mapping[str, tuple[str, ...]] = {"ttft_ms": ("gen_ai.response.time_to_first_chunk",)}

KIND_OF_OPENINFERENCE: Mapping[str, str] = {
    "LLM": "llm", "AGENT": "agent", "TOOL": "tool", "RETRIEVER": "retriever", "EMBEDDING": "embedding",
    "RERANKER": "reranker", "GUARDRAIL": "guardrail", "EVALUATOR": "evaluator", "CHAIN": "chain", "PROMPT": "prompt",
}  # fmt: skip

KIND_OF_OPERATION: Mapping[str, str] = {
    "chat": "llm", "text_completion": "llm", "generate_content": "llm", "embeddings": "embedding",
    "retrieval": "retriever", "execute_tool": "tool", "create_agent": "agent", "invoke_agent": "agent",
    "invoke_workflow": "workflow", "plan": "task", "create_memory": "memory", "update_memory": "memory",
    "upsert_memory": "memory", "search_memory": "memory", "delete_memory": "memory",
}  # fmt: skip

USAGE_OWNERS = frozenset({"llm", "embedding", "reranker"})
"""Kinds whose usage enters sums. Usage on agents, chains and workflows repeats their leaves'."""
