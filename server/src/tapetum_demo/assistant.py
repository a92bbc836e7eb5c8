"""`assistant`: an agent that talks with applicants. Its telemetry goes through the SDK and a public instrumentation."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Any, Literal

import httpx
import openai
from fastapi import FastAPI, HTTPException
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from pydantic import BaseModel, Field

import tapetum
from tapetum_demo import registry
from tapetum_demo.agent import Agent, Answer, Tool, ToolFailed
from tapetum_demo.faults import BAD_PROMPT
from tapetum_demo.policies import Policies
from tapetum_demo.serving import serve, service_arguments

_logger = logging.getLogger("assistant")
_PUBLISH_TRIES = 20
_FIRST = "First version."
_WORSE = "Check answers against all sources."

OFFERS: list[dict[str, Any]] = [
    {
        "type": "function",
        "function": {
            "name": "find_application",
            "description": "Finds an application by its id and says what became of it.",
            "parameters": {
                "type": "object",
                "properties": {"application_id": {"type": "string"}},
                "required": ["application_id"],
            },
        },
    },
    {
        "type": "function",
        "function": {
            "name": "policy_search",
            "description": "Searches the policies: early repayment, late payments, fees, interest, documents, "
            "decisions, complaints, insurance, privacy, withdrawal, holidays.",
            "parameters": {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
        },
    },
    {
        "type": "function",
        "function": {
            "name": "score_application",
            "description": "Says how likely the customer would get a loan of an amount, borrowed over months.",
            "parameters": {
                "type": "object",
                "properties": {"amount": {"type": "number"}, "term_months": {"type": "integer"}},
                "required": ["amount", "term_months"],
            },
        },
    },
]


class Message(BaseModel):
    """What an applicant says."""

    session_id: str = Field(min_length=1, max_length=64)
    customer_id: int = Field(gt=0)
    message: str = Field(min_length=1, max_length=4_000)


class Opinion(BaseModel):
    """What an applicant thinks of an answer."""

    trace_id: str
    span_id: str
    session_id: str
    customer_id: int
    thumb: Literal["up", "down"]
    comment: str | None = Field(default=None, max_length=500)


def make_tools(policies: Policies, web: httpx.Client, scoring: httpx.Client) -> dict[str, Tool]:
    """What the agent can do, each by asking whoever knows."""

    def find_application(wanted: Mapping[str, Any], customer_id: int) -> str:
        found = _asked(web, "GET", f"/applications/{wanted['application_id']}")
        return f"Application {found['application_id']} is {found['outcome']}."

    def policy_search(wanted: Mapping[str, Any], customer_id: int) -> str:
        query = str(wanted["query"])
        with tapetum.span("policies", kind="retriever", input=query) as span:
            passages = policies.search(query)
            for n, passage in enumerate(passages):
                document = f"retrieval.documents.{n}.document"
                span.set_attributes(
                    {
                        f"{document}.id": passage.name,
                        f"{document}.content": passage.text,
                        f"{document}.score": passage.score,
                    }
                )
        return "\n".join(passage.text for passage in passages)

    def score_application(wanted: Mapping[str, Any], customer_id: int) -> str:
        loan = {"amount": float(wanted["amount"]), "term_months": int(wanted["term_months"])}
        score = _asked(scoring, "POST", "/score", {"customer_id": customer_id, **loan})
        risk = float(score["probability_of_default"])
        return f"The risk of such a loan is {risk:.0%}; it looks {'good' if risk < 0.2 else 'difficult'}."

    return {
        "find_application": find_application,
        "policy_search": policy_search,
        "score_application": score_application,
    }


def _asked(client: httpx.Client, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    try:
        response = client.request(method, path, json=body)
        response.raise_for_status()
        said: dict[str, Any] = response.json()
    except httpx.HTTPError as error:
        raise ToolFailed(str(error)) from error
    return said


def make_app(agent: Agent) -> FastAPI:
    """The service over an agent."""
    app = FastAPI(title="assistant")

    @app.post("/chat")
    def chat(said: Message) -> Answer:
        try:
            return agent.answer(said.session_id, said.customer_id, said.message)
        except openai.APIError as error:
            _logger.exception("no answer for session %s", said.session_id)
            raise HTTPException(503, "the assistant is not available") from error

    @app.post("/feedback", status_code=204)
    def feedback(opinion: Opinion) -> None:
        tapetum.feedback(
            opinion.thumb, comment=opinion.comment, trace_id=opinion.trace_id, span_id=opinion.span_id,
            session_id=opinion.session_id, user_id=str(opinion.customer_id),
        )  # fmt: skip

    return app


class Author:
    """Who writes the agent's prompt and puts it into the registry."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._lock = threading.Lock()
        self._published = False

    def begin(self, stop: threading.Event) -> None:
        """Publish the first version as soon as there is a project for it, and then the one that is wanted by now."""
        for _ in range(_PUBLISH_TRIES):
            with self._lock:
                if registry.publish(registry.GOOD, _FIRST):
                    self._published = True
                    if self._agent.fallback != registry.GOOD:
                        registry.publish(self._agent.fallback, _WORSE)
                    return
            if stop.wait(1.0):
                return

    def bad_prompt(self, on: bool) -> None:
        """Switch the fault. Where nothing was published yet, or ever will be, the agent's own copy is the prompt."""
        with self._lock:
            self._agent.fallback = registry.BAD if on else registry.GOOD
            if self._published and not registry.publish(self._agent.fallback, _WORSE if on else _FIRST):
                raise RuntimeError("the registry did not take the prompt")
        _logger.warning("prompt %s: %s", registry.PROMPT, _WORSE if on else "back to the first version")


def main() -> None:
    """Run the service until the parent lets go."""
    arguments = service_arguments(needs=("provider", "scoring", "web"))
    tapetum.init("assistant", version="0.9.3", environment="demo")
    OpenAIInstrumentor().instrument()
    web = httpx.Client(base_url=arguments.web, timeout=5.0)
    scoring = httpx.Client(base_url=arguments.scoring, timeout=5.0)
    for client in (web, scoring):
        HTTPXClientInstrumentor.instrument_client(client)
    # The key opens nothing: the provider is a mock on loopback.
    model = openai.OpenAI(base_url=f"{arguments.provider}/v1", api_key="none-needed", max_retries=0, timeout=20.0)
    agent = Agent(model, OFFERS, make_tools(Policies(), web, scoring))

    author = Author(agent)
    stop = threading.Event()
    app = make_app(agent)
    FastAPIInstrumentor.instrument_app(app, exclude_spans=["receive", "send"])
    threading.Thread(target=author.begin, args=(stop,), name="publish", daemon=True).start()
    serve(app, fd=arguments.fd, orders={BAD_PROMPT.name: author.bad_prompt})
    stop.set()
    tapetum.shutdown(2.0)


if __name__ == "__main__":
    main()
