"""What a score means: its kind, its range or its labels, and which way is better."""

from __future__ import annotations

import difflib
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from tapetum_server.signals.evaluations import Evaluation

KINDS = ("numeric", "categorical", "boolean", "text")
DIRECTIONS = ("higher", "lower", "none")
MAX_LABELS = 50
MAX_KEY = 9
_TRUTHS = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0, "up": 1.0, "down": 0.0, "pass": 1.0, "fail": 0.0}

Kind = Literal["numeric", "categorical", "boolean", "text"]
Direction = Literal["higher", "lower", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLabel:
    """One label of a categorical score."""

    label: str
    key: int | None = None
    """1 to 9: the key by which a reviewer gives it."""
    passes: bool | None = None
    """Whether an answer with it passes; `None` where the score is no matter of passing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreDefinition:
    """What the evaluations of one name look like."""

    name: str
    kind: Kind
    description: str = ""
    direction: Direction = "none"
    """Which end is the better one: of the numbers, of the labels in their order, of false and true."""
    minimum: float | None = None
    maximum: float | None = None
    threshold: float | None = None
    """Numeric: the score from which on (`higher`), or up to which (`lower`), an answer passes."""
    labels: tuple[ScoreLabel, ...] = ()
    """Categorical: in their order."""


class Definitions(Protocol):
    """Looks a definition up, from memory."""

    def __call__(self, project: str, name: str) -> ScoreDefinition | None:
        """The definition of the evaluations of that name, `None` where there is none."""
        ...


def undefined(project: str, name: str) -> ScoreDefinition | None:
    """`Definitions` where nothing is defined."""
    return None


class Unfit(ValueError):
    """An evaluation is not what its score's definition says: which field, and how to mend it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def document_of(definition: ScoreDefinition) -> dict[str, Any]:
    """The definition as JSON's types."""
    return asdict(definition)


def definition_of(document: dict[str, Any]) -> ScoreDefinition:
    """What `document_of` made."""
    return ScoreDefinition(**{**document, "labels": tuple(ScoreLabel(**label) for label in document["labels"])})


def with_keys(labels: tuple[ScoreLabel, ...]) -> tuple[ScoreLabel, ...]:
    """The labels with the keys that are left for those without one, in their order."""
    left = [key for key in range(1, MAX_KEY + 1) if key not in {label.key for label in labels}]
    return tuple(
        label if label.key is not None or not left else ScoreLabel(**{**asdict(label), "key": left.pop(0)})
        for label in labels
    )


def check(definition: ScoreDefinition) -> None:
    """Raises `Unfit` with the field of the definition that contradicts another."""
    kind = definition.kind
    for field in ("minimum", "maximum", "threshold"):
        if kind != "numeric" and getattr(definition, field) is not None:
            raise Unfit(field, f"{field} is for numeric scores; {definition.name!r} is {kind}")
    if kind == "text" and definition.direction != "none":
        raise Unfit("direction", "a text has no better end: leave direction out")
    low, high, threshold = definition.minimum, definition.maximum, definition.threshold
    if low is not None and high is not None and low >= high:
        raise Unfit("maximum", f"maximum ({high:g}) is above minimum ({low:g})")
    if threshold is not None:
        if definition.direction == "none":
            raise Unfit("direction", "with a threshold, direction says which side of it passes: higher or lower")
        if (low is not None and threshold < low) or (high is not None and threshold > high):
            raise Unfit("threshold", f"threshold ({threshold:g}) lies within {range_of(definition)}")
    _check_labels(definition)


def _check_labels(definition: ScoreDefinition) -> None:
    if definition.kind != "categorical":
        if definition.labels:
            raise Unfit("labels", f"labels are for categorical scores; {definition.name!r} is {definition.kind}")
        return
    names = [label.label for label in definition.labels]
    keys = [label.key for label in definition.labels if label.key is not None]
    if not 2 <= len(names) <= MAX_LABELS:
        raise Unfit("labels", f"a categorical score has 2 to {MAX_LABELS} labels, not {len(names)}")
    for what, found in (("label", names), ("key", keys)):
        if again := next((one for i, one in enumerate(found) if one in found[:i]), None):
            raise Unfit("labels", f"two labels have the {what} {again!r}")


def range_of(definition: ScoreDefinition) -> str:
    """The numbers that a numeric score may have, in words."""
    low, high = definition.minimum, definition.maximum
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    return f"{low:g} or more" if low is not None else f"at most {high:g}" if high is not None else "any number"


def fitted(evaluation: Evaluation, definition: ScoreDefinition | None) -> Evaluation:
    """The evaluation, with the score of a truth value that was given as a word. Raises `Unfit`.

    One that is taken back, or that is only a comment, fits every definition.
    """
    if definition is None or evaluation.withdrawn or (evaluation.score is None and not evaluation.label):
        return evaluation
    name, score, label = evaluation.name, evaluation.score, evaluation.label
    match definition.kind:
        case "numeric":
            low, high = definition.minimum, definition.maximum
            if score is None:
                raise Unfit("score", f"{name} is numeric: give score, {range_of(definition)}, and not a label alone")
            if (low is not None and score < low) or (high is not None and score > high):
                raise Unfit("score", f"score of {name} is {range_of(definition)}, not {score:g}")
        case "categorical":
            names = [one.label for one in definition.labels]
            if label not in names:
                near = difflib.get_close_matches(label, names, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise Unfit("label", f"label of {name} is one of {', '.join(names)}, not {label[:80]!r}{hint}")
        case "boolean":
            if score is None:
                score = _TRUTHS.get(label.lower())
            if score not in (0.0, 1.0):
                said = repr(label[:80]) if score is None else f"{score:g}"
                raise Unfit("score", f"{name} is true or false: give score as true or false (1 or 0), not {said}")
            return evaluation._replace(score=score)
        case "text":
            if score is not None:
                raise Unfit("score", f"{name} is a text: say it in comment or explanation, without a score")
    return evaluation
