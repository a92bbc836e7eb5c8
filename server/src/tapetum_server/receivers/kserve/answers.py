"""What of a response's row is the output, what a score, and what are the scores of classes: by name, else by shape."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from tapetum_server.receivers.kserve.tensors import Row

_OUTPUTS = (
    "label",
    "labels",
    "class",
    "classes",
    "predicted_class",
    "prediction",
    "predict",
    "output",
    "value",
    "target",
)
_SCORES = ("score", "proba", "probability", "confidence", "predicted_probability")
_ALL_SCORES = ("scores", "probabilities", "probas", "class_probabilities", "predict_proba")


@dataclass(slots=True)
class Answer:
    """What a model said of one row."""

    output: Any = None
    score: float | None = None
    scores: dict[str, float] = field(default_factory=dict)
    more: Row = field(default_factory=dict)
    """What is none of these."""


def answer_of(row: Row) -> Answer:
    """One row of a response. A vector of numbers from 0 to 1 that add up to 1 are the scores of classes."""
    found = Answer()
    vectors: dict[str, dict[str, Any]] = {}
    for name, value in row.items():
        plain = name.lower().rpartition("/")[2]
        stem, _, last = plain.rpartition("_")
        stem2, _, last2 = plain.rpartition(".")
        if plain in _OUTPUTS and found.output is None and not isinstance(value, list):
            found.output = value
        elif plain in _SCORES and found.score is None and _is_number(value):
            found.score = float(value)
        elif plain in _ALL_SCORES and isinstance(value, list):
            vectors.setdefault(plain, {}).update((str(i), inner) for i, inner in enumerate(value))
        elif stem2 in _ALL_SCORES and _is_number(value):
            vectors.setdefault(stem2, {})[last2] = value
        elif stem and last.isdigit() and _is_number(value):
            vectors.setdefault(stem, {})[last] = value
        else:
            found.more[name] = value
    for name, vector in vectors.items():
        if not found.scores and (name in _ALL_SCORES or name in _SCORES or _adds_up(vector)):
            found.scores = {key: float(value) for key, value in vector.items() if _is_number(value)}
        else:
            found.more.update((f"{name}_{key}", value) for key, value in vector.items())
    if found.scores and found.output is None:
        found.output = max(found.scores, key=lambda key: found.scores[key])
    if found.output is None and len(found.more) == 1:
        (name,) = found.more
        found.output = found.more.pop(name)
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _adds_up(vector: dict[str, Any]) -> bool:
    values = [float(value) for value in vector.values() if _is_number(value)]
    return len(values) > 1 and all(0 <= v <= 1 for v in values) and math.isclose(sum(values), 1.0, abs_tol=1e-3)
