"""The desk of `web`: what was decided about each application, and the queue of those a person must see."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from opentelemetry import metrics, trace
from opentelemetry.metrics import CallbackOptions, Observation

APPROVE_BELOW = 0.10
REJECT_ABOVE = 0.30
REVIEWS_PER_S = 1.4
_REMEMBERED = 5_000

Outcome = Literal["approved", "rejected", "referred"]

_logger = logging.getLogger("web")
_tracer = trace.get_tracer("loans.web")


@dataclass(slots=True, kw_only=True)
class Application:
    """An application and what became of it."""

    application_id: str
    outcome: Outcome
    probability_of_default: float


def decide(probability_of_default: float) -> Outcome:
    """Clear cases are decided at once; a person looks at the rest."""
    if probability_of_default < APPROVE_BELOW:
        return "approved"
    return "rejected" if probability_of_default > REJECT_ABOVE else "referred"


class Desk:
    """Remembers the latest applications and works the review queue off, one at a time."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(f"reviews/{seed}")
        self._applications: OrderedDict[str, Application] = OrderedDict()
        self._queue: asyncio.Queue[tuple[Application, trace.SpanContext, float]] = asyncio.Queue(maxsize=500)
        meter = metrics.get_meter("loans.web")
        self._outcomes = meter.create_counter("loans.applications", unit="{application}", description="Decisions made.")
        self._waits = meter.create_histogram(
            "loans.review.wait", unit="s", description="Time from referral until a person looked."
        )
        meter.create_observable_gauge(
            "loans.review.queue_size",
            callbacks=[self._observe_queue],
            unit="{application}",
            description="Applications that wait for a person.",
        )

    def _observe_queue(self, options: CallbackOptions) -> Iterable[Observation]:
        yield Observation(self._queue.qsize())

    def find(self, application_id: str) -> Application | None:
        """The application of this id, None when it is unknown or long ago."""
        return self._applications.get(application_id)

    def settle(self, application_id: str, probability_of_default: float, channel: str) -> Application:
        """Decide, remember and, when a person must see it, queue."""
        application = Application(
            application_id=application_id,
            outcome=decide(probability_of_default),
            probability_of_default=probability_of_default,
        )
        self._applications[application_id] = application
        if len(self._applications) > _REMEMBERED:
            self._applications.popitem(last=False)
        self._outcomes.add(1, {"loans.outcome": application.outcome, "loans.channel": channel})
        if application.outcome == "referred":
            try:
                self._queue.put_nowait((application, trace.get_current_span().get_span_context(), time.monotonic()))
            except asyncio.QueueFull:
                application.outcome = "rejected"
                _logger.error("review queue is full: application %s rejected unseen", application_id)
        return application

    async def review_forever(self) -> None:
        """Be the person at the desk."""
        while True:
            application, referral, since = await self._queue.get()
            # Linked, not nested: the customer's request was answered long ago.
            with _tracer.start_as_current_span("review application", links=[trace.Link(referral)]) as span:
                await asyncio.sleep(self._rng.expovariate(REVIEWS_PER_S))
                application.outcome = "approved" if self._rng.random() < 0.6 else "rejected"
                self._waits.record(time.monotonic() - since)
                self._outcomes.add(1, {"loans.outcome": application.outcome, "loans.channel": "review"})
                span.set_attributes(
                    {"loans.application_id": application.application_id, "loans.outcome": application.outcome}
                )
                _logger.info("application %s %s after review", application.application_id, application.outcome)
