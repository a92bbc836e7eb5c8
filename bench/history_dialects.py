"""One conversation as emitters really write it: the attributes of a call that resends its whole history."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Attributes = dict[str, Any]
Messages = list[tuple[str, str]]
"""Role and text of each."""


def otel(history: Messages, answer: str) -> Attributes:
    """OpenTelemetry GenAI: messages of parts, as JSON."""

    def message(role: str, text: str) -> dict[str, Any]:
        return {"role": role, "parts": [{"type": "text", "content": text}]}

    return {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o",
        "gen_ai.input.messages": json.dumps([message(*said) for said in history]),
        "gen_ai.output.messages": json.dumps([message("assistant", answer)]),
    }  # fmt: skip


def openinference(history: Messages, answer: str) -> Attributes:
    """OpenInference: an attribute for each part of each message, and the request once more as it was sent."""
    flat = {
        f"llm.input_messages.{n}.message.{key}": value
        for n, (role, text) in enumerate(history)
        for key, value in (("role", role), ("content", text))
    }
    request = {"messages": [{"role": role, "content": text} for role, text in history], "model": "gpt-4o"}
    return {
        "openinference.span.kind": "LLM", "llm.model_name": "gpt-4o", "input.value": json.dumps(request),
        "input.mime_type": "application/json", "output.value": answer, **flat,
        "llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": answer,
    }  # fmt: skip


def traceloop(history: Messages, answer: str) -> Attributes:
    """OpenLLMetry's instrumentor of Anthropic: numbered attributes, what a user says as JSON of content blocks."""
    prompts = {
        f"gen_ai.prompt.{n}.{key}": value
        for n, (role, text) in enumerate(history)
        for key, value in (("role", role), ("content", _blocks(text) if role == "user" else text))
    }
    return {
        "llm.request.type": "chat", "gen_ai.system": "Anthropic", "gen_ai.request.model": "claude-sonnet-4-5",
        **prompts,
        "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": answer,
        "gen_ai.completion.0.finish_reason": "end_turn",
    }  # fmt: skip


def anthropic(history: Messages, answer: str) -> Attributes:
    """Langfuse around Anthropic's client: messages of content blocks as the client takes them, as JSON."""
    blocks = [{"role": role, "content": [{"type": "text", "text": text}]} for role, text in history[1:]]
    request = {"system": history[0][1], "messages": blocks}
    reply = {"id": "msg_1", "type": "message", "role": "assistant", "content": [{"type": "text", "text": answer}]}
    return {
        "langfuse.observation.type": "generation", "langfuse.observation.model.name": "claude-sonnet-4-5",
        "langfuse.observation.input": json.dumps(request), "langfuse.observation.output": json.dumps(reply),
    }  # fmt: skip


def vercel(history: Messages, answer: str) -> Attributes:
    """Vercel AI SDK: messages of parts as JSON, without blanks as JavaScript writes it."""
    messages = [{"role": role, "content": [{"type": "text", "text": text}]} for role, text in history]
    return {
        "operation.name": "ai.generateText.doGenerate", "ai.operationId": "ai.generateText.doGenerate",
        "ai.model.id": "gpt-4o", "ai.prompt.messages": json.dumps(messages, separators=(",", ":"), ensure_ascii=False),
        "ai.response.text": answer,
    }  # fmt: skip


def litellm(history: Messages, answer: str) -> Attributes:
    """LiteLLM's callback: what Python prints of the messages."""
    return {
        "llm.request.type": "completion", "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o",
        "gen_ai.input.messages": str([{"role": role, "content": text} for role, text in history]),
        "gen_ai.output.messages": str([{"role": "assistant", "content": answer}]),
    }  # fmt: skip


def mlflow(history: Messages, answer: str) -> Attributes:
    """MLflow's tracing: the request as JSON inside a JSON text."""
    request = {"messages": [{"role": role, "content": text} for role, text in history], "model": "gpt-4o"}
    reply = {"choices": [{"message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}]}
    return {
        "mlflow.spanType": json.dumps("CHAT_MODEL"), "mlflow.spanInputs": json.dumps(json.dumps(request)),
        "mlflow.spanOutputs": json.dumps(reply),
    }  # fmt: skip


def _blocks(text: str) -> str:
    return json.dumps([{"type": "text", "text": text}])


DIALECTS: dict[str, Callable[[Messages, str], Attributes]] = {
    "otel": otel, "openinference": openinference, "traceloop": traceloop, "anthropic": anthropic, "vercel": vercel,
    "litellm": litellm, "mlflow": mlflow,
}  # fmt: skip
