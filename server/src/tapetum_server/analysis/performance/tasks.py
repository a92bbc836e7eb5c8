"""Which question a model answers, by what its predictions and labels say, and from which columns it is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tapetum_server.query.frames import Frame
from tapetum_server.query.prediction_frames import LABEL, LABEL_VALUE, OUTPUT_LABEL, PREDICTION, SCORE
from tapetum_server.query.prediction_outcomes import MAX_WORDS, Outcomes
from tapetum_server.query.prediction_sets import LABEL_SET, OUTPUT_SET

Measurable = Literal["binary", "multiclass", "multilabel", "regression", "ranking"]
Question = Literal[Measurable, "unknown"]
QUERY_COLUMNS = ("tags.query_id", "query_id")
"""A tag or feature of this name says that predictions are ranked within its values."""
_NO_LABELS = "No label of these predictions has come. Labels go to POST /v1/labels, by the prediction's id."


@dataclass(frozen=True, slots=True)
class Judged:
    """How a model's predictions are held against their labels."""

    task: Measurable | None
    """`None` where they cannot be; `why` says so."""
    label: str = ""
    prediction: str = ""
    positive: str = ""
    """The label that a score is the probability of; "" for 1 and true."""
    why: str = ""
    negative: str = ""
    """The other label, where there is one other."""
    query: str = ""
    """Of rows that are ranked, the column within whose values."""

    @property
    def scored(self) -> bool:
        """Whether a probability stands behind the answer, and not the answer alone."""
        return self.task == "binary" and self.prediction == SCORE


def ranked_within(told: Outcomes, query: str) -> Judged:
    """How rows are judged that are ranked within the values of `query`."""
    if not told.labelled:
        return Judged(None, prediction=SCORE, why=_NO_LABELS, query=query)
    if not told.numbers or not (told.scored or told.outputs):
        return Judged(
            None, why="Ranked predictions want a score or an output that is a number, and a label that says how "
            "relevant each is: a number, or true and false.", query=query,
        )  # fmt: skip
    return Judged("ranking", LABEL_VALUE, SCORE if told.scored else PREDICTION, query=query)


def judged_of(frame: Frame, told: Outcomes, positive: str = "", query_key: str = "") -> Judged:
    """The columns and the task of a model's predictions. Raises `QueryError` for a query key that is not there."""
    known = {column.name for column in frame.columns}
    query = query_key or next((name for name in QUERY_COLUMNS if name in known), "")
    if not query:
        return judged_by(told, positive)
    frame.column(query)
    return ranked_within(told, query)


def judged_by(told: Outcomes, positive: str = "") -> Judged:
    """The columns and the task; `positive` is the positive label where somebody says so."""
    probable = bool(told.scored) and told.probable >= told.scored * 0.5
    if not told.labelled:
        return _unlabelled(told, positive, probable)
    if any(word.startswith('["') for word in told.words):
        return Judged("multilabel", LABEL_SET, OUTPUT_SET)
    if told.numbers and told.numbers == told.bits and not positive:
        if probable:
            return Judged("binary", LABEL_VALUE, SCORE)
        if told.outputs and told.outputs == told.output_bits:
            return Judged("binary", LABEL_VALUE, PREDICTION)
    if told.numbers >= told.labelled and told.outputs and not positive and not _classes(told):
        return Judged("regression", LABEL_VALUE, PREDICTION)
    classes = {*told.words, *(word for word, _ in told.called)}
    if probable and (len(classes) <= 2 or positive):
        chosen = positive or _positive(told.called, classes)
        if chosen:
            others = sorted(classes - {chosen})
            return Judged("binary", LABEL, SCORE, chosen, negative=others[0] if len(others) == 1 else "")
    if told.called and told.words and len(classes) <= MAX_WORDS:
        return Judged("multiclass", LABEL, OUTPUT_LABEL)
    if told.numbers and told.outputs:
        return Judged("regression", LABEL_VALUE, PREDICTION)
    if len(classes) > MAX_WORDS:
        return Judged(None, why=f"There are more than {MAX_WORDS} different labels: they are no classes.")
    return Judged(
        None, why="Labels and outputs cannot be held against each other: a class wants an output that is a class or a "
        "score that is a probability, a number an output that is a number.",
    )  # fmt: skip


def _classes(told: Outcomes) -> bool:
    """Whether whole numbers are classes: outputs are among the labels, and those are few."""
    called = {word for word, _ in told.called}
    return bool(called) and len(called | {*told.words}) <= MAX_WORDS


def _positive(called: Sequence[tuple[str, float | None]], classes: set[str]) -> str:
    """The class that is called where scores are high."""
    known = [(mean, word) for word, mean in called if mean is not None]
    if not known:
        return ""
    mean, word = max(known)
    if len(known) > 1 or mean >= 0.5:
        return word
    return next((other for other in sorted(classes) if other != word), "")


def _unlabelled(told: Outcomes, positive: str, probable: bool) -> Judged:
    if probable and len(told.called) <= 2:
        chosen = positive or _positive(told.called, set())
        return Judged(None, LABEL if chosen else LABEL_VALUE, SCORE, chosen, _NO_LABELS)
    return Judged(None, why=_NO_LABELS)
