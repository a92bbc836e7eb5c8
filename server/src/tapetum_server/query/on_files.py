"""Questions about files, which no server answers: an engine of one's own reads them where they lie."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import TIMEOUT_S
from tapetum_server.query.reader import Reader
from tapetum_server.query.store_reader import StoreReader
from tapetum_server.store.engine import READ_SETTINGS, StoreError
from tapetum_server.store.scratch import scratch_engine

Answer = TypeVar("Answer")


def ask_files(question: Callable[[Reader], Coroutine[Any, Any, Answer]]) -> Answer:
    """What `question` finds out through the reader it is given, for commands: once in a process at a time.

    Raises `QueryError`, also for a file that is not what its name says, or breaks off.
    """
    with scratch_engine({"read": {**READ_SETTINGS, "max_execution_time": TIMEOUT_S}}) as engine:
        try:
            return asyncio.run(question(StoreReader(engine)))
        except StoreError as error:
            # The engine tells causes from the outside in.
            cause = re.findall(r"DB::Exception: (.*?)(?= \([A-Z_]+\)|: While executing|\n|$)", str(error))
            raise QueryError(
                f"the file cannot be read: {(cause or [str(error)])[-1]}"[:500],
                code="unreadable_file",
                hint="The ending of its name says what a file is; look at whether it is whole.",
            ) from error
