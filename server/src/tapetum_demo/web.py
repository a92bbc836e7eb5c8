"""`web`: the door of the lender. Receives applications for small loans and answers what became of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

import httpx
from fastapi import FastAPI, Header, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from opentelemetry import trace
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from pydantic import BaseModel, Field

import tapetum
from tapetum_demo import telemetry
from tapetum_demo.desk import Desk, Outcome
from tapetum_demo.population import CUSTOMERS
from tapetum_demo.repayments import Repayments
from tapetum_demo.serving import serve, service_arguments

MODEL = "credit-risk"  # that scoring asks

_logger = logging.getLogger("web")


class ApplicationForm(BaseModel):
    """What an applicant fills in."""

    customer_id: int = Field(gt=0)
    amount: float = Field(ge=100, le=50_000)
    term_months: Literal[6, 12, 24, 36]
    purpose: Literal["car", "home", "education", "medical", "holiday"]
    channel: Literal["web", "mobile", "branch"]


class ChatMessage(BaseModel):
    """What an applicant writes to the assistant."""

    customer_id: int = Field(gt=0)
    message: str = Field(min_length=1, max_length=4_000)


class Opinion(BaseModel):
    """What an applicant thinks of an answer in the chat."""

    customer_id: int = Field(gt=0)
    trace_id: str
    span_id: str
    thumb: Literal["up", "down"]
    comment: str | None = Field(default=None, max_length=500)


class Answer(BaseModel):
    """What an applicant is told."""

    application_id: str
    outcome: Outcome


def make_app(client: httpx.AsyncClient, assistant: httpx.AsyncClient, seed: int) -> FastAPI:
    """The service over clients of `scoring` and `assistant`."""
    desk = Desk(seed)
    repayments = Repayments(seed, CUSTOMERS, MODEL)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        busy = [asyncio.create_task(desk.review_forever()), asyncio.create_task(repayments.tell_forever())]
        yield
        for task in busy:
            task.cancel()

    app = FastAPI(title="web", lifespan=lifespan)

    @app.exception_handler(RequestValidationError)
    async def bad_form(request: Request, error: RequestValidationError) -> JSONResponse:
        problems = [{"field": ".".join(map(str, e["loc"])), "problem": e["msg"]} for e in error.errors()]
        _logger.warning("form refused: %s", "; ".join(f"{p['field']}: {p['problem']}" for p in problems))
        return JSONResponse({"problems": problems}, status_code=422)

    @app.post("/applications")
    async def apply(form: ApplicationForm) -> Answer:
        span = trace.get_current_span()
        span.set_attributes(
            {
                "user.id": str(form.customer_id),
                "loans.channel": form.channel,
                "loans.purpose": form.purpose,
                "loans.amount": form.amount,
            }
        )
        try:
            response = await client.post(
                "/score",
                json={"customer_id": form.customer_id, "amount": form.amount, "term_months": form.term_months},
            )
            if response.status_code == 404:
                _logger.warning("application of an unknown customer %d", form.customer_id)
                raise HTTPException(404, f"no customer has the id {form.customer_id}")
            response.raise_for_status()
        except httpx.HTTPError as error:
            span.record_exception(error)
            _logger.exception("application of customer %d could not be scored", form.customer_id)
            raise HTTPException(503, "please try again in a moment") from error
        score = response.json()
        probability = float(score["probability_of_default"])
        repayments.expect(score["prediction_id"], form.customer_id, form.amount, form.term_months)
        application = desk.settle(score["prediction_id"], probability, form.channel)
        span.set_attributes({"loans.application_id": application.application_id, "loans.outcome": application.outcome})
        _logger.info(
            "application %s of customer %d over %.0f %s", application.application_id, form.customer_id, form.amount,
            application.outcome,
            extra={"loans.application_id": application.application_id, "loans.outcome": application.outcome},
        )  # fmt: skip
        return Answer(application_id=application.application_id, outcome=application.outcome)

    @app.get("/applications/{application_id}")
    async def look_up(application_id: str) -> Answer:
        application = desk.find(application_id)
        if application is None:
            raise HTTPException(404, f"no application has the id {application_id}")
        return Answer(application_id=application_id, outcome=application.outcome)

    async def ask_assistant(path: str, session_id: str, customer_id: int, said: dict[str, Any]) -> httpx.Response:
        try:
            response = await assistant.post(path, json={"session_id": session_id, "customer_id": customer_id, **said})
            response.raise_for_status()
        except httpx.HTTPError as error:
            trace.get_current_span().record_exception(error)
            _logger.exception("the assistant did not answer customer %d", customer_id)
            raise HTTPException(503, "please try again in a moment") from error
        return response

    @app.post("/chat")
    async def chat(said: ChatMessage, x_session_id: Annotated[str, Header()]) -> dict[str, str]:
        trace.get_current_span().set_attributes({"session.id": x_session_id, "user.id": str(said.customer_id)})
        response = await ask_assistant("/chat", x_session_id, said.customer_id, {"message": said.message})
        answer: dict[str, str] = response.json()
        return answer

    @app.post("/chat/feedback", status_code=204)
    async def opinion(said: Opinion, x_session_id: Annotated[str, Header()]) -> None:
        about = said.model_dump(exclude={"customer_id"}, exclude_none=True)
        await ask_assistant("/feedback", x_session_id, said.customer_id, about)

    return app


def main() -> None:
    """Run the service until the parent lets go."""
    arguments = service_arguments(needs=("scoring", "assistant"))
    stop_telemetry = telemetry.start("web", version="3.7.2", host_metrics=True)
    # OpenTelemetry's own exporters tell the rest.
    tapetum.init("web", traces=False, logs=False, metrics=False, resources=False)
    client = httpx.AsyncClient(base_url=arguments.scoring, timeout=5.0)
    # An agent thinks for longer than a model scores.
    assistant = httpx.AsyncClient(base_url=arguments.assistant, timeout=40.0)
    for each in (client, assistant):
        HTTPXClientInstrumentor.instrument_client(each)
    app = make_app(client, assistant, arguments.seed)
    FastAPIInstrumentor.instrument_app(app, exclude_spans=["receive", "send"])
    serve(app, fd=arguments.fd)
    tapetum.shutdown(2.0)
    stop_telemetry()


if __name__ == "__main__":
    main()
