"""The end by SIGTERM of a program that has no opinion about it.

Python then dies without running anything, also below uvicorn, which shuts down in peace and raises the signal once
more. What still waits is sent before, and the program ends as it would have: by the signal.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType


class Termination:
    """Calls `last_words` before SIGTERM ends the process; whoever has a handler of its own, now or later, keeps it."""

    def __init__(self, last_words: Callable[[], None], within_s: float) -> None:
        self._last_words = last_words
        self._within_s = within_s
        # Only the main thread may set handlers.
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, self._end)

    def stop(self) -> None:
        """Let SIGTERM do again what it did before."""
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) == self._end:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        # On another thread: this one may have been interrupted while it held the very lock that is needed.
        thread = threading.Thread(target=self._last_words, name="tapetum-end", daemon=True)
        try:
            thread.start()
            thread.join(self._within_s)
        except RuntimeError:
            pass  # the interpreter is on its way out, and `atexit` has had its turn
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
