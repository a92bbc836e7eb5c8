"""Stopping a query for which nobody waits any more."""

from __future__ import annotations

import asyncio
from typing import Any

from tapetum_server.store.engine import Engine, StoreError

_FIRST_S, _MOST_S = 0.1, 1.0


async def stop(engine: Engine, query_id: str, running: asyncio.Future[Any]) -> None:
    """Have the engine stop the query that `running` waits for, and return when it is gone, however it ended.

    It may be waiting for its turn, and on a busy machine the engine can miss one that it has just begun: so it is
    told until the query is gone.
    """
    pause = _FIRST_S
    while not running.done():
        try:
            await asyncio.shield(asyncio.to_thread(engine.kill, query_id))
        except StoreError:
            pass  # what says that to us says it to the query too, and a server that is away comes back
        await asyncio.wait([running], timeout=pause)
        pause = min(2 * pause, _MOST_S)
    if not running.cancelled():
        running.exception()  # looked at, or the loop would complain that nobody did
