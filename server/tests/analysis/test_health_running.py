"""What Health says of spans whose heartbeats stopped: time is an argument, so nobody waits."""

from __future__ import annotations

import pytest

from tapetum_server.analysis.health.running import look_at_running
from tapetum_server.query.heartbeats import Heartbeat, Running

SECOND = 10**9
NOW = 1_700_000_000 * SECOND
pytestmark = pytest.mark.covers("health-running")


def span(
    number: int, *, heard_s: float, interval_s: float | None = 10.0, parent: str = "", trace: str = "a"
) -> Running:
    beat = Heartbeat(
        f"{number}",
        NOW - 900 * SECOND,
        NOW - round(heard_s * SECOND),
        interval_s,
        "train:step:9",
        "",
        "",
        1.0,
        None,
        False,
    )
    return Running(trace, parent, "trainer", f"step {number}", beat)


def test_a_span_whose_heartbeats_stopped_is_lost() -> None:
    found = look_at_running([span(1, heard_s=600), span(2, heard_s=600, parent="1")], NOW)
    (line,) = found.lines
    assert (line["rule"], line["severity"]) == ("lost", "warning")
    assert line["text"] == (
        "step 2 of trainer never ended and was last heard of 10 min ago; it last stood at train:step:9."
    )
    assert line["link"] == {"path": "/traces/a", "search": {"span": "2"}}


def test_several_of_a_service_are_one_line() -> None:
    (line,) = look_at_running([span(i, heard_s=600 + i, trace=f"{i}") for i in range(3)], NOW).lines
    assert line["text"].startswith("step 0 of trainer never ended")
    assert line["text"].endswith("; 2 more of its spans as well.")
    assert line["link"]["search"]["q"] == 'state:running service:"trainer"'


@pytest.mark.parametrize("spans", [[], [span(1, heard_s=9)], [span(1, heard_s=9_000, interval_s=None)]])
def test_spans_that_are_heard_of_or_never_send_heartbeats_are_no_news(spans: list[Running]) -> None:
    assert look_at_running(spans, NOW).lines == []
