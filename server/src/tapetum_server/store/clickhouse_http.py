"""A ClickHouse server over HTTP, through clickhouse-connect: the store for those who outgrow one machine."""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import Any
from urllib.parse import unquote, urlsplit

import clickhouse_connect
import pyarrow as pa
from clickhouse_connect.driver.exceptions import ClickHouseError

from tapetum_server.store.engine import (
    ANSWER_SETTINGS,
    INSERT_SETTINGS,
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

_DISKS = (
    "system.disks WHERE name IN (SELECT arrayJoin(disks) FROM system.storage_policies WHERE policy_name IN "
    "(SELECT storage_policy FROM system.tables WHERE database = {database:String}))"
)
"""The disks of our tables, where a statement stands `FROM` them."""


class ClickHouseEngine:
    """The server at `url` (`clickhouse://user:password@host:8123/database`, `clickhouses://` with TLS).

    See `engine.Engine` for the contract. Raises `StoreUnavailable` when the server does not answer.
    The user needs CREATE DATABASE once, and everything on that database.
    """

    def __init__(self, url: str, *, profiles: Profiles | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("clickhouse", "clickhouses") or not parts.hostname:
            raise StoreUnavailable(
                f"--store {parts.scheme}://… is not understood; expected clickhouse://user:password@host:8123/database."
            )
        self.database = parts.path.strip("/") or "tapetum"
        secure = parts.scheme == "clickhouses"
        self._options: dict[str, Any] = {
            "host": parts.hostname,
            "port": parts.port or (8443 if secure else 8123),
            "username": unquote(parts.username or "default"),
            "password": unquote(parts.password or ""),
            "secure": secure,
        }
        self._user = (self._options["username"], self._options["password"])
        self._profiles: Profiles = {"read": READ_SETTINGS} | {
            name: {**ANSWER_SETTINGS, **settings} for name, settings in (profiles or {}).items()
        }
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        try:
            first = self._connect("", {})
            first.command(f"CREATE DATABASE IF NOT EXISTS {self.database}")
            first.close()
            self._writer = self._connect(self.database, WRITE_SETTINGS)
        except ClickHouseError as error:
            raise StoreUnavailable(
                f"The ClickHouse server at {parts.hostname}:{self._options['port']} cannot be used: "
                f"{engine_message(error)[0]}"
            ) from error

    def _connect(self, database: str, settings: Any) -> Any:
        # No session: a session serialises its queries, and one client serves many threads.
        return clickhouse_connect.get_client(
            **self._options,
            database=database or "default",
            settings=dict(settings),
            autogenerate_session_id=False,
            compress="lz4",
            connect_timeout=10,
            send_receive_timeout=300,
        )

    @property
    def credentials(self) -> str:
        """What a dictionary's source needs to read this server's own tables."""
        user, password = (v.replace("\\", "\\\\").replace("'", "\\'") for v in self._user)
        return f" USER '{user}' PASSWORD '{password}'" if password or user != "default" else ""

    def command(self, sql: str) -> None:
        try:
            self._writer.command(sql)
        except ClickHouseError as error:
            raise StoreError(*engine_message(error)) from error

    def apart(self, sql: str, query_id: str) -> None:
        try:
            self._writer.command(sql, settings={"query_id": checked_query_id(query_id)})
        except ClickHouseError as error:
            raise StoreError(*engine_message(error)) from error

    def insert(self, table: str, rows: pa.Table) -> None:
        try:
            self._writer.raw_insert(
                f"{self.database}.{table}", column_names=rows.column_names, insert_block=arrow_stream(rows),
                settings=dict(INSERT_SETTINGS.get(table, {})), fmt="ArrowStream",
            )  # fmt: skip
        except ClickHouseError as error:
            raise StoreError(*engine_message(error)) from error

    def query(
        self, sql: str, parameters: Parameters | None = None, *, profile: str = "read", query_id: str = ""
    ) -> pa.Table:
        raw = self.query_bytes(sql, "ArrowStream", parameters, profile=profile, query_id=query_id)
        return pa.ipc.open_stream(raw).read_all() if raw else pa.table({})

    def query_bytes(
        self, sql: str, output_format: str, parameters: Parameters | None = None, *, profile: str = "read",
        query_id: str = "",
    ) -> bytes:  # fmt: skip
        settings = {"query_id": checked_query_id(query_id)} if query_id else None
        try:
            body = self._client(profile).raw_query(
                sql, parameters=dict(parameters or {}), settings=settings, fmt=output_format
            )
        except ClickHouseError as error:
            raise StoreError(*engine_message(error)) from error
        return bytes(body)

    def stream(
        self, sql: str, parameters: Parameters | None = None, *, profile: str = "read", query_id: str = ""
    ) -> Generator[pa.RecordBatch]:
        settings = {"query_id": checked_query_id(query_id)} if query_id else None
        try:
            with self._client(profile).raw_stream(
                sql, parameters=dict(parameters or {}), settings=settings, fmt="ArrowStream"
            ) as body:
                yield from pa.ipc.open_stream(body)
        except (ClickHouseError, pa.ArrowInvalid) as error:
            raise StoreError(*engine_message(error)) from error

    def _client(self, profile: str) -> Any:
        with self._lock:
            client = self._clients.get(profile)
            if client is None:
                client = self._clients[profile] = self._connect(self.database, self._profiles[profile])
            return client

    def disk_used_share(self) -> float:
        # An object store says that it has room without end, and so counts as empty.
        answer = self.query(
            f"SELECT 1 - sum(toFloat64(free_space)) / sum(toFloat64(total_space)) AS used FROM {_DISKS}",
            {"database": self.database},
        )
        used = float(answer.column("used")[0].as_py())
        if not 0 <= used <= 1:
            raise StoreError(f"the disks of database {self.database} cannot be told from system.disks")
        return used

    def disk_free_bytes(self) -> int:
        answer = self.query(
            f"SELECT sum(free_space) AS free FROM {_DISKS}",
            {"database": self.database},
        )
        return int(answer.column("free")[0].as_py())

    def kill(self, query_id: str) -> bool:
        found = self.query(
            "SELECT count() AS n FROM system.processes WHERE query_id = {id:String}",
            {"id": checked_query_id(query_id)},
        )
        self.command(f"KILL QUERY WHERE query_id = '{query_id}' ASYNC")
        return bool(found.column("n")[0].as_py())

    def close(self) -> None:
        for client in (*self._clients.values(), self._writer):
            client.close()
