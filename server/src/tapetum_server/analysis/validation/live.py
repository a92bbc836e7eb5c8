"""Predictions as they come, held against the schema of their model: what is wrong, how often, and since when."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from tensorflow_metadata.proto.v0 import schema_pb2

from tapetum_server.analysis.feature_statistics.report import tfdv_statistics
from tapetum_server.analysis.validation.controls import (
    ENOUGH,
    Control,
    kept_statistics,
    sides_of,
    time_before,
    training_data,
)
from tapetum_server.analysis.validation.record import passes, record_of
from tapetum_server.analysis.validation.stored import Checked, chosen_environment, environments_of, taken_in
from tapetum_server.detectors.validation.described import Described
from tapetum_server.detectors.validation.paths import path_text
from tapetum_server.detectors.validation.validator import Against, Data, validate
from tapetum_server.moving.tfdv.schemas import schema_of_text
from tapetum_server.query.errors import NotFound
from tapetum_server.query.filter import Filter
from tapetum_server.query.frames import Frame
from tapetum_server.query.kept_windows import Subject
from tapetum_server.query.prediction_checks import versions_of, with_integers, within
from tapetum_server.query.prediction_frames import RESERVED, prediction_frame
from tapetum_server.query.reader import Reader
from tapetum_server.query.time_range import TimeRange


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveQuestion:
    """Which predictions of a model, against which schema."""

    project: str
    model: str
    version: str | None
    time_range: TimeRange
    filter: Filter
    schema_text: str
    environment: str | None
    """Without one it is that named SERVING, where the schema has it; `*` is none."""

    def chosen(self, schema: schema_pb2.Schema) -> str | None:
        """The environment that it means."""
        return serving_environment(schema) if self.environment is None else chosen_environment(self.environment)


async def live_validation(reader: Reader, asked: LiveQuestion, *, windows: int) -> dict[str, Any]:
    """The validation of all these predictions, and of each of `windows` equal parts of their time.

    Raises `NotFound` where there are none, `StatisticsError` for an environment that the schema does not have.
    """
    schema = schema_of_text(asked.schema_text)
    counted = await _counted(reader, asked, schema)
    alone = Against(environment=asked.chosen(schema))
    against, compared = await _beside(reader, asked, schema, counted, alone)
    whole = await asyncio.to_thread(validate, counted.statistics, _as_long(schema, asked.time_range), against)
    return {
        **record_of(whole, passes(whole)),
        **environments_of(schema, alone.environment),
        "compared": compared,
        **await _over_time(reader, counted, asked.time_range, windows, schema, alone, against),
    }


async def accepted_live(reader: Reader, asked: LiveQuestion, features: list[str]) -> Checked:
    """The schema as it would be, were these predictions right. Raises as `live_validation` does."""
    schema = schema_of_text(asked.schema_text)
    counted = await _counted(reader, asked, schema)
    return await asyncio.to_thread(taken_in, schema, counted.statistics, features, asked.chosen(schema))


@dataclass(frozen=True, slots=True)
class _Counted:
    """Predictions, and their statistics."""

    whole: Frame
    """With all columns."""
    frame: Frame
    """With those that are validated."""
    integers: Collection[str]
    """Which of their features the schema has as integers."""
    statistics: Data


async def _counted(
    reader: Reader, asked: LiveQuestion, schema: schema_pb2.Schema, time_range: TimeRange | None = None
) -> _Counted:
    found = await prediction_frame(
        reader, project=asked.project, model=asked.model, version=asked.version,
        time_range=time_range or asked.time_range, filter=asked.filter, labels=False,
    )  # fmt: skip
    frame = shown_columns(found, schema)
    described = Described(schema).features.items()
    integers = {path[0] for path, feature in described if len(path) == 1 and feature.type == schema_pb2.INT}
    statistics = await tfdv_statistics(reader, await with_integers(reader, frame, integers))
    return _Counted(found, frame, integers, statistics)


async def _beside(
    reader: Reader, asked: LiveQuestion, schema: schema_pb2.Schema, counted: _Counted, against: Against
) -> tuple[Against, list[dict[str, Any]]]:
    """`against`, with what the comparators of the schema want; and of each, what that is, or why there is none."""
    compared = []
    for side in sorted(sides_of(schema)):
        control: Control | None = None
        if counted.statistics.num_examples < ENOUGH:
            missing = f"Fewer than {ENOUGH} predictions say nothing of a distribution."
        elif side == "drift":
            control, missing = await _before(reader, asked, schema)
        else:
            control, missing = await _training(reader, asked, counted.whole)
        told: dict[str, Any] = {"side": side, "missing": "" if control else missing, "dataset": ""}
        told |= {"start": None, "end": None, "examples": control.data.num_examples if control else 0}
        if control is not None:
            times = control.time_range
            told |= {"dataset": control.subject.dataset, "start": times.start, "end": times.end}
            against = replace(against, **{"previous" if side == "drift" else "training": control.data})
        compared.append(told)
    return against, compared


async def _before(reader: Reader, asked: LiveQuestion, schema: schema_pb2.Schema) -> tuple[Control | None, str]:
    """The predictions of the time before: as they are counted already, or where only some are meant, counted now."""
    start = asked.time_range.start
    if start is None:
        return None, "There is no time before all time."
    before = time_before(start, asked.time_range.end)
    subject = Subject(model=asked.model, version=asked.version)
    control: Control | None = None
    if not asked.filter.terms:
        control = await kept_statistics(reader, asked.project, [subject], before)
    else:
        with suppress(NotFound):
            control = Control(subject, before, (await _counted(reader, asked, schema, before)).statistics)
    return control, "There are no predictions in the time before."


async def _training(reader: Reader, asked: LiveQuestion, frame: Frame) -> tuple[Control | None, str]:
    if asked.filter.terms:
        return None, "Predictions that a filter selects are not held against all of the training data."
    versions = [asked.version] if asked.version is not None else await versions_of(reader, frame)
    subjects = training_data(asked.model, versions)
    names = " or ".join(subject.dataset for subject in subjects)
    control = await kept_statistics(reader, asked.project, subjects, TimeRange(None, None))
    return control, f"No statistics of training data are kept as the data set {names}."


def _as_long(schema: schema_pb2.Schema, time_range: TimeRange) -> schema_pb2.Schema:
    """The schema without what compares numbers of examples, where the time before is longer than this one."""
    start, end = time_range.start, time_range.end
    if start is not None and end is not None:
        before = time_before(start, end)
        if before.start is not None and before.end is not None and before.end - before.start == end - start:
            return schema
    found = schema_pb2.Schema()
    found.CopyFrom(schema)
    found.dataset_constraints.ClearField("num_examples_drift_comparator")
    return found


def serving_environment(schema: schema_pb2.Schema) -> str | None:
    """The environment that predictions are of, where the schema has it."""
    return next((name for name in schema.default_environment if name.upper() == "SERVING"), None)


def shown_columns(frame: Frame, schema: schema_pb2.Schema) -> Frame:
    """The frame with its features, and with what the schema names beside them."""
    named = {path[0] for path in Described(schema).features if len(path) == 1}
    return frame.only([column.name for column in frame.columns if column.name in named or _feature(column.name)])


def of_a_part(schema: schema_pb2.Schema, *, shares: bool = True) -> schema_pb2.Schema:
    """The schema without what asks for a number of examples: a part of a window has fewer of them, and rightly.

    Without `shares`, also without what asks for a share of them that is less than all: of a few, it says nothing.
    """
    part = schema_pb2.Schema()
    part.CopyFrom(schema)
    for feature in Described(part).features.values():
        feature.unique_constraints.ClearField("min")
        if not feature.unique_constraints.HasField("max"):
            feature.ClearField("unique_constraints")
        if feature.presence.min_count > 1:
            feature.presence.min_count = 1
        if not shares:
            if feature.presence.min_fraction < 1:
                feature.presence.ClearField("min_fraction")
            if 0 < feature.distribution_constraints.min_domain_mass < 1:
                feature.distribution_constraints.min_domain_mass = 0
    return part


async def _over_time(
    reader: Reader, counted: _Counted, time_range: TimeRange, windows: int, schema: schema_pb2.Schema, alone: Against,
    against: Against,
) -> dict[str, Any]:  # fmt: skip
    """Each part with its number of anomalies; and by feature and type, in how many parts, and in which one last.

    As of findings, a part of few predictions is asked for no share and no distance.
    """
    if time_range.start is None or time_range.end is None or windows < 1:
        return {"windows": [], "counts": []}
    parts: list[dict[str, Any]] = []
    counts: dict[tuple[str, str], dict[str, Any]] = {}
    step = max((time_range.end - time_range.start) // windows, 1)
    for number in range(windows):
        start = time_range.start + number * step
        end = time_range.end if number == windows - 1 else start + step
        rows = await with_integers(reader, within(counted.frame, start, end), counted.integers)
        statistics = await tfdv_statistics(reader, rows)
        pairs: list[tuple[str, str]] = []
        if statistics.num_examples:
            enough = statistics.num_examples >= ENOUGH
            part = await asyncio.to_thread(
                validate, statistics, of_a_part(schema, shares=enough), against if enough else alone
            )
            pairs = [(path_text(one.path), reason.type) for one in part.anomalies for reason in one.reasons]
        parts.append({"start": start, "end": end, "examples": int(statistics.num_examples), "reasons": len(pairs)})
        for feature, type in dict.fromkeys(pairs):  # drift and skew have one name
            of = counts.setdefault((feature, type), {"feature": feature, "type": type, "windows": 0, "first": start})
            of["windows"] += 1
            of["last"] = end
    return {"windows": parts, "counts": sorted(counts.values(), key=lambda of: (-of["windows"], of["feature"]))}


def _feature(name: str) -> bool:
    return name not in RESERVED and not name.startswith(("scores.", "tags."))
