"""ClickHouse in this process (chDB).

Rules measured and kept here: one handle serialises its calls, several handles run in parallel;
settings are put on a handle once; never query on the main thread, never fork; a process must not
exit while a query runs. The directory belongs to one process (`store.directory`).
"""

from __future__ import annotations

import os
import queue
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import chdb
import pyarrow as pa

from tapetum_server.store.bound_values import bound_values
from tapetum_server.store.engine import (
    ANSWER_SETTINGS,
    HANDLE_WAIT_S,
    INSERT_SETTINGS,
    QUERY_MARK,
    READ_SETTINGS,
    WRITE_SETTINGS,
    Parameters,
    Profiles,
    StoreError,
    StoreUnavailable,
    arrow_stream,
    checked_query_id,
    engine_message,
)

CONFIG = """<clickhouse>
    <!-- Written by tapetum at every start; put overrides in the settings of `tapetum serve`. -->
    <mark_cache_size>134217728</mark_cache_size>
    <uncompressed_cache_size>0</uncompressed_cache_size>
    <max_server_memory_usage>{memory}</max_server_memory_usage>
    <background_pool_size>2</background_pool_size>
    <background_merges_mutations_concurrency_ratio>1</background_merges_mutations_concurrency_ratio>
    <background_schedule_pool_size>4</background_schedule_pool_size>
    <backups><allowed_path>{backups}</allowed_path></backups>
</clickhouse>
"""
DEFAULT_MEMORY_BYTES = 6_000_000_000
READ_HANDLES = 4


class EmbeddedEngine:
    """chDB on `directory`. See `engine.Engine` for the contract.

    Raises `StoreUnavailable` when the directory cannot be opened. The engine allows one directory
    per process: close before opening another.
    """

    def __init__(
        self,
        directory: Path,
        database: str = "tapetum",
        *,
        profiles: Profiles | None = None,
        memory_bytes: int = DEFAULT_MEMORY_BYTES,
        backups: Path | None = None,
    ) -> None:
        self.database = database
        self._directory = directory = directory.resolve()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        config = directory / "engine.xml"
        self.backups = (backups or directory.parent / "backups").resolve()
        """The only directory that the engine writes backups to and restores them from."""
        config.write_text(CONFIG.format(memory=memory_bytes, backups=escape(str(self.backups))))
        self._address = f"{directory / 'clickhouse'}?config-file={config}"
        self._lock = threading.Lock()
        self._closed = False
        self._none_apart = threading.Condition(self._lock)
        self._apart = 0
        try:
            self._writer = chdb.connect(self._address)
        except RuntimeError as error:
            raise StoreUnavailable(
                f"The store in {directory} cannot be opened: {engine_message(error)[0]}. "
                "If the disk is full or files were moved, mend that first; else restore a backup."
            ) from error
        self._writing = threading.Lock()
        self._control = self._open_control()
        self._command_on(self._writer, f"CREATE DATABASE IF NOT EXISTS {database}")
        self._prepare(self._writer, WRITE_SETTINGS)
        # Answers stay in this process: to press them for a way that they do not go is work for nothing, done twice.
        unpressed = {"output_format_arrow_compression_method": "none"}
        self._profiles: Profiles = {"read": {**READ_SETTINGS, **unpressed}} | {
            name: {**ANSWER_SETTINGS, **settings} for name, settings in (profiles or {}).items()
        }
        self._pools: dict[str, queue.LifoQueue[Any]] = {profile: queue.LifoQueue() for profile in self._profiles}
        self._open_handles: dict[str, int] = dict.fromkeys(self._profiles, 0)

    def _open_control(self) -> Any:
        return chdb.connect(self._address)

    def _prepare(self, handle: Any, settings: Mapping[str, Any]) -> None:
        self._command_on(handle, f"USE {self.database}")
        for name, value in settings.items():
            self._command_on(handle, f"SET {name} = {value!r}" if isinstance(value, str) else f"SET {name} = {value}")

    @staticmethod
    def _command_on(handle: Any, sql: str) -> None:
        try:
            handle.query(sql, "Null")
        except RuntimeError as error:
            raise _store_error(error) from error

    def command(self, sql: str) -> None:
        with self._writing:
            self._check_open()
            self._command_on(self._writer, sql)

    def apart(self, sql: str, query_id: str) -> None:
        """Run one long statement on a handle of its own: ingest and queries go on beside it. `kill` stops it."""
        with self._lock:
            self._check_open()
            handle = chdb.connect(self._address)
            self._apart += 1
        try:
            self._command_on(handle, f"{QUERY_MARK.format(checked_query_id(query_id))} {sql}")
        finally:
            with self._lock:
                handle.close()
                self._apart -= 1
                self._none_apart.notify_all()

    def insert(self, table: str, rows: pa.Table) -> None:
        columns = ", ".join(f"`{name}`" for name in rows.column_names)
        set_to = ", ".join(f"{name} = {value}" for name, value in INSERT_SETTINGS.get(table, {}).items())
        settings = f"SETTINGS {set_to} " if set_to else ""
        # Not chDB's send_insert: it reports rows as written that the table then refused, be it for a full
        # disk, a memory limit or anything else that goes wrong after parsing.
        with _as_file(arrow_stream(rows)) as path:
            self.command(
                f"INSERT INTO {self.database}.{table} ({columns}) "
                f"FROM INFILE '{path}' COMPRESSION 'none' {settings}FORMAT ArrowStream"
            )

    def query(
        self, sql: str, parameters: Parameters | None = None, *, profile: str = "read", query_id: str = ""
    ) -> pa.Table:
        raw = self.query_bytes(sql, "ArrowStream", parameters, profile=profile, query_id=query_id)
        return pa.ipc.open_stream(raw).read_all() if raw else pa.table({})

    def query_bytes(
        self, sql: str, output_format: str, parameters: Parameters | None = None, *, profile: str = "read",
        query_id: str = "",
    ) -> bytes:  # fmt: skip
        if query_id:
            sql = f"{QUERY_MARK.format(checked_query_id(query_id))} {sql}"
        with self._handle(profile) as handle:
            try:
                return bytes(handle.query(sql, output_format, params=bound_values(parameters)).bytes() or b"")
            except RuntimeError as error:
                raise _store_error(error) from error

    def stream(
        self, sql: str, parameters: Parameters | None = None, *, profile: str = "read", query_id: str = ""
    ) -> Generator[pa.RecordBatch]:
        if query_id:
            sql = f"{QUERY_MARK.format(checked_query_id(query_id))} {sql}"
        with self._handle(profile) as handle:
            try:
                stream = handle.send_query(sql, "ArrowStream", params=bound_values(parameters))
                try:
                    # Each piece is a whole Arrow stream of one block.
                    while (piece := stream.fetch()) is not None and (raw := piece.bytes()):
                        yield from pa.ipc.open_stream(bytes(raw))
                finally:
                    stream.cancel()
            except RuntimeError as error:
                raise _store_error(error) from error

    def disk_used_share(self) -> float:
        usage = shutil.disk_usage(self._directory)
        return 1 - usage.free / (usage.used + usage.free)

    def disk_free_bytes(self) -> int:
        return shutil.disk_usage(self._directory).free

    @contextmanager
    def _handle(self, profile: str) -> Iterator[Any]:
        pool = self._pools[profile]
        handle = None
        with self._lock:
            self._check_open()
            if pool.empty() and self._open_handles[profile] < READ_HANDLES:
                handle = chdb.connect(self._address)
                self._open_handles[profile] += 1
                try:
                    self._prepare(handle, self._profiles[profile])
                except BaseException:
                    self._open_handles[profile] -= 1
                    handle.close()
                    raise
        if handle is None:
            try:
                handle = pool.get(timeout=HANDLE_WAIT_S)
            except queue.Empty:
                raise TimeoutError(f"all {READ_HANDLES} query handles were busy for {HANDLE_WAIT_S:g} s") from None
        try:
            yield handle
        except BaseException:
            # chDB keeps what a query wrote before it failed, and puts it in front of the next answer
            # on the handle: another caller's rows. So a handle that saw a failure is not used again.
            self._replace(profile, handle)
            raise
        else:
            pool.put(handle)

    def _replace(self, profile: str, failed: Any) -> None:
        """Put a fresh handle into the pool in place of one on which a query failed."""
        pool = self._pools[profile]
        with self._lock:
            if self._closed:
                pool.put(failed)  # `close` waits for it and closes it
                return
            self._open_handles[profile] -= 1
            failed.close()
            fresh = chdb.connect(self._address)
            try:
                self._prepare(fresh, self._profiles[profile])
            except BaseException:
                fresh.close()
                raise
            self._open_handles[profile] += 1
            pool.put(fresh)

    def kill(self, query_id: str) -> bool:
        mark = QUERY_MARK.format(checked_query_id(query_id))
        with self._lock:
            if self._closed:
                return False
            found = self._control.query(
                "SELECT query_id FROM system.processes WHERE startsWith(query, {mark:String})", "TabSeparated",
                params={"mark": mark},
            )  # fmt: skip
            ids = (found.bytes() or b"").decode().split()
            for engine_id in ids:
                self._control.query(f"KILL QUERY WHERE query_id = '{engine_id}' ASYNC", "Null")
        return bool(ids)

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            # A thread left in a query would crash the process at exit: stop them, then wait for each handle.
            self._control.query("KILL QUERY WHERE query LIKE 'SELECT%' OR query LIKE '/* tapetum%' ASYNC", "Null")
            self._none_apart.wait_for(lambda: not self._apart, 30)
        deadline = time.monotonic() + 30
        for profile, pool in self._pools.items():
            for _ in range(self._open_handles[profile]):
                try:
                    pool.get(timeout=max(0.1, deadline - time.monotonic())).close()
                except queue.Empty:
                    break  # a handle whose query failed or was killed closes itself
        with self._writing:
            self._writer.close()
        self._control.close()

    def _check_open(self) -> None:
        if self._closed:
            raise StoreUnavailable("The store is closed: the server is shutting down.")


@contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    """The path of a file that holds `content`: in memory where the system can, else on disk."""
    if sys.platform == "linux":
        with open(os.memfd_create("tapetum-rows"), "wb") as file:
            file.write(content)
            file.flush()
            yield f"/proc/self/fd/{file.fileno()}"
        return
    with tempfile.NamedTemporaryFile(prefix="tapetum-rows-") as file:
        file.write(content)
        file.flush()
        yield file.name


def _store_error(error: Exception) -> StoreError:
    return StoreError(*engine_message(error))
