"""`SqlRunner` over the store's engine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import Executor

from tapetum_server.query.sql_runner import EngineFormat, SqlFailed, SqlProfile
from tapetum_server.query.stopping import stop
from tapetum_server.store.engine import Engine, StoreError

_ASK_AGAIN, _ASK_AGAIN_S = 20, 0.1


class StoreSql:
    """Runs gated SQL on the engine's handles for it, on worker threads."""

    def __init__(self, engine: Engine, executor: Executor | None = None) -> None:
        self._engine = engine
        self._executor = executor

    @property
    def database(self) -> str:
        """The engine's database, which holds the views."""
        return self._engine.database

    async def run(
        self,
        sql: str,
        parameters: Mapping[str, object],
        *,
        format: EngineFormat,
        profile: SqlProfile,
        query_id: str,
    ) -> bytes:
        """See `SqlRunner.run`."""

        def query() -> bytes:
            try:
                return self._engine.query_bytes(sql, format, parameters, profile=profile, query_id=query_id)
            except StoreError as error:
                raise SqlFailed(str(error), error.code) from error

        running = asyncio.get_running_loop().run_in_executor(self._executor, query)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await stop(self._engine, query_id, running)
            raise

    async def cancel(self, query_id: str) -> bool:
        """See `SqlRunner.cancel`."""
        # Not on the bounded pool: it may be full of the very queries that are to be stopped.
        found = await asyncio.to_thread(self._engine.kill, query_id)
        # On a busy machine the engine can miss it for a query that it has just begun: ask until the query is gone.
        for _ in range(_ASK_AGAIN if found else 0):
            await asyncio.sleep(_ASK_AGAIN_S)
            if not await asyncio.to_thread(self._engine.kill, query_id):
                break
        return found
