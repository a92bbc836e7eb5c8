"""Numbers as Health writes them."""

from __future__ import annotations


def percent(share: float) -> str:
    """A share of 0 to 1: `12 %`, `0.4 %`."""
    value = share * 100
    return f"{value:.0f} %" if value >= 10 or value == 0 else f"{value:.2g} %"


def milliseconds(ms: float) -> str:
    """A duration of a request: `35 ms`, `1.4 s`."""
    if ms < 1_000:
        return f"{ms:.0f} ms" if ms >= 10 else f"{ms:.2g} ms"
    return seconds(ms / 1_000)


def seconds(value: float) -> str:
    """A length of time with the figures that matter: `2.4 s`, `45 s`, `12 min`, `3 h`, `2 d`."""
    if value < 10:
        return f"{value:.1f} s"
    if value < 120:
        return f"{value:.0f} s"
    if value < 7_200:
        return f"{value / 60:.0f} min"
    if value < 172_800:
        return f"{value / 3_600:.0f} h"
    return f"{value / 86_400:.0f} d"


def count(value: float) -> str:
    """A number of things: `1,204`."""
    return f"{value:,.0f}"


def times(now: float, before: float) -> str:
    """How many times as much: `4.2 times`; nothing where there was nothing before."""
    if not before:
        return ""
    ratio = now / before
    return f"{ratio:.0f} times" if ratio >= 10 else f"{ratio:.1f} times"


def plural(number: int, one: str, many: str | None = None) -> str:
    """`1 service`, `3 services`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(value: float) -> str:
    """Bytes: `1.4 GiB`."""
    for unit in ("B", "KiB", "MiB"):
        if value < 1_024:
            return f"{value:.0f} {unit}" if value >= 100 or unit == "B" else f"{value:.1f} {unit}"
        value /= 1_024
    return f"{value:.1f} GiB"


def name(text: str) -> str:
    """A name from telemetry within a sentence: never long, never empty."""
    shown = said(text)
    return (shown if len(shown) <= 80 else f"{shown[:79]}…") or "unnamed"


def said(text: str) -> str:
    """Somebody else's words within a sentence of ours: what turns a line around or breaks it is replaced."""
    return "".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split()))


def quoted(text: str) -> str:
    """A value of a filter, whatever is in it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
