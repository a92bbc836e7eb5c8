"""Chooses the store's home."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tapetum_server.store.engine import Engine, Profiles

if TYPE_CHECKING:
    from tapetum_server.store.embedded import EmbeddedEngine


def open_engine(
    data: Path,
    url: str = "",
    *,
    profiles: Profiles | None = None,
    memory_bytes: int = 6_000_000_000,
    backups: Path | None = None,
) -> Engine:
    """The ClickHouse server at `url`, or without one the embedded engine in `data`.

    Raises `StoreUnavailable`, saying what to do.
    """
    if url:
        from tapetum_server.store.clickhouse_http import ClickHouseEngine

        return ClickHouseEngine(url, profiles=profiles)
    return open_embedded(data, profiles=profiles, memory_bytes=memory_bytes, backups=backups)


def open_embedded(
    data: Path,
    *,
    profiles: Profiles | None = None,
    memory_bytes: int = 6_000_000_000,
    backups: Path | None = None,
) -> EmbeddedEngine:
    """The embedded engine in the data directory `data`; backups lie in `backups`, else in the data directory."""
    # Here, because the engine takes a second to load: a ClickHouse server's user need not wait for it.
    from tapetum_server.store.embedded import EmbeddedEngine

    return EmbeddedEngine(data / "store", profiles=profiles, memory_bytes=memory_bytes, backups=backups)
