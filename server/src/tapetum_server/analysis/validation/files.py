"""Files of data or statistics, a schema, and what else is compared with, into a validation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from tapetum_server.analysis.feature_statistics.files import file_statistics, holds_statistics
from tapetum_server.detectors.validation.custom import CustomCheck, CustomCheckError
from tapetum_server.detectors.validation.findings import Severity, Validation
from tapetum_server.detectors.validation.inference import MAX_DOMAIN, infer_schema
from tapetum_server.detectors.validation.paths import path_of
from tapetum_server.detectors.validation.shift import DEFAULT_THRESHOLD
from tapetum_server.detectors.validation.validator import Against, update_schema, validate
from tapetum_server.detectors.validation.view import StatisticsError, default_dataset
from tapetum_server.moving.tfdv.files import Unreadable, found_in, read_message
from tapetum_server.moving.tfdv.schemas import read_custom_checks, read_schema
from tapetum_server.moving.tfdv.writing import statistics_list
from tapetum_server.query.errors import QueryError

Statistics: TypeAlias = statistics_pb2.DatasetFeatureStatisticsList


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is validated, by its files."""

    data: Path
    schema: Path
    previous: Path | None = None
    serving: Path | None = None
    version: Path | None = None
    environment: str | None = None
    slice: str = ""
    """A slice of statistics; "" takes all examples."""
    checks: Path | None = None
    precise: bool = False
    severities: Mapping[str, Severity] = field(default_factory=dict)
    shift_threshold: float = DEFAULT_THRESHOLD


def validate_files(asked: Asked) -> tuple[Validation, schema_pb2.Schema]:
    """The validation, and the schema it was made with. Raises `QueryError`."""
    try:
        schema = read_schema(asked.schema)
        every = statistics_of(asked.data)
        against = Against(
            environment=asked.environment,
            previous=_one(asked.previous, asked.slice),
            serving=_one(asked.serving, asked.slice),
            version=_one(asked.version, asked.slice),
            precise=asked.precise,
            severities=checked_severities(asked.severities),
            shift_threshold=asked.shift_threshold,
            custom=_custom_checks(asked.checks) if asked.checks else (),
            slices={dataset.name: dataset for dataset in every.datasets},
        )
        return validate(_chosen(every, asked.slice), schema, against), schema
    except (StatisticsError, CustomCheckError, Unreadable) as error:
        raise _refused(error) from error


def infer_from_file(data: Path, *, shapes: bool = True, max_domain: int = MAX_DOMAIN) -> schema_pb2.Schema:
    """The schema that the file's data meet. Raises `QueryError`."""
    try:
        return infer_schema(default_dataset(statistics_of(data)), shapes=shapes, max_domain=max_domain)
    except StatisticsError as error:
        raise _refused(error) from error


def accept_file(schema: Path, data: Path, features: list[str]) -> schema_pb2.Schema:
    """The schema with what the data have that it does not: of these features, or of all. Raises `QueryError`."""
    try:
        given, statistics = read_schema(schema), default_dataset(statistics_of(data))
        only = {path_of(name) for name in features}
        there = {path or path_of(name) for name, path in _paths(statistics)}
        known = there | {(feature.name,) for feature in given.feature}
        if unknown := sorted(".".join(path) for path in only - known):
            raise Unreadable(f"neither {schema} nor {data} has a feature {unknown[0]!r}")
        return update_schema(given, statistics, only=only or None)
    except (StatisticsError, Unreadable) as error:
        raise _refused(error) from error


def statistics_of(path: Path) -> Statistics:
    """Statistics as TFDV's message: those that a file or TFX's directory holds, or those of a file's rows.

    Raises `QueryError`.
    """
    try:
        if path.is_dir():
            files = found_in(path)
            if len(files) != 1:
                names = ", ".join(str(file.relative_to(path)) for file in files[:10]) or "none"
                raise Unreadable(f"{path} is a directory, and of files with statistics it has: {names}; name one")
            path = files[0]
        if holds_statistics(path):
            return read_message(path)
    except Unreadable as error:
        raise _refused(error) from error
    return statistics_list(file_statistics(path))


def checked_severities(given: Mapping[str, str]) -> dict[str, Severity]:
    """Severities by type. Raises `StatisticsError` for a type that TFDV does not have."""
    severities: dict[str, Severity] = {}
    for type, severity in given.items():
        if type not in anomalies_pb2.AnomalyInfo.Type.keys():  # noqa: SIM118
            raise StatisticsError(f"there is no anomaly type {type!r}; the names are TFDV's, such as SCHEMA_NEW_COLUMN")
        if severity not in ("ERROR", "WARNING"):
            raise StatisticsError(f"{severity!r} is no severity: it is ERROR or WARNING")
        severities[type] = severity  # type: ignore[assignment]
    return severities


def _one(path: Path | None, slice_name: str) -> statistics_pb2.DatasetFeatureStatistics | None:
    return None if path is None else _chosen(statistics_of(path), slice_name)


def _chosen(every: Statistics, slice_name: str) -> statistics_pb2.DatasetFeatureStatistics:
    if not slice_name:
        return default_dataset(every)
    for dataset in every.datasets:
        if dataset.name == slice_name:
            return dataset
    there = ", ".join(repr(dataset.name) for dataset in every.datasets[:20])
    raise StatisticsError(f"the statistics have no slice {slice_name!r}; there are: {there}")


def _custom_checks(path: Path) -> tuple[CustomCheck, ...]:
    config = read_custom_checks(path)
    severity = anomalies_pb2.AnomalyInfo.Severity
    return tuple(
        CustomCheck(
            path=tuple(of.feature_test_path.step if pair else of.feature_path.step),
            expression=one.sql_expression,
            description=one.description,
            severity=severity.Name(one.severity) if one.severity else "ERROR",
            environments=tuple(one.in_environment),
            dataset=of.dataset_name,
            base_path=tuple(of.feature_base_path.step) if pair else (),
            base_dataset=of.base_dataset_name if pair else "",
        )
        for group, pair in ((config.feature_validations, False), (config.feature_pair_validations, True))
        for of in group
        for one in of.validations
    )


def _paths(statistics: statistics_pb2.DatasetFeatureStatistics) -> list[tuple[str, tuple[str, ...]]]:
    return [(feature.name, tuple(feature.path.step)) for feature in statistics.features]


def _refused(error: Exception) -> QueryError:
    message = str(error).rstrip(".")
    return QueryError(message, code="cannot_validate", hint="docs/validation.md says what is read.")
