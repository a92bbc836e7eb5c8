"""When: what a person types as a time, the range a question is about, and its even steps."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import datetime, timezone

from tapetum_server.query.errors import QueryError

NANOSECOND = 1
MILLISECOND = 1_000_000
SECOND = 1_000_000_000
UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": MILLISECOND,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3_600 * SECOND,
    "d": 86_400 * SECOND,
    "w": 7 * 86_400 * SECOND,
}
MIN_TIME, MAX_TIME = 0, 2**63 - 1
"""What the store's `DateTime64(9)` holds of the future: up to 2262."""
EARLIEST_LIKELY = 946_684_800 * SECOND
"""2000-01-01: a record that says it is older comes from a clock that was never set."""
_AHEAD, _FAR_AHEAD = 5 * SECOND, 86_400 * SECOND
"""Clocks that are so little ahead are caught up with before anybody reads; further than a day, charts of
everything leave a record out."""

_RELATIVE = re.compile(r"now(?:([+-])(\d{1,9})(s|m|h|d|w))?")
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d\d:?\d\d)?", re.I)
_DURATION = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(ns|us|µs|ms|s|m|h|d|w)?", re.I)
TIME_HINT = "Use ISO-8601 (2026-11-23T10:00:00Z), milliseconds since 1970, or now, now-15m, now-6h, now-7d."


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From `start` up to, but not including, `end`, in nanoseconds since 1970. `None` is without a bound."""

    start: int | None
    end: int | None
    late: int | None = field(default=None, compare=False)
    """Where the range goes on until now: records from here on have a time that a right clock cannot have given them."""

    def shifted(self, nanoseconds: int) -> TimeRange:
        """The same length of time, later by `nanoseconds` (earlier, where negative)."""
        return TimeRange(
            None if self.start is None else self.start + nanoseconds,
            None if self.end is None else self.end + nanoseconds,
        )


def parse_moment(text: str, now: int, *, field: str = "from") -> int:
    """Nanoseconds since 1970 of an absolute or relative time that a person typed."""
    text = text.strip()
    if relative := _RELATIVE.fullmatch(text):
        sign, count, unit = relative.groups()
        if sign is None:
            return now
        offset = int(count) * UNITS[unit]
        return _clamp(now + offset if sign == "+" else now - offset)
    if re.fullmatch(r"-?\d{1,16}", text):
        return _clamp(int(text) * MILLISECOND)
    if iso := _ISO.fullmatch(text):
        date, minutes, seconds, fraction, zone = iso.groups()
        zone = "+00:00" if zone is None or zone in "Zz" else zone
        try:
            moment = datetime.fromisoformat(f"{date}T{minutes or '00:00'}:{seconds or '00'}{zone}")
        except ValueError as error:
            raise QueryError(f"{text!r} is not a time: {error}", code="bad_time", field=field, hint=TIME_HINT) from None
        elapsed = moment - datetime(1970, 1, 1, tzinfo=timezone.utc)
        whole = elapsed.days * 86_400 + elapsed.seconds
        return _clamp(whole * SECOND + int((fraction or "").ljust(9, "0")))
    raise QueryError(f"{text!r} is not a time", code="bad_time", field=field, hint=TIME_HINT)


def parse_range(start: str | None, end: str | None, now: int) -> TimeRange:
    """The range of a request: the last hour unless it says otherwise; `all` is everything."""
    if (start or "").strip() == "all":
        if end in (None, "", "now"):
            return TimeRange(None, None, late=now + _FAR_AHEAD)
        return TimeRange(None, _end(str(end), now))
    last = _end(end, now) if end else now
    first = parse_moment(start, now, field="from") if start else last - 3_600 * SECOND
    if first >= last:
        raise QueryError(
            f"`from` ({format_time(first)}) is not before `to` ({format_time(last)})",
            code="bad_time",
            field="from",
            hint="Swap the two, or leave `to` out for now.",
        )
    return TimeRange(first, last, late=now + _AHEAD if end in (None, "", "now") else None)


def parse_duration_ms(text: str) -> float | None:
    """Milliseconds of `250ms`, `1.5s`, `2m`, or of a plain number of milliseconds; `None` if it is neither."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        return None
    number, unit = match.groups()
    return float(number) * (UNITS[unit.lower()] / MILLISECOND if unit else 1.0)


def format_time(time_unix_nano: int) -> str:
    """ISO-8601 in UTC with all nine digits of the second's fraction."""
    seconds, nanoseconds = divmod(time_unix_nano, SECOND)
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z"


_LADDER_MS = (
    *(m * 10**e for e in range(3) for m in (1, 2, 5)),
    *(s * 1_000 for s in (1, 2, 5, 10, 15, 30)),
    *(m * 60_000 for m in (1, 2, 5, 10, 15, 30)),
    *(h * 3_600_000 for h in (1, 2, 3, 6, 12)),
    *(d * 86_400_000 for d in (1, 2, 7, 14, 30, 90, 365)),
)
"""Step lengths that people read easily."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Even steps over a range, aligned to the step's own multiples so that reloading does not move them."""

    start: int
    """Of the first step, in nanoseconds."""
    step: int
    """Length in nanoseconds."""
    count: int

    @property
    def end(self) -> int:
        """End of the last step."""
        return self.start + self.step * self.count

    def times(self) -> list[int]:
        """The start of each step."""
        return list(range(self.start, self.end, self.step))


def steps_of(start: int, end: int, *, at_most: int, step: int | None = None) -> Steps:
    """Steps that cover `start` … `end`: of `step` nanoseconds, or the shortest readable one that makes few enough."""
    if step is None:
        wanted = max(1, math.ceil((end - start) / at_most / MILLISECOND))
        # Aligning may add one step at the edge, so the ladder is asked for a little more room.
        step_ms = next((s for s in _LADDER_MS if s >= wanted), None) or wanted
        step = step_ms * MILLISECOND
    first = start // step * step
    count = max(1, -(-(end - first) // step))
    return Steps(first, step, count)


def _end(text: str, now: int) -> int:
    """An end at the end of time lies behind what was clamped to it, or no range would hold such a record."""
    end = parse_moment(text, now, field="to")
    return end + 1 if end == MAX_TIME else end


def _clamp(time_unix_nano: int) -> int:
    return min(max(time_unix_nano, MIN_TIME), MAX_TIME)
