"""Histograms: Prometheus' buckets, classic and native, into OpenTelemetry's."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from tapetum_server.signals.metrics import Buckets

MAX_BUCKETS = 10_000
"""Of one native histogram with its gaps filled: senders hold a few hundred."""
CUSTOM_BUCKETS = -53
"""The schema of native histograms whose bounds are listed."""
SCALES = range(-4, 9)
Span = tuple[int, int]
"""How many buckets are left out, and how many follow."""


class InvalidHistogram(ValueError):
    """The buckets of one histogram do not make sense; the message says why."""


def classic(cumulative: Iterable[tuple[float, float]], count: float | None, total: float | None) -> Buckets:
    """From counts at or below each bound. Raises `InvalidHistogram`."""
    pairs = sorted(cumulative, key=lambda pair: pair[0])
    bounds: list[float] = []
    counts: list[int] = []
    below = 0
    for bound, at_or_below in pairs:
        if math.isnan(bound):
            raise InvalidHistogram("a bucket's le is no number")
        number = whole(at_or_below, "a bucket")
        if number < below:
            raise InvalidHistogram(f"the bucket of le {bound:g} holds less than the one before it")
        if bounds and bound == bounds[-1]:
            raise InvalidHistogram(f"there are two buckets of le {bound:g}")
        if bound != math.inf:
            bounds.append(bound)
        counts.append(number - below)
        below = number
    if not pairs or pairs[-1][0] != math.inf:
        if count is None:
            raise InvalidHistogram("there is neither a bucket of le +Inf nor a count")
        all_of_them = whole(count, "the count")
        if all_of_them < below:
            raise InvalidHistogram("the count is less than what the buckets hold")
        counts.append(all_of_them - below)
        below = all_of_them
    return Buckets(count=below, sum=total, bucket_counts=tuple(counts), explicit_bounds=tuple(bounds))


def native(
    *,
    count: int,
    total: float,
    schema: int,
    zero_threshold: float,
    zero_count: int,
    positive: tuple[Sequence[Span], Sequence[int]],
    negative: tuple[Sequence[Span], Sequence[int]],
    custom_bounds: Sequence[float] = (),
) -> Buckets:
    """From spans of buckets and the differences between their counts. Raises `InvalidHistogram`."""
    first, counts = _filled(*positive)
    if schema == CUSTOM_BUCKETS:
        if any(a >= b for a, b in pairwise(custom_bounds)) or any(map(math.isinf, custom_bounds)):
            raise InvalidHistogram("the bounds of a native histogram do not rise")
        if first < 0 or first + len(counts) > len(custom_bounds) + 1:
            raise InvalidHistogram("a native histogram has more buckets than bounds")
        dense = [0] * first + counts
        dense += [0] * (len(custom_bounds) + 1 - len(dense))
        return Buckets(count=count, sum=total, bucket_counts=tuple(dense), explicit_bounds=tuple(custom_bounds))
    if schema not in SCALES:
        raise InvalidHistogram(f"the schema {schema} of a native histogram is none of {SCALES[0]} to {SCALES[-1]}")
    below, opposite = _filled(*negative)
    # Prometheus numbers a bucket by its upper bound, OpenTelemetry by its lower one.
    return Buckets(
        count=count, sum=total, scale=schema, zero_count=zero_count, zero_threshold=zero_threshold,
        positive_offset=first - 1 if counts else 0, positive_counts=tuple(counts),
        negative_offset=below - 1 if opposite else 0, negative_counts=tuple(opposite),
    )  # fmt: skip


def _filled(spans: Sequence[Span], deltas: Sequence[int]) -> tuple[int, list[int]]:
    """The index of the first bucket and the counts from there on."""
    if sum(length for _, length in spans) != len(deltas):
        raise InvalidHistogram("the spans of a native histogram do not fit its buckets")
    start, now, at = 0, 0, 0
    counts: list[int] = []
    for n, (offset, length) in enumerate(spans):
        if n == 0:
            start = offset
        elif offset < 0:
            raise InvalidHistogram("the spans of a native histogram overlap")
        else:
            if len(counts) + offset > MAX_BUCKETS:
                raise InvalidHistogram(f"a native histogram spans more than {MAX_BUCKETS} buckets")
            counts += [0] * offset
        if len(counts) + length > MAX_BUCKETS:
            raise InvalidHistogram(f"a native histogram spans more than {MAX_BUCKETS} buckets")
        for delta in deltas[at : at + length]:
            now += delta
            if not 0 <= now < 2**63:
                raise InvalidHistogram("a bucket of a native histogram counts less than 0")
            counts.append(now)
        at += length
    if abs(start) >= 2**30:
        raise InvalidHistogram("a native histogram starts beyond any number")
    return start, counts


def whole(number: float, what: str) -> int:
    """A count as an integer. Raises `InvalidHistogram`."""
    if not math.isfinite(number) or number != int(number) or not 0 <= number < 2**63:
        raise InvalidHistogram(f"{what} counts {number:g}, which is no whole number")
    return int(number)
