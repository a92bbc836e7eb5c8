"""The disk guard goes by what the store says of its disk, wherever that is."""

from __future__ import annotations

import logging

import pytest

from tapetum_server.app.disk import DiskGuard
from tapetum_server.store.engine import Engine, StoreError


def test_the_guard_is_up_while_the_disk_is_too_full_and_down_again_when_there_is_room() -> None:
    used = 0.5
    guard = DiskGuard(lambda: used, 90)
    guard.look()
    assert not guard.is_full
    used = 0.93
    guard.look()
    assert guard.is_full
    assert f"{guard.used_percent:.0f}" == "93"
    used = 0.4
    guard.look()
    assert not guard.is_full


def test_a_store_that_does_not_say_is_logged_once_and_the_last_answer_stands(caplog: pytest.LogCaptureFixture) -> None:
    """A ClickHouse user may lack the right to read system.disks: that is no reason to stop ingest."""
    answers: list[float | StoreError] = [0.95, StoreError("not enough privileges", 497), StoreError("again", 497), 0.1]

    def used_share() -> float:
        answer = answers.pop(0)
        if isinstance(answer, StoreError):
            raise answer
        return answer

    guard = DiskGuard(used_share, 90)
    with caplog.at_level(logging.WARNING, "tapetum.disk"):
        guard.look()
        guard.look()
        assert guard.is_full
        guard.look()
        assert len(caplog.records) == 1
        assert "not enough privileges" in caplog.text
        guard.look()
    assert not guard.is_full


def test_a_store_that_never_said_does_not_pause_ingest() -> None:
    def used_share() -> float:
        raise StoreError("not enough privileges", 497)

    guard = DiskGuard(used_share, 90)
    guard.look()
    assert not guard.is_full


@pytest.mark.covers("disk-guard")
def test_every_home_of_the_store_says_how_full_its_disk_is(any_engine: Engine) -> None:
    assert 0 < any_engine.disk_used_share() < 1
