"""An engine of one's own for commands on files: it keeps nothing, and asks no server."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tapetum_server.store.engine import Engine, Profiles
from tapetum_server.store.open import open_embedded


@contextmanager
def scratch_engine(profiles: Profiles | None = None, memory_bytes: int = 2_000_000_000) -> Iterator[Engine]:
    """An embedded engine in a directory that is gone afterwards. Only one engine may be open in a process."""
    with tempfile.TemporaryDirectory(prefix="tapetum-") as directory:
        engine = open_embedded(Path(directory), profiles=profiles, memory_bytes=memory_bytes)
        try:
            yield engine
        finally:
            engine.close()
