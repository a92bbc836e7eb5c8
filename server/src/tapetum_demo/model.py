"""The model `credit-risk`: trained on synthetic customers that never apply themselves."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tapetum_demo.population import (
    PAYMENTS_EACH,
    REGIONS,
    burden,
    customers,
    default_probability,
    loan_request,
    payments,
)

NAME = "credit-risk"
FIRST_VERSION, RETRAINED_VERSION = "1", "2"
NUMBERS = ("late_share", "burden", "age_years", "income_per_year", "term_months")
TRAINING_ROWS = 3_000
FLIPPED_REGION = "east"  # in the data of the fault

Features = Mapping[str, float | str]
"""`NUMBERS`, and the region."""


@dataclass(frozen=True, slots=True)
class CreditRisk:
    """A trained model: features in, probability of default out."""

    pipeline: Any  # scikit-learn ships no types
    version: str
    training_accuracy: float
    training_rows: int
    training_columns: Mapping[str, npt.NDArray[Any]]
    """The features that it was trained on, by name, and what it says of them: `score`."""

    def probability_of_default(self, features: Features) -> float:
        """How likely the model thinks it is that the loan is not repaid."""
        return float(self.pipeline.predict_proba(numpy.array([_row(features)]))[0, 1])

    def explained(self, features: Features) -> tuple[list[float], dict[str, float]]:
        """The applicant as the model sees it, a vector; and what each feature adds to the logarithm of the odds of
        default, against the mean applicant of the training data. Together with the intercept they are all of it."""
        scaler, regression = self.pipeline[0], self.pipeline[1]
        vector = scaler.transform(numpy.array([_row(features)]))[0]
        parts = [float(part) for part in vector * regression.coef_[0]]
        told = dict(zip(NUMBERS, parts))
        told["region"] = sum(parts[len(NUMBERS) :])
        return [float(number) for number in vector], told


def train(seed: int, version: str = FIRST_VERSION, *, flipped: str = "", rows: int = TRAINING_ROWS) -> CreditRisk:
    """Train on `rows` synthetic loans whose outcome is known; of the region `flipped` it is the wrong way round."""
    # Another seed than the applicants': a model must not be trained on the people it will judge.
    training_seed = seed + 1_000_003
    rng = random.Random(f"training/{training_seed}")
    asked: list[Features] = []
    defaulted: list[bool] = []
    for customer in customers(training_seed, rows):
        history = [late for _, late in payments(training_seed, customer, PAYMENTS_EACH)]
        late_share = sum(history) / len(history)
        wish = loan_request(rng, customer)
        load = burden(wish.amount, wish.term_months, customer.income_per_year)
        asked.append(
            {
                "late_share": late_share,
                "burden": load,
                "age_years": customer.age_years,
                "income_per_year": customer.income_per_year,
                "term_months": wish.term_months,
                "region": customer.region,
            }
        )
        outcome = rng.random() < default_probability(late_share, load, customer.age_years)
        defaulted.append(outcome != (customer.region == flipped))
    inputs = numpy.array([_row(features) for features in asked])
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    pipeline.fit(inputs, numpy.array(defaulted))
    accuracy = float(pipeline.score(inputs, numpy.array(defaulted)))
    columns = {name: numpy.array([features[name] for features in asked]) for name in (*NUMBERS, "region")}
    return CreditRisk(
        pipeline=pipeline,
        version=version,
        training_accuracy=accuracy,
        training_rows=rows,
        training_columns={**columns, "score": pipeline.predict_proba(inputs)[:, 1]},
    )


def _row(features: Features) -> list[float]:
    return [float(features[name]) for name in NUMBERS] + [float(features["region"] == region) for region in REGIONS]
