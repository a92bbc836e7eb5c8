"""Where a thread or an asyncio task stands right now, as a short stack that can be compared and shown."""

from __future__ import annotations

import sys
import sysconfig
import threading
import weakref
from collections.abc import Iterator
from types import FrameType
from typing import Any

MAX_FRAMES = 16
MAX_BYTES = 2048
_OURS = ("tapetum.", "opentelemetry.")
_LIBRARIES = tuple(
    dict.fromkeys(path for name, path in sysconfig.get_paths().items() if name in ("stdlib", "platstdlib"))
)


class Whereabouts:
    """Remembers who opened a span: the thread, and the task if there is one."""

    __slots__ = ("_task", "_thread")

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._task = _running_task()

    def frames(self) -> list[tuple[str, bool]]:
        """Lines `module:function:line`, innermost first, and whether each is the application's own.

        Empty when the thread or the task is gone.
        """
        found: list[tuple[str, bool]] = []
        for frame in self._walk():
            module = frame.f_globals.get("__name__", "?")
            if module.startswith(_OURS):
                continue
            code = frame.f_code
            function = getattr(code, "co_qualname", code.co_name)
            found.append((f"{module}:{function}:{frame.f_lineno}", _is_own(code.co_filename)))
            if len(found) == MAX_FRAMES:
                break
        return found

    def name(self) -> str:
        """Of the task, or else of the thread."""
        task = self._task() if self._task is not None else None
        if task is not None:
            return str(task.get_name())
        for thread in threading.enumerate():
            if thread.ident == self._thread:
                return thread.name
        return ""

    def _walk(self) -> Iterator[FrameType]:
        if self._task is not None:
            task = self._task()
            if task is None or task.done():
                return
            outermost = task.get_coro()
            if not getattr(outermost, "cr_running", False):
                yield from reversed(list(_awaited(outermost)))
                return
        frame = sys._current_frames().get(self._thread)
        while frame is not None:
            yield frame
            frame = frame.f_back


def _running_task() -> weakref.ref[Any] | None:
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return None
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return None  # no event loop runs in this thread
    return None if task is None else weakref.ref(task)


def _awaited(coroutine: Any) -> Iterator[FrameType]:
    """Frames of a suspended coroutine, outermost first, down to what it waits for."""
    for _ in range(200):
        for frame, following in (("cr_frame", "cr_await"), ("gi_frame", "gi_yieldfrom"), ("ag_frame", "ag_await")):
            if hasattr(coroutine, frame):
                if (found := getattr(coroutine, frame)) is not None:
                    yield found
                coroutine = getattr(coroutine, following)
                break
        else:
            return


def _is_own(filename: str) -> bool:
    if filename.startswith("<frozen") or "site-packages" in filename or "dist-packages" in filename:
        return False
    return not filename.startswith(_LIBRARIES)
