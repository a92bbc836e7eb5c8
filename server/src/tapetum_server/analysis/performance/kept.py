"""Evaluations of a model that are kept: as records for the door, and as they are read again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from typing_extensions import TypedDict

from tapetum_server.analysis.performance.eval_config import EvalConfig
from tapetum_server.analysis.performance.evaluated import EvaluationReport
from tapetum_server.analysis.performance.measured import reported_as
from tapetum_server.query.evaluations import EvaluationRow, list_evaluations
from tapetum_server.query.filter import Choice, Filter, Term
from tapetum_server.query.reader import Reader
from tapetum_server.query.slicing import SliceSpec
from tapetum_server.query.time_range import TimeRange

VERDICT = "blessed"
"""The name of the evaluation that says whether the model is blessed."""
EVALUATOR = "tapetum evaluate"
WHOLE = str(SliceSpec())
MAX_SLICE_BYTES = 256
_SHOWN = 20
_ROWS = 1_000


class KeptMetric(TypedDict):
    """A metric of a slice, as it was when the model was evaluated."""

    slice: str
    name: str
    value: float | None
    lower: float | None
    upper: float | None
    baseline: float | None
    kept: bool | None
    """Whether it kept its bounds; `null` where it had none."""
    message: str
    """What is wrong with one that did not."""


class KeptEvaluation(TypedDict):
    """One run of `tapetum evaluate`."""

    evaluation: str
    time: str
    version: str
    blessed: bool
    explanation: str
    metrics: list[KeptMetric]
    """Of all rows."""
    failures: list[KeptMetric]


class KeptEvaluations(TypedDict):
    """The newest evaluations of a model, the newest first."""

    rows: list[KeptEvaluation]


def evaluation_records(
    report: EvaluationReport, config: EvalConfig, *, model: str, version: str, evaluation: str, time: str
) -> Iterator[dict[str, Any]]:
    """One record for each slice and metric, and one for the verdict; `evaluation` names the run."""
    common = {
        "target_type": "model_version", "target_id": f"{model}@{version}" if version else model, "source": "code",
        "evaluator": EVALUATOR, "time": time,
    }  # fmt: skip
    attributes = {"model": model, "version": version, "evaluation": evaluation, "task": report.task}
    checked = f"{report.checks} checks, {len(report.failures)} failed"
    missing = [f"no such slice: {name}" for name in report.missing_slices]
    yield {
        **common, "name": VERDICT, "slice": WHOLE, "score": float(report.blessed), "attributes": attributes,
        "label": "blessed" if report.blessed else "not blessed", "explanation": "; ".join([checked, *missing])[:4_000],
    }  # fmt: skip
    failures = {(failure.slice, failure.metric): failure.message for failure in report.failures}
    bounds = {
        (config.specs.index(bound.spec), reported_as(metric)): bound.bound
        for metric in config.metrics for bound in metric.bounds if bound.baseline is None
    }  # fmt: skip
    for each in report.slices:
        for name, measured in each.metrics.items():
            message, bound = failures.get((each.slice, name), ""), bounds.get((each.spec, name))
            has = not math.isnan(measured.value)
            baseline = each.baseline.get(name, math.nan)
            yield {
                **common, "name": name, "slice": _cut(each.slice),
                "score": measured.value if has else None,
                "lower": _number(measured.lower), "upper": _number(measured.upper),
                "threshold": None if bound is None else bound.lower if bound.lower is not None else bound.upper,
                "label": "failed" if message else "passed" if bound is not None else "" if has else "no value",
                "explanation": message or measured.reason,
                "attributes": attributes | {"rows": each.labelled}
                | ({} if math.isnan(baseline) else {"baseline": repr(baseline)}),
            }  # fmt: skip
    # Between slices: of two at once, so that they are none of the slices above.
    known = {each.slice for each in report.slices}
    for failure in report.failures:
        if failure.slice not in known:
            yield {
                **common, "name": failure.metric, "slice": _cut(failure.slice), "score": _number(failure.value),
                "label": "failed", "explanation": failure.message, "attributes": attributes,
            }  # fmt: skip


async def kept_evaluations(reader: Reader, *, project: str, model: str, until: int | None) -> KeptEvaluations:
    """The newest evaluations of a model."""
    of_model = (_is("target_type", "model_version"), _is("evaluator", EVALUATOR), _is("attributes.model", model))

    async def rows(*terms: Term) -> list[EvaluationRow]:
        page = await list_evaluations(
            reader, project=project, time_range=TimeRange(None, until), filter=Filter((*of_model, *terms)), limit=_ROWS
        )
        return page["rows"]

    found: dict[str, KeptEvaluation] = {}
    for row in (await rows(_is("name", VERDICT)))[:_SHOWN]:
        told = row["attributes"]
        found[told.get("evaluation", row["time"])] = KeptEvaluation(
            evaluation=told.get("evaluation", ""), time=row["time"], version=told.get("version", ""),
            blessed=row["score"] == 1.0, explanation=row["explanation"], metrics=[], failures=[],
        )  # fmt: skip
    for row in await rows(_is("slice", WHOLE)) if found else ():
        of = found.get(row["attributes"].get("evaluation", ""))
        if of is not None and row["name"] != VERDICT:
            of["metrics"].append(_metric(row))
    for row in await rows(_is("label", "failed")) if found else ():
        of = found.get(row["attributes"].get("evaluation", ""))
        if of is not None:
            of["failures"].append(_metric(row))
    for of in found.values():
        of["metrics"].sort(key=lambda one: one["name"])
        of["failures"].sort(key=lambda one: (one["slice"], one["name"]))
    return KeptEvaluations(rows=list(found.values()))


def _metric(row: EvaluationRow) -> KeptMetric:
    baseline = row["attributes"].get("baseline")
    return KeptMetric(
        slice=row["slice"], name=row["name"], value=row["score"], lower=row["lower"], upper=row["upper"],
        baseline=None if baseline is None else float(baseline),
        kept={"passed": True, "failed": False}.get(row["label"]), message=row["explanation"],
    )  # fmt: skip


def _is(key: str, value: str) -> Term:
    return Term(key, "is", (Choice(value),))


def _cut(text: str) -> str:
    """A slice as long as the door takes it."""
    if len(text.encode("utf-8")) <= MAX_SLICE_BYTES:
        return text
    return text.encode("utf-8")[: MAX_SLICE_BYTES - 3].decode("utf-8", "ignore") + "…"


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
