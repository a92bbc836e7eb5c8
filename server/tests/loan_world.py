"""Predictions and labels of the demo's loans, as its services would send them, without its services."""

from __future__ import annotations

import random
from typing import Any

from tapetum_demo.features import MONTHLY_CHANNEL
from tapetum_demo.model import CreditRisk
from tapetum_demo.population import burden, customers, default_probability, loan_request, payments

NEVER_KNOWN_SHARE = 0.15
PAYMENTS = 20


def loans(
    scorer: CreditRisk, count: int, start_ms: int, step_ms: int, *, prefix: str, model: str = "credit-risk",
    monthly: bool = False, unlabelled: float = NEVER_KNOWN_SHARE,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:  # fmt: skip
    """So many predictions, one every `step_ms`, and the labels that come of them; `monthly` is the fault unit-change."""
    rng = random.Random(f"loans/{prefix}")
    features: list[dict[str, Any]] = []
    outcomes: list[str] = []
    for customer in customers(len(prefix) + 7, count):
        history = [late for _, late in payments(7, customer, PAYMENTS)]
        late_share, wish = sum(history) / len(history), loan_request(rng, customer)
        true_load = burden(wish.amount, wish.term_months, customer.income_per_year)
        told = customer.income_per_year / (12 if monthly and customer.channel == MONTHLY_CHANNEL else 1)
        features.append(
            {
                "late_share": late_share, "burden": burden(wish.amount, wish.term_months, told),
                "age_years": float(customer.age_years), "income_per_year": told,
                "term_months": float(wish.term_months), "region": customer.region, "channel": customer.channel,
            }
        )  # fmt: skip
        defaults = rng.random() < default_probability(late_share, true_load, customer.age_years)
        outcomes.append("default" if defaults else "repaid")
    chances = [scorer.probability_of_default(each) for each in features]
    predictions = [
        {
            "model": model, "version": scorer.version, "prediction_id": f"{prefix}-{n}", "features": each,
            "time": start_ms + n * step_ms, "output": "default" if chance >= 0.5 else "repaid", "score": chance,
            "scores": {"default": chance, "repaid": 1 - chance},
        }
        for n, (each, chance) in enumerate(zip(features, chances))
    ]  # fmt: skip
    labels = [
        {"model": model, "prediction_id": f"{prefix}-{n}", "label": outcome, "time": start_ms + n * step_ms + 60_000}
        for n, outcome in enumerate(outcomes)
        if rng.random() >= unlabelled
    ]
    return predictions, labels
