"""Starts the demo's world beside a running server."""

from __future__ import annotations

from pathlib import Path
from typing import Any


class DemoUnavailable(Exception):
    """The demo's world cannot start; the message says what to install."""


def start_demo(url: str, data: Path, seed: int, faults: list[str]) -> Any:
    """The running world (`tapetum_demo.World`): it sends to `url` and keeps its own files under `data`."""
    try:
        from tapetum_demo import MissingDependency, UnknownFault, start_world
    except ImportError as error:
        raise DemoUnavailable(
            f"The demo needs packages that are not installed ({error.name}). Install them: pip install 'tapetum[demo]'"
        ) from error
    try:
        return start_world(url, None, seed, faults, data / "demo")
    except (MissingDependency, UnknownFault) as error:
        raise DemoUnavailable(str(error)) from error
