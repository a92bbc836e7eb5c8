"""Questions to the store's engine from the event loop: on worker threads, with a deadline, cancellable."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, TypeVar

import pyarrow as pa

from tapetum_server.query.errors import QueryError, Unavailable
from tapetum_server.query.query_failures import QueryFailures
from tapetum_server.query.stopping import stop
from tapetum_server.store.engine import Engine, StoreError, StoreUnavailable

TOO_LONG = 60.0
"""Seconds after which a question is stopped, unless it says otherwise."""
_TOO_HEAVY = {241: "memory", 159: "time", 158: "rows", 307: "bytes"}
"""ClickHouse's error numbers for its own limits."""
_STOPPED = 394
"""Nobody waits for the answer any more, or it was counted as too slow."""
Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Columns:
    """An answer in Python's own lists."""

    names: Sequence[str]
    columns: Sequence[Sequence[Any]]


class StoreReader:
    """`query.reader.Reader` over the store's engine."""

    def __init__(self, engine: Engine, executor: Executor | None = None) -> None:
        self._engine = engine
        self._executor = executor
        self.failures = QueryFailures()
        """Questions that found no answer."""

    async def query(
        self,
        sql: str,
        parameters: Mapping[str, object],
        *,
        max_rows: int | None = None,
        timeout_s: float | None = None,
        query_id: str | None = None,
    ) -> Columns:
        """See `Reader.query`."""
        if max_rows is not None:
            sql = f"SELECT * FROM ({sql}) LIMIT {int(max_rows)}"
        return await self._asked(lambda of: _in_lists(self._run(sql, parameters, of)), timeout_s, query_id)

    async def table(
        self, sql: str, parameters: Mapping[str, object], *, timeout_s: float | None = None
    ) -> pa.Table:  # fmt: skip
        """See `Reader.table`."""
        return await self._asked(lambda of: self._run(sql, parameters, of), timeout_s, None)

    async def _asked(self, run: Callable[[str], Told], timeout_s: float | None, query_id: str | None) -> Told:
        query_id = query_id or f"api-{secrets.token_hex(8)}"
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._executor, run, query_id)
        try:
            async with asyncio.timeout(timeout_s or TOO_LONG):
                return await asyncio.shield(running)
        except TimeoutError:
            self.failures.note("too_slow")
            await stop(self._engine, query_id, running)
            raise QueryError(
                f"the question took longer than {timeout_s or TOO_LONG:g} s and was stopped",
                code="too_slow",
                hint="Ask about a shorter time range, or filter more.",
            ) from None
        except asyncio.CancelledError:
            await stop(self._engine, query_id, running)
            raise

    def _run(self, sql: str, parameters: Mapping[str, object], query_id: str) -> pa.Table:
        try:
            return self._engine.query(sql, parameters, query_id=query_id)
        except StoreUnavailable as error:
            self.failures.note("unavailable")
            raise Unavailable(str(error)) from error
        except StoreError as error:
            if error.code != _STOPPED:
                self.failures.note("too_heavy" if error.code in _TOO_HEAVY else "failed")
            if error.code in _TOO_HEAVY:
                raise QueryError(
                    f"the question needs more than one question may take: {_TOO_HEAVY[error.code]}",
                    code="too_heavy",
                    hint="Ask about a shorter time range, or filter more.",
                ) from error
            raise


def _in_lists(table: pa.Table) -> Columns:
    return Columns(table.column_names, [as_list(column) for column in table.columns])


def as_list(column: pa.ChunkedArray) -> list[Any]:
    """One Arrow column as Python values, taking the quick way where the type has one."""
    values: list[Any] = []
    for chunk in column.chunks:
        if pa.types.is_dictionary(chunk.type):
            words = chunk.dictionary.to_pylist()
            if chunk.null_count:
                values += [None if i is None else words[i] for i in chunk.indices.to_pylist()]
            else:
                values += [words[i] for i in chunk.indices.to_numpy().tolist()]
        elif not chunk.null_count and _is_flat(chunk.type):
            values += chunk.to_numpy(zero_copy_only=False).tolist()
        else:
            values += chunk.to_pylist()
    return values


def _is_flat(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or (pa.types.is_primitive(kind) and not pa.types.is_temporal(kind))
