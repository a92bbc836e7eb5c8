"""Scores of Langfuse as evaluations."""

from __future__ import annotations

from tapetum_server.moving import ids
from tapetum_server.moving.found import Evaluation, Fields, Row, Skipped
from tapetum_server.moving.texts import cut, short_attributes
from tapetum_server.moving.values import is_nothing, iso, mapping, nanos, number, text

_SOURCES = {"API": "code", "EVAL": "llm", "ANNOTATION": "human"}


def evaluation_of(row: Row) -> Evaluation | Skipped:
    """The evaluation that a score is."""
    said = row.fields
    about = _target(said)
    if about is None:
        return Skipped(row.place, f"score {text(said['name'])!r} belongs to no trace or session that is exported")
    source = text(said.get("source")).upper()
    comment = cut(text(said.get("comment")))
    fields: Fields = {
        "name": text(said["name"]), "source": _SOURCES.get(source, "code"),
        "evaluation_id": f"langfuse:{text(said['id'])}", **about,
        **_said(said),
    }  # fmt: skip
    if comment:
        fields["explanation" if source == "EVAL" else "comment"] = comment
    if author := text(said.get("author_user_id")):
        fields["evaluator"] = author
    elif source == "ANNOTATION":
        fields["evaluator"] = "langfuse"
    if moment := nanos(said.get("timestamp")) or nanos(said.get("created_at")):
        fields["time"] = iso(moment)
    attributes = mapping(said.get("metadata")) | {
        f"langfuse.score.{key}": said[key]
        for key in ("source", "data_type", "config_id", "queue_id", "environment")
        if not is_nothing(said.get(key))
    }
    fields["attributes"] = short_attributes(attributes)
    if not any(fields.get(key) is not None for key in ("score", "label", "comment", "explanation", "expected_output")):
        return Skipped(row.place, f"score {text(said['name'])!r} has no value")
    return Evaluation(row.place, fields)


def _said(said: Fields) -> Fields:
    """Score, label, text or correction, by the score's type."""
    value, words, called = said.get("value"), text(said.get("string_value")), text(said.get("data_type")).upper()
    if called == "CORRECTION":
        return {"expected_output": words or text(value)}
    if called == "TEXT":
        return {"comment": cut(words or text(value))}
    if called == "CATEGORICAL" or (not called and words):
        # Its number is the category's place in a list, or 0 without one: no average of it means anything.
        return {"label": cut(words or text(value), 1_024)}
    if called == "BOOLEAN":
        truth = number(value) if not isinstance(value, bool) else float(value)
        if truth is None:
            truth = {"true": 1.0, "false": 0.0}.get((words or text(value)).lower())
        return {} if truth is None else {"score": bool(truth)}
    found = number(value)
    return {} if found is None else {"score": found}


def _target(said: Fields) -> Fields | None:
    subject = mapping(said.get("subject"))
    kind, own = text(subject.get("kind")), text(subject.get("id"))
    observation = own if kind == "observation" else text(said.get("observation_id"))
    trace = own if kind == "trace" else text(subject.get("traceId")) or text(said.get("trace_id"))
    session = own if kind == "session" else text(said.get("session_id"))
    if trace and observation:
        return {"trace_id": ids.trace_id(trace), "span_id": ids.span_id(observation)}
    if trace:
        return {"trace_id": ids.trace_id(trace)}
    return {"session_id": session} if session else None
