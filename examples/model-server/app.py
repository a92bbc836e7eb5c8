"""A model server as many teams have one: FastAPI around a scikit-learn classifier.

Nothing here knows Tapetum. Requests, log lines and process metrics are reported by OpenTelemetry's own
instrumentation (`opentelemetry-instrument`, see README.md); the span, the counter and the histogram below are what
the model's owner adds.
"""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, HTTPException
from opentelemetry import metrics, trace
from pydantic import BaseModel
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

MODEL, VERSION = "wine-cultivar", "1"

logging.basicConfig(level=logging.INFO)
logger = logging.getLogger("model-server")
tracer = trace.get_tracer("model-server")
meter = metrics.get_meter("model-server")
predictions = meter.create_counter("model.predictions", unit="{prediction}", description="Predictions, by class.")
confidence = meter.create_histogram(
    "model.confidence",
    unit="1",
    description="Probability of the predicted class.",
    explicit_bucket_boundaries_advisory=[0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99],
)

wine = load_wine()
CLASSES = [str(name) for name in wine.target_names]
train_rows, test_rows, train_classes, test_classes = train_test_split(wine.data, wine.target, random_state=7)
model = RandomForestClassifier(n_estimators=40, random_state=7).fit(train_rows, train_classes)
logger.info("trained %s version %s, accuracy %.3f", MODEL, VERSION, model.score(test_rows, test_classes))

app = FastAPI(title="model-server")


class Bottle(BaseModel):
    """Chemical measurements of one wine, by name; all 13 are needed."""

    features: dict[str, float]


class Prediction(BaseModel):
    """Which cultivar the wine is from, and how sure the model is."""

    cultivar: str
    confidence: float


@app.get("/samples/{index}")
def sample(index: int) -> Bottle:
    """A wine that the model has not seen."""
    if not 0 <= index < len(test_rows):
        raise HTTPException(404, f"there are samples 0 to {len(test_rows) - 1}")
    return Bottle(features=dict(zip(wine.feature_names, map(float, test_rows[index]), strict=True)))


@app.post("/predict")
def predict(bottle: Bottle) -> Prediction:
    """The cultivar of a wine."""
    missing = [name for name in wine.feature_names if name not in bottle.features]
    if missing:
        logger.warning("refused a bottle without %s", ", ".join(missing))
        raise HTTPException(422, f"missing features: {', '.join(missing)}")
    with tracer.start_as_current_span(f"predict {MODEL}") as span:
        row: list[Any] = [bottle.features[name] for name in wine.feature_names]
        probabilities = model.predict_proba([row])[0]
        best = int(probabilities.argmax())
        answer = Prediction(cultivar=CLASSES[best], confidence=float(probabilities[best]))
        span.set_attributes(
            {
                "ml.model.name": MODEL,
                "ml.model.version": VERSION,
                "ml.prediction.output": answer.cultivar,
                "ml.prediction.score": answer.confidence,
            }
        )
        predictions.add(1, {"ml.model.name": MODEL, "cultivar": answer.cultivar})
        confidence.record(answer.confidence, {"ml.model.name": MODEL})
        logger.info("%s with confidence %.2f", answer.cultivar, answer.confidence)
    return answer
