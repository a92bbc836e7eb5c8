"""Looks at every monitor when it is due: a few at a time, each with a limit, none in another's way."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from dataclasses import dataclass

import orjson
from pydantic import ValidationError

from tapetum_server.analysis.alert_state import AlertState
from tapetum_server.analysis.monitor_definition import MonitorDefinition
from tapetum_server.analysis.monitor_values import MORE_SERIES, observe
from tapetum_server.analysis.monitor_verdict import Judge
from tapetum_server.catalog.catalog import Catalog
from tapetum_server.catalog.monitors import Outcome, StoredMonitor
from tapetum_server.monitors.recording import Recorder
from tapetum_server.monitors.webhook import Deliverer, WebhookLimits
from tapetum_server.query.errors import NotFound, QueryError, Unavailable
from tapetum_server.query.reader import Reader
from tapetum_server.query.sql_runner import SqlRunner
from tapetum_server.signals.consumer import Busy, Consumer

logger = logging.getLogger("tapetum.monitors")
AT_ONCE = 4
"""Evaluations at the same time: people's own questions need the rest of the store's readers."""
EVALUATION_S = 20.0
LOOK_EVERY_S = 0.5
GRACE_S = 300.0
"""After a start, how long at most missing data may be this server's own absence: senders come back by then."""
_LEASE_S = EVALUATION_S * 2
_JITTER = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorSettings:
    """What the runner was told by whoever started it."""

    base_url: str
    """Where people find this server: the beginning of every link."""
    webhooks: WebhookLimits
    alone: bool
    """Whether no other server shares the catalog: what a lease says at the start is then from a life before."""


class MonitorRunner:
    """Everything about monitors that goes on by itself. `run` until cancelled."""

    def __init__(
        self, catalog: Catalog, reader: Reader, sql: SqlRunner, consumer: Consumer, settings: MonitorSettings
    ) -> None:
        self._catalog = catalog
        self._reader = reader
        self._sql = sql
        self._settings = settings
        self._recorder = Recorder(catalog, consumer)
        self._deliverer = Deliverer(catalog, settings.webhooks)
        self._busy: set[asyncio.Task[None]] = set()
        self._started_at, self._started = time.time(), time.monotonic()

    async def run(self) -> None:
        """Evaluate, record and deliver until cancelled; what was begun is dropped and begun again another time."""
        if self._settings.alone:
            await asyncio.to_thread(self._catalog.monitors.release_leases)
            await asyncio.to_thread(self._catalog.deliveries.release)
        others = [asyncio.create_task(self._deliverer.run()), asyncio.create_task(self._record())]
        try:
            await self._evaluate_due()
        finally:
            running = [*others, *self._busy]
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _evaluate_due(self) -> None:
        failing = False
        while True:
            try:
                if len(self._busy) < AT_ONCE:
                    free = AT_ONCE - len(self._busy)
                    due = await asyncio.to_thread(self._catalog.monitors.lease_due, _LEASE_S, free)
                    for monitor in due:
                        task = asyncio.create_task(self._evaluate(monitor))
                        self._busy.add(task)
                        task.add_done_callback(self._busy.discard)
                failing = False
            except Exception as error:
                if not failing:
                    logger.warning("Monitors are not evaluated, the catalog cannot be reached: %s", error)
                failing = True
            await asyncio.sleep(LOOK_EVERY_S)

    async def _evaluate(self, monitor: StoredMonitor) -> None:
        try:
            await asyncio.to_thread(self._catalog.monitors.settle, monitor, await self._outcome(monitor))
        except Exception:
            # The lease runs out and it is tried again; whoever reads the log must learn why nothing happens.
            logger.exception("Monitor %r of project %r could not be evaluated", monitor.name, monitor.project)

    async def _outcome(self, monitor: StoredMonitor) -> Outcome:
        started, now_ns = time.monotonic(), time.time_ns()
        problem, found, more = "", None, False
        definition: MonitorDefinition | None = None
        try:
            definition = MonitorDefinition.model_validate(orjson.loads(monitor.definition))
            async with asyncio.timeout(EVALUATION_S):
                scores = self._catalog.scores.known(monitor.project)
                found, more = await observe(self._reader, self._sql, monitor.project, definition, now_ns, scores)
        except ValidationError as error:
            problem = f"its definition is not understood by this version: {error.errors()[0]['msg']}"
        except (QueryError, NotFound) as error:
            problem = error.message
        except (Unavailable, Busy) as error:
            problem = str(error)
        except TimeoutError:
            problem = f"its query took longer than {EVALUATION_S:g} s"
        except Exception as error:
            logger.warning("The query of monitor %r failed", monitor.name, exc_info=error)
            problem = f"its query failed: {type(error).__name__}"
        took_ms = (time.monotonic() - started) * 1_000
        before = {
            subject: AlertState.loads(text)
            for subject, text in (await asyncio.to_thread(self._catalog.monitors.states_of, monitor.id)).items()
        }
        failures = monitor.failures + 1 if problem else 0
        if definition is None:
            states = {subject: state.dumps() for subject, state in before.items()}
            next_at = time.time() + 60
            return Outcome(
                states=states, records=[], deliveries=[], next_at=next_at, took_ms=took_ms, failures=failures,
                problem=problem,
            )  # fmt: skip
        judge = Judge(
            monitor, definition, now_ns / 1e9, self._settings.base_url,
            listening=self._there_for(monitor, definition, min(definition.window_s, GRACE_S)),
            whole=self._there_for(monitor, definition, definition.window_s),
        )  # fmt: skip
        verdict = judge.failed(before, failures, problem) if found is None else judge.observed(before, found)
        return Outcome(
            states=verdict.states,
            records=verdict.records,
            deliveries=verdict.deliveries,
            # A little earlier or later each time, so that monitors made together do not stay together.
            next_at=time.time() + definition.interval_s * random.uniform(1 - _JITTER, 1 + _JITTER),
            took_ms=took_ms,
            failures=failures,
            problem=problem or (MORE_SERIES if more else ""),
        )

    def _there_for(self, monitor: StoredMonitor, definition: MonitorDefinition, needed_s: float) -> bool:
        """Whether this server has been there for so long that what is missing is others' silence, not its own."""
        made_here = monitor.created_at.timestamp() >= self._started_at
        # Only whole steps are looked at: the window may end a step ago.
        return made_here or time.monotonic() - self._started >= needed_s + definition.step_s

    async def _record(self) -> None:
        failing = False
        while True:
            try:
                await self._recorder.record()
                failing = False
            except Exception as error:
                if not failing:
                    logger.warning("Alerts wait to be recorded: %s", error)
                failing = True
            await asyncio.sleep(LOOK_EVERY_S)
