"""The predictions of a window and those that they are held against, for questions about both at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from tapetum_server.api.model_baseline import BaselineFrom, BaselineTo, BaselineVersion, Version, baseline_of
from tapetum_server.api.predictions import ModelName
from tapetum_server.api.questions import Asked, Question, now_of
from tapetum_server.query.frames import Frame
from tapetum_server.query.prediction_frames import prediction_frame
from tapetum_server.query.time_range import TimeRange

LEEWAY_NS = 3_600 * 10**9
"""`now-1h` is another time when it is asked again."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Which predictions are asked about."""

    asked: Asked
    model: str
    baseline_range: TimeRange
    baseline_version: str | None
    window_version: str | None

    async def baseline(self) -> Frame:
        """What the window is held against. Raises `NotFound` where there is nothing."""
        return await self._frame(self.baseline_range, self.baseline_version)

    async def window(self) -> Frame:
        """The predictions in question. Raises `NotFound` where there are none."""
        return await self._frame(self.asked.time_range, self.window_version)

    async def both(self) -> Frame:
        """All from the beginning of the earlier to the end of the later, and a little around, of every version."""
        ranges = self.baseline_range, self.asked.time_range
        starts, ends = [one.start for one in ranges], [one.end for one in ranges]
        whole = TimeRange(
            None if None in starts else min(start for start in starts if start is not None) - LEEWAY_NS,
            None if None in ends else max(end for end in ends if end is not None) + LEEWAY_NS,
        )
        return await self._frame(whole, None)

    async def _frame(self, time_range: TimeRange, version: str | None) -> Frame:
        return await prediction_frame(
            self.asked.reader, project=self.asked.project, model=self.model, time_range=time_range, version=version,
            filter=self.asked.filter,
        )  # fmt: skip


async def sides(
    request: Request,
    asked: Question,
    model: ModelName,
    version: Version = None,
    baseline_from: BaselineFrom = None,
    baseline_to: BaselineTo = None,
    baseline_version: BaselineVersion = None,
) -> Sides:
    """A dependency: both sides of the question."""
    before = baseline_of(asked.time_range, baseline_from, baseline_to, baseline_version, now_of(request))
    return Sides(asked, model, before, baseline_version or version, version)


TwoSides = Annotated[Sides, Depends(sides)]
