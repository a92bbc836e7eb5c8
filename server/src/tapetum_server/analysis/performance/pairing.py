"""The same requests, answered by two versions: by what they are paired, and what stands on the pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tapetum_server.analysis.performance.tasks import Judged
from tapetum_server.query.frames import Frame
from tapetum_server.query.paired_versions import (
    MAX_ROWS,
    Answers,
    candidates_of,
    key_candidates,
    overlap,
    paired_frame,
)
from tapetum_server.query.prediction_frames import LABEL_VALUE
from tapetum_server.query.prediction_outcomes import MAX_WORDS, Outcomes
from tapetum_server.query.reader import Reader

APART = 0.5
"""Distinct values by predictions that have one, below which a key names no request but a kind of them."""


@dataclass(frozen=True, slots=True)
class Paired:
    """Requests that both answered, if there are any."""

    by: str
    tried: tuple[str, ...]
    answers: Answers
    frame: Frame | None = None
    one_in: int = 1


async def pair_up(
    reader: Reader, champion: Frame, challenger: Frame, told: Sequence[Outcomes], judged: Judged, by: str = ""
) -> Paired:  # fmt: skip
    """By the key that was named, or by the one that pairs most. Raises `QueryError` for a key that is not there."""
    answers = answers_of(told, judged)
    one_in = max(1, -(-max(each.rows for each in told) // MAX_ROWS))
    if answers.kind == "none":
        return Paired("", (), answers)
    if by:
        # Raises for what neither has.
        frame = paired_frame(champion, challenger, by, answers, one_in)
        return Paired(by, (by,), answers, frame if await overlap(reader, champion, challenger, by) else None, one_in)
    there = {*candidates_of(challenger)}
    names = [name for name in candidates_of(champion) if name in there]
    sides = [await key_candidates(reader, frame, names) for frame in (champion, challenger)]
    tried = [
        one.name
        for one, other in zip(*sides)
        if one.said and other.said and min(one.distinct / one.said, other.distinct / other.said) >= APART
    ]
    found = [(await overlap(reader, champion, challenger, name), name) for name in tried]
    most, name = max(found, default=(0, ""), key=lambda each: each[0])
    if not most:
        return Paired("", tuple(tried), answers, one_in=one_in)
    return Paired(name, tuple(tried), answers, paired_frame(champion, challenger, name, answers, one_in), one_in)


def answers_of(told: Sequence[Outcomes], judged: Judged) -> Answers:
    """What both say, in a way that can be held against each other; also where no label has come."""
    if judged.scored or (
        judged.task is None and all(each.scored and each.probable * 2 >= each.scored for each in told)
    ):
        return Answers("score", judged.label or LABEL_VALUE, judged.positive, judged.negative)
    if judged.task == "multiclass" or (judged.task is None and all(0 < len(each.called) <= MAX_WORDS for each in told)):
        return Answers("class", judged.label)
    if judged.task == "binary" or (
        judged.task is None and all(each.outputs and each.outputs == each.output_bits for each in told)
    ):
        return Answers("bit", judged.label or LABEL_VALUE)
    # Of several classes at once, and of ranked rows, no answer is right by itself.
    numbers = judged.task in (None, "regression") and all(each.outputs for each in told)
    return Answers("number" if numbers else "none", judged.label)


def readable(answers: Answers) -> Mapping[str, str]:
    """What yes and no are called."""
    if answers.kind not in ("score", "bit"):
        return {}
    if not answers.positive:
        return {"yes": "1", "no": "0"}
    return {"yes": answers.positive, "no": answers.negative or f"not {answers.positive}"}
