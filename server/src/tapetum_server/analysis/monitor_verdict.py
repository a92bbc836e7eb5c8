"""One look of one monitor: its query, what that means for each series, and what somebody is to be told."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from tapetum_server.analysis.alert_message import notification
from tapetum_server.analysis.alert_state import AlertState, Step, close, failed, look, succeeded
from tapetum_server.analysis.monitor_definition import MonitorDefinition, in_words
from tapetum_server.analysis.monitor_values import Observed, subject_of
from tapetum_server.analysis.saved_queries import ErrorsQuery
from tapetum_server.catalog.deliveries import NewDelivery
from tapetum_server.catalog.monitors import OutboxRecord, StoredMonitor

LOOKING = "looking"
"""The subject under which it is kept whether the monitor can look at all."""


@dataclass(slots=True)
class Verdict:
    """What follows from a look."""

    states: dict[str, str] = field(default_factory=dict)
    records: list[OutboxRecord] = field(default_factory=list)
    deliveries: list[NewDelivery] = field(default_factory=list)


class Judge:
    """Collects what the steps of one look lead to."""

    def __init__(
        self,
        monitor: StoredMonitor,
        definition: MonitorDefinition,
        now: float,
        base_url: str,
        *,
        listening: bool = True,
        whole: bool = True,
    ) -> None:
        """`whole` says whether this server was there during all of the window: counts of a part of it are too low."""
        self._monitor = monitor
        self._definition = definition
        self._now = now
        self._base_url = base_url
        self._listening = listening
        self._trusts_counts = whole or not definition.wants_much
        self.verdict = Verdict()

    @property
    def muted(self) -> bool:
        """Whether nobody is told now."""
        until = self._monitor.muted_until
        return until is not None and until.timestamp() > self._now

    def observed(self, before: dict[str, AlertState], found: Sequence[Observed]) -> Verdict:
        """What values mean."""
        before = dict(before)
        looking = before.pop(LOOKING, None)
        if looking is not None:
            self._take(LOOKING, succeeded(looking, self._now, muted=self.muted))
        seen = {subject_of(one.labels): one for one in found}
        whole = subject_of({})
        if not seen and not any(subject != whole for subject in before):
            # Of a group of which nothing is known, nobody can say what is missing.
            grouped = getattr(self._definition.query, "group_by", [])
            seen = {whole: Observed({}, None if grouped else self._definition.absence, present=False)}
        for subject, state in before.items():
            if subject not in seen:
                if subject == whole:
                    # There were no series at all, and now there are: their absence is over.
                    self._take(subject, close(state, self._now, "data is back"))
                    continue
                if isinstance(self._definition.query, ErrorsQuery):
                    self._take(subject, self._gone(state))
                    continue
                seen[subject] = Observed(state.labels, self._definition.absence, present=False)
        for subject, one in seen.items():
            step = look(
                self._definition, before.get(subject), one.labels, one.value if self._trusts_counts else None,
                self._now, present=one.present, listening=self._listening and self._trusts_counts, muted=self.muted,
            )  # fmt: skip
            self._take(subject, step)
        return self.verdict

    def _gone(self, state: AlertState) -> Step:
        """An error that occurs no more: none is a count too. Once nobody waits to hear that, it is forgotten."""
        step = look(
            self._definition, state, state.labels, 0.0, self._now, present=False,
            listening=self._listening, muted=self.muted,
        )  # fmt: skip
        after = step.state
        over = after is not None and after.state == "ok" and not after.notified
        return Step(None, step.transition, step.notice) if over else step

    def failed(self, before: dict[str, AlertState], failures: int, reason: str) -> Verdict:
        """What it means that nothing could be seen: the series stay as they were."""
        for subject, state in before.items():
            if subject != LOOKING:
                self.verdict.states[subject] = state.dumps()
        self._take(LOOKING, failed(before.get(LOOKING), failures, self._now, reason, muted=self.muted))
        return self.verdict

    def closed(self, before: dict[str, AlertState], reason: str) -> Verdict:
        """Nobody looks any more: what was wrong is over, as far as anybody can say."""
        for subject, state in before.items():
            self._take(subject, close(state, self._now, reason))
        return self.verdict

    def _take(self, subject: str, step: Step) -> None:
        monitor, definition = self._monitor, self._definition
        if step.state is not None:
            self.verdict.states[subject] = step.state.dumps()
        if (moved := step.transition) is not None:
            condition = definition.condition
            record = {
                "time": int(moved.time * 1e9), "monitor_id": monitor.id, "monitor": monitor.name,
                "severity": definition.severity, "labels": dict(moved.labels), "before": moved.before,
                "after": moved.after, "value": moved.value,
                "limit": condition.limit if condition is not None else None,
                "evidence": moved.reason or in_words(definition),
            }  # fmt: skip
            self.verdict.records.append(
                OutboxRecord(secrets.token_hex(8), monitor.project, orjson.dumps(record).decode())
            )
        if step.notice is not None and monitor.webhook:
            body = notification(
                monitor_id=monitor.id, name=monitor.name, project=monitor.project, definition=definition,
                notice=step.notice, now=self._now, base_url=self._base_url,
            )  # fmt: skip
            self.verdict.deliveries.append(NewDelivery(event=step.notice.event, body=body))
