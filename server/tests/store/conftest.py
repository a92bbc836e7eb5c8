"""A writer on the store under test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tapetum_server.signals.consumer import Batch, Receipt
from tapetum_server.store.engine import Engine
from tapetum_server.store.writer import StoreWriter

Keep = Callable[..., list[Receipt]]


@pytest.fixture
def keep(any_engine: Engine) -> Iterator[Keep]:
    """Stores batches, all of one call at the same time, and returns when they are durable."""
    with ThreadPoolExecutor(2) as executor:
        writer = StoreWriter(any_engine, executor, lambda project, signal: 30)

        def store(*batches: Batch) -> list[Receipt]:
            async def together() -> list[Receipt]:
                return await asyncio.gather(*(writer.consume(batch) for batch in batches))

            return asyncio.run(together())

        yield store
        writer.close()
