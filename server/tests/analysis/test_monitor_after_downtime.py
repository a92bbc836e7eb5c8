"""What a monitor says of a window of which this server was away for a part: time is an argument, so nobody waits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from tapetum_server.analysis.alert_state import AlertState
from tapetum_server.analysis.monitor_definition import MonitorDefinition
from tapetum_server.analysis.monitor_values import Observed, subject_of
from tapetum_server.analysis.monitor_verdict import Judge
from tapetum_server.catalog.monitors import StoredMonitor

NOW = 1_800_000_000.0
pytestmark = pytest.mark.covers("monitor-restart")


def states(
    condition: dict[str, Any], value: float, *, whole: bool, measure: str = "count", before: str = "ok"
) -> set[str]:
    definition = MonitorDefinition.model_validate(
        {"query": {"kind": "spans", "measure": measure}, "condition": condition, "window_s": 3_600}
    )
    made = datetime.fromtimestamp(NOW - 90_000, UTC)
    monitor = StoredMonitor(
        id="m", project="p", name="m", definition="{}", webhook="", enabled=True, muted_until=None, created_at=made,
        updated_at=made, evaluated_at=None, took_ms=None, failures=0, problem="", next_at=NOW,
    )  # fmt: skip
    judge = Judge(monitor, definition, NOW, "http://x", whole=whole)
    known = {subject_of({}): AlertState(labels={}, state=before, since=NOW - 60, seen=NOW - 60)}  # type: ignore[arg-type]
    verdict = judge.observed(known, [Observed({}, value)])
    return {str(orjson.loads(text)["state"]) for text in verdict.states.values()}


@pytest.mark.parametrize("measure", ["count", "rate"])
@pytest.mark.parametrize("before", ["ok", "firing"])
def test_too_few_within_a_part_of_the_window_says_nothing(measure: str, before: str) -> None:
    few = {"op": "<", "limit": 100}
    assert states(few, 3, whole=False, measure=measure, before=before) == {before}
    assert states(few, 3, whole=True, measure=measure, before=before) == {"firing"}


def test_too_many_are_too_many_within_a_part_already() -> None:
    assert states({"op": ">", "limit": 2}, 3, whole=False) == {"firing"}


def test_a_duration_needs_no_whole_window() -> None:
    assert states({"op": "<", "limit": 100}, 3, whole=False, measure="p95_ms") == {"firing"}
