"""The model `credit-risk`: trained at start, on synthetic customers that never apply themselves."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tapetum_demo.population import burden, customers, default_probability, loan_request, payments

NAME = "credit-risk"
VERSION = "1"
FEATURES = ("late_share", "burden", "age_years", "income_per_year", "term_months")
TRAINING_ROWS = 3_000


@dataclass(frozen=True, slots=True)
class CreditRisk:
    """A trained model: features in, probability of default out."""

    pipeline: Any  # scikit-learn ships no types
    training_accuracy: float
    training_rows: int

    def probability_of_default(self, features: dict[str, float]) -> float:
        """How likely the model thinks it is that the loan is not repaid."""
        row = numpy.array([[features[name] for name in FEATURES]])
        return float(self.pipeline.predict_proba(row)[0, 1])


def train(seed: int, rows: int = TRAINING_ROWS) -> CreditRisk:
    """Train on `rows` synthetic loans whose outcome is known."""
    # Another seed than the applicants': a model must not be trained on the people it will judge.
    training_seed = seed + 1_000_003
    rng = random.Random(f"training/{training_seed}")
    inputs: list[list[float]] = []
    defaulted: list[bool] = []
    for customer in customers(training_seed, rows):
        history = [late for _, late in payments(training_seed, customer, 40)]
        late_share = sum(history) / len(history)
        wish = loan_request(rng, customer)
        load = burden(wish.amount, wish.term_months, customer.income_per_year)
        inputs.append([late_share, load, customer.age_years, customer.income_per_year, wish.term_months])
        defaulted.append(rng.random() < default_probability(late_share, load, customer.age_years))
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    pipeline.fit(numpy.array(inputs), numpy.array(defaulted))
    accuracy = float(pipeline.score(numpy.array(inputs), numpy.array(defaulted)))
    return CreditRisk(pipeline=pipeline, training_accuracy=accuracy, training_rows=rows)
