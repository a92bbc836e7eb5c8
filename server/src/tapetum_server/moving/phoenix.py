"""Phoenix: data frames of spans and annotations as Parquet, CSV or JSON, answers of its REST API, trace datasets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tapetum_server.moving import ids
from tapetum_server.moving.found import Evaluation, Event, Fields, Item, Prompt, Row, Skipped, Span
from tapetum_server.moving.index import Index
from tapetum_server.moving.otlp import value_of
from tapetum_server.moving.prompt_texts import braced, chat_messages, version_number
from tapetum_server.moving.texts import cut, short_attributes
from tapetum_server.moving.values import (
    as_json,
    is_nothing,
    iso,
    leaves,
    mapping,
    nanos,
    number,
    structured,
    text,
    without_nothing,
)  # fmt: skip

_SOURCES = {"LLM": "llm", "CODE": "code", "HUMAN": "human"}
# OpenInference sends these as JSON texts; Phoenix keeps what they say.
_JSON_TEXTS = ("metadata", "llm.prompt_template.variables", "document.metadata", "tool.parameters")


class Phoenix:
    """Turns records of Phoenix into spans with OpenInference's attributes, evaluations and prompts."""

    title = "Phoenix"

    def __init__(self, index: Index, service: str) -> None:
        self._index = index
        self._service = service

    def note(self, row: Row) -> None:
        """Remember which trace a span is of: annotations name the span alone."""
        for inner in _expanded(row):
            if _sort_of(inner.fields) == "span":
                trace, span = _context(inner.fields)
                self._index.note_span(trace, span, root=False, start=0, end=0)

    def items(self, row: Row) -> Iterator[Item]:
        """What the record holds."""
        for inner in _expanded(row):
            match _sort_of(inner.fields):
                case "span":
                    yield self._span(inner)
                case "annotation":
                    yield self._annotation(inner)
                case "prompt":
                    yield _prompt(inner)
                case "prompt without name":
                    yield Skipped(inner.place, "a prompt's version that does not say of which prompt it is")
                case "span in brief":
                    yield Skipped(inner.place, "a span without its attributes: export spans instead of traces")
                case _:
                    yield Skipped(inner.place, "is no span, annotation or prompt of Phoenix")

    def _span(self, row: Row) -> Item:
        said = row.fields
        trace, span = _context(said)
        start = nanos(said.get("start_time") or said.get("start_time_unix_nano"))
        if not start:
            return Skipped(row.place, "start_time is no time")
        attributes = attributes_of(said)
        kind = text(said.get("span_kind")).upper()
        if kind not in ("", "UNKNOWN") and not kind.startswith("SPAN_KIND"):
            attributes.setdefault("openinference.span.kind", kind)
        status = said.get("status") if isinstance(said.get("status"), dict) else {}
        code = text(said.get("status_code") or (status or {}).get("code")).upper()
        return Span(
            row.place, ids.trace_id(trace), ids.span_id(span),
            ids.span_id(above) if (above := text(said.get("parent_id") or said.get("parent_span_id"))) else "",
            text(said.get("name")) or "span", start, nanos(said.get("end_time") or said.get("end_time_unix_nano")),
            attributes, error=code in ("ERROR", "2", "STATUS_CODE_ERROR"), ok=code in ("OK", "1", "STATUS_CODE_OK"),
            message=text(said.get("status_message") or (status or {}).get("message")),
            events=_events(said.get("events")),
            service=text(said.get("project")) or self._service,
        )  # fmt: skip

    def _annotation(self, row: Row) -> Item:
        said = row.fields
        result = mapping(said.get("result")) | {
            key: value for key in ("label", "score", "explanation")
            if not is_nothing(value := said.get(f"result.{key}", said.get(key)))
        }  # fmt: skip
        about: Fields
        name = text(said.get("annotation_name") or said.get("name"))
        if session := text(said.get("session_id")):
            about = {"session_id": session}
        elif span := text(said.get("span_id") or said.get("context.span_id")):
            trace = text(said.get("trace_id")) or self._index.trace_of(span)
            if not trace:
                return Skipped(row.place, f"{name!r} is about span {span}, which is not in what was given: give both")
            about = {"trace_id": ids.trace_id(trace), "span_id": ids.span_id(span)}
        else:
            about = {"trace_id": ids.trace_id(text(said["trace_id"]))}
        kind = text(said.get("annotator_kind")).upper()
        explanation = cut(text(result.get("explanation")))
        fields: Fields = {"name": name, "source": _SOURCES.get(kind, "code"), **about}
        if (score := number(result.get("score"))) is not None:
            fields["score"] = score
        if label := text(result.get("label")):
            fields["label"] = cut(label, 1_024)
        if explanation:
            fields["comment" if kind == "HUMAN" else "explanation"] = explanation
        if len(fields) == len(about) + 2:
            return Skipped(row.place, f"{name!r} has no score, label or explanation")
        if own := text(said.get("id")):
            fields["evaluation_id"] = f"phoenix:{own}"
        author = text(said.get("user_name") or said.get("user_id") or said.get("identifier"))
        if author or kind == "HUMAN":
            fields["evaluator"] = cut(author or "phoenix", 256)
        if moment := nanos(said.get("created_at")):
            fields["time"] = iso(moment)
        more = mapping(said.get("metadata")) | {
            key: said[key] for key in ("identifier", "document_position") if not is_nothing(said.get(key))
        }
        fields["attributes"] = short_attributes(more)
        return Evaluation(row.place, fields)


def attributes_of(said: Fields) -> Fields:
    """The attributes as OpenInference sends them: flat keys, numbered members of lists, some values as JSON texts."""
    given = said.get("attributes")
    nested: Any
    if isinstance(given, list):  # OTLP's key and value pairs
        nested = {
            pair["key"]: value_of(pair.get("value")) for pair in given if isinstance(pair, dict) and "key" in pair
        }
    else:
        nested = mapping(given) | {
            key.removeprefix("attributes."): _cell(value)
            for key, value in said.items() if key.startswith("attributes.")
        }  # fmt: skip
    attributes: Fields = {}
    texts: dict[str, Fields] = {}
    for key, value in leaves("", without_nothing(nested)):
        if (at := _json_text(key)) is not None:
            prefix, rest = at
            texts.setdefault(prefix, {})[rest] = value
        elif value != {}:
            attributes[key] = _whole(key, value)
    for key, members in texts.items():
        attributes[key] = as_json(_nested(members))
    return attributes


def _json_text(key: str) -> tuple[str, str] | None:
    """Whether a leaf is within a value that is sent as JSON: that value's key, and the leaf's path within."""
    for name in _JSON_TEXTS:
        if key.startswith(f"{name}."):
            return name, key[len(name) + 1 :]
        if f".{name}." in key:
            before, after = key.split(f".{name}.", 1)
            return f"{before}.{name}", after
    return None


def _nested(members: Fields) -> Fields:
    """Dotted paths back in their places."""
    tree: Fields = {}
    for path, value in members.items():
        *above, last = path.split(".")
        at = tree
        for step in above:
            inner = at.setdefault(step, {})
            if not isinstance(inner, dict):
                break
            at = inner
        else:
            at[last] = value
    return tree


def _cell(value: Any) -> Any:
    """A data frame's cell. Of texts only Python's own lists and objects are read, which CSV makes of them."""
    if isinstance(value, str) and value.startswith(("[{'", "{'", "['")):
        return structured(value)
    return value


def _whole(key: str, value: Any) -> Any:
    """Counts that a data frame has made 3.0, or CSV "3.0", are 3 again."""
    if ".token_count." in key and (count := number(value)) is not None and count == int(count):
        return int(count)
    if key.startswith("llm.cost.") and isinstance(value, str) and (cost := number(value)) is not None:
        return cost
    return value


def _events(given: Any) -> list[Event]:
    events = []
    told = structured(given)
    for event in told if isinstance(told, list) else ():
        if not isinstance(event, dict):
            continue
        said = event.get("attributes")
        attributes = (
            {pair["key"]: value_of(pair.get("value")) for pair in said} if isinstance(said, list)
            else dict(leaves("", without_nothing(said or {})))
        )  # fmt: skip
        attributes.pop("", None)
        moment = nanos(event.get("timestamp") or event.get("time_unix_nano"))
        events.append(Event(text(event.get("name")), moment, attributes))
    return events


def _expanded(row: Row) -> Iterator[Row]:
    """A page of the API, or a trace of its command line, as its records."""
    for key in ("data", "spans"):
        if isinstance(held := row.fields.get(key), list):
            above = {k: row.fields[k] for k in ("trace_id",) if k in row.fields}
            for index, inner in enumerate(held):
                if isinstance(inner, dict):
                    yield from _expanded(Row(f"{row.place}.{key}[{index}]", above | inner))
            return
    yield row


def _context(said: Fields) -> tuple[str, str]:
    context = mapping(said.get("context"))
    trace, span = (
        text(said.get(f"context.{key}") or context.get(key) or said.get(key)) for key in ("trace_id", "span_id")
    )
    return trace, span


def _sort_of(said: Fields) -> str:
    """What a record is."""
    if "annotator_kind" in said and ("annotation_name" in said or "name" in said):
        return "annotation"
    has_attributes = "attributes" in said or any(key.startswith("attributes.") for key in said)
    if ("start_time" in said or "start_time_unix_nano" in said) and has_attributes and all(_context(said)):
        return "span"
    if "start_time" in said and "span_id" in said:
        return "span in brief"
    if "template" in said and "template_type" in said:
        return "prompt" if "name" in said else "prompt without name"
    return ""


def _prompt(row: Row) -> Item:
    said = row.fields
    template = mapping(said.get("template"))
    prompt: str | list[dict[str, str]]
    if isinstance(messages := template.get("messages"), list):
        told = chat_messages(messages)
        if told is None:
            return Skipped(row.place, f"prompt {said['name']!r}: a message with a part that is no text")
        prompt = told
    else:
        prompt = text(template.get("template"))
    if text(said.get("template_format")).upper() == "F_STRING":
        prompt = braced(prompt) if isinstance(prompt, str) else [
            message | {"content": braced(message["content"])} for message in prompt
        ]  # fmt: skip
    config: Fields = {key: said[key] for key in ("model_provider", "model_name") if not is_nothing(said.get(key))}
    parameters = mapping(said.get("invocation_parameters"))
    config |= mapping(parameters.get(text(parameters.get("type")))) or {
        key: value for key, value in parameters.items() if key != "type" and not isinstance(value, dict)
    }
    config |= {key: told for key in ("tools", "response_format") if (told := structured(said.get(key)))}
    return Prompt(
        row.place, text(said["name"]), version_number(said.get("version")), prompt, config,
        [text(label) for label in said.get("labels") or ()], text(said.get("description")),
        text(said.get("prompt_description")) or None,
    )  # fmt: skip
