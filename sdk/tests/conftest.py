"""Fixtures of the SDK's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from otlp_collector import Collector


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


@pytest.fixture(autouse=True)
def bugs_are_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """In production an internal error is counted; here it fails the test."""
    monkeypatch.setenv("TAPETUM_SDK_RAISE", "1")
    for name in ("TAPETUM_URL", "TAPETUM_KEY", "TAPETUM_PROJECT"):
        monkeypatch.delenv(name, raising=False)
