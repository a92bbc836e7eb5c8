"""Holds predictions against their models' schemas while they come in, a part of the machine's time and no more."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from tapetum_server.catalog.data_schemas import DataSchemas
from tapetum_server.query.live_windows import MOST_WINDOWS, WINDOW_NS, due_windows
from tapetum_server.query.reader import Reader
from tapetum_server.signals.consumer import Batch, Consumer
from tapetum_server.signals.predictions import PredictionBatch

if TYPE_CHECKING:
    from tapetum_server.analysis.validation.controls import Controls
    from tapetum_server.analysis.validation.watching import InForce

logger = logging.getLogger("tapetum.findings")

GATHER_S = 0.5
"""What comes within so long is looked at together."""
SCHEMAS_EVERY_S = 5.0
"""A schema that was changed is held against the last predictions after at most so long."""
REST = 3
"""So many times as long as a look took is rested after it: a quarter of one core at most, whatever comes."""
OLDEST_NS = 86_400 * 10**9
"""Predictions that are older when they come are somebody's archive: `tapetum schema check` looks at those."""
AGAIN_NS = 3 * WINDOW_NS
"""How far back a changed schema counts: what was found before was found against the one that held then."""
MOST_SCHEMAS = 200
"""That are kept ready."""
_Models = Mapping[str, int]
"""Version of the schema in force by model."""


class LiveValidation:
    """Who is told of every batch, and looks at what came. `run` until cancelled."""

    def __init__(
        self, schemas: DataSchemas, reader: Reader, consumer: Consumer, clock: Callable[[], int] = time.time_ns
    ) -> None:
        self._schemas = schemas
        self._reader = reader
        self._consumer = consumer
        self._clock = clock
        self._since: dict[str, int] = {}
        self._woken = asyncio.Event()
        self._ready: dict[tuple[str, str], InForce] = {}
        self._failing: set[str] = set()

    def arrived(self, batch: Batch) -> None:
        """Note that predictions came, and of how long ago. Costs nothing that a sender would notice."""
        if isinstance(batch, PredictionBatch):
            times = batch.rows.column("time")
            oldest = pc.min(times.filter(pc.greater(times, 0))).as_py()
            self._look(batch.project, oldest or self._clock())
            self._woken.set()

    def _look(self, project: str, since: int) -> None:
        since = max(since, self._clock() - OLDEST_NS) // WINDOW_NS * WINDOW_NS
        self._since[project] = min(since, self._since.get(project, since))

    async def run(self) -> None:
        """Look at what came, again and again. What came while nobody ran is looked at first."""
        known: Mapping[str, _Models] | None = None
        controls: Controls | None = None
        while True:
            try:
                in_force = await asyncio.to_thread(self._schemas.in_force)
                for project, models in in_force.items():
                    if known is None:
                        self._look(project, 0)
                    elif models != known.get(project):
                        self._look(project, self._clock() - AGAIN_NS)
                known = in_force
                for project, since in self._taken(in_force):
                    if controls is None:
                        # Protobuf's classes take a while to load: whoever has no schema never waits for them.
                        from tapetum_server.analysis.validation.controls import Controls

                        controls = Controls()
                    await self._project(project, in_force[project], since, controls)
                self._failing.discard("")
            except Exception as error:
                self._failed("", "The schemas cannot be read, predictions are not validated", error)
            await self._wait()

    def _taken(self, in_force: Mapping[str, _Models]) -> list[tuple[str, int]]:
        taken, self._since = self._since, {}
        return [(project, since) for project, since in taken.items() if project in in_force]

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(SCHEMAS_EVERY_S):
                await self._woken.wait()
        except TimeoutError:
            return
        self._woken.clear()
        await asyncio.sleep(GATHER_S)

    async def _project(self, project: str, models: _Models, since: int, controls: Controls) -> None:
        try:
            started = time.monotonic()
            due = await due_windows(
                self._reader, project, list(models), list(models.values()), since=since,
                until=self._clock() + OLDEST_NS,
            )  # fmt: skip
            await asyncio.sleep((time.monotonic() - started) * REST)
        except Exception as error:
            self._look(project, since)
            self._failed(project, f"Predictions of {project} are not validated now", error)
            return
        if len(due) >= MOST_WINDOWS:
            self._look(project, since)
            self._woken.set()
        for window in due:
            started = time.monotonic()
            try:
                from tapetum_server.analysis.validation.watching import check_window

                schema = await self._ready_schema(project, window.model, models[window.model])
                await check_window(self._reader, self._consumer, project, window, schema, controls)
                self._failing.discard(project)
            except Exception as error:
                self._look(project, window.start)
                self._failed(project, f"Predictions of {window.model!r} in {project} are not validated now", error)
            await asyncio.sleep((time.monotonic() - started) * REST)

    async def _ready_schema(self, project: str, model: str, version: int) -> InForce:
        from tapetum_server.analysis.validation.watching import in_force

        ready = self._ready.pop((project, model), None)
        if ready is None or ready.version != version:
            kept = await asyncio.to_thread(self._schemas.find, project, "model", model, version)
            ready = await asyncio.to_thread(in_force, kept.version, kept.text)
        while len(self._ready) >= MOST_SCHEMAS:
            del self._ready[next(iter(self._ready))]
        self._ready[(project, model)] = ready
        return ready

    def _failed(self, what: str, told: str, error: Exception) -> None:
        if what not in self._failing:
            logger.warning("%s: %s", told, error)
        self._failing.add(what)
