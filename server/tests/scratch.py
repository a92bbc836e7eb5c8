"""Where tests put their files: in memory, where the system keeps some there and there is room.

A store is thousands of small files, made and removed again. On a disk the system looks for room for each: half of what
a backfill costs, and the more, the more was removed a moment ago.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from multiprocessing.util import Finalize
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30
"""Ten times what a whole run leaves."""
_NAME = "tapetum-{}-"
_failed = [False]


def into_memory(memory: Path = MEMORY) -> None:
    """Have all temporary files of this process and its children in memory, unless somebody said where they go."""
    if "TMPDIR" in os.environ or not _has_room(memory):
        return
    _remove_those_of_the_dead(memory)
    home = tempfile.mkdtemp(prefix=_NAME.format(os.getpid()), dir=memory)
    os.environ["TMPDIR"] = tempfile.tempdir = home
    # After multiprocessing has removed what it keeps there (-100), and not in a forked child.
    Finalize(None, _leave, args=(home,), exitpriority=-200)


def keep() -> None:
    """Leave the files to whoever looks for what failed, until the next run."""
    _failed[0] = True


def _has_room(memory: Path) -> bool:
    try:
        there = os.statvfs(memory)
    except OSError:
        return False
    return there.f_bavail * there.f_frsize >= ROOM and not there.f_flag & (os.ST_NOEXEC | os.ST_RDONLY)


def _remove_those_of_the_dead(memory: Path) -> None:
    for path in memory.glob(_NAME.format("*") + "*"):
        maker = re.fullmatch(_NAME.format(r"(\d+)") + r"\w+", path.name)
        if maker and not Path(f"/proc/{maker[1]}").exists():
            # Not what is somebody else's, who may remove it at the same time.
            shutil.rmtree(path, ignore_errors=True)


def _leave(home: str) -> None:
    if not _failed[0]:
        shutil.rmtree(home, ignore_errors=True)
