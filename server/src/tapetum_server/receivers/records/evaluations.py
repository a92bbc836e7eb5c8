"""What an evaluation must look like, and what is wrong with one that does not."""

from __future__ import annotations

from tapetum_server.receivers.records import fields
from tapetum_server.receivers.records.fields import Given, Wrong
from tapetum_server.signals.evaluations import SOURCES, TARGET_TYPES, Evaluation, EvaluationBatch
from tapetum_server.signals.scores import Definitions, Unfit, fitted, undefined

MAX_EVALUATIONS = 10_000
"""In one request."""
MAX_NAME_BYTES = 256
"""Of a name, a slice and an evaluator."""
MAX_ID_BYTES = 512
MAX_LABEL_BYTES = 1_024
MAX_TEXT_BYTES = 16 * 1024
"""Of an explanation and a comment."""
MAX_OUTPUT_BYTES = 256 * 1024
"""Of an expected output."""
FIELDS = (
    "name", "score", "label", "comment", "explanation", "expected_output", "target_type", "target_id", "trace_id",
    "span_id", "session_id", "prediction_id", "response_id", "slice", "lower", "upper", "threshold", "evaluator",
    "source", "time", "evaluation_id", "withdrawn", "attributes",
)  # fmt: skip
_SAYS = ("score", "label", "comment", "explanation", "expected_output")


def keep_evaluation(batch: EvaluationBatch, given: object, definitions: Definitions = undefined) -> None:
    """Put one evaluation at the end of `batch`, which must be as its score is defined. Raises `Wrong`."""
    told = fields.object_of(given, "an evaluation", FIELDS, "put it into attributes")
    name = fields.text(told, "name", MAX_NAME_BYTES).strip()
    if not name:
        raise Wrong("name", "name says what is evaluated, such as correctness or feedback")
    source = fields.chosen(told, "source", SOURCES, "code")
    evaluator = fields.text(told, "evaluator", MAX_NAME_BYTES)
    if source == "human" and not evaluator:
        # A reviewer in the browser need not be asked: the key knows.
        evaluator = batch.sender
    score, truth = _score(told)
    trace_id, span_id = fields.hexadecimal(told, "trace_id", 32), fields.hexadecimal(told, "span_id", 16)
    if span_id and not trace_id:
        raise Wrong("trace_id", "a span is named by its trace_id and its span_id")
    response_id = fields.text(told, "response_id", MAX_ID_BYTES)
    target_type, target_id = _target(told, trace_id, span_id, response_id)
    evaluation = Evaluation(
        name=name,
        target_type=target_type,
        target_id=target_id,
        evaluation_id=fields.text(told, "evaluation_id", MAX_ID_BYTES),
        time_unix_nano=fields.time(told),
        trace_id=target_id if target_type == "trace" else trace_id,
        span_id=target_id if target_type == "span" else span_id,
        response_id=response_id,
        slice=fields.text(told, "slice", MAX_NAME_BYTES),
        score=score,
        label=fields.text(told, "label", MAX_LABEL_BYTES) or truth,
        lower=fields.number(told, "lower"),
        upper=fields.number(told, "upper"),
        threshold=fields.number(told, "threshold"),
        explanation=fields.text(told, "explanation", MAX_TEXT_BYTES),
        comment=fields.text(told, "comment", MAX_TEXT_BYTES),
        expected_output=_output(told),
        evaluator=evaluator,
        source=source,
        withdrawn=fields.flag(told, "withdrawn"),
        attributes=fields.attributes(told, "attributes", "an evaluation"),
    )
    says = score is not None or any(getattr(evaluation, said) for said in _SAYS[1:])
    if not evaluation.withdrawn and not says:
        raise Wrong("score", f"an evaluation says something: at least one of {', '.join(_SAYS)}")
    try:
        batch.append(fitted(evaluation, definitions(batch.project, name)))
    except Unfit as unfit:
        raise Wrong(unfit.field, str(unfit)) from unfit


def _score(told: Given) -> tuple[float | None, str]:
    """The score, and the label that a truth value is."""
    value = told.get("score")
    if isinstance(value, bool):
        return float(value), str(value).lower()
    return fields.number(told, "score"), ""


def _output(told: Given) -> str:
    """An expected output: a text, or anything else as JSON."""
    value = told.get("expected_output")
    if value is None or isinstance(value, str):
        return fields.text(told, "expected_output", MAX_OUTPUT_BYTES)
    return fields.text({"expected_output": fields.json_of(value)}, "expected_output", MAX_OUTPUT_BYTES)


def _target(told: Given, trace_id: str, span_id: str, response_id: str) -> tuple[str, str]:
    """What it is about: as it says, else the nearest of what it names."""
    ids = {
        "span": span_id, "trace": trace_id, "session": fields.text(told, "session_id", MAX_ID_BYTES),
        "prediction": fields.text(told, "prediction_id", MAX_ID_BYTES),
    }  # fmt: skip
    if told.get("target_type") is None:
        if told.get("target_id") is not None:
            raise Wrong("target_type", f"target_type says what target_id names: {', '.join(TARGET_TYPES)}")
        for kind in ("span", "prediction", "session", "trace"):
            if ids[kind]:
                return kind, ids[kind]
        if response_id:
            return "span", ""
        raise Wrong(
            "trace_id",
            "an evaluation is about something: give trace_id, with span_id where it is one span, session_id, "
            "prediction_id, response_id, or target_type and target_id",
        )
    kind = fields.chosen(told, "target_type", TARGET_TYPES)
    target_id = fields.text(told, "target_id", MAX_ID_BYTES).strip() or ids.get(kind, "")
    if kind in ("span", "trace"):
        target_id = fields.hexadecimal({"target_id": target_id}, "target_id", 16 if kind == "span" else 32)
    if kind == "span" and not target_id and response_id:
        return "span", ""
    if not target_id:
        raise Wrong("target_id", f"target_id names the {kind} that is evaluated")
    if kind == "span" and not trace_id:
        raise Wrong("trace_id", "a span is named by its trace_id and its span_id")
    return kind, target_id
