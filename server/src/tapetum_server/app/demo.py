"""Starts the demo's world beside a running server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tapetum_server.api.demo import DemoFailed, DemoFault, UnknownDemoFault
from tapetum_server.app.redaction_settings import ProjectRules, read_redaction


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


def demo_redaction() -> tuple[ProjectRules, ...]:
    """What is redacted in the demo: secrets, and the cards that its applicants give away."""
    return read_redaction([{"project": "demo", "on": ["secrets", "card"]}], "tapetum demo")


class RunningDemo:
    """`api.demo.DemoWorld`: asks the control door of the world that runs on a data directory.

    The door listens on loopback and answers no foreign name; whoever may switch is decided before it is asked.
    """

    def __init__(self, data: Path) -> None:
        self._home = data / "demo"

    def faults(self) -> list[DemoFault]:
        """See `DemoWorld`."""
        from tapetum_demo import FAULTS, ControlUnavailable, faults_on

        try:
            on = faults_on(self._home)
        except ControlUnavailable as error:
            raise DemoFailed(str(error)) from error
        return [
            DemoFault(
                name=fault.name, service=fault.service, cause=fault.cause, effects=list(fault.effects),
                on=fault.name in on,
            )
            for fault in FAULTS
        ]  # fmt: skip

    def switch(self, name: str, *, on: bool) -> None:
        """See `DemoWorld`."""
        from tapetum_demo import ControlUnavailable, UnknownFault, switch_fault

        try:
            switch_fault(self._home, name, on=on)
        except UnknownFault as error:
            raise UnknownDemoFault(str(error)) from error
        except ControlUnavailable as error:
            raise DemoFailed(str(error)) from error
