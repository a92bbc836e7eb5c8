"""`features`: everything that is known about a customer, from SQLite."""

from __future__ import annotations

import logging
import random
import threading
from dataclasses import replace
from pathlib import Path

from fastapi import FastAPI, HTTPException
from opentelemetry import metrics, trace
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from sqlalchemy.exc import OperationalError

from tapetum_demo import telemetry
from tapetum_demo.faults import SLOW_DEPENDENCY, UNIT_CHANGE
from tapetum_demo.ledger import INDEX, CustomerFeatures, Ledger, UnknownCustomer
from tapetum_demo.population import CUSTOMERS, PAYMENTS_EACH, customers
from tapetum_demo.serving import serve, service_arguments

REFRESH_EVERY_S = 25.0  # on average
REFRESH_HOLDS_S = (0.3, 1.0)
REFRESHED_AT_ONCE = 200

MONTHLY_CHANNEL = "mobile"  # whose incomes the fault tells per month

_logger = logging.getLogger("features")
_tracer = trace.get_tracer("loans.features")


class Units:
    """In which unit incomes are told."""

    monthly = False

    def told(self, known: CustomerFeatures) -> CustomerFeatures:
        """The features as the service answers them."""
        if self.monthly and known.channel == MONTHLY_CHANNEL:
            return replace(known, income_per_year=round(known.income_per_year / 12, 2))
        return known


def make_app(ledger: Ledger, units: Units) -> FastAPI:
    """The service over a filled ledger."""
    app = FastAPI(title="features")
    refused = metrics.get_meter("loans.features").create_counter(
        "loans.features.lock_timeouts", unit="{request}", description="Requests that found the database locked."
    )

    @app.get("/customers/{customer_id}/features")
    def customer_features(customer_id: int) -> CustomerFeatures:
        try:
            found = ledger.features(customer_id)
        except UnknownCustomer as error:
            _logger.warning("%s", error)
            raise HTTPException(404, str(error)) from error
        except OperationalError as error:
            # SQLite's "database is locked": a refresh holds it. The caller may try again.
            trace.get_current_span().record_exception(error)
            _logger.exception("could not read the features of customer %d", customer_id)
            refused.add(1)
            raise HTTPException(503, "the database is locked", headers={"Retry-After": "1"}) from error
        _logger.debug("features of customer %d: %d payments", customer_id, found.payments)
        return units.told(found)

    return app


def keep_refreshing(ledger: Ledger, seed: int, stop: threading.Event) -> None:
    """Refresh customers now and then, as an old-fashioned batch job would, locking everybody out meanwhile."""
    rng = random.Random(f"refresh/{seed}")
    while not stop.wait(rng.expovariate(1 / REFRESH_EVERY_S)):
        first = rng.randrange(1, CUSTOMERS - REFRESHED_AT_ONCE)
        with _tracer.start_as_current_span("refresh customers") as span:
            span.set_attribute("loans.refresh.first_customer_id", first)
            try:
                touched = ledger.refresh(first, first + REFRESHED_AT_ONCE - 1, hold_s=rng.uniform(*REFRESH_HOLDS_S))
            except OperationalError:
                _logger.warning("refresh of customers from %d postponed: the database is busy", first)
            else:
                _logger.info("refreshed %d customers from %d", touched, first)


def main() -> None:
    """Run the service until the parent lets go."""
    arguments = service_arguments(needs=("database",))
    stop_telemetry = telemetry.start("features", version="1.4.0")
    ledger = Ledger(Path(arguments.database))
    ledger.fill(arguments.seed, customers(arguments.seed, CUSTOMERS), PAYMENTS_EACH)
    ledger.set_index(present=True)  # a former run may have ended with the fault on
    # Instrumented after the tables are filled: those statements are nobody's story. SQLAlchemy 2.1 is newer than
    # the instrumentation's own list of versions, though it works with it.
    SQLAlchemyInstrumentor().instrument(engine=ledger.engine, skip_dep_check=True)

    def slow_dependency(on: bool) -> None:
        ledger.set_index(present=not on)
        if on:
            _logger.warning("schema migration 0042 applied: dropped index %s", INDEX)
        else:
            _logger.warning("schema migration 0042 reverted: created index %s", INDEX)

    units = Units()

    def unit_change(on: bool) -> None:
        units.monthly = on
        _logger.warning("incomes of the channel %s are told per %s", MONTHLY_CHANNEL, "month" if on else "year")

    app = make_app(ledger, units)
    FastAPIInstrumentor.instrument_app(app, exclude_spans=["receive", "send"])
    stop = threading.Event()
    threading.Thread(target=keep_refreshing, args=(ledger, arguments.seed, stop), name="refresh", daemon=True).start()
    serve(app, fd=arguments.fd, orders={SLOW_DEPENDENCY.name: slow_dependency, UNIT_CHANGE.name: unit_change})
    stop.set()
    stop_telemetry()


if __name__ == "__main__":
    main()
