"""A process that was told to end ends, also where something in it stands still."""

from __future__ import annotations

import faulthandler
import logging
import os
import threading

logger = logging.getLogger("tapetum")

END_S = 60.0
"""More than what a shutdown waits for: requests (10 s), gRPC (5 s), the queue, the engine's queries (30 s)."""


def end_soon() -> None:
    """Have this process end within `END_S` seconds: by force with exit code 1 if it does not by itself.

    Nothing that was acknowledged is lost by that, as it is durable. Standard error says where each thread stood.
    """
    overdue = threading.Timer(END_S, _force)
    overdue.daemon = True
    overdue.start()


def _force() -> None:
    logger.error(
        "The server did not end within %g s, so it is ended now. What was acknowledged is kept. This is a fault, "
        "please report where it stood:", END_S,
    )  # fmt: skip
    faulthandler.dump_traceback(2)
    os._exit(1)
