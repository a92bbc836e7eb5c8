"""`scoring`: asks `features` about a customer and the model `credit-risk` about the loan."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx
from fastapi import FastAPI, HTTPException
from opentelemetry import metrics, trace
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from pydantic import BaseModel

from tapetum_demo import model, telemetry
from tapetum_demo.population import burden
from tapetum_demo.serving import serve, service_arguments

RETRY_AFTER_S = 0.15

_logger = logging.getLogger("scoring")
_tracer = trace.get_tracer("loans.scoring")


class ScoreRequest(BaseModel):
    """A loan to judge."""

    customer_id: int
    amount: float
    term_months: int


class Score(BaseModel):
    """What the model says."""

    prediction_id: str
    model: str
    version: str
    probability_of_default: float


class FeaturesUnavailable(Exception):
    """`features` did not answer, twice."""


async def fetch_features(client: httpx.AsyncClient, customer_id: int) -> dict[str, Any]:
    """A customer's features; asks twice when the first answer is a passing failure.

    Raises:
        FeaturesUnavailable: the second answer was a failure too.
        HTTPException: 404, nobody has this id.
    """
    for attempt in (1, 2):
        try:
            response = await client.get(f"/customers/{customer_id}/features")
            if response.status_code == 404:
                raise HTTPException(404, f"no customer has the id {customer_id}")
            response.raise_for_status()
            found: dict[str, Any] = response.json()
            return found
        except httpx.HTTPError as error:
            if attempt == 2:
                raise FeaturesUnavailable(f"features failed twice: {error!r}") from error
            _logger.warning("features failed for customer %d (%r), asking once more", customer_id, error)
            await asyncio.sleep(RETRY_AFTER_S)
    raise AssertionError("unreachable")


def make_app(client: httpx.AsyncClient, credit_risk: model.CreditRisk) -> FastAPI:
    """The service over a trained model and a client of `features`."""
    app = FastAPI(title="scoring")
    meter = metrics.get_meter("loans.scoring")
    probabilities = meter.create_histogram(
        "loans.credit_risk.probability",
        unit="1",
        description="Probability of default, as predicted.",
        explicit_bucket_boundaries_advisory=[0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9],
    )
    predictions = meter.create_counter("loans.predictions", unit="{prediction}", description="Predictions made.")

    @app.post("/score")
    async def score(request: ScoreRequest) -> Score:
        try:
            known = await fetch_features(client, request.customer_id)
        except FeaturesUnavailable as error:
            trace.get_current_span().record_exception(error)
            _logger.exception("no score for customer %d", request.customer_id)
            raise HTTPException(503, "features are not available") from error
        features = {
            "late_share": float(known["late_share"]),
            "burden": burden(request.amount, request.term_months, float(known["income_per_year"])),
            "age_years": float(known["age_years"]),
            "income_per_year": float(known["income_per_year"]),
            "term_months": float(request.term_months),
        }
        with _tracer.start_as_current_span(f"predict {model.NAME}") as span:
            probability = credit_risk.probability_of_default(features)
            prediction_id = format(span.get_span_context().span_id, "016x")
            span.set_attributes(
                {
                    "ml.model.name": model.NAME,
                    "ml.model.version": model.VERSION,
                    "ml.prediction.id": prediction_id,
                    "ml.prediction.score": probability,
                    "loans.region": str(known["region"]),
                    **{f"ml.feature.{name}": value for name, value in features.items()},
                }
            )
            labels = {"ml.model.name": model.NAME, "ml.model.version": model.VERSION, "loans.region": known["region"]}
            probabilities.record(probability, labels)
            predictions.add(1, labels)
            _logger.info("customer %d: probability of default %.3f", request.customer_id, probability)
        return Score(
            prediction_id=prediction_id, model=model.NAME, version=model.VERSION, probability_of_default=probability
        )

    return app


def main() -> None:
    """Run the service until the parent lets go."""
    arguments = service_arguments(needs=("features",))
    stop_telemetry = telemetry.start("scoring", version="2.1.0")
    with _tracer.start_as_current_span(f"train {model.NAME}") as span:
        credit_risk = model.train(arguments.seed)
        span.set_attributes({"ml.model.name": model.NAME, "ml.model.version": model.VERSION})
        _logger.info(
            "trained %s version %s on %d rows, accuracy %.3f",
            model.NAME, model.VERSION, credit_risk.training_rows, credit_risk.training_accuracy,
        )  # fmt: skip
    client = httpx.AsyncClient(base_url=arguments.features, timeout=2.0)
    HTTPXClientInstrumentor.instrument_client(client)
    app = make_app(client, credit_risk)
    FastAPIInstrumentor.instrument_app(app, exclude_spans=["receive", "send"])
    serve(app, fd=arguments.fd)
    stop_telemetry()


if __name__ == "__main__":
    main()
