"""Schemas that a server keeps: their text checked, two of them compared, statistics held against one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError
from tensorflow_metadata.proto.v0 import statistics_pb2

from tapetum_server.analysis.validation.files import checked_severities
from tapetum_server.analysis.validation.record import passes, record_of
from tapetum_server.detectors.validation.described import Described
from tapetum_server.detectors.validation.difference import SchemaChange, schema_changes
from tapetum_server.detectors.validation.inference import infer_schema
from tapetum_server.detectors.validation.paths import path_of
from tapetum_server.detectors.validation.validator import Against, update_schema, validate
from tapetum_server.detectors.validation.view import StatisticsError, default_dataset
from tapetum_server.moving.tfdv.files import Unreadable
from tapetum_server.moving.tfdv.schemas import schema_of_text, schema_text

__all__ = ["StatisticsError", "Unreadable", "accepted", "changes", "checked", "inferred", "validated"]


@dataclass(frozen=True, slots=True)
class Checked:
    """A schema's text as it is kept, and how many features it describes."""

    text: str
    features: int


def checked(text: str) -> Checked:
    """The text as TFDV writes it. Raises `Unreadable`, which names the line."""
    schema = schema_of_text(text)
    return Checked(schema_text(schema), len(Described(schema).features))


def changes(before: str, after: str) -> list[SchemaChange]:
    """What the one schema has otherwise than the other."""
    return schema_changes(schema_of_text(before), schema_of_text(after))


def validated(text: str, statistics: bytes, environment: str | None, severities: dict[str, str]) -> dict[str, Any]:
    """The validation of statistics (`DatasetFeatureStatisticsList`), as JSON. Raises `StatisticsError`."""
    against = Against(environment=environment, severities=checked_severities(severities))
    found = validate(_read(statistics), schema_of_text(text), against)
    return record_of(found, passes(found))


def accepted(text: str, statistics: bytes, features: list[str]) -> Checked:
    """The schema with what the data have that it has not: of these features, or of all. Raises `StatisticsError`."""
    schema, data = schema_of_text(text), _read(statistics)
    only = {path_of(name) for name in features}
    known = {tuple(f.path.step) or path_of(f.name) for f in data.features} | set(Described(schema).features)
    if unknown := sorted(".".join(path) for path in only - known):
        raise StatisticsError(f"Neither the schema nor the statistics have a feature {unknown[0]!r}.")
    changed = update_schema(schema, data, only=only or None)
    return Checked(schema_text(changed), len(Described(changed).features))


def inferred(statistics: bytes) -> Checked:
    """The schema that these statistics meet. Raises `StatisticsError`."""
    found = infer_schema(_read(statistics))
    return Checked(schema_text(found), len(Described(found).features))


def _read(content: bytes) -> statistics_pb2.DatasetFeatureStatistics:
    try:
        return default_dataset(statistics_pb2.DatasetFeatureStatisticsList.FromString(content))
    except DecodeError as error:
        raise StatisticsError(f"The body is no DatasetFeatureStatisticsList (FeatureStats.pb): {error}.") from error
