"""Evaluations: what code, a judge, a reviewer or a user says about an answer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal, NamedTuple

TARGET_TYPES = ("span", "trace", "session", "prediction", "run", "model_version")
"""What an evaluation may be about."""
SOURCES = ("code", "llm", "human", "user")
"""Who says so: a check in code, a judging model, a reviewer, or an end user of the application."""
CORRECTION = "correction"
"""The name of an evaluation with which a reviewer says what the answer should have been."""
STANDING_SOURCES = frozenset({"human", "user"})
"""A person has one opinion of a thing, which may change; a check that runs again is another measurement."""


class Evaluation(NamedTuple):
    """One evaluation. Texts are "" and numbers `None` where nobody said."""

    name: str
    target_type: str
    target_id: str
    evaluation_id: str = ""
    """As the sender names it; "" gets one made from what it says (`identity_of`)."""
    time_unix_nano: int = 0
    """0 where the sender did not say when: it was now."""
    trace_id: str = ""
    span_id: str = ""
    response_id: str = ""
    """Of the provider's response, where the evaluation names that and no span."""
    slice: str = ""
    score: float | None = None
    label: str = ""
    lower: float | None = None
    upper: float | None = None
    threshold: float | None = None
    explanation: str = ""
    comment: str = ""
    expected_output: str = ""
    """What the answer should have been."""
    evaluator: str = ""
    source: str = "code"
    withdrawn: bool = False
    """Whether it is taken back."""
    attributes: dict[str, str] = {}
    found_in: str = ""
    """The convention in whose spans or log records it was found; "" where it was sent as an evaluation."""
    problem: str = ""
    """What is wrong with one that was found: such are kept without the score or label that cannot be."""
    raw: str = ""
    """That score or label, as it was sent."""


@dataclass(slots=True)
class EvaluationBatch:
    """Evaluations of one project, column by column; `Evaluation` says what the columns are."""

    project: str
    sender: str
    name: list[str] = field(default_factory=list)
    target_type: list[str] = field(default_factory=list)
    target_id: list[str] = field(default_factory=list)
    evaluation_id: list[str] = field(default_factory=list)
    time_unix_nano: list[int] = field(default_factory=list)
    trace_id: list[str] = field(default_factory=list)
    span_id: list[str] = field(default_factory=list)
    response_id: list[str] = field(default_factory=list)
    slice: list[str] = field(default_factory=list)
    score: list[float | None] = field(default_factory=list)
    label: list[str] = field(default_factory=list)
    lower: list[float | None] = field(default_factory=list)
    upper: list[float | None] = field(default_factory=list)
    threshold: list[float | None] = field(default_factory=list)
    explanation: list[str] = field(default_factory=list)
    comment: list[str] = field(default_factory=list)
    expected_output: list[str] = field(default_factory=list)
    evaluator: list[str] = field(default_factory=list)
    source: list[str] = field(default_factory=list)
    withdrawn: list[bool] = field(default_factory=list)
    attributes: list[dict[str, str]] = field(default_factory=list)
    found_in: list[str] = field(default_factory=list)
    problem: list[str] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    signal: ClassVar[Literal["evaluations"]] = "evaluations"

    def __len__(self) -> int:
        return len(self.name)

    def append(self, evaluation: Evaluation) -> None:
        """Put one evaluation at the end."""
        for column, value in zip(_COLUMNS, evaluation):
            values: list[Any] = getattr(self, column)
            values.append(value)

    def rows(self) -> list[Evaluation]:
        """The evaluations, one by one."""
        return [Evaluation(*row) for row in zip(*(getattr(self, column) for column in _COLUMNS))]


_COLUMNS = Evaluation._fields
assert {f.name for f in fields(EvaluationBatch)} == {"project", "sender", *_COLUMNS}


def is_standing(evaluation: Evaluation) -> bool:
    """Whether saying it again replaces what was said before, however much later."""
    return bool(evaluation.evaluation_id) or evaluation.source in STANDING_SOURCES


def identity_of(evaluation: Evaluation) -> str:
    """The id it is kept under: as given; of a person's, what it is about and who says it; else all that it says."""
    if evaluation.evaluation_id:
        return evaluation.evaluation_id
    said: tuple[str, ...] = (
        evaluation.target_type, evaluation.target_id, evaluation.response_id, evaluation.name, evaluation.evaluator,
        evaluation.source,
    )  # fmt: skip
    if not is_standing(evaluation):
        numbers = (evaluation.score, evaluation.lower, evaluation.upper, evaluation.threshold)
        said += (
            *map(repr, numbers), evaluation.label, evaluation.slice, evaluation.explanation, evaluation.comment,
            evaluation.expected_output, *filter(None, (evaluation.problem, evaluation.raw)),
            *(f"{k}\2{v}" for k, v in sorted(evaluation.attributes.items())),
        )  # fmt: skip
    return hashlib.blake2b("\1".join(said).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
