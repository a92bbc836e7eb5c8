"""Errors that nobody saw before, and known ones that occur far more often than they did."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from tapetum_server.analysis.health.attention import AttentionRow, CheckRow, Found, PageLink, line, page
from tapetum_server.analysis.health.changed import changes_before, shortly_before
from tapetum_server.analysis.health.words import count, name, plural, said
from tapetum_server.detectors.bursts import burst
from tapetum_server.query.changes import Change
from tapetum_server.query.error_windows import ErrorWindows, ProjectErrors
from tapetum_server.query.time_range import SECOND, Steps

NEW_S = 3_600
MIN_NEW = 3
"""Occurrences without which a new error is an accident that a list may show, and Health need not."""
MAX_LINES = 8
"""Of new errors: a deploy that breaks everything is one piece of news."""
_LONGEST_TITLE = 160


def look_at_errors(found: ProjectErrors, steps: Steps, changes: Sequence[Change], *, data_since: int | None) -> Found:
    """Judge every error of the last hour. `data_since`: since when at least the project has had any data."""
    result = Found()
    first_seen = [since for since in (found.known_since_ns, data_since) if since is not None]
    recently = steps.end - NEW_S * SECOND
    young = not first_seen or min(first_seen) > recently
    new = [one for one in found.errors if one.first_ns >= recently]
    told = [] if young else [one for one in new if sum(one.counts) >= MIN_NEW]
    result.lines += [_new(one, changes) for one in told[:MAX_LINES]]
    if (more := len(told) - MAX_LINES) > 0:
        result.lines.append(line(
            "new_error", "warning", "errors", f"And {plural(more, 'more new error')} in the last hour.",
            link=page("/errors", {"sort": "-first_seen"}, since=recently - NEW_S * SECOND),
            next="They began together: look for one cause.", since=min(one.first_ns for one in told),
            value=float(len(told)),
        ))  # fmt: skip
    unknown = 0
    for one in found.errors:
        if one.first_ns >= recently:
            continue
        known = max(0, -(-(one.first_ns - steps.start) // steps.step))
        verdict = burst(one.counts[known:-1], one.counts[-1])
        unknown += verdict.answer == "not_enough_data"
        if verdict.answer == "burst":
            result.lines.append(_burst(one, verdict.most, verdict.windows, steps, changes))
    result.checks.append(_check(found, new, told, young=young, unknown=unknown, lines=len(result.lines)))
    return result


def _check(
    found: ProjectErrors, new: Sequence[ErrorWindows], told: Sequence[ErrorWindows], *, young: bool, unknown: int,
    lines: int,
) -> CheckRow:  # fmt: skip
    if not found.errors:
        return CheckRow(name="Errors", outcome="ok", text="No error occurred in the last hour.")
    text = f"{plural(len(found.errors), 'error')} of the last hour, {len(new)} of them never seen before."
    if young:
        text += " The project is younger than an hour: everything is new to it."
    elif len(told) < len(new):
        text += f" Of the new ones {len(new) - len(told)} occurred fewer than {MIN_NEW} times."
    if unknown:
        text += f" {plural(unknown, 'error')} are known too shortly to have a usual rate."
    return CheckRow(name="Errors", outcome="attention" if lines else "not_enough_data" if young else "ok", text=text)


def _new(one: ErrorWindows, changes: Sequence[Change]) -> AttentionRow:
    many = sum(one.counts)
    before = changes_before(changes, one.services, one.first_ns, 60)
    grave = one.unhandled or one.severity in ("error", "fatal")
    how = f", {count(one.unhandled)} unhandled" if one.unhandled else ""
    return line(
        "new_error", "warning" if grave else "info", _of(one),
        f"New error in {_of(one)}: {_title(one)}, {plural(many, 'time')}{how}{shortly_before(before, one.services)}.",
        link=_page(one, one.first_ns - 600 * SECOND), since=one.first_ns, value=float(many), limit=float(MIN_NEW),
        next="Look at its stack trace and at what was changed." if before else "Look at its stack trace.",
        changes=before,
    )  # fmt: skip


def _burst(one: ErrorWindows, most: int, windows: int, steps: Steps, changes: Sequence[Change]) -> AttentionRow:
    began = steps.end - windows * steps.step
    before = changes_before(changes, one.services, began, steps.step // SECOND)
    minutes, hours = steps.step // SECOND // 60, round((steps.count - 1) * steps.step / SECOND / 3_600)
    usual = f"before, never more than {count(most)}" if most else f"before, none in {hours} h"
    return line(
        "error_burst", "warning", _of(one),
        f"{_title(one)} in {_of(one)} occurred {plural(one.counts[-1], 'time')} in {minutes} min; {usual}"
        f"{shortly_before(before, one.services)}.",
        link=_page(one, began - 6 * steps.step), since=began, value=float(one.counts[-1]), limit=float(most),
        next="It is known: see when it stopped the last time, and what it comes from.", changes=before,
    )  # fmt: skip


def _of(one: ErrorWindows) -> str:
    return name(one.services[0] if one.services else "") + (
        f" and {len(one.services) - 1} more" if len(one.services) > 1 else ""
    )


def _title(one: ErrorWindows) -> str:
    shown = said(one.title)
    return shown if len(shown) <= _LONGEST_TITLE else f"{shown[: _LONGEST_TITLE - 1]}…"


def _page(one: ErrorWindows, since: int) -> PageLink:
    return page(f"/errors/{quote(one.fingerprint, safe='')}", since=since)
