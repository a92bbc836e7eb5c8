"""A data directory with a million distinct spans, as `tapetum serve` leaves it: filled once, used often."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.distinct import HOUR, groups
from bench.payload import spans_payload
from bench.tables import GROUP, stream, yesterday
from tapetum_server.store.directory import DataDirectory
from tapetum_server.store.engine import Engine
from tapetum_server.store.migrate import migrate
from tapetum_server.store.open import open_engine
from tapetum_server.store.writer import StoreWriter


def million(work: Path, copies: int = 10) -> tuple[Path, dict[str, Any]]:
    """The directory and the truth about it; made (minutes) when it is not there yet."""
    directory = work / f"million-{copies}"
    known = work / f"million-{copies}.json"
    if not known.exists():
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        truth = _fill(directory, spans_payload(work, 100_000), copies)
        known.write_text(json.dumps(truth))
    return directory, json.loads(known.read_text())


def _fill(directory: Path, payload: Path, copies: int) -> dict[str, Any]:
    home = DataDirectory(directory)
    engine = open_engine(home.path)
    migrate(engine)
    writer = StoreWriter(engine, ThreadPoolExecutor(1), lambda project, signal: 30)
    day = yesterday()
    made, truth, _ = stream(payload, copies, day, only_agents=False)

    async def fill() -> None:
        for spans, logs in groups(made, GROUP):
            if len(logs):
                await writer.consume(logs)
            if len(spans):
                await writer.consume(spans)

    asyncio.run(fill())
    writer.close()
    settled(engine)
    engine.close()
    home.release()
    return asdict(truth) | {"from_ms": day // 10**6, "to_ms": (day + 24 * HOUR) // 10**6}


def settled(engine: Engine) -> None:
    """Wait until nothing has been merged for three seconds."""
    quiet = 0
    while quiet < 6:
        time.sleep(0.5)
        running = engine.query("SELECT count() AS n FROM system.merges").to_pylist()[0]["n"]
        quiet = 0 if running else quiet + 1
