"""From one look to the next: what becomes of an alert. Pure: values and times come in as arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import orjson

from tapetum_server.analysis.monitor_definition import MonitorDefinition

State = Literal["ok", "pending", "firing", "no_data", "error"]
Event = Literal["firing", "no_data", "error", "resolved"]
CALLING: frozenset[State] = frozenset({"firing", "no_data", "error"})
"""States that somebody is told of."""
FAILURES_BEFORE_ERROR = 3
"""A query that fails once may have met a restart; three times in a row, nobody is looking any more."""
FORGET_AFTER_S = 86_400.0
"""A series of a grouped query that is gone for a day is no longer missed: machines come and go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertState:
    """What is known of one series of a monitor. Times are seconds since 1970."""

    labels: Mapping[str, str]
    state: State = "ok"
    since: float
    """When it came into this state."""
    value: float | None = None
    seen: float = 0.0
    """When it last had a value."""
    notified: Literal["", "firing", "no_data", "error"] = ""
    """What somebody was told last and not taken back."""
    told_since: float = 0.0
    """When what they were told of began."""

    def dumps(self) -> str:
        """As the catalog keeps it."""
        return orjson.dumps(asdict(self)).decode()

    @staticmethod
    def loads(text: str) -> AlertState:
        """The reverse of `dumps`."""
        return AlertState(**orjson.loads(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """An alert that changed its state."""

    labels: Mapping[str, str]
    before: State
    after: State
    time: float
    value: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that somebody is to be told."""

    event: Event
    labels: Mapping[str, str]
    state: State
    since: float
    value: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What one look changed. A state of `None` is forgotten."""

    state: AlertState | None
    transition: Transition | None
    notice: Notice | None


def look(
    definition: MonitorDefinition,
    before: AlertState | None,
    labels: Mapping[str, str],
    value: float | None,
    now: float,
    *,
    present: bool = True,
    listening: bool = True,
    muted: bool = False,
) -> Step:
    """One look at one series. `value` is `None` where the window held none.

    `present` says whether the query named the series; one that it did not may still have a value (nothing is 0 of
    a count). `listening` is false while a server that has just started has not been there for long enough to tell
    silence of others from its own absence.
    """
    old = before or AlertState(labels=labels, since=now, seen=now)
    if old.since > now:  # the clock was set back: a time to come would hold everything up until then
        old = replace(old, since=now)
    if value is None and not listening:
        return _moved(old, old.state, None, now, muted)
    if value is not None and present:
        old = replace(old, seen=now)
    elif labels and now - old.seen >= FORGET_AFTER_S:
        return close(old, now, "gone for a day, no longer watched")
    after = _next(definition, old, value, now)
    return _moved(old, after, value, now, muted)


def _next(definition: MonitorDefinition, old: AlertState, value: float | None, now: float) -> State:
    if value is None:
        if definition.no_data == "alert":
            return "no_data"
        if definition.no_data == "keep" and old.state in ("firing", "pending"):
            return old.state
        return "ok"
    condition = definition.condition
    if condition is None:
        return "ok"
    if not condition.breached(value, recovering=old.state == "firing"):
        return "ok"
    if old.state == "firing":
        return "firing"
    if definition.for_s == 0:
        return "firing"
    if old.state == "pending":
        return "firing" if now - old.since >= definition.for_s else "pending"
    return "pending"


def failed(before: AlertState | None, failures: int, now: float, reason: str, *, muted: bool = False) -> Step:
    """A look that came to nothing. What was known of the series stays; this is the state of looking itself."""
    old = before or AlertState(labels={}, since=now)
    after: State = "error" if failures >= FAILURES_BEFORE_ERROR else old.state
    return _moved(old, after, None, now, muted, reason)


def succeeded(before: AlertState, now: float, *, muted: bool = False) -> Step:
    """Looking works again."""
    step = _moved(before, "ok", None, now, muted)
    return Step(None if step.state is None or not step.state.notified else step.state, step.transition, step.notice)


def close(before: AlertState, now: float, reason: str) -> Step:
    """The monitor is switched off, deleted, or this series is no longer among its own."""
    step = _moved(before, "ok", before.value, now, False, reason)
    return Step(None, step.transition, step.notice)


def _moved(old: AlertState, after: State, value: float | None, now: float, muted: bool, reason: str = "") -> Step:
    transition = None
    new = replace(old, value=value if value is not None else (old.value if after == old.state else None))
    if after != old.state:
        # A pending alert began when its value first passed the limit, not when somebody was called.
        since = old.since if (old.state, after) == ("pending", "firing") else now
        new = replace(new, state=after, since=since)
        transition = Transition(labels=old.labels, before=old.state, after=after, time=now, value=value, reason=reason)
    if muted:
        return Step(new, transition, None)
    # What was told is compared with what is, not with what changed: a restart or a mute neither loses nor repeats.
    notice = None
    calling = after if after in CALLING else ""
    if calling and calling != new.notified:
        new = replace(new, notified=calling, told_since=new.since)  # type: ignore[arg-type]
        notice = Notice(
            event=calling, labels=old.labels, state=after, since=new.since, value=value, reason=reason,  # type: ignore[arg-type]
        )  # fmt: skip
    elif not calling and new.notified and after == "ok":
        notice = Notice(
            event="resolved", labels=old.labels, state=after, since=new.told_since, value=value, reason=reason
        )
        new = replace(new, notified="")
    return Step(new, transition, notice)


def worst(states: Mapping[str, Any]) -> State:
    """The state of a monitor: that of its worst series."""
    order: tuple[State, ...] = ("error", "firing", "no_data", "pending", "ok")
    found = {state.state for state in states.values()}
    return next((state for state in order if state in found), "ok")
