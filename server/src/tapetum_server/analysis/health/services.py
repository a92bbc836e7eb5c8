"""Services that fail or take longer than they did, and what was changed before they began to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from tapetum_server.analysis.health.attention import AttentionRow, CheckRow, Found, NamedLink, line, page
from tapetum_server.analysis.health.changed import changes_before, shortly_before
from tapetum_server.analysis.health.words import count, milliseconds, name, percent, plural, quoted, times
from tapetum_server.detectors.latency import MIN_REQUESTS, LatencyVerdict, Timed, latency_worse
from tapetum_server.detectors.rates import Counted, RateVerdict, rate_worse
from tapetum_server.query.changes import Change
from tapetum_server.query.service_windows import ServiceWindows, Window
from tapetum_server.query.time_range import SECOND, Steps

FAILING_SHARE = 0.5
FAILING_REQUESTS = 20
CRITICAL_RATE = 0.1
CRITICAL_TIMES = 5.0
_WHAT = {"requests": "requests", "traces": "traces", "spans": "spans"}


@dataclass(frozen=True, slots=True)
class Compared:
    """Services in windows of one length."""

    services: Sequence[ServiceWindows]
    steps: Steps


@dataclass(frozen=True, slots=True)
class _Judged:
    """One service's last window against those before it."""

    service: ServiceWindows
    steps: Steps
    rate: RateVerdict
    slow: LatencyVerdict


def look_at_services(long: Compared, short: Compared, changes: Sequence[Change]) -> Found:
    """Judge the last window of each against the windows before it.

    Of a service that is too young for the long windows, the short ones may say something already.
    """
    found = Found()
    young = {service.service: service for service in short.services}
    asked = unknown = 0
    for service in long.services:
        if not service.windows[-1].requests:
            continue
        asked += 1
        first = _judge(service, long.steps)
        second = _judge(young[service.service], short.steps) if service.service in young else first
        rate = second if first.rate.answer == "not_enough_data" else first
        slow = second if first.slow.answer == "not_enough_data" else first
        unknown += "not_enough_data" in (rate.rate.answer, slow.slow.answer)
        now = service.windows[-1]
        if now.requests >= FAILING_REQUESTS and now.errors / now.requests >= FAILING_SHARE:
            found.lines.append(_failing(first, changes))
        elif rate.rate.answer == "worse":
            found.lines.append(_errors(rate, changes))
        if slow.slow.answer == "worse":
            found.lines.append(_latency(slow, changes))
    found.checks.append(_check(asked, unknown, len(found.lines), long.steps))
    return found


def _judge(service: ServiceWindows, steps: Steps) -> _Judged:
    before, now = service.windows[:-1], service.windows[-1]
    rate = rate_worse([Counted(w.requests, w.errors) for w in before], Counted(now.requests, now.errors))
    slow = latency_worse(
        [Timed(w.requests, w.p95_ms) for w in before if w.p95_ms is not None],
        Timed(now.requests if now.p95_ms is not None else 0, now.p95_ms or 0.0),
    )
    return _Judged(service, steps, rate, slow)


def _check(looked_at: int, unknown: int, lines: int, steps: Steps) -> CheckRow:
    minutes, hours = steps.step // SECOND // 60, round(steps.step * (steps.count - 1) / SECOND / 3_600)
    if not looked_at:
        return CheckRow(
            name="Services", outcome="not_seen", text=f"No service was asked anything in the last {minutes} min."
        )
    text = (
        f"Error rate and p95 of {plural(looked_at, 'service')} over the last {minutes} min, against the "
        f"{hours} h before."
    )
    if unknown:
        text += (
            f" Of {plural(unknown, 'service')} there is not enough data to compare: it takes {MIN_REQUESTS} requests "
            "now, and a while before them."
        )
    outcome = "attention" if lines else "not_enough_data" if unknown == looked_at else "ok"
    return CheckRow(name="Services", outcome=outcome, text=text)  # type: ignore[typeddict-item]


def _failing(judged: _Judged, changes: Sequence[Change]) -> AttentionRow:
    service, steps, rate = judged.service, judged.steps, judged.rate
    now = service.windows[-1]
    since = _onset(service.windows, steps, lambda w: w.errors / w.requests >= FAILING_SHARE)
    before = f", {percent(rate.before)} before" if rate.answer != "not_enough_data" else ""
    return _line(
        "failing", "critical", service, since, steps, changes,
        f"{percent(rate.now)} of {_WHAT[service.basis]} to {name(service.service)} fail: {count(now.errors)} of "
        f"{count(now.requests)} in {_window(steps)} (limit {percent(FAILING_SHARE)}{before})",
        value=rate.now, limit=FAILING_SHARE, q="status:error",
    )  # fmt: skip


def _errors(judged: _Judged, changes: Sequence[Change]) -> AttentionRow:
    service, steps, rate = judged.service, judged.steps, judged.rate
    now = service.windows[-1]
    halfway = (rate.before + rate.now) / 2
    since = _onset(service.windows, steps, lambda w: w.errors / w.requests >= halfway)
    more = f", {times(rate.now, rate.before)} as many" if rate.before else ""
    return _line(
        "errors", "critical" if rate.now >= CRITICAL_RATE else "warning", service, since, steps, changes,
        f"{percent(rate.now)} of {_WHAT[service.basis]} to {name(service.service)} fail: {count(now.errors)} of "
        f"{count(now.requests)} in {_window(steps)}, {percent(rate.before)} before{more}",
        value=rate.now, limit=rate.before, q="status:error",
    )  # fmt: skip


def _latency(judged: _Judged, changes: Sequence[Change]) -> AttentionRow:
    service, steps, slow = judged.service, judged.steps, judged.slow
    halfway = (slow.before_ms + slow.now_ms) / 2
    since = _onset(service.windows, steps, lambda w: (w.p95_ms or 0) >= halfway)
    return _line(
        "latency", "critical" if slow.now_ms >= CRITICAL_TIMES * slow.before_ms else "warning", service, since, steps,
        changes,
        f"p95 of {name(service.service)} is {milliseconds(slow.now_ms)} over {_window(steps)}, "
        f"{milliseconds(slow.before_ms)} before: {times(slow.now_ms, slow.before_ms)} as long",
        value=slow.now_ms, limit=slow.before_ms, q=f"duration_ms:>{slow.before_ms:.0f}ms",
    )  # fmt: skip


def _line(
    rule: str, severity: str, service: ServiceWindows, since: int, steps: Steps, changes: Sequence[Change], text: str,
    *, value: float, limit: float, q: str,
) -> AttentionRow:  # fmt: skip
    before = changes_before(changes, [service.service], since, 600)
    text += shortly_before(before, [service.service])
    todo = (
        "Open the service: its operations and versions say where, its spans why."
        if not before
        else "Look at what was changed; undo it if it is the cause."
    )
    return line(
        rule, severity, service.service, text + ".",  # type: ignore[arg-type]
        link=page(f"/services/{quote(service.service, safe='')}" if service.service else "/services",
                  since=since - 3 * steps.step),
        next=f"{todo} The spans: filter Traces by {q}.", since=since, value=value, limit=limit, changes=before,
        links=_rows_of(service.service, q, since - 3 * steps.step),
    )  # fmt: skip


def _rows_of(service: str, q: str, since: int) -> list[NamedLink]:
    """What a service failed with, and the spans that did."""
    only = f"service:{quoted(service)}"
    return [
        NamedLink(label="Errors", **page("/errors", {"q": only}, since=since)),
        NamedLink(label="Spans", **page("/traces", {"q": f"{only} {q}", "view": "spans"}, since=since)),
    ]


def _onset(windows: Sequence[Window], steps: Steps, bad: Callable[[Window], bool]) -> int:
    """Since when every window was bad, one without requests not counted."""
    onset = steps.end - steps.step
    for i in range(len(windows) - 1, -1, -1):
        if windows[i].requests and not bad(windows[i]):
            break
        if windows[i].requests:
            onset = steps.start + i * steps.step
    return onset


def _window(steps: Steps) -> str:
    return f"{steps.step // SECOND // 60} min"
