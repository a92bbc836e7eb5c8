"""One request into a batch of records: the good ones kept, the others named."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tapetum_server.receivers.records.bodies import MAX_BODY_BYTES, Undecodable, records_of, table_of
from tapetum_server.receivers.records.changes import MAX_CHANGES, keep_change
from tapetum_server.receivers.records.evaluations import MAX_EVALUATIONS, keep_evaluation
from tapetum_server.receivers.records.feature_statistics import MAX_STATISTICS, keep_feature_statistics
from tapetum_server.receivers.records.fields import Wrong
from tapetum_server.receivers.records.labels import LabelRows
from tapetum_server.receivers.records.prediction_tables import labels_of, predictions_of
from tapetum_server.receivers.records.predictions import MAX_MODEL_BYTES, PredictionRows
from tapetum_server.receivers.records.table_columns import Rows
from tapetum_server.signals.changes import ChangeBatch
from tapetum_server.signals.evaluations import EvaluationBatch
from tapetum_server.signals.feature_statistics_batch import FeatureStatisticsBatch
from tapetum_server.signals.predictions import LabelBatch, PredictionBatch
from tapetum_server.signals.scores import Definitions, undefined

RecordBatch = ChangeBatch | EvaluationBatch | PredictionBatch | LabelBatch | FeatureStatisticsBatch
MAX_ROWS = 1_000_000
"""Predictions or labels in one request."""
MAX_JSON_BYTES = 32 * 1024 * 1024
"""Of predictions or labels as JSON; a table may be as large as any request."""
MAX_TABLE_BYTES = 512 * 1024 * 1024
"""Of predictions or labels in a table, once it is read."""
MAX_SAID = 1_000
"""Records whose fault the answer says; the others are counted."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record and its door."""

    called: str
    """As in the door's path, and as it is counted."""
    most: int
    """In one request."""
    refused: str
    """The reason under which a record is counted that is not kept."""
    most_bytes: int = MAX_BODY_BYTES
    """Of a body of JSON."""


@dataclass(frozen=True, slots=True)
class Refused:
    """One record that is not kept."""

    index: int
    field: str
    message: str


@dataclass(slots=True)
class Read:
    """One decoded request."""

    batch: RecordBatch
    alone: bool
    """Whether the request is one object: its fault is the request's."""
    refused: list[Refused] = field(default_factory=list)
    """What is wrong with the first `MAX_SAID` that are not kept."""
    unsaid: int = 0
    """How many others are not kept."""
    beside: LabelBatch | None = None
    """Labels that predictions brought with them."""

    def refuse(self, index: int, field: str, message: str) -> None:
        """One more that is not kept."""
        if len(self.refused) < MAX_SAID:
            self.refused.append(Refused(index, field, message))
        else:
            self.unsaid += 1


CHANGES = Kind("changes", MAX_CHANGES, "invalid_change")
EVALUATIONS = Kind("evaluations", MAX_EVALUATIONS, "invalid_evaluation")
FEATURE_STATISTICS = Kind("feature_statistics", MAX_STATISTICS, "invalid_feature_statistics")
PREDICTIONS = Kind("predictions", MAX_ROWS, "invalid_prediction", MAX_JSON_BYTES)
LABELS = Kind("labels", MAX_ROWS, "invalid_label", MAX_JSON_BYTES)
KINDS = (CHANGES, EVALUATIONS, PREDICTIONS, LABELS, FEATURE_STATISTICS)


def read_records(
    kind: Kind, body: bytes, media_type: str, project: str, sender: str, definitions: Definitions = undefined,
    defaults: Mapping[str, str] | None = None,
) -> Read:  # fmt: skip
    """The records of one request. `defaults` are values of fields that its address gives for all of them.

    Raises `Undecodable` where it cannot be read as a whole.
    """
    defaults = {name: value for name, value in (defaults or {}).items() if name in ("model", "version") and value}
    for name, value in defaults.items():
        if len(value.encode()) > MAX_MODEL_BYTES:
            raise Undecodable(f"{name} has {len(value.encode())} bytes; at most {MAX_MODEL_BYTES}", "Shorten it.")
    if kind in (PREDICTIONS, LABELS):
        return _columns(kind, body, media_type, project, sender, defaults)
    found = records_of(body, media_type, kind.most, kind.called)
    batch, keep = _batch_of(kind, project, sender, definitions)
    read = Read(batch, found.alone)
    for index, item in enumerate(found.given):
        try:
            if isinstance(item, Wrong):
                raise item
            keep(item)
        except Wrong as wrong:
            read.refuse(index, wrong.field, str(wrong))
    return read


def _columns(
    kind: Kind, body: bytes, media_type: str, project: str, sender: str, defaults: Mapping[str, str]
) -> Read:  # fmt: skip
    digest = hashlib.blake2b(body, digest_size=12).hexdigest()
    table = table_of(body, media_type, kind.most, kind.called, MAX_TABLE_BYTES)
    if table is None:
        return _of_records(kind, body, media_type, project, sender, defaults, digest)
    rows = Rows(table)
    if kind is LABELS:
        read = Read(LabelBatch(project, sender, labels_of(rows, defaults)), False)
    else:
        predictions, labels = predictions_of(rows, defaults, digest)
        read = Read(PredictionBatch(project, sender, predictions), False)
        read.beside = LabelBatch(project, sender, labels) if labels.num_rows else None
    for row, (field_name, message) in sorted(rows.wrong.items()):
        read.refuse(row, field_name, message)
    return read


def _of_records(
    kind: Kind, body: bytes, media_type: str, project: str, sender: str, defaults: Mapping[str, str], digest: str
) -> Read:  # fmt: skip
    found = records_of(body, media_type, kind.most, kind.called, kind.most_bytes)
    predictions = PredictionRows(found.given, defaults, digest)
    labels = LabelRows(defaults) if kind is LABELS else predictions.labels
    wrong: list[tuple[int, Wrong]] = []
    for index, item in enumerate(found.given):
        try:
            if isinstance(item, Wrong):
                raise item
            if kind is LABELS:
                labels.keep(item)
            else:
                predictions.keep(index, item)
        except Wrong as error:
            wrong.append((index, error))
    beside = LabelBatch(project, sender, labels.table())
    if kind is LABELS:
        read = Read(beside, found.alone)
    else:
        read = Read(PredictionBatch(project, sender, predictions.table()), found.alone)
        read.beside = beside if len(beside) else None
    for index, fault in wrong:
        read.refuse(index, fault.field, str(fault))
    return read


def _batch_of(
    kind: Kind, project: str, sender: str, definitions: Definitions
) -> tuple[RecordBatch, Callable[[object], None]]:
    if kind is CHANGES:
        changes = ChangeBatch(project=project, sender=sender)
        return changes, lambda given: keep_change(changes, given)
    if kind is FEATURE_STATISTICS:
        statistics = FeatureStatisticsBatch(project=project, sender=sender)
        return statistics, lambda given: keep_feature_statistics(statistics, given)
    evaluations = EvaluationBatch(project=project, sender=sender)
    return evaluations, lambda given: keep_evaluation(evaluations, given, definitions)
