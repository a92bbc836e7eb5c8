"""How often Python's garbage collector looks for cycles in a server."""

from __future__ import annotations

import gc


def settle() -> None:
    """Once start-up is over."""
    # What start-up made lives as long as the process: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    # A batch is thousands of short-lived objects without cycles: looking for cycles every 700 of them
    # costs a tenth of ingest's CPU.
    gc.set_threshold(50_000, 20, 100)
