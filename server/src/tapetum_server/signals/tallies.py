"""Counting for an `IngestObserver` under names that outsiders make up."""

from __future__ import annotations

from tapetum_server.signals.consumer import IngestObserver
from tapetum_server.signals.identity import DEFAULT_PROJECT, OWN_SENDER

MAX_NAMES = 1000
"""Of senders, and of projects: who may send may invent both, and counters must not grow with them."""
OTHER_SENDERS = "__other__"


class Tallies:
    """Counts of one signal by project, sender and reason. Used on the event loop."""

    def __init__(self, observer: IngestObserver, signal: str) -> None:
        self._observer = observer
        self._signal = signal
        self._senders: set[str] = set()
        self._projects: set[str] = set()

    def add(self, project: str, sender: str, outcome: str, reason: str, count: int) -> None:
        """Count records, under `__other__` and `default` for whoever comes after a thousand others."""
        if not count:
            return
        if project not in self._projects:
            # A project that accepted something is there, and there is a limit to those.
            if len(self._projects) >= MAX_NAMES and outcome != "accepted":
                project = DEFAULT_PROJECT
            else:
                self._projects.add(project)
        if sender == OWN_SENDER:
            sender = OTHER_SENDERS
        if sender not in self._senders:
            if len(self._senders) >= MAX_NAMES:
                sender = OTHER_SENDERS
            else:
                self._senders.add(sender)
        self._observer.record(
            project=project, sender=sender, signal=self._signal, outcome=outcome, reason=reason, count=count
        )
