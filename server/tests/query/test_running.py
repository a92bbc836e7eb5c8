"""What heartbeats mean: slow, stuck, silent, gone, or nothing that we know."""

from __future__ import annotations

import pytest

from tapetum_server.analysis.running_report import liveness
from tapetum_server.query.heartbeats import Heartbeat

pytestmark = pytest.mark.covers("running-spans")


@pytest.mark.parametrize(
    ("interval_s", "same_place_s", "exited", "heard_s", "expected"),
    [
        (10, 3, False, 9, "alive"),
        (10, 59, False, 29, "alive"),
        (10, 61, False, 9, "stuck"),
        (10, 3, False, 31, "silent"),
        (60, 3, False, 170, "alive"),
        (60, 3, False, 181, "silent"),
        (10, 900, False, 900, "silent"),
        (10, 900, True, 900, "exited"),
        (10, None, False, 5, "alive"),
        (None, None, False, 9_000, "unknown"),
    ],
)
def test_a_heartbeat_and_the_silence_since_then_say_how_a_span_is(
    interval_s: float | None, same_place_s: float | None, exited: bool, heard_s: float, expected: str
) -> None:
    one = Heartbeat("a" * 16, 0, 0, interval_s, "m:f:1", "", "", same_place_s, None, exited)
    assert liveness(one, heard_s) == expected
