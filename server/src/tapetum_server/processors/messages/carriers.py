"""Which attributes of a span carry messages, most exact first. A key that ends in a dot stands for a numbered list."""

from __future__ import annotations

import re

INPUT = (
    "gen_ai.input.messages", "llm.input_messages.", "EVENTS", "ai.prompt.messages", "gen_ai.prompt.",
    "mlflow.spanInputs", "langfuse.observation.input", "ai.prompt", "gen_ai.prompt", "gcp.vertex.agent.llm_request",
    "traceloop.entity.input", "gen_ai.task.input", "llm.prompts.", "LLM_PROVIDER messages", "input.value",
    "lmnr.span.input", "user_prompt", "genkit:input", "request_data", "ai.values", "ai.value",
    "embedding.embeddings.", "langfuse.trace.input",
)  # fmt: skip
OUTPUT = (
    "gen_ai.output.messages", "llm.output_messages.", "EVENTS", "AI_RESPONSE", "gen_ai.completion.",
    "mlflow.spanOutputs", "langfuse.observation.output", "gen_ai.completion", "gcp.vertex.agent.llm_response",
    "traceloop.entity.output", "gen_ai.task.output", "llm.choices.", "LLM_PROVIDER choices", "output.value",
    "lmnr.span.output", "final_result", "genkit:output", "langfuse.trace.output",
)  # fmt: skip
SYSTEM = ("gen_ai.system_instructions", "gen_ai.system_prompt", "system_prompt")
HISTORY = ("pydantic_ai.all_messages", "all_messages_events")
"""What went in and came out, in one list."""
TOOL_INPUT = (
    "gen_ai.tool.call.arguments", "EVENTS", "ai.toolCall.args", "langfuse.observation.input", "mlflow.spanInputs",
    "traceloop.entity.input", "gen_ai.prompt", "input.value", "tool_input", "tool_parameters", "tool_arguments",
    "gen_ai.input.messages", "gen_ai.tool.args", "gcp.vertex.agent.tool_call_args", "lmnr.span.input", "genkit:input",
)  # fmt: skip
TOOL_OUTPUT = (
    "gen_ai.tool.call.result", "EVENTS", "ai.toolCall.result", "langfuse.observation.output", "mlflow.spanOutputs",
    "traceloop.entity.output", "gen_ai.completion", "output.value", "tool.output", "tool_response", "tool_result",
    "gen_ai.output.messages", "gcp.vertex.agent.tool_response", "lmnr.span.output", "genkit:output",
)  # fmt: skip
TOOL_NAME = ("gen_ai.tool.name", "tool.name", "ai.toolCall.name", "tool_name")
TOOL_CALL_ID = ("gen_ai.tool.call.id", "gen_ai.tool.call_id", "ai.toolCall.id", "tool.id", "tool_use_id", "call_id")
TOOL_DEFINITIONS = (
    "gen_ai.tool.definitions", "llm.tools.", "ai.prompt.tools", "mlflow.chat.tools", "llm.request.functions.",
    "gen_ai.agent.tools", "LLM_PROVIDER tools",
)  # fmt: skip
REQUEST_BODIES = ("input.value", "mlflow.spanInputs", "langfuse.observation.input")
"""Requests whole, with the tools in them."""
DOCUMENTS = (
    "gen_ai.retrieval.documents", "reranker.output_documents.", "retrieval.documents.", "ai.ranking", "ai.documents",
)  # fmt: skip
QUERY = ("gen_ai.retrieval.query.text", "reranker.query")
PARAMETER_BODIES = ("llm.invocation_parameters", "langfuse.observation.model.parameters", "model_parameters")
PARAMETER_PREFIXES = ("gen_ai.request.", "ai.settings.")
NOT_PARAMETERS = frozenset({"model", "messages", "tools", "maxRetries", "user", "id", "created_at", "metadata"})
PROVIDER_KEY = re.compile(r"llm\.[a-z_]+\.(messages|choices|tools)\Z")
"""LiteLLM's raw request and response: Python's repr under the provider's name."""
