"""The database of `features`: customers and their payments in SQLite, through SQLAlchemy."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DatabaseError

from tapetum_demo.population import Customer, payments

INDEX = "payments_by_customer"
_LAYOUT = 2
_BUSY_TIMEOUT_S = 0.05  # an impatient reader: while a refresh holds the lock, requests fail
_PATIENT_TIMEOUT_MS = 10_000

_TABLES = (
    """CREATE TABLE customers (
        customer_id INTEGER PRIMARY KEY, region TEXT NOT NULL, channel TEXT NOT NULL, age_years INTEGER NOT NULL,
        income_per_year REAL NOT NULL, refreshed_at REAL NOT NULL)""",
    """CREATE TABLE payments (
        payment_id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, amount REAL NOT NULL, late INTEGER NOT NULL)""",
    "CREATE TABLE origin (layout INTEGER, seed INTEGER, customers INTEGER, payments_each INTEGER)",
)
_CREATE_INDEX = f"CREATE INDEX IF NOT EXISTS {INDEX} ON payments (customer_id)"
_DROP_INDEX = f"DROP INDEX IF EXISTS {INDEX}"
_CUSTOMER = text("SELECT region, channel, age_years, income_per_year FROM customers WHERE customer_id = :customer_id")
_HISTORY = text(
    "SELECT count(*) AS payments, avg(late) AS late_share, avg(amount) AS usual_payment "
    "FROM payments WHERE customer_id = :customer_id"
)


class UnknownCustomer(LookupError):
    """Nobody has this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFeatures:
    """What is known about a customer when a loan is scored."""

    customer_id: int
    region: str
    channel: str
    age_years: int
    income_per_year: float
    payments: int
    late_share: float
    usual_payment: float


class Ledger:
    """Customers and payments. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self.engine: Engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": _BUSY_TIMEOUT_S})

    def fill(self, seed: int, people: list[Customer], payments_each: int) -> None:
        """Make the tables hold exactly the world of this seed; quick when they already do."""
        origin = (_LAYOUT, seed, len(people), payments_each)
        if self._origin() == origin:
            return
        with self.engine.begin() as connection:
            for table in ("customers", "payments", "origin"):
                connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")
            for statement in _TABLES:
                connection.exec_driver_sql(statement)
            connection.exec_driver_sql(
                "INSERT INTO customers VALUES (?, ?, ?, ?, ?, 0)",
                [(p.customer_id, p.region, p.channel, p.age_years, p.income_per_year) for p in people],
            )
            histories = [list(payments(seed, person, payments_each)) for person in people]
            # Month by month, as payments arrive: without the index, one customer's rows are all over the table.
            connection.exec_driver_sql(
                "INSERT INTO payments (customer_id, amount, late) VALUES (?, ?, ?)",
                [
                    (person.customer_id, *history[month])
                    for month in range(payments_each)
                    for person, history in zip(people, histories, strict=True)
                ],
            )
            connection.exec_driver_sql("INSERT INTO origin VALUES (?, ?, ?, ?)", origin)

    def _origin(self) -> tuple[int, ...] | None:
        try:
            with self.engine.connect() as connection:
                row = connection.exec_driver_sql("SELECT * FROM origin").first()
        except DatabaseError:
            return None  # a new file, or one that is no database of ours: it is filled afresh
        return tuple(row) if row else None

    def features(self, customer_id: int) -> CustomerFeatures:
        """What is known about a customer.

        Raises:
            UnknownCustomer: nobody has this id.
        """
        with self.engine.connect() as connection:
            customer = connection.execute(_CUSTOMER, {"customer_id": customer_id}).first()
            if customer is None:
                raise UnknownCustomer(f"no customer has the id {customer_id}")
            history = connection.execute(_HISTORY, {"customer_id": customer_id}).one()
        return CustomerFeatures(
            customer_id=customer_id,
            region=customer.region,
            channel=customer.channel,
            age_years=customer.age_years,
            income_per_year=customer.income_per_year,
            payments=history.payments,
            late_share=history.late_share or 0.0,
            usual_payment=history.usual_payment or 0.0,
        )

    def set_index(self, *, present: bool) -> None:
        """Create or drop the index that makes one customer's payments quick to read."""
        with self.engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {_PATIENT_TIMEOUT_MS}")
            connection.exec_driver_sql(_CREATE_INDEX if present else _DROP_INDEX)
            connection.commit()
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(_BUSY_TIMEOUT_S * 1000)}")

    def has_index(self) -> bool:
        """Whether the index is there."""
        with self.engine.connect() as connection:
            found = connection.exec_driver_sql(
                "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name = ?", (INDEX,)
            ).scalar_one()
        return bool(found)

    def refresh(self, first_id: int, last_id: int, *, hold_s: float) -> int:
        """Touch a range of customers in one exclusive transaction that takes `hold_s`; how many were touched.

        Nobody can read meanwhile: that is what makes this service flaky.
        """
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("BEGIN EXCLUSIVE")
            try:
                touched = connection.exec_driver_sql(
                    "UPDATE customers SET refreshed_at = ? WHERE customer_id BETWEEN ? AND ?",
                    (time.time(), first_id, last_id),
                ).rowcount
                time.sleep(hold_s)
            finally:
                connection.exec_driver_sql("COMMIT")
        return touched
