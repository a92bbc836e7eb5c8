"""MLflow's assessments, which its traces keep under `mlflow.assessment.*`, each as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tapetum_server.processors.evaluations.reading import Said, Target, object_of, source_of
from tapetum_server.signals.attributes import AttributeValue

START = "mlflow.assessment."
MAX_ASSESSMENTS = 100


def said_by(
    attributes: Mapping[str, AttributeValue], span: Target, trace: Target, carrier: str, time_unix_nano: int
) -> Iterator[Said]:
    """What the assessments of a trace or of one of its spans say; an expectation is what should have been."""
    found = 0
    for key, value in attributes.items():
        if not key.startswith(START):
            continue
        told = object_of(value)
        if told is None or found == MAX_ASSESSMENTS:
            continue
        found += 1
        feedback = told.get("feedback")
        feedback = feedback if isinstance(feedback, Mapping) else {}
        expectation = told.get("expectation")
        source = told.get("source")
        source = source if isinstance(source, Mapping) else {}
        value = feedback.get("value")
        labelled = isinstance(value, str)
        identity = told.get("assessment_id")
        error = feedback.get("error")
        yield Said(
            found_in="mlflow",
            carrier=carrier,
            target=span if told.get("span_id") else trace,
            time_unix_nano=time_unix_nano,
            name=told.get("assessment_name") or told.get("name") or key[len(START) :],
            score=None if labelled else value,
            label=value if labelled else None,
            explanation=told.get("rationale"),
            expected=expectation.get("value") if isinstance(expectation, Mapping) else None,
            source=source_of(source.get("source_type")),
            evaluator=source.get("source_id") or "",
            identity=identity if isinstance(identity, str) else "",
            error=error.get("error_code", error) if isinstance(error, Mapping) else error,
            # MLflow keeps what was overridden, and marks it.
            withdrawn=told.get("valid") is False,
        )
