"""Schemas that a server keeps: their text checked, two of them compared, statistics held against one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from tapetum_server.detectors.validation.contradicting import contradictions
from tapetum_server.detectors.validation.described import Described
from tapetum_server.detectors.validation.difference import SchemaChange, schema_changes
from tapetum_server.detectors.validation.inference import infer_schema
from tapetum_server.detectors.validation.paths import path_of
from tapetum_server.detectors.validation.validator import Against, Data, update_schema
from tapetum_server.detectors.validation.view import StatisticsError, Types, default_dataset
from tapetum_server.moving.tfdv.files import Unreadable
from tapetum_server.moving.tfdv.schemas import schema_of_text, schema_text

__all__ = ["Contradiction", "StatisticsError", "Unreadable", "accepted", "changes", "checked", "inferred"]


_TOLD = 5
"""Contradictions, by name."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A schema's text as it is kept, and how many features it describes."""

    text: str
    features: int


class Contradiction(ValueError):
    """A schema that no data can meet. The message names the features and what is wrong with each."""


def checked(text: str) -> Checked:
    """The text as TFDV writes it. Raises `Unreadable`, which names the line, and `Contradiction`."""
    schema = schema_of_text(text)
    if found := list(contradictions(schema)):
        more = f"; and {len(found) - _TOLD} more" if len(found) > _TOLD else ""
        raise Contradiction(f"The schema contradicts itself: {'; '.join(found[:_TOLD])}{more}")
    return Checked(schema_text(schema), len(Described(schema).features))


def changes(before: str, after: str) -> list[SchemaChange]:
    """What the one schema has otherwise than the other."""
    return schema_changes(schema_of_text(before), schema_of_text(after))


def environments_of(schema: schema_pb2.Schema, environment: str | None) -> dict[str, Any]:
    """Which environment was validated, and which ones there are to choose from."""
    return {"environment": chosen_environment(environment), "environments": list(schema.default_environment)}


def chosen_environment(environment: str | None) -> str | None:
    """The environment of that name; `None` for `*`, where every feature is expected."""
    return None if environment in ("", "*") else environment


def accepted(
    text: str, statistics: bytes, features: list[str], environment: str | None = None, *, of_model: bool = False
) -> Checked:
    """The schema with what the data have that it has not: of these features, or of all. Raises `StatisticsError`."""
    schema, data = schema_of_text(text), read_statistics(statistics)
    return taken_in(schema, as_described(data, schema) if of_model else data, features, environment)


def taken_in(schema: schema_pb2.Schema, data: Data, features: list[str], environment: str | None) -> Checked:
    """The same of statistics that have been read."""
    known = {tuple(f.path.step) or path_of(f.name) for f in data.features} | set(Described(schema).features)
    # A name with dots may be that of one feature, as predictions have it.
    only = {(name,) if (name,) in known else path_of(name) for name in features}
    if unknown := sorted(".".join(path) for path in only - known):
        raise StatisticsError(f"Neither the schema nor the statistics have a feature {unknown[0]!r}.")
    changed = update_schema(
        schema, data, only=only or None, against=Against(environment=chosen_environment(environment))
    )
    return Checked(schema_text(changed), len(Described(changed).features))


def as_described(data: Data, schema: schema_pb2.Schema) -> Data:
    """The statistics of a model with whole numbers where the schema has them.

    Predictions, and so the statistics that are kept of them, have every number as a float: one that the schema calls
    INT stays one while its bounds are whole and it has neither NaN nor infinity.
    """
    whole = {path for path, feature in Described(schema).features.items() if feature.type == schema_pb2.INT}
    changed = statistics_pb2.DatasetFeatureStatistics()
    changed.CopyFrom(data)
    for feature in changed.features:
        path = tuple(feature.path.step) or path_of(feature.name)
        if feature.type == Types.FLOAT and path in whole and _is_whole(feature.num_stats):
            feature.type = Types.INT
    return changed


def _is_whole(numbers: statistics_pb2.NumericStatistics) -> bool:
    bounds = (numbers.min, numbers.max)
    return all(math.isfinite(bound) and bound == int(bound) for bound in bounds) and not any(
        histogram.num_nan for histogram in numbers.histograms
    )


def inferred(statistics: bytes) -> Checked:
    """The schema that these statistics meet. Raises `StatisticsError`."""
    found = infer_schema(read_statistics(statistics))
    return Checked(schema_text(found), len(Described(found).features))


def read_statistics(content: bytes, name: str = "The body") -> Data:
    """The statistics of all rows in `FeatureStats.pb`. Raises `StatisticsError`."""
    try:
        return default_dataset(statistics_pb2.DatasetFeatureStatisticsList.FromString(content))
    except DecodeError as error:
        raise StatisticsError(f"{name} is no DatasetFeatureStatisticsList (FeatureStats.pb): {error}.") from error
