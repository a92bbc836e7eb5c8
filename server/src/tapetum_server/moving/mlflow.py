"""MLflow: traces as JSON or as the table of `mlflow.search_traces`, `traces.json` of its artifacts, prompts."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from tapetum_server.moving import ids
from tapetum_server.moving.found import Evaluation, Event, Fields, Item, Prompt, Row, Skipped, Span
from tapetum_server.moving.index import Index
from tapetum_server.moving.prompt_texts import chat_messages, version_number
from tapetum_server.moving.texts import cut, short_attributes
from tapetum_server.moving.values import (
    as_json,
    as_text,
    is_nothing,
    iso,
    mapping,
    nanos,
    number,
    structured,
    text,
    without_nothing,
)  # fmt: skip

_SOURCES = {"HUMAN": "human", "LLM_JUDGE": "llm", "AI_JUDGE": "llm", "CODE": "code"}
# What MLflow keeps for itself, or cut short: the spans have it whole.
_OWN = {
    "mlflow.traceInputs", "mlflow.traceOutputs", "mlflow.trace.sizeStats", "mlflow.trace.sizeBytes",
    "mlflow.trace.infoFinalized", "mlflow.trace.spansLocation", "mlflow.artifactLocation",
    "mlflow.trace_schema.version", "mlflow.trace.tokenUsage", "mlflow.trace.cost", "mlflow.linkedPrompts",
}  # fmt: skip


class Mlflow:
    """Turns records of MLflow into spans with the attributes of MLflow's own tracing, evaluations and prompts."""

    title = "MLflow"

    def __init__(self, index: Index, service: str) -> None:
        self._service = service

    def note(self, row: Row) -> None:
        """Nothing: a trace of MLflow says all of it by itself."""

    def items(self, row: Row) -> Iterator[Item]:
        """What the record holds."""
        said = row.fields
        if "template" in said and "name" in said:
            yield _prompt(row)
            return
        if isinstance(held := said.get("traces"), list):
            for index, inner in enumerate(held):
                yield from self.items(Row(f"{row.place}.traces[{index}]", mapping(inner)))
            return
        if whole := mapping(said.get("trace")):
            said = whole
        info, data = mapping(said.get("info")), mapping(said.get("data"))
        spans = structured(data.get("spans", said.get("spans")))
        if not info and isinstance(spans, list):
            info = said
        if not isinstance(spans, list):
            yield Skipped(row.place, "is no trace or prompt of MLflow")
            return
        trace, above = "", _trace_attributes(info)
        for index, given in enumerate(spans):
            place = f"{row.place} span {index}" if len(spans) > 1 else row.place
            span = self._span(place, mapping(given), above, _service(info) or self._service)
            if isinstance(span, Span):
                trace = trace or span.trace_id
            yield span
        if not spans:
            yield Skipped(row.place, f"trace {_request_id(info)} has no spans")
        assessments = structured(info.get("assessments"))
        for given in assessments if isinstance(assessments, list) else ():
            yield _evaluation(row.place, without_nothing(mapping(given)), trace or _trace_of(_request_id(info)))

    def _span(self, place: str, said: Fields, above: Fields, service: str) -> Item:
        context = mapping(said.get("context"))  # until MLflow 2.21
        trace = _hex(said.get("trace_id") or context.get("trace_id"), 16)
        own = _hex(said.get("span_id") or context.get("span_id"), 8)
        parent = _hex(said.get("parent_span_id") or said.get("parent_id"), 8)
        start = nanos(said.get("start_time_unix_nano") or said.get("start_time"))
        if not (trace and own and start):
            return Skipped(place, "a span without trace_id, span_id and start time")
        attributes = {
            key: as_text(value) for key, value in mapping(said.get("attributes")).items() if not is_nothing(value)
        }
        for key in ("session", "user"):
            if name := above.get(f"mlflow.trace.{key}"):
                attributes.setdefault(f"mlflow.trace.{key}", name)
        if not parent:
            attributes = above | attributes
        status = mapping(said.get("status"))
        code = text(status.get("code") or said.get("status_code")).upper()
        return Span(
            place, trace, own, parent, text(said.get("name")) or "span", start,
            nanos(said.get("end_time_unix_nano") or said.get("end_time")), attributes,
            error=code.endswith("ERROR"), ok=code.endswith("OK"),
            message=text(status.get("message") or said.get("status_message")),
            events=[
                Event(text(event.get("name")), nanos(event.get("time_unix_nano") or event.get("timestamp")),
                      without_nothing(mapping(event.get("attributes"))))
                for event in structured(said.get("events")) or () if isinstance(event, dict)
            ],
            service=service, scope="mlflow",
        )  # fmt: skip


def _trace_attributes(info: Fields) -> Fields:
    """What the trace says beside its spans, for its root: tags and metadata, values as JSON like every other."""
    told = mapping(info.get("trace_metadata") or info.get("request_metadata"))
    tags = mapping(info.get("tags"))
    attributes: Fields = {
        key if key.startswith("mlflow.") else f"mlflow.traceMetadata.{key}": as_json(value)
        for key, value in told.items() if key not in _OWN and not is_nothing(value)
    } | {
        key if key.startswith("mlflow.") else f"mlflow.traceTag.{key}": as_json(value)
        for key, value in tags.items() if key not in _OWN and not is_nothing(value)
    }  # fmt: skip
    if request := text(info.get("client_request_id")):
        attributes["mlflow.clientRequestId"] = as_json(request)
    experiment = mapping(mapping(info.get("trace_location")).get("mlflow_experiment")).get("experiment_id")
    if experiment := text(experiment or info.get("experiment_id")):
        attributes["mlflow.experimentId"] = as_json(experiment)
    if prompts := tags.get("mlflow.linkedPrompts") or told.get("mlflow.linkedPrompts"):
        attributes["mlflow.linkedPrompts"] = as_text(prompts)
    return attributes


def _service(info: Fields) -> str:
    """The experiment's name, where the source knows it and somebody gave it."""
    name = text(info.get("experiment_name"))
    return "" if name == "Default" else name


def _request_id(info: Fields) -> str:
    return text(info.get("trace_id") or info.get("request_id"))


def _trace_of(request_id: str) -> str:
    """The trace's id of OpenTelemetry: what follows `tr-`."""
    return ids.trace_id(request_id.removeprefix("tr-"))


def _hex(value: Any, size: int) -> str:
    """An id in hex of `size` bytes, of base64 or of hex; "" where there is none."""
    given = text(value)
    if not given:
        return ""
    plain = given.removeprefix("0x").removeprefix("tr-")
    if len(plain) != 2 * size:
        try:
            decoded = base64.b64decode(given, validate=True)
        except (binascii.Error, ValueError):
            decoded = b""
        if len(decoded) == size:
            return decoded.hex()
    return ids.trace_id(plain) if size == 16 else ids.span_id(plain)


def _evaluation(place: str, said: Fields, trace: str) -> Item:
    name = text(said.get("assessment_name") or said.get("name"))
    source = mapping(said.get("source"))
    kind = text(source.get("source_type")).upper()
    feedback, expectation = mapping(said.get("feedback")), mapping(said.get("expectation"))
    if said.get("valid") is False:
        return Skipped(place, f"assessment {name!r} was replaced by a later one")
    if error := mapping(feedback.get("error") or said.get("error")):
        why = f"{text(error.get('error_code'))} {text(error.get('error_message'))}".strip()
        return Skipped(place, f"assessment {name!r} failed and says nothing: {why}"[:300])
    fields: Fields = {
        "name": name, "source": _SOURCES.get(kind, "code"), "trace_id": trace,
        "evaluation_id": f"mlflow:{text(said.get('assessment_id'))}",
    }  # fmt: skip
    if span := text(said.get("span_id")):
        fields["span_id"] = _hex(span, 8)
    if expectation:
        value = expectation.get("value")
        if value is None:
            value = structured(mapping(expectation.get("serialized_value")).get("value"))
        fields["expected_output"] = value
    else:
        value = feedback.get("value")
        if isinstance(value, bool):
            fields["score"] = value
        elif isinstance(value, int | float):
            fields["score"] = number(value)
        elif not is_nothing(value):
            fields["label"] = cut(as_text(value), 1_024)
    if rationale := cut(text(said.get("rationale"))):
        fields["comment" if kind == "HUMAN" else "explanation"] = rationale
    if author := text(source.get("source_id")):
        fields["evaluator"] = cut(author, 256)
    if moment := nanos(said.get("create_time") or said.get("create_time_ms")):
        fields["time"] = iso(moment)
    fields["attributes"] = short_attributes(mapping(said.get("metadata")))
    if not any(fields.get(key) is not None for key in ("score", "label", "comment", "explanation", "expected_output")):
        return Skipped(place, f"assessment {name!r} has no value")
    return Evaluation(place, fields)


def prompt_of_model(said: Fields) -> Fields:
    """A version of a registered model, which is how MLflow keeps a prompt, as `load_prompt` tells it."""
    tags = {text(tag.get("key")): text(tag.get("value")) for tag in said.get("tags") or ()}
    return {
        "name": said.get("name"), "version": said.get("version"), "commit_message": said.get("description"),
        "template": tags.get("mlflow.prompt.text", ""), "type": tags.get("_mlflow_prompt_type", ""),
        "model_config": tags.get("_mlflow_prompt_model_config"),
        "response_format": tags.get("_mlflow_prompt_response_format"), "aliases": said.get("aliases") or [],
    }  # fmt: skip


def _prompt(row: Row) -> Item:
    said = row.fields
    template = structured(said["template"]) if text(said.get("type")) != "text" else said["template"]
    prompt: str | list[dict[str, str]]
    if isinstance(template, list):
        told = chat_messages(template)
        if told is None:
            return Skipped(row.place, f"prompt {said['name']!r}: a message with a part that is no text")
        prompt = told
    else:
        prompt = as_text(said["template"])
    aliases = structured(said.get("aliases"))
    config = mapping(said.get("model_config"))
    if response_format := mapping(said.get("response_format")):
        config["response_format"] = response_format
    return Prompt(
        row.place, text(said["name"]), version_number(said.get("version")), prompt, config,
        [text(alias) for alias in aliases] if isinstance(aliases, list) else [],
        text(said.get("commit_message")), text(said.get("description")) or None,
    )  # fmt: skip
