"""Predictions as they come, held against the schema in force: each window that got some, into findings."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tensorflow_metadata.proto.v0 import schema_pb2

from tapetum_server.analysis.feature_statistics.report import tfdv_statistics
from tapetum_server.analysis.validation.controls import ENOUGH, Controls
from tapetum_server.analysis.validation.live import of_a_part, serving_environment, shown_columns
from tapetum_server.analysis.validation.row_filters import row_filter
from tapetum_server.detectors.validation.concerns import Concern, concern_of
from tapetum_server.detectors.validation.described import Described
from tapetum_server.detectors.validation.findings import RANK, Measurement, Reason, Validation, digits
from tapetum_server.detectors.validation.paths import Path, path_text
from tapetum_server.detectors.validation.validator import Against, validate
from tapetum_server.moving.tfdv.schemas import schema_of_text
from tapetum_server.query.concerned_rows import concerned_rows
from tapetum_server.query.errors import NotFound
from tapetum_server.query.frames import Frame, FrameColumn
from tapetum_server.query.live_windows import LiveWindow, found_before
from tapetum_server.query.prediction_checks import arrived_until, with_integers
from tapetum_server.query.prediction_frames import prediction_frame
from tapetum_server.query.reader import Reader
from tapetum_server.query.time_range import TimeRange
from tapetum_server.signals.consumer import Consumer
from tapetum_server.signals.findings import Finding, FindingBatch
from tapetum_server.signals.identity import OWN_SENDER

DETECTOR = "schema"
"""Of what a comparator finds it is `drift` or `skew` instead."""
MOST_FINDINGS = 200
"""Of one window: a sender that renames everything must not fill the table."""


@dataclass(frozen=True, slots=True)
class InForce:
    """A model's schema, read."""

    version: int
    schema: schema_pb2.Schema
    features: Mapping[Path, schema_pb2.Feature]
    environment: str | None

    @property
    def integers(self) -> set[str]:
        """What is whole by the schema."""
        return {path[0] for path, one in self.features.items() if len(path) == 1 and one.type == schema_pb2.INT}

    def domain_of(self, feature: schema_pb2.Feature | None) -> tuple[str, ...]:
        """The texts that a feature may have."""
        if feature is None:
            return ()
        if feature.WhichOneof("domain_info") == "string_domain":
            return tuple(feature.string_domain.value)
        named = (domain.value for domain in self.schema.string_domain if domain.name == feature.domain)
        return tuple(next(named, ()))


def in_force(version: int, text: str) -> InForce:
    """A kept schema, made ready. Raises `Unreadable`."""
    schema = schema_of_text(text)
    return InForce(version, schema, Described(schema).features, serving_environment(schema))


async def check_window(
    reader: Reader, consumer: Consumer, project: str, window: LiveWindow, schema: InForce, controls: Controls
) -> int:
    """Validate all predictions of the window, and keep what was found in the place of what was found before.

    The number of anomalies; 0 too where the predictions are gone.
    """
    try:
        frame = await prediction_frame(
            reader, project=project, model=window.model, version=window.version,
            time_range=TimeRange(window.start, window.end), labels=False,
        )  # fmt: skip
    except NotFound:
        return 0  # retention
    frame = arrived_until(shown_columns(frame, schema.schema), window.newest)
    frame = await with_integers(reader, frame, schema.integers)
    statistics = await tfdv_statistics(reader, frame)
    examples = int(statistics.num_examples)
    against = Against(environment=schema.environment)
    if examples >= ENOUGH:
        against = await controls.beside(reader, project, window, schema.schema, against)
    part = of_a_part(schema.schema, shares=examples >= ENOUGH)
    validated = await asyncio.to_thread(validate, statistics, part, against)
    found = await _findings(reader, frame, window, schema, validated, examples)
    before = await found_before(reader, project, window)
    gone = sorted(before - {(one.detector, one.feature, one.type) for one in found})
    count = sum(len(one.reasons) for one in validated.anomalies)
    rows = [
        *found,
        *(
            _of(window, schema, detector=detector, feature=feature, type=type, withdrawn=True)
            for detector, feature, type in gone
        ),
        _of(window, schema, rows=count, examples=examples, received=window.received, newest=window.newest),
    ]
    await consumer.consume(FindingBatch(project, OWN_SENDER, rows))
    return count


async def _findings(
    reader: Reader, frame: Frame, window: LiveWindow, schema: InForce, validated: Validation, examples: int
) -> list[Finding]:
    columns = {column.name: column for column in frame.columns}
    told = [
        (one.path, reason, concern_of(reason, feature, schema.domain_of(feature)))
        for one in validated.anomalies
        for feature in [schema.features.get(one.path)]
        for reason in one.reasons
    ]
    told = sorted(told, key=lambda one: -RANK[one[1].severity])[:MOST_FINDINGS]
    asked: Sequence[tuple[FrameColumn | None, Concern]] = [(columns.get(path[0]), concern) for path, _, concern in told]
    concerned = await concerned_rows(reader, frame, asked)
    found = []
    for (path, reason, concern), about in zip(told, concerned):
        measured = _measured(validated.measurements.get(path, ()), reason)
        found.append(
            _of(
                window, schema, detector=reason.side or DETECTOR, feature=_name(path), type=reason.type,
                severity=reason.severity, short=reason.short,
                evidence=reason.description + _our_distance(validated, path, reason), offending=reason.values,
                value=measured and measured.value, threshold=measured and measured.threshold, rows=about.rows,
                examples=examples, first_seen=about.first or window.start, last_seen=about.last or window.start,
                rows_filter=row_filter(window.model, window.version, path[0], concern, reason.values),
            )
        )  # fmt: skip
    return found


def _our_distance(validated: Validation, path: Path, reason: Reason) -> str:
    """Beside what a comparator measured: there a value far out moves nothing but itself."""
    told = next((one for one in validated.shifts if reason.side and (one.path, one.side) == (path, reason.side)), None)
    return f" By our own distance it moved by {digits(told.value)}." if told else ""


def _name(path: Path) -> str:
    """A column of predictions by its own name, whatever dots it has."""
    return path[0] if len(path) == 1 else path_text(path)


def _of(window: LiveWindow, schema: InForce, **told: object) -> Finding:
    common = {"detector": DETECTOR, "first_seen": window.start, "last_seen": window.start}
    return Finding(
        subject_type="model", subject=window.model, version=window.version, window_start=window.start,
        window_end=window.end, schema_version=schema.version, **{**common, **told},  # type: ignore[arg-type]
    )  # fmt: skip


def _measured(measurements: Sequence[Measurement], reason: Reason) -> Measurement | None:
    """The distance that a comparator's reason is about; of drift and skew the one that is too far."""
    return next(
        (
            one for one in measurements
            if reason.side == one.side and reason.type == f"COMPARATOR_{one.type}_HIGH"
        ),
        None,
    )  # fmt: skip
