"""One evaluation as a convention says it, into ours: never refused, but what cannot be is kept raw and flagged."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from tapetum_server.signals.attributes import AttributeValue, encode_text
from tapetum_server.signals.evaluations import STANDING_SOURCES, Evaluation
from tapetum_server.signals.scores import Definitions, Unfit, fitted

MAX_NAME, MAX_LABEL, MAX_TEXT, MAX_ID = 256, 1_024, 16_384, 512
MAX_JSON = 1 << 20
MAX_ATTRIBUTES, MAX_VALUE = 16, 4_096
UNNAMED = "unnamed"
_SOURCES = {
    "human": "human", "llm": "llm", "llm_judge": "llm", "ai_judge": "llm", "model": "llm", "code": "code",
    "rule": "code", "user": "user", "end_user": "user",
}  # fmt: skip


class Target(NamedTuple):
    """What an evaluation is about, and what else is known of that."""

    kind: str
    id: str = ""
    trace_id: str = ""
    span_id: str = ""
    response_id: str = ""


class Said(NamedTuple):
    """What a convention says, before anything is checked. Values are as they were sent."""

    found_in: str
    """The convention."""
    carrier: str
    """What carried it, the same when it is delivered again."""
    target: Target
    time_unix_nano: int
    name: AttributeValue
    score: AttributeValue = None
    label: AttributeValue = None
    explanation: AttributeValue = None
    expected: AttributeValue = None
    source: str = "code"
    evaluator: AttributeValue = ""
    identity: str = ""
    """Where the convention names the evaluation, so that it can be said again."""
    error: AttributeValue = None
    """What kept the evaluator from judging."""
    withdrawn: bool = False
    attributes: Mapping[str, AttributeValue] = {}


def evaluation_of(said: Said, project: str, definitions: Definitions) -> Evaluation:
    """The evaluation; `problem` says what is wrong with it, `raw` has the score or label that could not be."""
    name = _text(said.name, MAX_NAME).strip()
    score, word, raw = _score(said.score)
    problem = f"score is no number: {raw[:80]}" if raw else ""
    if said.error is not None:
        problem = f"the evaluator failed: {_text(said.error, 200)}"
    if not name:
        problem = problem or "it has no name"
    explanation = _text(said.explanation, MAX_TEXT)
    evaluation = Evaluation(
        name=name or UNNAMED,
        target_type=said.target.kind,
        target_id=said.target.id[:MAX_ID],
        time_unix_nano=said.time_unix_nano,
        trace_id=said.target.trace_id,
        span_id=said.target.span_id,
        response_id=said.target.response_id[:MAX_ID],
        score=score,
        label=_text(said.label, MAX_LABEL) or word,
        explanation=explanation,
        expected_output=_text(said.expected, 256 * 1024),
        evaluator=_text(said.evaluator, MAX_NAME),
        source=said.source,
        withdrawn=said.withdrawn,
        attributes={
            key[:MAX_NAME]: encode_text(value)[:MAX_VALUE]
            for key, value in list(said.attributes.items())[:MAX_ATTRIBUTES]
        },
        found_in=said.found_in,
        problem=problem,
        raw=raw,
    )
    if not problem and not (score is not None or evaluation.label or explanation or evaluation.expected_output):
        evaluation = evaluation._replace(problem="it says no score, label or explanation")
    if said.identity:
        evaluation = evaluation._replace(evaluation_id=_digest(said.found_in, *said.target, name, said.identity))
    elif said.source in STANDING_SOURCES and not evaluation.evaluator:
        # Persons without a name are not one person: each carrier is an opinion of its own.
        evaluation = evaluation._replace(evaluation_id=_digest(said.found_in, said.carrier, name))
    try:
        return fitted(evaluation, definitions(project, evaluation.name))
    except Unfit as unfit:
        return _flagged(evaluation, unfit)


def source_of(kind: AttributeValue, otherwise: str = "code") -> str:
    """Who says so, by a convention's word for it."""
    return _SOURCES.get(kind.lower(), otherwise) if isinstance(kind, str) else otherwise


def object_of(value: AttributeValue) -> Mapping[str, Any] | None:
    """A mapping, also one that is written as JSON, also twice."""
    for _ in range(2):
        if isinstance(value, str) and value[:1] in '{"' and len(value) <= MAX_JSON:
            try:
                value = orjson.loads(value)
            except orjson.JSONDecodeError:
                return None
    return value if isinstance(value, Mapping) else None


def _score(value: AttributeValue) -> tuple[float | None, str, str]:
    """The number; the word where it is a truth value; the text of what is no number."""
    if value is None or value == "":
        return None, "", ""
    if isinstance(value, bool):
        return float(value), str(value).lower(), ""
    raw = encode_text(value)[:MAX_VALUE]
    try:
        number = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    return (number, "", "") if math.isfinite(number) else (None, "", raw)


def _flagged(evaluation: Evaluation, unfit: Unfit) -> Evaluation:
    # A score outside of its range would spoil every mean that it goes into.
    sent = evaluation.label if unfit.field == "label" else "" if evaluation.score is None else repr(evaluation.score)
    return evaluation._replace(
        score=None,
        label="" if unfit.field == "label" else evaluation.label,
        raw=evaluation.raw or sent,
        problem=evaluation.problem or str(unfit),
    )


def _text(value: AttributeValue, most: int) -> str:
    return "" if value is None else encode_text(value)[:most]


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\1".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
