"""Langfuse: files of the UI's and the blob storage's export, answers of its public API, a trace's downloaded JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tapetum_server.moving import ids, langfuse_scores
from tapetum_server.moving.found import Fields, Item, Prompt, Row, Skipped, Span
from tapetum_server.moving.index import Index, TraceSeen
from tapetum_server.moving.prompt_texts import chat_messages, registry_name, version_number
from tapetum_server.moving.values import as_json, as_text, is_nothing, iso, mapping, nanos, number, structured, text

_TYPES = {
    "SPAN", "GENERATION", "EVENT", "AGENT", "TOOL", "CHAIN", "RETRIEVER", "EVALUATOR", "EMBEDDING", "GUARDRAIL",
}  # fmt: skip
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OF_TRACE = ("user_id", "session_id", "trace_name", "tags", "release", "environment", "version", "public", "metadata",
             "input", "output", "timestamp", "latency")  # fmt: skip
# Langfuse keeps the attributes of a span that came by OpenTelemetry under this key; it has no field for the provider.
_PROVIDER = ("gen_ai.provider.name", "gen_ai.system")


class Langfuse:
    """Turns records of Langfuse into spans with the attributes of Langfuse's own SDK, evaluations and prompts."""

    title = "Langfuse"

    def __init__(self, index: Index, service: str) -> None:
        self._index = index
        self._service = service

    def note(self, row: Row) -> None:
        """Remember what later records need: a trace's own fields, and how many roots it has."""
        for inner in _expanded(row):
            said = inner.fields
            match _sort_of(said):
                case "trace":
                    kept = {key: said[key] for key in _OF_TRACE if not is_nothing(said.get(key))}
                    if not is_nothing(said.get("name")):
                        kept["trace_name"] = said["name"]
                    self._index.note_trace(text(said["id"]), kept)
                case "observation":
                    self._index.note_span(
                        text(said["trace_id"]), text(said["id"]), root=is_nothing(said.get("parent_observation_id")),
                        start=nanos(said.get("start_time")), end=nanos(said.get("end_time")),
                    )  # fmt: skip

    def items(self, row: Row) -> Iterator[Item]:
        """What the record holds."""
        found = False
        for inner in _expanded(row):
            found = True
            match _sort_of(inner.fields):
                case "trace":
                    yield from self._trace(inner)
                case "observation":
                    yield self._observation(inner)
                case "score":
                    yield langfuse_scores.evaluation_of(inner)
                case "prompt":
                    yield _prompt(inner)
                case "prompt list":
                    yield Skipped(inner.place, "names a prompt without its text: fetch /api/public/v2/prompts/NAME")
                case _:
                    yield Skipped(inner.place, "is no trace, observation, score or prompt of Langfuse")
        if not found:
            yield Skipped(row.place, "holds no records")

    def _trace(self, row: Row) -> Iterator[Item]:
        """A span of its own for a trace that no single observation stands for."""
        said = row.fields
        seen = self._index.trace(text(said["id"]))
        if seen.roots == 1:
            return
        start = nanos(said.get("timestamp"))
        if not start:
            yield Skipped(row.place, "has no timestamp")
            return
        last = seen.last or start + round((number(said.get("latency")) or 0) * 10**9)
        attributes = {"langfuse.observation.type": "span"} | _trace_attributes(seen)
        attributes["langfuse.trace.id"] = text(said["id"])
        yield Span(
            row.place, ids.trace_id(text(said["id"])), _span_of_trace(text(said["id"])), "",
            text(said.get("name")) or "trace", min(start, seen.first or start), max(last, start), attributes,
            service=self._service, scope="langfuse-sdk",
        )  # fmt: skip

    def _observation(self, row: Row) -> Item:
        said = row.fields
        start = nanos(said.get("start_time"))
        if not start:
            return Skipped(row.place, f"start_time {said.get('start_time')!r} is no time")
        trace, own, above = text(said["trace_id"]), text(said["id"]), text(said.get("parent_observation_id"))
        seen = self._index.trace(trace)
        metadata = mapping(said.get("metadata"))
        attributes = _trace_attributes(seen, said, is_root=not above and seen.roots == 1)
        attributes |= {f"langfuse.observation.metadata.{key}": as_text(value) for key, value in metadata.items()
                       if not is_nothing(value)}  # fmt: skip
        if not metadata and not is_nothing(said.get("metadata")):
            attributes["langfuse.observation.metadata"] = as_text(said["metadata"])
        attributes |= _observation_attributes(said)
        sent = mapping(metadata.get("attributes"))
        attributes |= {key: text(sent[key]) for key in _PROVIDER if not is_nothing(sent.get(key))}
        attributes |= {"langfuse.trace.id": trace, "langfuse.observation.id": own}
        if above:
            parent = ids.span_id(above)
        else:
            parent = _span_of_trace(trace) if seen.said and seen.roots > 1 else ""
        resource, scope = mapping(metadata.get("resourceAttributes")), mapping(metadata.get("scope"))
        level = text(said.get("level")).upper()
        end = nanos(said.get("end_time")) or (start if text(said["type"]).upper() == "EVENT" else 0)
        return Span(
            row.place, ids.trace_id(trace), ids.span_id(own), parent, text(said.get("name")) or text(said["type"]),
            start, end, attributes, error=level == "ERROR", message=text(said.get("status_message")),
            service=text(resource.get("service.name")) or self._service,
            scope=text(scope.get("name")) or "langfuse-sdk", scope_version=text(scope.get("version")),
        )  # fmt: skip


def _span_of_trace(trace: str) -> str:
    """The id of the span that stands for a trace."""
    return ids.span_id(f"t-{trace}")


def _trace_attributes(seen: TraceSeen, said: Fields | None = None, *, is_root: bool = True) -> Fields:
    """What the SDK says of the trace: who and which session on every span, the rest on its root.

    An observation of the enriched export says it itself; where it does not, the trace's own record counts.
    """
    both = (
        seen.said | {key: value for key, value in (said or {}).items() if not is_nothing(value)} if said else seen.said
    )
    attributes: Fields = {
        key: text(both[name])
        for key, name in (
            ("user.id", "user_id"), ("session.id", "session_id"), ("langfuse.environment", "environment"),
            ("langfuse.release", "release"), ("langfuse.version", "version"),
        )
        if not is_nothing(both.get(name))
    }  # fmt: skip
    if isinstance(tags := structured(both.get("tags")), list) and tags:
        attributes["langfuse.trace.tags"] = [text(tag) for tag in tags]
    if not is_nothing(both.get("trace_name")):
        attributes["langfuse.trace.name"] = text(both["trace_name"])
    if is_root:
        attributes |= {f"langfuse.trace.{part}": as_text(seen.said[part]) for part in ("input", "output")
                       if not is_nothing(seen.said.get(part))}  # fmt: skip
        metadata = mapping(seen.said.get("metadata"))
        attributes |= {f"langfuse.trace.metadata.{key}": as_text(value) for key, value in metadata.items()
                       if not is_nothing(value)}  # fmt: skip
    return attributes


def _observation_attributes(said: Fields) -> Fields:
    attributes: Fields = {"langfuse.observation.type": text(said["type"]).lower()}
    for key, names in (
        ("input", ("input",)), ("output", ("output",)), ("level", ("level",)), ("status_message", ("status_message",)),
        ("model.name", ("provided_model_name", "model")), ("model.parameters", ("model_parameters",)),
        ("prompt.name", ("prompt_name",)), ("prompt.version", ("prompt_version",)),
    ):  # fmt: skip
        value = next((said[name] for name in names if not is_nothing(said.get(name))), None)
        if value is not None and value not in ({}, []):
            attributes[f"langfuse.observation.{key}"] = as_text(value)
    if name := attributes.get("langfuse.observation.prompt.name"):
        attributes["langfuse.observation.prompt.name"] = registry_name(name) or name
    if version := attributes.get("langfuse.observation.prompt.version"):
        attributes["langfuse.observation.prompt.version"] = version.removesuffix(".0")
    if usage := _usage(said):
        attributes["langfuse.observation.usage_details"] = as_json(usage)
    if costs := _costs(said):
        attributes["langfuse.observation.cost_details"] = as_json(costs)
    if begun := nanos(said.get("completion_start_time")):
        attributes["langfuse.observation.completion_start_time"] = f'"{iso(begun)}"'
    for key in ("tool_calls", "tool_definitions"):
        if (value := structured(said.get(key))) not in (None, "", [], {}):
            attributes[f"langfuse.observation.{key}"] = as_text(value)
    return attributes


def _usage(said: Fields) -> dict[str, int]:
    """Counts by Langfuse's names; older answers have `usage` with other ones."""
    counts = {key: int(count) for key, value in mapping(said.get("usage_details")).items()
              if (count := number(value)) is not None}  # fmt: skip
    if counts:
        return counts
    older = {_snake(key): number(value) for key, value in mapping(said.get("usage")).items()}
    for name, others in (
        ("input", ("prompt_tokens", "input_tokens")), ("output", ("completion_tokens", "output_tokens")),
        ("total", ("total_tokens",)),
    ):  # fmt: skip
        told = [older.get(other) for other in (name, *others)] + [number(said.get(other)) for other in others]
        if (count := next((count for count in told if count), None)) is not None:
            counts[name] = int(count)
    return counts


def _costs(said: Fields) -> dict[str, float]:
    costs = {
        key: cost for key, value in mapping(said.get("cost_details")).items() if (cost := number(value)) is not None
    }
    if "total" not in costs:
        total = next((cost for key in ("total_cost", "calculated_total_cost") if (cost := number(said.get(key)))), None)
        if total is None and costs:
            total = sum(costs.values())
        if total is not None:
            costs["total"] = total
    return costs


def _expanded(row: Row) -> Iterator[Row]:
    """A page of the API as its records, a trace with its observations and scores, any other record as it is."""
    said = {_snake(key): value for key, value in row.fields.items()}
    if isinstance(said.get("data"), list):
        for index, inner in enumerate(said["data"]):
            if isinstance(inner, dict):
                yield from _expanded(Row(f"{row.place}.data[{index}]", inner))
        return
    if isinstance(alone := said.get("trace"), dict):
        said = {_snake(key): value for key, value in alone.items()} | {
            key: said[key] for key in ("observations", "scores") if key in said
        }
    own = text(said.get("id"))
    for key in ("observations", "scores"):
        for index, inner in enumerate(held if isinstance(held := said.get(key), list) else ()):
            if isinstance(inner, dict):  # lists of ids stand for records that are elsewhere
                fields = {_snake(name): value for name, value in inner.items()}
                yield Row(f"{row.place}.{key}[{index}]", {"trace_id": own} | fields)
    yield Row(row.place, said)


def _sort_of(said: Fields) -> str:
    """Which table a record is of."""
    has = {key for key, value in said.items() if not is_nothing(value)}
    if {"id", "trace_id", "start_time", "type"} <= has and text(said["type"]).upper() in _TYPES:
        return "observation"
    if {"name", "version", "prompt"} <= has:
        return "prompt"
    if {"name", "versions"} <= has:
        return "prompt list"
    if {"id", "name"} <= has and ({"data_type", "value", "string_value"} & has) and ({"source", "timestamp"} & has):
        return "score"
    return "trace" if {"id", "timestamp"} <= has else ""


def _prompt(row: Row) -> Item:
    said = row.fields
    told = said["prompt"]
    if text(said.get("type")).lower() != "text":
        told = structured(told)
    prompt: str | list[dict[str, str]]
    if isinstance(told, list):
        messages = chat_messages(told)
        if messages is None:
            return Skipped(row.place, f"prompt {said['name']!r}: a message with a role or content that is not known")
        prompt = messages
    else:
        prompt = as_text(told)
    tags = structured(said.get("tags"))
    labels = structured(said.get("labels"))
    return Prompt(
        row.place, text(said["name"]), version_number(said.get("version")), prompt,
        mapping(said.get("config")), [text(label) for label in labels] if isinstance(labels, list) else [],
        text(said.get("commit_message")),
        f"Tags: {', '.join(map(text, tags))}" if isinstance(tags, list) and tags else None,
    )  # fmt: skip


def _snake(key: Any) -> str:
    return _CAMEL.sub("_", str(key)).lower()
