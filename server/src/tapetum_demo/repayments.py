"""What becomes of loans: repaid or not, known days later in the demo's time, minutes in real time."""

from __future__ import annotations

import asyncio
import heapq
import random
import time

import tapetum
from tapetum_demo.population import PAYMENTS_EACH, Customer, burden, customers, default_probability, payments

EARLIEST_S, LATEST_S = 20.0, 240.0
NEVER_KNOWN_SHARE = 0.15
_EVERY_S = 1.0


class Repayments:
    """Knows the truth about everybody, and tells it when it is due."""

    def __init__(self, seed: int, count: int, model: str) -> None:
        self._seed = seed
        self._people: list[Customer] = customers(seed, count)
        self._model = model
        self._due: list[tuple[float, str, str]] = []

    def expect(self, prediction_id: str, customer_id: int, amount: float, term_months: int) -> None:
        """Somebody was scored: what becomes of such a loan is known later, of some never."""
        rng = random.Random(f"repayment/{self._seed}/{prediction_id}")
        if not 0 < customer_id <= len(self._people) or rng.random() < NEVER_KNOWN_SHARE:
            return
        customer = self._people[customer_id - 1]
        history = [late for _, late in payments(self._seed, customer, PAYMENTS_EACH)]
        load = burden(amount, term_months, customer.income_per_year)
        defaults = rng.random() < default_probability(sum(history) / len(history), load, customer.age_years)
        due = time.monotonic() + rng.uniform(EARLIEST_S, LATEST_S)
        heapq.heappush(self._due, (due, prediction_id, "default" if defaults else "repaid"))

    async def tell_forever(self) -> None:
        """Tell what is due, every second."""
        while True:
            await asyncio.sleep(_EVERY_S)
            found: list[tuple[str, str]] = []
            while self._due and self._due[0][0] <= time.monotonic():
                _, prediction_id, label = heapq.heappop(self._due)
                found.append((prediction_id, label))
            if found:
                tapetum.model(self._model).label([each for each, _ in found], [label for _, label in found])
