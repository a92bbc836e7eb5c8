"""A question that is given up at any moment is given up, also in the moment when its answer comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, cast

import pyarrow as pa
import pytest

from tapetum_server.query.store_reader import StoreReader
from tapetum_server.store.engine import Engine

TURNS = 12
"""More turns of the loop than an answer takes to reach who asked."""


class Told:
    """An engine that knows one answer, and is asked to stop queries."""

    def query(self, *_: object, **__: object) -> pa.Table:
        return pa.table({"n": [1]})

    def kill(self, query_id: str) -> bool:
        return False


class AtOnce(Executor):
    """Answers before it is waited for, so that each step of the answer's way is one turn of the loop."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        answered: Future[Any] = Future()
        answered.set_result(fn(*args, **kwargs))
        return answered


@pytest.mark.parametrize("turns", range(TURNS))
def test_who_is_cancelled_while_the_answer_is_on_its_way_is_cancelled(turns: int) -> None:
    """Else a task that asks again and again goes on for ever, and a server that waits for it never ends."""

    async def given_up() -> tuple[bool, bool]:
        reader = StoreReader(cast(Engine, Told()), AtOnce())
        asking = asyncio.create_task(reader.query("SELECT 1 AS n", {}))
        for _ in range(turns):
            await asyncio.sleep(0)
        accepted = asking.cancel()
        await asyncio.wait([asking])
        return accepted, asking.cancelled()

    accepted, cancelled = asyncio.run(given_up())
    assert accepted == cancelled
    assert accepted or turns > 1
