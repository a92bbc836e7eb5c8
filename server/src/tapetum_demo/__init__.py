"""The demo's world: a small lender whose services are real software and whose customers are not.

`start_world` runs it. It knows Tapetum only as an OTLP endpoint, as any other application would, so
nothing here imports the server. Importing this package is cheap: the services' heavy libraries are
imported by their own processes.
"""

from __future__ import annotations

from tapetum_demo.control import ControlUnavailable, faults_on, switch_fault
from tapetum_demo.faults import FAULTS, Fault, UnknownFault
from tapetum_demo.world import MissingDependency, World, start_world

__all__ = [
    "FAULTS", "ControlUnavailable", "Fault", "MissingDependency", "UnknownFault", "World", "faults_on", "start_world",
    "switch_fault",
]  # fmt: skip
