"""Verdicts on numbers, against values worked out by hand and by SciPy; and that nothing is said where nothing changed."""

from __future__ import annotations

import math
import random

import pytest
from scipy import stats

from tapetum_server.detectors.bursts import burst
from tapetum_server.detectors.growth import slope, time_to_full
from tapetum_server.detectors.latency import Timed, latency_worse
from tapetum_server.detectors.lateness import Lag, lateness
from tapetum_server.detectors.rates import Counted, rate_worse, two_proportion_z
from tapetum_server.detectors.saturation import saturation
from tapetum_server.detectors.silence import Rhythm, silence
from tapetum_server.detectors.spread import robust_score

pytestmark = pytest.mark.covers("health-detectors")


@pytest.mark.parametrize(("before", "now"), [((40, 1_000), (60, 400)), ((3, 500), (30, 100)), ((70, 900), (5, 200))])
def test_the_two_proportion_test_is_the_textbooks(before: tuple[int, int], now: tuple[int, int]) -> None:
    """z² is Pearson's χ² of the two-by-two table without a correction."""
    (f1, n1), (f2, n2) = before, now
    z = two_proportion_z(Counted(n1, f1), Counted(n2, f2))
    chi = stats.chi2_contingency([[f1, n1 - f1], [f2, n2 - f2]], correction=False)
    assert z**2 == pytest.approx(chi.statistic)
    assert (z > 0) == (f2 / n2 > f1 / n1)


def test_the_two_proportion_test_by_hand() -> None:
    # 10 of 100 against 20 of 100: pooled 0.15, standard error sqrt(0.15 · 0.85 · 0.02) = 0.050498.
    assert two_proportion_z(Counted(100, 10), Counted(100, 20)) == pytest.approx(0.1 / 0.0504975, rel=1e-5)
    assert two_proportion_z(Counted(0, 0), Counted(10, 5)) == 0
    assert two_proportion_z(Counted(10, 0), Counted(10, 0)) == 0


def test_a_rate_is_worse_only_if_it_matters_and_is_no_accident() -> None:
    quiet = [Counted(60, 0)] * 36
    assert rate_worse(quiet, Counted(60, 12)).answer == "worse"
    assert rate_worse(quiet, Counted(60, 4)).answer == "same"  # four failures are a handful
    assert rate_worse(quiet, Counted(40, 40)).answer == "not_enough_data"
    assert rate_worse([Counted(1, 0)] * 36, Counted(60, 12)).answer == "not_enough_data"
    failing = [Counted(1_000, 100)] * 36
    assert rate_worse(failing, Counted(1_000, 150)).answer == "same"  # clearly more by the test, not twice as many
    assert rate_worse([Counted(100_000, 10)] * 36, Counted(100_000, 100)).answer == "same"  # ten times almost nothing
    assert rate_worse(failing, Counted(1_000, 0)).answer == "same"
    verdict = rate_worse(quiet, Counted(60, 12))
    assert (verdict.before, verdict.now) == (0.0, 0.2)


def test_failures_that_always_came_in_bursts_are_not_news() -> None:
    """A window like one in three of those before is usual, whatever a test of independent failures says."""
    bursts = [Counted(200, 40 if i % 3 == 0 else 10 if i % 3 == 1 else 0) for i in range(36)]
    assert two_proportion_z(Counted(7_200, 600), Counted(200, 40)) > 3.3
    assert rate_worse(bursts, Counted(200, 40)).answer == "same"


def test_what_has_been_bad_for_an_hour_is_still_worse() -> None:
    """The windows before are partly bad themselves by then."""
    assert rate_worse([*[Counted(60, 0)] * 30, *[Counted(60, 20)] * 6], Counted(60, 20)).answer == "worse"
    assert latency_worse([*[Timed(60, 30.0)] * 30, *[Timed(60, 900.0)] * 6], Timed(60, 900.0)).answer == "worse"


def test_nothing_is_said_of_services_that_did_not_change() -> None:
    """False alarms: 300 services with one rate and one distribution throughout, 37 windows each."""
    dice = random.Random(7)
    rates = latencies = 0
    for _ in range(300):
        windows = []
        timed = []
        for _ in range(37):
            durations = sorted(dice.lognormvariate(4, 0.8) for _ in range(60))
            windows.append(Counted(60, sum(dice.random() < 0.05 for _ in range(60))))
            timed.append(Timed(60, durations[56]))
        rates += rate_worse(windows[:-1], windows[-1]).answer == "worse"
        latencies += latency_worse(timed[:-1], timed[-1]).answer == "worse"
    assert rates <= 1
    assert latencies <= 1


def test_the_robust_score_by_hand() -> None:
    # Median 3, absolute deviations 2 1 0 1 2: MAD 1.
    assert robust_score([1, 2, 3, 4, 5], 8) == pytest.approx(0.6745 * 5)
    assert robust_score([1, 2, 3, 4, 5], 1) == pytest.approx(-0.6745 * 2)
    assert robust_score([2, 2, 2], 3) == math.inf
    assert robust_score([2, 2, 2], 2) == 0
    assert robust_score([], 9) == 0


def test_durations_are_worse_by_half_and_ten_milliseconds() -> None:
    usual = [Timed(60, 100.0 + i % 5) for i in range(36)]
    worse = latency_worse(usual, Timed(60, 400.0))
    assert (worse.answer, worse.before_ms, worse.now_ms) == ("worse", 102.0, 400.0)
    assert latency_worse(usual, Timed(60, 140.0)).answer == "same"
    assert latency_worse([Timed(60, 2.0)] * 36, Timed(60, 9.0)).answer == "same"
    assert latency_worse(usual, Timed(49, 400.0)).answer == "not_enough_data"
    assert latency_worse([*usual[:5], *[Timed(3, 1.0)] * 31], Timed(60, 400.0)).answer == "not_enough_data"


def test_silence_is_three_pauses_and_five_minutes() -> None:
    every_minute = Rhythm(active_minutes=300, longest_pause_s=60)
    assert silence(every_minute, 299).answer == "speaking"
    assert silence(every_minute, 301).answer == "silent"
    every_half_hour = Rhythm(active_minutes=20, longest_pause_s=1_800)
    assert silence(every_half_hour, 5_000).answer == "speaking"
    assert silence(every_half_hour, 5_401) == silence(every_half_hour, 5_401)
    assert (silence(every_half_hour, 5_401).answer, silence(every_half_hour, 0).limit_s) == ("silent", 5_400)
    assert silence(Rhythm(19, 60), 9_999).answer == "not_enough_data"


def test_the_slope_is_theil_and_sens() -> None:
    dice = random.Random(3)
    times = [60.0 * i for i in range(60)]
    values = [0.4 + 1e-6 * t + dice.gauss(0, 1e-4) for t in times]
    values[30] -= 0.1  # a merge freed space for a moment
    assert slope(times, values) == pytest.approx(stats.theilslopes(values, times).slope)


def test_time_to_full_by_hand() -> None:
    times = [60.0 * i for i in range(20)]
    # 0.1 percentage points a minute, from 50 % to 51.9 %: 38.1 minutes to 90 % would be 381.
    values = [0.5 + 0.001 * i for i in range(20)]
    assert time_to_full(times, values, 0.9) == pytest.approx((0.9 - 0.519) / 0.001 * 60)
    assert time_to_full(times, list(reversed(values)), 0.9) is None
    assert time_to_full(times, [0.5] * 20, 0.9) is None
    assert time_to_full(times[:9], values[:9], 0.9) is None
    assert time_to_full([], [], 0.9) is None
    assert time_to_full(times[:1], [0.95], 0.9) == 0


def test_saturation_is_of_a_while_and_says_since_when() -> None:
    busy = [(60.0 * i, 0.2 if i < 40 else 0.95) for i in range(60)]
    verdict = saturation(busy, 0.9, 600, 3_600)
    assert (verdict.answer, verdict.share, verdict.since) == ("saturated", pytest.approx(0.95), 2_400)
    dip = [(time, 0.5 if time == 3_000 else share) for time, share in busy]
    assert saturation(dip, 0.9, 600, 3_600).since == 2_400
    peak = [(60.0 * i, 1.0 if i == 58 else 0.2) for i in range(60)]
    assert saturation(peak, 0.9, 600, 3_600).answer == "fine"
    assert saturation(busy, 0.9, 600, 9_000).answer == "not_enough_data"


@pytest.mark.parametrize(
    ("lag", "answer"),
    [
        (Lag(19, 900, 900), "not_enough_data"), (Lag(20, 3, 400), "prompt"), (Lag(20, 60, 61), "late"),
        (Lag(20, 3_600, 9_000), "backfill"), (Lag(20, -4.9, 0), "prompt"), (Lag(20, -5, 0), "clock_ahead"),
    ],
)  # fmt: skip
def test_lateness_goes_by_the_median(lag: Lag, answer: str) -> None:
    assert lateness(lag) == answer


def test_a_burst_is_twice_as_many_as_there_ever_were() -> None:
    quiet = [2, 0, 3, 1] * 9
    assert burst(quiet, 10).answer == "burst"
    assert burst(quiet, 9).answer == "usual"  # a handful
    assert burst([*quiet[:-10], 20, *quiet[-9:]], 30).answer == "usual"  # it came in such bursts before
    assert burst([0] * 36, 10).answer == "burst"
    assert burst([3] * 5, 60).answer == "not_enough_data"
    assert burst([], 60).answer == "not_enough_data"


def test_a_burst_stays_one_for_three_hours_and_is_then_what_is_usual() -> None:
    for windows in (1, 5, 18):
        verdict = burst([2] * (36 - windows) + [40] * windows, 44)
        assert (verdict.answer, verdict.windows, verdict.most) == ("burst", windows + 1, 2)
    assert burst([2] * 17 + [40] * 19, 44).answer == "usual"


def test_poisson_counts_that_did_not_change_are_hardly_ever_a_burst() -> None:
    dice = random.Random(11)

    def poisson(mean: float) -> int:
        limit, product, found = math.exp(-mean), dice.random(), 0
        while product > limit:
            product *= dice.random()
            found += 1
        return found

    for mean in (0.5, 3, 12, 40):
        found = sum(burst([poisson(mean) for _ in range(36)], poisson(mean)).answer == "burst" for _ in range(500))
        assert found == 0, mean
