"""Public data sets that lie beside the repository, and not in it."""

from __future__ import annotations

from pathlib import Path

import pytest


def public_data(path: str) -> Path:
    """A folder below `shared` beside the clone; the test is left out where it is not there."""
    for parent in Path(__file__).parents:
        if (found := parent / "shared" / path).is_dir():
            return found
    pytest.skip(f"the public data shared/{path} is not there")
