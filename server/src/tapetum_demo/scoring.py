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

import tapetum
from tapetum_demo import model, telemetry
from tapetum_demo.faults import BAD_TRAINING_DATA
from tapetum_demo.population import burden
from tapetum_demo.serving import serve, service_arguments
from tapetum_demo.training import tell_training

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


class Serving:
    """The version that answers now."""

    def __init__(self, credit_risk: model.CreditRisk) -> None:
        self.credit_risk = credit_risk


def make_app(client: httpx.AsyncClient, serving: Serving) -> FastAPI:
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
        credit_risk = serving.credit_risk
        features: dict[str, float | str] = {
            "late_share": float(known["late_share"]),
            "burden": burden(request.amount, request.term_months, float(known["income_per_year"])),
            "age_years": float(known["age_years"]),
            "income_per_year": float(known["income_per_year"]),
            "term_months": float(request.term_months),
            "region": str(known["region"]),
            "channel": str(known["channel"]),
        }
        with _tracer.start_as_current_span(f"predict {model.NAME}") as span:
            probability = credit_risk.probability_of_default(features)
            vector, attributions = credit_risk.explained(features)
            prediction_id = format(span.get_span_context().span_id, "016x")
            span.set_attributes(
                {
                    "ml.model.name": model.NAME,
                    "ml.model.version": credit_risk.version,
                    "ml.prediction.id": prediction_id,
                    "ml.prediction.score": probability,
                    **{f"ml.feature.{name}": value for name, value in features.items()},
                }
            )
            tapetum.model(model.NAME, credit_risk.version).log(
                features,
                output="default" if probability >= 0.5 else "repaid",
                score=probability,
                scores={"default": probability, "repaid": 1 - probability},
                prediction_id=prediction_id,
                embedding=vector,
                attributions=attributions,
            )
            labels = {
                "ml.model.name": model.NAME, "ml.model.version": credit_risk.version, "loans.region": known["region"]
            }  # fmt: skip
            probabilities.record(probability, labels)
            predictions.add(1, labels)
            _logger.info("customer %d: probability of default %.3f", request.customer_id, probability)
        return Score(
            prediction_id=prediction_id,
            model=model.NAME,
            version=credit_risk.version,
            probability_of_default=probability,
        )

    return app


def trained(seed: int, version: str = model.FIRST_VERSION, flipped: str = "") -> model.CreditRisk:
    """Train a version, as a span and a line in the log."""
    with _tracer.start_as_current_span(f"train {model.NAME}") as span:
        credit_risk = model.train(seed, version, flipped=flipped)
        span.set_attributes({"ml.model.name": model.NAME, "ml.model.version": version})
        _logger.info(
            "trained %s version %s on %d rows, accuracy %.3f",
            model.NAME, version, credit_risk.training_rows, credit_risk.training_accuracy,
        )  # fmt: skip
    return credit_risk


def main() -> None:
    """Run the service until the parent lets go."""
    arguments = service_arguments(needs=("features",))
    stop_telemetry = telemetry.start("scoring", version="2.1.0")
    # OpenTelemetry's own exporters tell the rest.
    tapetum.init("scoring", traces=False, logs=False, metrics=False, resources=False)
    first = trained(arguments.seed)
    serving = Serving(first)
    tell_training(first.training_columns)

    def bad_training_data(on: bool) -> None:
        serving.credit_risk = trained(arguments.seed, model.RETRAINED_VERSION, model.FLIPPED_REGION) if on else first
        _logger.warning("version %s of %s answers now", serving.credit_risk.version, model.NAME)

    client = httpx.AsyncClient(base_url=arguments.features, timeout=2.0)
    HTTPXClientInstrumentor.instrument_client(client)
    app = make_app(client, serving)
    FastAPIInstrumentor.instrument_app(app, exclude_spans=["receive", "send"])
    serve(app, fd=arguments.fd, orders={BAD_TRAINING_DATA.name: bad_training_data})
    tapetum.shutdown(2.0)
    stop_telemetry()


if __name__ == "__main__":
    main()
