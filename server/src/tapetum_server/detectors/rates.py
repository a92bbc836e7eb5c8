"""Whether a share of failures is worse than it was before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tapetum_server.detectors.spread import robust_score

Answer = Literal["worse", "same", "not_enough_data"]

MIN_REQUESTS = 50
"""Now, and before: a handful of requests says nothing about a rate."""
MIN_FAILURES = 5
MIN_DIFFERENCE = 0.01
MIN_RATIO = 2.0
MIN_Z = 3.3
"""One in two thousand by chance: there are many services, and each is looked at all the time."""
MIN_SCORE = 3.5
"""Iglewicz and Hoaglin's limit for an outlier."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Requests, and how many of them failed."""

    requests: int
    failures: int

    @property
    def rate(self) -> float:
        """Share of failures; 0 where nothing was asked."""
        return self.failures / self.requests if self.requests else 0.0


@dataclass(frozen=True, slots=True)
class RateVerdict:
    """What a comparison of two shares found, with the numbers behind it."""

    answer: Answer
    before: float
    now: float
    z: float
    """How many standard errors lie between them, were they the same."""


def two_proportion_z(before: Counted, now: Counted) -> float:
    """The pooled two-proportion z statistic, above 0 where `now` is higher. 0 where it cannot be told."""
    total = before.requests + now.requests
    if not before.requests or not now.requests:
        return 0.0
    pooled = (before.failures + now.failures) / total
    error = math.sqrt(pooled * (1 - pooled) * (1 / before.requests + 1 / now.requests))
    return (now.rate - before.rate) / error if error else 0.0


def rate_worse(windows_before: Sequence[Counted], now: Counted) -> RateVerdict:
    """Whether failures are clearly more frequent now than in the windows of the same length before.

    Clearly: enough requests on both sides, at least twice as frequent and one percentage point more, hardly by
    chance (two-proportion test), and beyond what the windows before differ among themselves, because failures come
    in bursts and a test of independent ones is easily impressed by them.
    """
    before = Counted(sum(w.requests for w in windows_before), sum(w.failures for w in windows_before))
    z = two_proportion_z(before, now)

    def verdict(answer: Answer) -> RateVerdict:
        return RateVerdict(answer, before.rate, now.rate, z)

    if min(before.requests, now.requests) < MIN_REQUESTS:
        return verdict("not_enough_data")
    worse = (
        now.failures >= MIN_FAILURES
        and now.rate - before.rate >= MIN_DIFFERENCE
        and now.rate >= MIN_RATIO * before.rate
        and z >= MIN_Z
        and robust_score([w.rate for w in windows_before if w.requests], now.rate) >= MIN_SCORE
    )
    return verdict("worse" if worse else "same")
