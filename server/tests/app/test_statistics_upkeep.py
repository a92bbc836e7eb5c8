"""How much is looked at when statistics are kept up to date."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tapetum_server.app import statistics_upkeep
from tapetum_server.app.statistics_upkeep import ALL_NS, LATELY_NS, ROUNDS
from tapetum_server.query.statistics_windows import MOST_WINDOWS

NOW = 2 * ALL_NS


def test_a_project_that_is_not_counted_to_its_end_is_looked_at_from_its_beginning_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """First 25 rounds of work, then a failure, then nothing."""
    answers: list[int | Exception] = [MOST_WINDOWS] * (ROUNDS + 5) + [3, 0, RuntimeError("gone"), 0, 0]
    looks: list[tuple[int, bool]] = []

    async def keep(*_: Any, since: int, sums: bool, **__: Any) -> int:
        looks.append((NOW - since, sums))
        if len(looks) == len(answers):
            upkeep.cancel()
        answer = answers[len(looks) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(statistics_upkeep, "keep_windows", keep)

    async def run() -> None:
        nonlocal upkeep
        upkeep = asyncio.create_task(
            statistics_upkeep.keep_statistics(
                lambda: ["demo"], None, None, first_after_s=0, every_s=0, clock=lambda: NOW  # type: ignore[arg-type]
            )
        )  # fmt: skip
        await asyncio.wait([upkeep])

    upkeep: asyncio.Task[None]
    asyncio.run(run())
    assert looks[:ROUNDS] == [(ALL_NS, True)] * ROUNDS
    assert looks[ROUNDS : ROUNDS + 6] == [(ALL_NS, True)] * 6, "it was behind"
    assert looks[ROUNDS + 6] == (LATELY_NS, False), "it was not any more"
    assert looks[ROUNDS + 7 :] == [(LATELY_NS, False), (ALL_NS, True), (LATELY_NS, False)], "a look had failed"
