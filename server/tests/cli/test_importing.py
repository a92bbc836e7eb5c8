"""A start imports what it needs and nothing else, and does not look for garbage meanwhile."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from tapetum_server.cli.importing import nothing_collected

IMPORTS = """
import gc
import sys
before = gc.get_stats()[0]["collections"]
import tapetum_server.cli
looked = gc.get_stats()[0]["collections"] - before
assert looked < 10, f"looked for garbage {looked} times"
assert gc.isenabled()
assert gc.get_freeze_count() > 10_000
import tapetum_server.receivers.records.given
assert "pandas" not in sys.modules
"""


def test_the_command_is_imported_without_a_look_for_garbage_and_rows_without_pandas() -> None:
    """pandas takes a third of a second where it is installed, and a server that gets no rows never needs it."""
    done = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr


def test_the_collector_is_as_it_was_before_whatever_happens() -> None:
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), nothing_collected():
        assert not gc.isenabled()
        1 / 0  # noqa: B018
    assert gc.isenabled()
    gc.disable()
    try:
        with nothing_collected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
