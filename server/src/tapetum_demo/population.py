"""The customers: who they are, how they pay, and how likely they really are to default. All from a seed."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

CUSTOMERS = 8_000  # of the demo
PAYMENTS_EACH = 50  # that the lender remembers
REGIONS = ("north", "south", "east", "west")
CHANNELS = ("web", "mobile", "branch")
PURPOSES = ("car", "home", "education", "medical", "holiday")
TERMS_MONTHS = (6, 12, 24, 36)

# The truth that the model has to find: log odds of default. `burden` is the yearly repayment over the yearly income.
TRUE_INTERCEPT = -3.4
TRUE_WEIGHTS: Mapping[str, float] = {"late_share": 9.0, "burden": 3.0, "age_years": -0.015}


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Somebody who may ask for a loan."""

    customer_id: int
    region: str
    channel: str
    age_years: int
    income_per_year: float
    late_probability: float  # of each single payment


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanRequest:
    """What somebody asks for."""

    amount: float
    term_months: int
    purpose: str


def customers(seed: int, count: int) -> list[Customer]:
    """The first `count` customers of the world with this seed; ids start at 1."""
    rng = random.Random(f"customers/{seed}")
    return [
        Customer(
            customer_id=customer_id,
            region=rng.choice(REGIONS),
            channel=rng.choices(CHANNELS, weights=(5, 4, 1))[0],
            age_years=rng.randint(19, 78),
            income_per_year=round(rng.lognormvariate(10.5, 0.45), 2),
            late_probability=round(rng.betavariate(1.2, 9.0), 4),
        )
        for customer_id in range(1, count + 1)
    ]


def payments(seed: int, customer: Customer, count: int) -> Iterator[tuple[float, bool]]:
    """The customer's past payments: how much, and whether it came late."""
    rng = random.Random(f"payments/{seed}/{customer.customer_id}")
    usual = customer.income_per_year / 120
    for _ in range(count):
        yield round(usual * (0.5 + rng.random()), 2), rng.random() < customer.late_probability


def loan_request(rng: random.Random, customer: Customer) -> LoanRequest:
    """A request as this customer would make it."""
    wish = customer.income_per_year * rng.betavariate(2.0, 6.0)
    return LoanRequest(
        amount=round(min(max(wish, 500.0), 20_000.0), -1),
        term_months=rng.choice(TERMS_MONTHS),
        purpose=rng.choice(PURPOSES),
    )


def burden(amount: float, term_months: int, income_per_year: float) -> float:
    """Which part of a year's income a year of repayment takes."""
    return amount * 12 / max(term_months, 12) / income_per_year


def default_probability(late_share: float, burden: float, age_years: int) -> float:
    """How likely such a loan really is not to be repaid."""
    logit = (
        TRUE_INTERCEPT
        + TRUE_WEIGHTS["late_share"] * late_share
        + TRUE_WEIGHTS["burden"] * burden
        + TRUE_WEIGHTS["age_years"] * (age_years - 45)
    )
    return 1.0 / (1.0 + math.exp(-logit))
