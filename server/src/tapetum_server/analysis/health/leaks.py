"""Credentials that somebody sends in telemetry: nothing of them is stored, but they left where they belong."""

from __future__ import annotations

from collections.abc import Sequence

from tapetum.redaction import RULES, SECRETS
from tapetum_server.analysis.health.attention import AttentionRow, CheckRow, Found, NamedLink, line, page
from tapetum_server.analysis.health.changed import changes_before, shortly_before
from tapetum_server.analysis.health.words import count, name, plural, quoted
from tapetum_server.query.changes import Change
from tapetum_server.query.leaks import Leak
from tapetum_server.query.time_range import SECOND

SECRET_ATTRIBUTE = "secret_attribute"
CREDENTIALS = (*(rule.name for rule in SECRETS), SECRET_ATTRIBUTE)
"""Rules of what opens a door. Personal data and patterns of one's own are counted, and are no news here."""
GUESSED = frozenset({"password", "assigned_secret"})
"""Rules that go by the words around, not by a form that somebody published."""
MAX_LINES = 8
MINUTE_S = 60
_PAGES = {"traces": ("Spans", "/traces"), "logs": ("Logs", "/logs")}
_NO_KEYS = ("(key)", "__", "event.", "link.", "scope", "exemplar.")
_FIELDS = frozenset({"name", "status_message", "trace_state", "body", "event_name", "severity"})
"""Places that are no attributes, so that a filter does not know them."""


def look_for_leaks(found: Sequence[Leak], changes: Sequence[Change], *, watched: bool) -> Found:
    """One line for each kind of secret of each sender in the last hour. `watched`: whether rules of secrets hold."""
    result = Found()
    result.lines += [_leak(one, changes) for one in found[:MAX_LINES]]
    if more := found[MAX_LINES:]:
        senders = plural(len({one.sender for one in more}), "sender")
        result.lines.append(line(
            "leak", "warning", "secrets",
            f"And {plural(len(more), 'more kind')} of secrets from {senders} in the last hour.",
            link=page("/settings", {"tab": "redaction", "since": "1d"}), since=min(one.first_ns for one in more),
            value=float(sum(one.lately for one in more)),
            next="They are listed there by rule, sender and key: look for one cause.",
        ))  # fmt: skip
    result.checks.append(_check(found, watched=watched))
    return result


def _check(found: Sequence[Leak], *, watched: bool) -> CheckRow:
    if found:
        senders = len({one.sender for one in found})
        text = (
            f"{plural(senders, 'sender')} sent credentials in the last hour: {count(sum(one.lately for one in found))}."
        )
        grave = any(one.rule not in GUESSED for one in found)
        return CheckRow(name="Credentials", outcome="attention" if grave else "ok", text=text)
    if not watched:
        return CheckRow(name="Credentials", outcome="not_seen", text="Redaction does not look for any here.")
    return CheckRow(
        name="Credentials", outcome="ok", text="None arrived in the last hour that a rule of redaction knows."
    )


def _leak(one: Leak, changes: Sequence[Change]) -> AttentionRow:
    before = changes_before(changes, [one.sender], one.first_ns, MINUTE_S)
    what = RULES[one.rule].what.partition(",")[0] if one.rule in RULES else "attributes that are secrets by their key"
    where = f", under {name(one.key)}" if one.key and not one.key.startswith("__") else ""
    if one.keys > 1:
        where += f" and {plural(one.keys - 1, 'more place')}" if where else f", in {one.keys} places"
    return line(
        "leak", "info" if one.rule in GUESSED else "warning", one.sender,
        f"{name(one.sender)} sends {what}: rule {one.rule} found {count(one.lately)} in the last hour"
        f"{where}{shortly_before(before, [one.sender])}.",
        link=page("/settings", {"tab": "redaction", "since": "1d"}), since=one.first_ns, value=float(one.lately),
        limit=0.0, changes=before, links=_rows(one),
        next="Only marks are stored, but it left the process that sent it: revoke it, and stop sending it.",
    )  # fmt: skip


def _rows(one: Leak) -> list[NamedLink]:
    """The rows among which the marks are, as nearly as a filter can say it."""
    if one.signal not in _PAGES:
        return []
    label, path = _PAGES[one.signal]
    terms = [] if one.sender.startswith("__") else [f"service:{quoted(one.sender)}"]
    if one.key and one.key not in _FIELDS and not one.key.startswith(_NO_KEYS):
        terms.append(f"{quoted(one.key)}:*")
    search = {"q": " ".join(terms)} | ({"view": "spans"} if path == "/traces" else {})
    return [NamedLink(label=label, **page(path, search, since=one.first_ns - MINUTE_S * SECOND))]
