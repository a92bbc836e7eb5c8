"""Of which days windows shorter than a day are looked at: at the ends of a time, and where no longer window is.

A year has ten thousand windows, and is made of some thirty: the longer ones, and shorter ones near its ends.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tapetum_server.query.time_range import TimeRange

Days = list[tuple[int, int]]
"""First and last of each stretch, counted from 1970; they are apart, in order."""
DAY_NS = 86_400 * 10**9
LONG = 0
"""What stands in the place of a day where a window is a day long or longer, or has no time."""
EVERY_DAY = -(2**31), 2**31 - 1


def days_of(time_range: TimeRange) -> tuple[int, int]:
    """The first and the last day that the time has a part of."""
    first = EVERY_DAY[0] if time_range.start is None else time_range.start // DAY_NS
    last = EVERY_DAY[1] if time_range.end is None else (time_range.end - 1) // DAY_NS
    return first, max(first, last)


def ends_of(time_range: TimeRange) -> Days:
    """The days that the time begins and ends in, as far as it does."""
    ends = (time_range.start, None if time_range.end is None else time_range.end - 1)
    return together((end // DAY_NS, end // DAY_NS) for end in ends if end is not None)


def uncovered(start: NDArray[np.int64], end: NDArray[np.int64], time_range: TimeRange) -> Days:
    """Days of the time that do not lie whole in one of the windows from `start` to `end`, in nanoseconds."""
    first, last = days_of(time_range)
    whole = together(zip((-(-start // DAY_NS)).tolist(), (end // DAY_NS - 1).tolist()))
    found = []
    for begin, stop in whole:
        found.append((first, min(begin - 1, last)))
        first = max(first, stop + 1)
    return together([*found, (first, last)])


def together(stretches: Iterable[tuple[int, int]]) -> Days:
    """In order, those that touch as one; without those that end before they begin."""
    found: Days = []
    for begin, stop in sorted(stretches):
        if begin > stop:
            continue
        if found and begin <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], stop)
        else:
            found.append((begin, stop))
    return found


def without(days: Days, others: Days) -> Days:
    """Those of `days` that are none of `others`."""
    found = []
    for begin, stop in days:
        for first, last in others:
            if first <= stop and last >= begin:
                found.append((begin, first - 1))
                begin = last + 1
        found.append((begin, stop))
    return together(found)
