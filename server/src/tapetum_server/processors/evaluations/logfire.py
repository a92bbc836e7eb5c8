"""Logfire's feedback, and the cases of pydantic-evals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tapetum_server.processors.evaluations.reading import Said, Target, object_of
from tapetum_server.signals.attributes import AttributeValue

FEEDBACK = "logfire.feedback.name"
CASES_SCOPE = "pydantic-evals"
CASES = ("assertions", "scores", "labels")
MAX_RESULTS = 200
"""Of one case."""


def feedback_said(attributes: Mapping[str, AttributeValue], target: Target, carrier: str, time_unix_nano: int) -> Said:
    """A span of feedback says it of its parent: numbers are scores, texts labels, truth values both."""
    name = attributes.get(FEEDBACK)
    value = attributes.get(name) if isinstance(name, str) else None
    labelled = isinstance(value, str)
    return Said(
        found_in="logfire",
        carrier=carrier,
        target=target,
        time_unix_nano=time_unix_nano,
        name=name,
        score=None if labelled else value,
        label=value if labelled else None,
        explanation=attributes.get("logfire.feedback.comment"),
        source="user",
    )


def case_said(
    attributes: Mapping[str, AttributeValue], target: Target, carrier: str, time_unix_nano: int
) -> Iterator[Said]:
    """What the evaluators say of one case of a data set."""
    expected = attributes.get("expected_output")
    of = {key: attributes[key] for key in ("case_name", "task_name") if key in attributes}
    for key in CASES:
        for name, result in list((object_of(attributes.get(key)) or {}).items())[:MAX_RESULTS]:
            if not isinstance(result, Mapping):
                continue
            source = result.get("source")
            evaluator = str(source.get("name", "")) if isinstance(source, Mapping) else ""
            yield Said(
                found_in="pydantic-evals",
                carrier=carrier,
                target=target,
                time_unix_nano=time_unix_nano,
                name=str(result.get("name") or name),
                score=None if key == "labels" else result.get("value"),
                label=result.get("value") if key == "labels" else None,
                explanation=result.get("reason"),
                expected=expected,
                source="llm" if "judge" in evaluator.lower() else "code",
                evaluator=evaluator,
                attributes=of,
            )
