"""Exports from the store's engine: planned on the event loop, read on worker threads, at the client's pace."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pyarrow as pa

from tapetum_server.query.errors import Unavailable
from tapetum_server.query.export_files import ExportFormat, export_file
from tapetum_server.query.exports import ExportPlan, columns_statement, rows_statement
from tapetum_server.store.engine import Engine, StoreUnavailable

MAX_EXPORTS = 4
"""At once: each holds a handle of the engine for as long as its client reads."""


class StoreExports:
    """Opens exports of planned rows. Safe to use from several tasks; `close` once nobody asks any more."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._executor = ThreadPoolExecutor(MAX_EXPORTS, "export")
        self._free = MAX_EXPORTS

    async def open(self, plan: ExportPlan, format: ExportFormat) -> Export:
        """Begin to read: what the engine refuses at once is an error here. Raises `Unavailable` when too many do."""
        if not self._free:
            raise Unavailable(f"{MAX_EXPORTS} exports are being read; ask again when one is done")
        self._free -= 1
        export = Export(self._engine, self._executor, plan, format, self._ended)
        try:
            await export.begin()
        except BaseException:
            await export.close()
            raise
        return export

    def _ended(self) -> None:
        self._free += 1

    def close(self) -> None:
        """Wait for what is being read. The engine stops queries when it closes."""
        self._executor.shutdown()


class Export:
    """One file, piece by piece. `close` stops it, also in the middle of a query; call it always."""

    def __init__(
        self,
        engine: Engine,
        executor: ThreadPoolExecutor,
        plan: ExportPlan,
        format: ExportFormat,
        ended: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._executor = executor
        self._plan = plan
        self._format = format
        self._ended: Callable[[], None] | None = ended
        self._query_id = f"export-{secrets.token_hex(8)}"
        self._first: bytes | None = b""
        self._pieces: Generator[bytes] | None = None
        self._running: asyncio.Future[bytes | None] | None = None

    async def begin(self) -> None:
        """Read the first piece."""
        self._first = await self._next()

    async def pieces(self) -> AsyncIterator[bytes]:
        """The file's bytes. An error in the middle is raised: half a file must not look like a whole one."""
        piece = self._first
        while piece is not None:
            yield piece
            piece = await self._next()

    async def close(self) -> None:
        """Stop reading and let go of the engine. Calling twice is fine."""
        if self._ended is None:
            return
        ended, self._ended = self._ended, None
        try:
            while self._running is not None and not self._running.done():
                # Again, because the query may not have begun yet.
                await asyncio.to_thread(self._engine.kill, self._query_id)
                await asyncio.wait([self._running], timeout=0.2)
            if self._pieces is not None:
                await asyncio.get_running_loop().run_in_executor(self._executor, self._pieces.close)
        finally:
            ended()

    async def _next(self) -> bytes | None:
        self._running = asyncio.get_running_loop().run_in_executor(self._executor, self._step)
        return await asyncio.shield(self._running)

    def _step(self) -> bytes | None:
        try:
            if self._pieces is None:
                schema = self._engine.query(columns_statement(self._plan.kind), profile="export").schema
                self._pieces = export_file(self._format, schema, self._batches)
            return next(self._pieces, None)
        except StoreUnavailable as error:
            raise Unavailable(str(error)) from error

    def _batches(self, columns: Sequence[str]) -> Generator[pa.RecordBatch]:
        for time_range, limit in self._plan.slices:
            sql, parameters = rows_statement(self._plan, time_range, limit, columns)
            stream = self._engine.stream(sql, parameters, profile="export", query_id=self._query_id)
            with closing(stream):
                yield from stream
