"""OpenInference: `annotations.N.annotation.*`, `evaluations.N.evaluation.*` and those of traces and sessions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from tapetum_server.processors.evaluations.reading import MAX_JSON, Said, Target, object_of, source_of
from tapetum_server.signals.attributes import AttributeValue

MAX_OF_ONE = 100
"""Evaluations of one form that a span carries."""
_FORMS = tuple(
    (scope, f"{prefix}{form}s.", f".{form}.")
    for scope, prefix in (("span", ""), ("trace", "trace."), ("session", "session."))
    for form in ("annotation", "evaluation")
)
FIRST = tuple(f"{start}0{middle}name" for _, start, middle in _FORMS)
"""Where there is none of these, there is nothing: numbers begin at 0."""


def said_by(
    attributes: Mapping[str, AttributeValue], targets: Mapping[str, Target], carrier: str, time_unix_nano: int
) -> Iterator[Said]:
    """What a span's attributes say, by the scope that each is about. Both forms of one result are one."""
    seen = set()
    for scope, start, middle in _FORMS:
        for index in range(MAX_OF_ONE):
            at = f"{start}{index}{middle}"
            if f"{at}name" not in attributes:
                break

            def told(field: str, at: str = at) -> AttributeValue:
                return attributes.get(at + field)

            kind = told("annotator_kind")
            identity = told("identifier")
            said = Said(
                found_in="openinference",
                carrier=f"{carrier} {scope}",
                target=targets[scope],
                time_unix_nano=time_unix_nano,
                name=told("name"),
                score=told("score"),
                label=told("label"),
                explanation=told("explanation"),
                source=source_of(kind),
                evaluator=identity or "",
                identity=identity if isinstance(identity, str) else "",
                attributes=_metadata(told("metadata"), kind),
            )
            what = repr(said)
            if what not in seen:
                seen.add(what)
                yield said


def output_said(output: str, name: str, target: Target, carrier: str, time_unix_nano: int) -> Iterator[Said]:
    """What an evaluator's span answered, where that is a score or a list of scores as JSON."""
    if output[:1] not in "{[" or len(output) > MAX_JSON:
        return
    try:
        found = orjson.loads(output)
    except orjson.JSONDecodeError:
        return
    for one in (found if isinstance(found, list) else [found])[:MAX_OF_ONE]:
        if not isinstance(one, dict) or not one.keys() & {"score", "label"}:
            continue
        yield Said(
            found_in="evaluator span",
            carrier=carrier,
            target=target,
            time_unix_nano=time_unix_nano,
            name=one.get("name") or name,
            score=one.get("score"),
            label=one.get("label"),
            explanation=one.get("explanation") or one.get("reason"),
            source=source_of(one.get("kind") or one.get("annotator_kind")),
            attributes=_metadata(one.get("metadata"), None),
        )


def _metadata(value: Any, kind: AttributeValue) -> dict[str, AttributeValue]:
    found = dict(object_of(value) or {})
    if isinstance(kind, str) and kind.upper() not in ("HUMAN", "LLM", "CODE"):
        found["annotator_kind"] = kind
    return found
