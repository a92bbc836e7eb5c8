"""Which rows and features of a model's predictions estimates look at one by one."""

from __future__ import annotations

import math

from tapetum_server.query.frames import Frame
from tapetum_server.query.prediction_frames import RESERVED

SAMPLED_ROWS = 20_000
"""Rows that are looked at one by one, of the baseline and of the window; of more, a part of them by their ids."""
MAX_FEATURES = 50
"""Features that errors and outcomes are learned from."""


def features_of(baseline: Frame, window: Frame) -> list[str]:
    """What models may have learned from, where both have it."""
    known = {column.name for column in window.columns}
    return [
        column.name for column in baseline.columns
        if column.kind in ("numeric", "boolean", "categorical") and column.name in known
        and column.name not in RESERVED and not column.name.startswith(("scores.", "tags."))
    ]  # fmt: skip


def part_of(frame: Frame, rows: int, what: str) -> tuple[Frame, int, list[str]]:
    """A part of the rows where there are many, every how many, and words for it."""
    every = max(math.ceil(rows / SAMPLED_ROWS), 1)
    if every == 1:
        return frame, 1, []
    narrowed = frame.narrowed(f"cityHash64(prediction_id) % {every} = 0")
    return narrowed, every, [f"Of the {what}, one prediction in {every} is looked at."]
