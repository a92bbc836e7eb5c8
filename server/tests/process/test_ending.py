"""A server in which something stands still when it is told to end."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest
from process.conftest import StartServer
from process.otlp import new_ids, request

STANDS_STILL = """
import sys
import time

from tapetum_server.app import ending
from tapetum_server.cli import main
from tapetum_server.store.embedded import EmbeddedEngine


def stand_still(engine):
    while True:
        time.sleep(1)


ending.END_S = 2
EmbeddedEngine.close = stand_still
sys.argv = ["tapetum", *sys.argv[4:]]
main()
"""
"""Run in front of `python -m tapetum_server serve …`."""


@pytest.mark.covers("ends-when-told")
def test_a_server_that_stands_still_when_told_to_end_ends_says_where_and_loses_nothing(
    start_server: StartServer, tmp_path: Path
) -> None:
    script = tmp_path / "stands_still.py"
    script.write_text(STANDS_STILL)
    server = start_server(tmp_path / "data", prefix=(sys.executable, str(script)))
    assert server.send("traces", request("traces", new_ids(random.Random(1), 3)).SerializeToString()).status_code == 200
    assert server.stop() == 1
    said = server.stderr()
    assert "did not end within 2 s" in said
    assert "in stand_still" in said
    again = start_server(tmp_path / "data")
    assert again.rows("SELECT count() FROM spans") == [(3,)]
    assert again.stop() == 0
