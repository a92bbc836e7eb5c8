"""Spans that have not ended and do not get on: those that stand still, and those whose process is gone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from tapetum_server.analysis.health.attention import AttentionRow, CheckRow, Found, line, page
from tapetum_server.analysis.health.words import name, plural, quoted, seconds
from tapetum_server.analysis.running_report import innermost, liveness
from tapetum_server.query.heartbeats import Running
from tapetum_server.query.time_range import SECOND

STARTED_S = 7 * 86_400
"""Spans that are open for longer are not looked for."""
HEARD_S = 86_400
"""A process that is gone for a day is no longer news."""
STUCK_S = 300.0
"""A minute in one place is a hint on the Trace page; somebody is told after five."""
_RULES = {"stuck": "stuck", "silent": "lost"}


def look_at_running(found: Sequence[Running], now: int) -> Found:
    """One line for the standing spans of a service, and one for those that were left."""
    result = Found()
    troubled: dict[tuple[str, str], list[Running]] = defaultdict(list)
    beating = [one for one in innermost(found) if one.beat.interval_s is not None]
    for one in beating:
        how = liveness(one.beat, (now - one.beat.heard_ns) / SECOND)
        if how == "silent" or (how == "stuck" and _stood(one, now) >= STUCK_S):
            troubled[_RULES[how], one.service].append(one)
    result.lines = [
        (_stuck if rule == "stuck" else _lost)(service, spans, now) for (rule, service), spans in troubled.items()
    ]
    if not beating:
        check = CheckRow(name="Running spans", outcome="not_seen", text="No span that sends heartbeats is open.")
    else:
        text = f"{plural(len(beating), 'span')} that send heartbeats: whether they get on, and are heard of."
        check = CheckRow(name="Running spans", outcome="attention" if result.lines else "ok", text=text)
    result.checks.append(check)
    return result


def _stood(one: Running, now: int) -> float:
    return (one.beat.same_place_s or 0.0) + (now - one.beat.heard_ns) / SECOND


def _stuck(service: str, spans: Sequence[Running], now: int) -> AttentionRow:
    worst = max(spans, key=lambda one: _stood(one, now))
    stood = _stood(worst, now)
    where = f" at {name(worst.beat.location)}" if worst.beat.location else ""
    return _line(
        "stuck", service, spans, worst,
        f"{name(worst.name)} of {name(service)} has stood still{where} for {seconds(stood)} "
        f"(limit {seconds(STUCK_S)}) and is still heard of",
        since=now - round(stood * SECOND), value=stood, limit=STUCK_S,
        next="Its trace shows the stack in which it stands: a lock, a queue, a call without a timeout.",
    )  # fmt: skip


def _lost(service: str, spans: Sequence[Running], now: int) -> AttentionRow:
    worst = max(spans, key=lambda one: one.beat.heard_ns)
    quiet = (now - worst.beat.heard_ns) / SECOND
    where = f"; it last stood at {name(worst.beat.location)}" if worst.beat.location else ""
    return _line(
        "lost", service, spans, worst,
        f"{name(worst.name)} of {name(service)} never ended and was last heard of {seconds(quiet)} ago{where}",
        since=worst.beat.heard_ns, value=quiet, limit=3 * (worst.beat.interval_s or 0.0),
        next="Its process was killed, or cannot reach this server: look at the host and at what it logged last.",
    )  # fmt: skip


def _line(
    rule: str, service: str, spans: Sequence[Running], worst: Running, text: str, *, since: int, value: float,
    limit: float, next: str,
) -> AttentionRow:  # fmt: skip
    more = f"; {plural(len(spans) - 1, 'more of its spans', 'more of its spans')} as well" if len(spans) > 1 else ""
    link = page(f"/traces/{worst.trace_id}", {"span": worst.beat.span_id})
    if len(spans) > 1:
        earliest = min(one.beat.start_ns for one in spans)
        link = page("/traces", {"q": f"state:running service:{quoted(service)}"}, since=earliest - 60 * SECOND)
    return line(rule, "warning", service, f"{text}{more}.", link=link, since=since, value=value, limit=limit, next=next)
