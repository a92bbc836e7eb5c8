"""Counting for an `IngestObserver` under names that outsiders make up."""

from __future__ import annotations

from tapetum_server.signals.consumer import IngestObserver
from tapetum_server.signals.names import CountedNames


class Tallies:
    """Counts of one signal by project, sender and reason. Used on the event loop."""

    def __init__(self, observer: IngestObserver, signal: str) -> None:
        self._observer = observer
        self._signal = signal
        self._names = CountedNames()

    def add(self, project: str, sender: str, outcome: str, reason: str, count: int) -> None:
        """Count records, under `__other__` and `default` for whoever comes after many others."""
        if not count:
            return
        project, sender = self._names.of(project, sender, accepted=outcome == "accepted")
        self._observer.record(
            project=project, sender=sender, signal=self._signal, outcome=outcome, reason=reason, count=count
        )
