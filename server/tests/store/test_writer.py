"""The queue in front of the store, where its callers behave oddly."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from store.telemetry import logs
from tapetum_server.store.engine import Engine
from tapetum_server.store.writer import StoreWriter

PATIENCE_S = 60


def test_a_write_whose_event_loop_has_ended_is_kept_and_stops_nobody_elses(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    insert = engine.insert

    def slow(table: str, rows: pa.Table) -> None:
        begun.set()
        assert go_on.wait(PATIENCE_S)
        insert(table, rows)

    monkeypatch.setattr(engine, "insert", slow)
    with ThreadPoolExecutor(2) as executor:
        writer = StoreWriter(engine, executor, lambda project, signal: 30)

        async def goes_away() -> None:
            writing = asyncio.create_task(writer.consume(logs({"body": "left behind"})))
            assert await asyncio.to_thread(begun.wait, PATIENCE_S)
            writing.cancel()
            await asyncio.wait([writing])

        async def stays() -> int:
            async with asyncio.timeout(PATIENCE_S):
                return (await writer.consume(logs({"body": "waited for"}))).accepted

        asyncio.run(goes_away())
        go_on.set()
        assert asyncio.run(stays()) == 1
        writer.close()
    assert engine.query("SELECT body FROM logs ORDER BY body").to_pydict() == {"body": ["left behind", "waited for"]}
