"""Predictions as they come, held against the schema of their model: what is wrong, how often, and since when."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

from tensorflow_metadata.proto.v0 import schema_pb2

from tapetum_server.analysis.feature_statistics.report import tfdv_statistics
from tapetum_server.analysis.validation.record import passes, record_of
from tapetum_server.analysis.validation.stored import Checked, chosen_environment, environments_of, taken_in
from tapetum_server.detectors.validation.described import Described
from tapetum_server.detectors.validation.paths import path_text
from tapetum_server.detectors.validation.validator import Against, Data, validate
from tapetum_server.moving.tfdv.schemas import schema_of_text
from tapetum_server.query.filter import Filter
from tapetum_server.query.frames import Frame
from tapetum_server.query.prediction_checks import with_integers, within
from tapetum_server.query.prediction_frames import RESERVED, prediction_frame
from tapetum_server.query.reader import Reader
from tapetum_server.query.time_range import TimeRange


async def live_validation(
    reader: Reader, *, project: str, model: str, version: str | None, time_range: TimeRange, filter: Filter,
    schema_text: str, environment: str | None, windows: int,
) -> dict[str, Any]:  # fmt: skip
    """The validation of all predictions in the range, and of each of `windows` equal parts of it.

    Without an environment it is the one named SERVING, where the schema has it; `*` is none.
    Raises `NotFound` where there are none, `StatisticsError` for an environment that the schema does not have.
    """
    schema = schema_of_text(schema_text)
    frame, integers, statistics = await _counted(reader, project, model, version, time_range, filter, schema)
    chosen = serving_environment(schema) if environment is None else chosen_environment(environment)
    against = Against(environment=chosen)
    whole = await asyncio.to_thread(validate, statistics, schema, against)
    told = record_of(whole, passes(whole))
    return {
        **{key: value for key, value in told.items() if key not in ("measurements", "shifts")},
        **environments_of(schema, chosen),
        **await _over_time(reader, frame, integers, time_range, windows, of_a_part(schema), against),
    }


async def accepted_live(
    reader: Reader, *, project: str, model: str, version: str | None, time_range: TimeRange, filter: Filter,
    schema_text: str, environment: str | None, features: list[str],
) -> Checked:  # fmt: skip
    """The schema as it would be, were the predictions of the range right. Raises as `live_validation` does."""
    schema = schema_of_text(schema_text)
    _, _, statistics = await _counted(reader, project, model, version, time_range, filter, schema)
    chosen = serving_environment(schema) if environment is None else chosen_environment(environment)
    return await asyncio.to_thread(taken_in, schema, statistics, features, chosen)


async def _counted(
    reader: Reader, project: str, model: str, version: str | None, time_range: TimeRange, filter: Filter,
    schema: schema_pb2.Schema,
) -> tuple[Frame, set[str], Data]:  # fmt: skip
    """The predictions, which of their features the schema has as integers, and their statistics."""
    found = await prediction_frame(
        reader, project=project, model=model, version=version, time_range=time_range, filter=filter, labels=False
    )
    frame = shown_columns(found, schema)
    described = Described(schema).features.items()
    integers = {path[0] for path, feature in described if len(path) == 1 and feature.type == schema_pb2.INT}
    return frame, integers, await tfdv_statistics(reader, await with_integers(reader, frame, integers))


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
    reader: Reader, frame: Frame, integers: Collection[str], time_range: TimeRange, windows: int,
    schema: schema_pb2.Schema, against: Against,
) -> dict[str, Any]:  # fmt: skip
    """Each part with its number of anomalies; and by feature and type, in how many parts, and in which one last."""
    if time_range.start is None or time_range.end is None or windows < 1:
        return {"windows": [], "counts": []}
    parts: list[dict[str, Any]] = []
    counts: dict[tuple[str, str], dict[str, Any]] = {}
    step = max((time_range.end - time_range.start) // windows, 1)
    for number in range(windows):
        start = time_range.start + number * step
        end = time_range.end if number == windows - 1 else start + step
        rows = await with_integers(reader, within(frame, start, end), integers)
        statistics = await tfdv_statistics(reader, rows)
        pairs: list[tuple[str, str]] = []
        if statistics.num_examples:
            part = await asyncio.to_thread(validate, statistics, schema, against)
            pairs = [(path_text(one.path), reason.type) for one in part.anomalies for reason in one.reasons]
        parts.append({"start": start, "end": end, "examples": int(statistics.num_examples), "reasons": len(pairs)})
        for feature, type in pairs:
            of = counts.setdefault((feature, type), {"feature": feature, "type": type, "windows": 0, "first": start})
            of["windows"] += 1
            of["last"] = end
    return {"windows": parts, "counts": sorted(counts.values(), key=lambda of: (-of["windows"], of["feature"]))}


def _feature(name: str) -> bool:
    return name not in RESERVED and not name.startswith(("scores.", "tags."))
