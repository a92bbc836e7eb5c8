"""What customers do at the door, and when: a schedule from a seed."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tapetum_demo.population import Customer, loan_request

APPLICATIONS_PER_S = 4.0
TIDE = 0.3  # traffic swells and ebbs by this share
TIDE_PERIOD_S = 600.0
BAD_REQUEST_SHARE = 0.02
CHECK_SHARE = 0.5  # of good applications that are looked up again a moment later

VisitKind = Literal["good", "negative_amount", "unknown_purpose", "unknown_customer", "not_json"]
BAD_KINDS: tuple[VisitKind, ...] = ("negative_amount", "unknown_purpose", "unknown_customer", "not_json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One application, `at_s` seconds after the doors opened."""

    at_s: float
    kind: VisitKind
    customer_id: int
    body: dict[str, str | int | float]
    check_after_s: float | None  # when the customer looks at the outcome again, None when never


def visits(seed: int, people: Sequence[Customer]) -> Iterator[Visit]:
    """Every visit, in order, without end."""
    rng = random.Random(f"visits/{seed}")
    at_s = 0.0
    while True:
        rate = APPLICATIONS_PER_S * (1 + TIDE * math.sin(2 * math.pi * at_s / TIDE_PERIOD_S))
        at_s += rng.expovariate(rate)
        customer = rng.choice(people)
        wish = loan_request(rng, customer)
        kind: VisitKind = rng.choice(BAD_KINDS) if rng.random() < BAD_REQUEST_SHARE else "good"
        body: dict[str, str | int | float] = {
            "customer_id": customer.customer_id,
            "amount": -wish.amount if kind == "negative_amount" else wish.amount,
            "term_months": wish.term_months,
            "purpose": "yacht" if kind == "unknown_purpose" else wish.purpose,
            "channel": customer.channel,
        }
        if kind == "unknown_customer":
            body["customer_id"] = 10_000_000 + customer.customer_id
        yield Visit(
            at_s=at_s,
            kind=kind,
            customer_id=customer.customer_id,
            body=body,
            check_after_s=rng.uniform(0.5, 4.0) if kind == "good" and rng.random() < CHECK_SHARE else None,
        )
