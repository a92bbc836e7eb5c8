"""OpenTelemetry's `gen_ai.evaluation.result`, as an event of a span and as a log record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tapetum_server.processors.evaluations.reading import Said, Target, object_of, source_of
from tapetum_server.signals.attributes import AttributeValue

EVENT = "gen_ai.evaluation.result"
_START = "gen_ai.evaluation."
_READ = frozenset(
    {"name", "score.value", "score.label", "explanation", "evaluator.type", "evaluator.name", "evaluator"}
)


def said_by(attributes: Mapping[str, AttributeValue], target: Target, carrier: str, time_unix_nano: int) -> Said:
    """What one event says."""
    told = {key[len(_START) :]: value for key, value in attributes.items() if key.startswith(_START)}
    evaluator = told.get("evaluator.name") or told.get("evaluator")
    if isinstance(source := object_of(told.get("evaluator.source")), Mapping):
        evaluator = evaluator or source.get("name")
    return Said(
        found_in="otel",
        carrier=carrier,
        target=target,
        time_unix_nano=time_unix_nano,
        name=told.get("name"),
        score=told.get("score.value"),
        label=told.get("score.label"),
        explanation=told.get("explanation"),
        source=_source(told, evaluator, attributes),
        evaluator=evaluator or "",
        error=attributes.get("error.type"),
        attributes={f"{_START}{key}": value for key, value in told.items() if key not in _READ},
    )


def _source(told: Mapping[str, Any], evaluator: Any, attributes: Mapping[str, AttributeValue]) -> str:
    """The convention does not say who judges: a model where the evaluator or the event names one."""
    if "evaluator.type" in told:
        return source_of(told["evaluator.type"])
    judge = isinstance(evaluator, str) and "judge" in evaluator.lower()
    return "llm" if judge or "gen_ai.request.model" in attributes else "code"
