"""What calls cost, as a terminal shows it."""

from __future__ import annotations

import math


def dollars(usd: float) -> str:
    """With at least four decimals, and two digits of what is smaller: a call that cost something never cost $0.0000."""
    small = 0 < abs(usd) < 0.001
    return f"${usd:,.{1 - math.floor(math.log10(abs(usd))) if small else 4}f}"


def cost_of(usd: float | None, unpriced: int) -> str:
    """A sum of which some calls have no known cost is at least that much; a sum of none is unknown, not nothing."""
    if usd is None:
        return "unknown" if unpriced else ""
    return f"{'≥' if unpriced else ''}{dollars(usd)}"
