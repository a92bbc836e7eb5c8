"""A world per test module: making a store costs more than asking it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from asked_world import World, world


@pytest.fixture(scope="module")
def asked(engine_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A store, and the API over it, that the tests of one module share."""
    with world(engine_home, tmp_path_factory.mktemp("catalog")) as opened:
        yield opened
