"""Files of tests lie in memory, and nothing of them stays there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import scratch

RUN = """
import multiprocessing.util, os, sys, tempfile
from pathlib import Path
import scratch
scratch.ROOM = int(sys.argv[2])
scratch.into_memory(Path(sys.argv[1]))
if sys.argv[3]:
    scratch.keep()
Path(tempfile.mkdtemp(), "store").write_text("rows")
multiprocessing.util.get_temp_dir()
if not os.fork():
    sys.exit()
os.wait()
assert Path(tempfile.gettempdir()).exists()
print(tempfile.gettempdir())
"""


def run(memory: Path, room: int = 0, failed: str = "", **env: str) -> str:
    """Where a run of tests puts its files."""
    own = {name: value for name, value in os.environ.items() if name != "TMPDIR"}
    own["PYTHONPATH"] = str(Path(scratch.__file__).parent)
    done = subprocess.run(
        [sys.executable, "-S", "-c", RUN, str(memory), str(room), failed],
        env=own | env, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert not done.stderr
    return done.stdout.strip()


def test_files_of_a_run_are_in_memory_and_leave_with_it(tmp_path: Path) -> None:
    assert Path(run(tmp_path)).parent == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_files_of_a_run_that_failed_stay_until_the_next(tmp_path: Path) -> None:
    alive = tmp_path / f"tapetum-{os.getpid()}-others"
    alive.mkdir()
    (tmp_path / "tapetum-of-somebody").mkdir()
    kept = Path(run(tmp_path, failed="yes"))
    assert len(list(kept.glob("*/store"))) == 1
    run(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [alive.name, "tapetum-of-somebody"]


def test_where_there_is_no_room_or_another_place_was_named_nothing_is_in_memory(tmp_path: Path) -> None:
    memory, named = tmp_path / "memory", tmp_path / "named"
    for directory in (memory, named):
        directory.mkdir()
    assert run(memory, room=2**62, TMP=str(named)) == str(named)
    assert run(memory, TMPDIR=str(named)) == str(named)
    assert run(tmp_path / "missing", TMP=str(named)) == str(named)
    assert list(memory.iterdir()) == []
