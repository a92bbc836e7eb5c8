"""The agent of `assistant`: asks the model, does what tools it wants, and asks again until there is an answer."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import openai
from opentelemetry import metrics, trace

import tapetum
from tapetum_demo import registry

if TYPE_CHECKING:
    from tapetum._prompts import Prompt

NAME = "loan-assistant"
MOST_STEPS = 7
_TRIES = 3
_REMEMBERED = 500
_HISTORY = 12
_PROMPT_CACHE_S = 5.0
_AGENT = {"gen_ai.agent.name": NAME}
"""On spans of tools, so that they are counted by the agent that uses them."""
Tool = Callable[[Mapping[str, Any], int], str]
"""Takes what the model wants and the customer's id."""


class ToolFailed(Exception):
    """A tool could not do it; the message is for the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the applicant is told, and the span to which an opinion of it belongs."""

    text: str
    trace_id: str
    span_id: str


class Agent:
    """Remembers the latest conversations. Safe to use from several threads."""

    def __init__(self, client: openai.OpenAI, offers: list[dict[str, Any]], tools: Mapping[str, Tool]) -> None:
        """`offers` says of each of `tools` what the model has to know."""
        self._client, self._offers, self._tools = client, offers, tools
        self._lock = threading.Lock()
        self._conversations: OrderedDict[str, list[dict[str, Any]]] = OrderedDict()
        self.fallback = registry.GOOD
        self._steps = metrics.get_meter("loans.assistant").create_histogram(
            "loans.assistant.steps", unit="{call}", description="Calls of the model for one answer."
        )

    def answer(self, session_id: str, customer_id: int, message: str) -> Answer:
        """One turn of a conversation.

        Raises:
            openai.APIError: the provider failed, three times.
        """
        history = self._history(session_id)
        user = {"role": "user", "content": message}
        with tapetum.span(NAME, kind="agent", input=message, session=session_id, user=str(customer_id)) as span:
            fallback = registry.messages(self.fallback)
            prompt = tapetum.prompt(registry.PROMPT, fallback=fallback, cache_s=_PROMPT_CACHE_S)
            messages = prompt.messages(customer_id=customer_id, conversation=[*history, user])
            text = self._talk(messages, prompt, customer_id)
            span.set_attribute("output.value", text)
            where = span.get_span_context()
        with self._lock:
            history.extend((user, {"role": "assistant", "content": text}))
            del history[:-_HISTORY]
        return Answer(
            text=text, trace_id=trace.format_trace_id(where.trace_id), span_id=trace.format_span_id(where.span_id)
        )

    def _history(self, session_id: str) -> list[dict[str, Any]]:
        with self._lock:
            history = self._conversations.setdefault(session_id, [])
            self._conversations.move_to_end(session_id)
            if len(self._conversations) > _REMEMBERED:
                self._conversations.popitem(last=False)
            return history

    def _talk(self, messages: list[dict[str, Any]], prompt: Prompt, customer_id: int) -> str:
        for step in range(1, MOST_STEPS + 1):
            text, calls = self._ask(messages, prompt, may_call=step < MOST_STEPS)
            if not calls:
                self._steps.record(step)
                return text
            messages.append({"role": "assistant", "content": text or None, "tool_calls": calls})
            for call in calls:
                result = self._call(call["function"], customer_id)
                messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})
        raise AssertionError("unreachable: the last step offers no tools")

    def _ask(
        self, messages: list[dict[str, Any]], prompt: Prompt, *, may_call: bool
    ) -> tuple[str, list[dict[str, Any]]]:
        """The model's text and the tools it wants. The client would ask again by itself; here each try is a span."""
        config = {**registry.CONFIG, **prompt.config}
        for attempt in range(1, _TRIES + 1):
            try:
                # Around calls of the model alone: tools would name the prompt too.
                with prompt:
                    return self._stream(messages, config, may_call)
            except (openai.RateLimitError, openai.InternalServerError) as error:
                if attempt == _TRIES:
                    raise
                time.sleep(float(error.response.headers.get("retry-after", "0.3")))
        raise AssertionError("unreachable")

    def _stream(
        self, messages: list[dict[str, Any]], config: Mapping[str, Any], may_call: bool
    ) -> tuple[str, list[dict[str, Any]]]:
        pieces: list[str] = []
        calls: list[dict[str, Any]] = []
        asked: Any = messages  # the client's types name every kind of message
        offered: Any = self._offers
        stream = self._client.chat.completions.create(
            model=str(config["model"]),
            temperature=float(config["temperature"]),
            messages=asked,
            tools=offered,
            tool_choice="auto" if may_call else "none",
            stream=True,
            stream_options={"include_usage": True},
        )
        for chunk in stream:
            for choice in chunk.choices:
                pieces.append(choice.delta.content or "")
                for part in choice.delta.tool_calls or []:
                    if part.function is None:
                        continue
                    if part.index == len(calls):
                        function = {"name": part.function.name, "arguments": ""}
                        calls.append({"id": part.id, "type": "function", "function": function})
                    calls[part.index]["function"]["arguments"] += part.function.arguments or ""
        return "".join(pieces), calls

    def _call(self, function: Mapping[str, str], customer_id: int) -> str:
        name = function["name"]
        try:
            with tapetum.span(name, kind="tool", input=function["arguments"], attributes=_AGENT) as span:
                tool = self._tools.get(name)
                if tool is None:
                    raise ToolFailed(f"there is no tool {name}")
                result = tool(json.loads(function["arguments"]), customer_id)
                span.set_attribute("output.value", result)
                return result
        except (ToolFailed, ValueError, KeyError) as error:
            return f"The tool failed: {error}"
