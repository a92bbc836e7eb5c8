"""Who has fallen silent, whose records are late, and what was refused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from urllib.parse import quote

from tapetum_server.analysis.health.attention import AttentionRow, CheckRow, Found, line, page
from tapetum_server.analysis.health.words import count, name, percent, plural, seconds
from tapetum_server.detectors.lateness import AHEAD_S, LATE_S, Lag, lateness
from tapetum_server.detectors.silence import Rhythm, SilenceVerdict, silence
from tapetum_server.query.arrivals import ArrivalLag, Spoken
from tapetum_server.query.ingest import Ingest
from tapetum_server.query.time_range import SECOND, format_time

RECENT_S = 900
FEW = 10
MOST = 0.5
_RECORDS = {"traces": "spans", "logs": "log records", "metrics": "metric points"}
_PAGES = {"logs": "/logs", "metrics": "/metrics-explorer"}


def look_for_silence(found: Sequence[Spoken], now: int) -> Found:
    """Services that stopped sending something they used to send."""
    judged: dict[str, list[tuple[Spoken, SilenceVerdict]]] = defaultdict(list)
    for one in found:
        rhythm = Rhythm(one.active_minutes, one.longest_pause_s)
        judged[one.service].append((one, silence(rhythm, (now - one.last) / SECOND)))
    known = {s: v for s, v in judged.items() if any(verdict.answer != "not_enough_data" for _, verdict in v)}
    silent = {s: v for s, v in known.items() if any(verdict.answer == "silent" for _, verdict in v)}
    result = Found()
    gone = [s for s, v in silent.items() if not any(verdict.answer == "speaking" for _, verdict in v)]
    if len(known) > 1 and len(gone) == len(known) and not any(_lately(v, now) for v in judged.values()):
        last = max(one.last for v in judged.values() for one, _ in v)
        result.lines.append(
            line(
                "nothing_arrives", "critical", "every service",
                f"Nothing arrives any more: {plural(len(gone), 'service')} fell silent, the last of them "
                f"{seconds((now - last) / SECOND)} ago.",
                link=page("/ingest", since=last - 1_800 * SECOND), since=last,
                next="Look at what they share: the network, a Collector, a key that was revoked.",
            )
        )  # fmt: skip
    else:
        result.lines += [_silent(service, verdicts, now) for service, verdicts in silent.items()]
    if not judged:
        check = CheckRow(name="Silence", outcome="not_seen", text="Nobody sent anything in the last hours.")
    else:
        unknown = len(judged) - len(known)
        text = ""
        if known:
            verb = "does" if len(known) == 1 else "do"
            text = f"Whether {plural(len(known), 'service')} that sent regularly still {verb}. "
        if unknown:
            text += f"{plural(unknown, 'service')} sent too little to have a rhythm."
        outcome = "attention" if result.lines else "ok" if known else "not_enough_data"
        check = CheckRow(name="Silence", outcome=outcome, text=text.strip())  # type: ignore[typeddict-item]
    result.checks.append(check)
    return result


def _lately(verdicts: Sequence[tuple[Spoken, SilenceVerdict]], now: int) -> bool:
    return any(now - one.last < 300 * SECOND for one, _ in verdicts)


def _silent(service: str, verdicts: Sequence[tuple[Spoken, SilenceVerdict]], now: int) -> AttentionRow:
    quiet = [(one, verdict) for one, verdict in verdicts if verdict.answer == "silent"]
    still = sorted(_RECORDS[one.signal] for one, _ in verdicts if (now - one.last) < 300 * SECOND)
    one, verdict = min(quiet, key=lambda pair: pair[1].limit_s)
    last = max(one.last for one, _ in quiet)
    what = " and no ".join(sorted(_RECORDS[one.signal] for one, _ in quiet))
    pause = seconds(max(60.0, one.longest_pause_s))
    text = (
        f"{name(service)} has sent no {what} for {seconds((now - last) / SECOND)} (limit {seconds(verdict.limit_s)}); "
        f"before, it never paused for more than {pause}."
    )
    if still:
        text += f" Its {' and '.join(still)} still arrive."
    critical = not still and any(one.answers for one, _ in verdicts)
    signal = one.signal
    if signal == "traces":
        path, search = (f"/services/{quote(service, safe='')}" if service else "/services"), {}
    else:
        path, search = _PAGES[signal], {"q": f'service:"{service}"'}
    return line(
        "silent", "critical" if critical else "warning", service, text,
        link=page(path, search, since=last - 1_800 * SECOND), since=last,
        next="Is it still running? Is it asked anything? Then look at its exporter and its key."
        if not still else "It runs: is it asked anything, or was its exporter changed?",
        value=(now - last) / SECOND, limit=verdict.limit_s,
    )  # fmt: skip


def look_at_lag(lags: Sequence[ArrivalLag]) -> Found:
    """Senders whose records arrive late, or from the future."""
    result = Found()
    judged = 0
    for lag in lags:
        answer = lateness(Lag(lag["records"], lag["p50_s"], lag["p99_s"]))
        judged += answer != "not_enough_data"
        what = f"{_RECORDS[lag['signal']]} of {name(lag['service'])}"
        link = page("/ingest")
        if answer == "late":
            result.lines.append(line(
                "late", "warning", lag["service"],
                f"{what[:1].upper()}{what[1:]} arrive {seconds(lag['p50_s'])} after they happened (median; limit "
                f"{seconds(LATE_S)}; p99 {seconds(lag['p99_s'])}).",
                link=link, value=lag["p50_s"], limit=LATE_S,
                next="Look at its exporter's queue, at a Collector between, and at its clock, which may be behind.",
            ))  # fmt: skip
        elif answer == "clock_ahead":
            result.lines.append(line(
                "clock", "warning", lag["service"],
                f"The clock of {name(lag['service'])} is {seconds(-lag['p50_s'])} ahead: its {_RECORDS[lag['signal']]} "
                f"come from the future (median; limit {seconds(AHEAD_S)}).",
                link=link, value=-lag["p50_s"], limit=AHEAD_S,
                next="Set its clock (NTP). Until then its records stand at wrong times, and outside of “last hour”.",
            ))  # fmt: skip
        elif answer == "backfill":
            result.lines.append(line(
                "backfill", "info", lag["service"],
                f"Somebody brings in old {what}: {count(lag['records'])} in {RECENT_S // 60} min, "
                f"{seconds(lag['p50_s'])} old.",
                link=link, value=lag["p50_s"],
                next="Nothing, if you know of it. Else its clock is behind, or it was cut off for that long.",
            ))  # fmt: skip
    if not lags:
        check = CheckRow(name="Ingest lag", outcome="not_seen", text="Nothing arrived in the last 15 min.")
    else:
        slowest = max((lag["p50_s"] for lag in lags), default=0.0)
        outcome = "attention" if result.lines else "ok" if judged else "not_enough_data"
        text = f"From a record's own time to its arrival; the slowest sender's median is {seconds(max(0.0, slowest))}."
        check = CheckRow(name="Ingest lag", outcome=outcome, text=text)  # type: ignore[typeddict-item]
    result.checks.append(check)
    return result


def look_at_refusals(ingest: Ingest, now: int) -> Found:
    """What was not kept, or not kept whole, and why. Of the last hour; it must have happened in its last quarter."""
    result = Found()
    recently = format_time(now - RECENT_S * SECOND)
    accepted = {(s["sender"], s["signal"]): s["accepted"] for s in ingest["senders"]}
    for reason in ingest["reasons"]:
        if reason["last_time"] < recently:
            continue
        many, outcome = reason["count"], reason["outcome"]
        what = _RECORDS.get(reason["signal"], reason["signal"])
        share = many / (many + accepted.get((reason["sender"], reason["signal"]), 0))
        if outcome == "refused":
            severity = "info" if many < FEW else "critical" if share >= MOST and many >= 2 * FEW else "warning"
            said = (
                f"{count(many)} {what} from {name(reason['sender'])} were refused in the last hour ({percent(share)})"
            )
        else:
            severity = "info"
            verb = "were cut" if outcome == "truncated" else "lost something before they were sent"
            said = f"{count(many)} {what} from {name(reason['sender'])} {verb} in the last hour"
        result.lines.append(line(
            outcome if outcome in ("refused", "dropped", "truncated") else "refused", severity,  # type: ignore[arg-type]
            reason["sender"], f"{said}: {reason['reason']}.", link=page("/ingest"), value=float(many),
            next="The page Ingest says what the reason means and how to mend it.",
        ))  # fmt: skip
    total = sum(accepted.values())
    worse = any(one["severity"] != "info" for one in result.lines)
    text = f"{count(total)} records were kept in the last hour."
    outcome_ = "attention" if worse else "ok" if total or result.lines else "not_seen"
    result.checks.append(CheckRow(name="Refused records", outcome=outcome_, text=text))  # type: ignore[typeddict-item]
    return result
