"""Chooses the store's home."""

from __future__ import annotations

from pathlib import Path

from tapetum_server.store.engine import Engine, Profiles


def open_engine(
    data: Path, url: str = "", *, profiles: Profiles | None = None, memory_bytes: int = 6_000_000_000
) -> Engine:
    """The ClickHouse server at `url`, or without one the embedded engine in `data`.

    Raises `StoreUnavailable`, saying what to do.
    """
    if url:
        from tapetum_server.store.clickhouse_http import ClickHouseEngine

        return ClickHouseEngine(url, profiles=profiles)
    from tapetum_server.store.embedded import EmbeddedEngine

    return EmbeddedEngine(data / "store", profiles=profiles, memory_bytes=memory_bytes)
