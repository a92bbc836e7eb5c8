"""The end by SIGTERM of a program that has no opinion about it.

Python then dies without running anything, also below uvicorn, which shuts down in peace and raises the signal once
more. What still waits is sent before, and the program ends as it would have: by the signal.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from multiprocessing import parent_process
from types import FrameType

from tapetum._fork import pause_for_fork, renew_in_child

_STANDSTILL_S = 0.5
"""How long the program stands still for what is usually a moment. Then it goes on: it may hold a needed lock."""


class Termination:
    """Calls `last_words` before SIGTERM ends the process; whoever has a handler of its own, now or later, keeps it."""

    def __init__(self, last_words: Callable[[], None], within_s: float) -> None:
        self._last_words = last_words
        self._within_s = within_s
        self._process = os.getpid()
        self._ending: threading.Thread | None = None
        self._ears: tuple[socket.socket, socket.socket] | None = None
        self._heard_at = 0.0
        self._masks = threading.local()
        pause_for_fork(self._hold, self._let_come)
        renew_in_child(self._in_child)

    def arm(self) -> None:
        """From now on there is something to lose. Only the main thread may set handlers: others do nothing."""
        if not _in_main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
            return
        signal.signal(signal.SIGTERM, self._end)
        if os.getpid() != self._process or parent_process() is not None:
            self._listen()

    def stop(self) -> None:
        """Let SIGTERM do again what it did before."""
        if _in_main_thread() and signal.getsignal(signal.SIGTERM) == self._end:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            self._stop_listening()

    def wait(self) -> None:
        """Let the signal end the process, if one has come: a program that ends meanwhile does not end by itself."""
        if self._ending is not None:
            self._ending.join(self._within_s)

    def look(self, _flushing: bool = False) -> None:
        """Wake the main thread if it sleeps through a signal: asked by the sending thread, once a round.

        Python runs handlers between two steps of the main thread. A signal that comes just before the thread begins to
        wait in C, as children of a pool do when their work is done, is not seen until that wait ends: maybe never.
        """
        if self._ears is None or self._ending is not None or signal.getsignal(signal.SIGTERM) != self._end:
            return
        try:
            heard = self._ears[0].recv(4096)
        except BlockingIOError:
            heard = b""
        now = time.monotonic()
        if signal.SIGTERM in heard:
            self._heard_at = now
        elif self._heard_at and now - self._heard_at > _STANDSTILL_S:
            self._heard_at = now
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

    def _listen(self) -> None:
        """Hear of signals as they come. In children alone: in a program's own process others may want to."""
        ears = socket.socketpair()
        for ear in ears:
            ear.setblocking(False)
        others = signal.set_wakeup_fd(ears[1].fileno(), warn_on_full_buffer=False)
        self._ears = ears
        if others != -1:
            self._stop_listening()
            signal.set_wakeup_fd(others)

    def _stop_listening(self) -> None:
        if self._ears is not None:
            signal.set_wakeup_fd(-1)
            for ear in self._ears:
                ear.close()
            self._ears = None

    def _hold(self) -> None:
        self._masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    def _let_come(self) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self._masks.before)

    def _in_child(self) -> None:
        # Nothing to lose yet: SIGTERM ends it at once. Python would forget one that comes between the fork and here,
        # and `Pool.terminate` would wait forever for a child that it has just made.
        self._ending = None
        self.stop()
        self._let_come()

    def _end(self, number: int, _frame: FrameType | None) -> None:
        # On another thread: this one may have been interrupted while it held the very lock that is needed, as one does
        # that is sending its last words already.
        self._ending = threading.Thread(target=self._speak_and_die, args=(number,), name="tapetum-end", daemon=True)
        signal.signal(number, signal.SIG_DFL)
        try:
            self._ending.start()
        except RuntimeError:  # the interpreter is on its way out, and `atexit` has had its turn
            os.kill(os.getpid(), number)
        else:
            self._ending.join(_STANDSTILL_S)

    def _speak_and_die(self, number: int) -> None:
        speaking = threading.Thread(target=self._last_words, name="tapetum-last-words", daemon=True)
        try:
            speaking.start()
            speaking.join(self._within_s)
        except RuntimeError:
            pass  # as above
        os.kill(os.getpid(), number)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
