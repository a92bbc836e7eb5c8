"""Questions about files, on an engine that is there for them alone: no server is asked, and nothing is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from tapetum_server.query.reader import Reader
from tapetum_server.query.store_reader import StoreReader
from tapetum_server.store.engine import READ_SETTINGS
from tapetum_server.store.scratch import scratch_engine

TIMEOUT_S = 600.0
_Answer = TypeVar("_Answer")


def ask_own_engine(question: Callable[[Reader], Coroutine[Any, Any, _Answer]]) -> _Answer:
    """The answer to `question`, asked of an engine of one's own. Only one may be open in a process."""

    def run() -> _Answer:
        with scratch_engine({"read": {**READ_SETTINGS, "max_execution_time": TIMEOUT_S}}) as engine:
            return asyncio.run(question(StoreReader(engine)))

    # The engine must not be used on the main thread (store.embedded).
    with ThreadPoolExecutor(1, "files") as pool:
        return pool.submit(run).result()
