"""The engine's contract: what the rest of the store may ask of embedded ClickHouse or of a server."""

from __future__ import annotations

import io
import re
from collections.abc import Generator, Mapping
from typing import Any, Protocol

import pyarrow as pa

Parameters = Mapping[str, object]
"""Values of `{name:Type}` placeholders: str, int, float, bool, None, and lists of these."""


HANDLE_WAIT_S = 20.0


class Engine(Protocol):
    """A ClickHouse to talk to. Every call blocks; call from worker threads, never from the main thread.

    `database` exists and is the default of every statement. Errors are `StoreError`.
    """

    database: str

    def command(self, sql: str) -> None:
        """Run one statement that returns nothing (DDL, ALTER, SYSTEM)."""
        ...

    def apart(self, sql: str, query_id: str) -> None:
        """Run one long statement that returns nothing beside everything else: ingest and queries go on."""
        ...

    def insert(self, table: str, rows: pa.Table) -> None:
        """Append `rows` to `table` by column name. Returning means that they are durable."""
        ...

    def query(
        self, sql: str, parameters: Parameters | None = None, *, profile: str = "read", query_id: str = ""
    ) -> pa.Table:
        """Rows of one SELECT as Arrow."""
        ...

    def query_bytes(
        self, sql: str, output_format: str, parameters: Parameters | None = None, *, profile: str = "read",
        query_id: str = "",
    ) -> bytes:  # fmt: skip
        """Answer of one SELECT in a ClickHouse output format (`CSVWithNames`, `Parquet`, `JSONCompact` …).

        `profile` names the settings in force (`read`, or one that the engine was opened with).
        Waits at most `HANDLE_WAIT_S` for a free handle, then raises `TimeoutError`.
        """
        ...

    def stream(
        self, sql: str, parameters: Parameters | None = None, *, profile: str = "read", query_id: str = ""
    ) -> Generator[pa.RecordBatch]:
        """Rows of one SELECT in batches, as the engine makes them: an answer of any size in little memory.

        Holds a handle until it is exhausted or closed Waits for one as `query_bytes` does.
        """
        ...

    def disk_used_share(self) -> float:
        """Share, 0..1, of the disks under the tables that is in use. Blocks that only root may use count as used."""
        ...

    def disk_free_bytes(self) -> int:
        """Bytes that can still be written to those disks."""
        ...

    def kill(self, query_id: str) -> bool:
        """Stop the query that was started with `query_id`; whether it was found running."""
        ...

    def close(self) -> None:
        """Kill what runs, wait for it, and let go of the store. Calling twice is fine."""
        ...


class StoreError(Exception):
    """The engine refused a statement. `code` is ClickHouse's error number (0 when there is none)."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class StoreUnavailable(StoreError):
    """The store cannot be opened or reached; the message says what to do."""


QUERY_MARK = "/* tapetum-query:{} */"
"""Starts every query that can be cancelled: the embedded engine ignores a caller's query id."""

WRITE_SETTINGS: Mapping[str, Any] = {
    "max_threads": 1,
    "max_insert_threads": 1,
    "async_insert": 0,
    "input_format_parallel_parsing": 0,
    # Text indexes are built when parts merge; fresh parts are few and small, and are scanned.
    "exclude_materialize_skip_indexes_on_insert": "words_of_payload,words_of_record,words_of_body,words_of_message",
    # Groups are split by day before they get here; the engine's own limit would refuse a whole one.
    "throw_on_max_partitions_per_insert_block": 0,
}
INSERT_SETTINGS: Mapping[str, Mapping[str, int]] = {
    # Rows of one insert that replace each other are told apart when they are read or merged: doing it at the insert
    # too costs more than all the rest of it (bench/predictions.py).
    "prediction_rows": {"optimize_on_insert": 0},
}
"""By table, what an insert sets beside `WRITE_SETTINGS`."""
READ_SETTINGS: Mapping[str, Any] = {
    "max_threads": 2,
    "max_execution_time": 60,
    "max_memory_usage": 4_000_000_000,
    "do_not_merge_across_partitions_select_final": 1,
    "use_skip_indexes_if_final": 1,
    "output_format_arrow_string_as_string": 1,
    "output_format_json_quote_64bit_integers": 1,
    "output_format_json_quote_denormals": 1,
    # Asked the third time, an expression would be compiled first: ten seconds of CPU for the counts of a hundred
    # features, which are counted within one.
    "compile_expressions": 0,
    "compile_aggregate_expressions": 0,
    "compile_sort_description": 0,
}
"""The profile `read`: our own questions. Other profiles add to these two, which answers depend on."""
ANSWER_SETTINGS: Mapping[str, Any] = {
    "do_not_merge_across_partitions_select_final": 1,
    "use_skip_indexes_if_final": 1,
}

Profiles = Mapping[str, Mapping[str, Any]]
"""Profile name → settings, set in order on every handle of that profile (so `readonly` goes last)."""


def arrow_stream(rows: pa.Table) -> bytes:
    """`rows` as one Arrow IPC stream with one record batch."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows.combine_chunks())
    return sink.getvalue()


def engine_message(error: Exception) -> tuple[str, int]:
    """The engine's own words and error code, from a driver's exception."""
    message = str(error)
    at = message.find("Code: ")
    message = message[at:] if at > 0 else message
    code = re.match(r"Code: (\d+)", message)
    return re.sub(r"\s*\(version [^)]*\)\s*$", "", message.strip()), int(code[1]) if code else 0


def checked_query_id(query_id: str) -> str:
    """`query_id`, or `StoreError` when it is not plain enough to stand in a statement."""
    if not re.fullmatch(r"[A-Za-z0-9_.:-]{1,128}", query_id):
        raise StoreError(f"query id {query_id!r} is not made of letters, digits and _ . : -, at most 128")
    return query_id
